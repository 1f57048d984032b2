/// The file that a task reads.
enum TaskFile {
  /// The bytes of the file at `path`, at most `limit` of them.
  /// - Throws: an error on `task.file` that says what is there instead of a readable file.
  static func bytes(_ path: String, limit: Int) throws(TaskError) -> [UInt8] {
    do {
      // A task's file called - would be one of that name.
      return try FileReader.bytes(path == "-" ? "./-" : path, limit: limit)
    } catch {
      throw TaskError(key: "task.file", file: path, found: error.found, expected: error.expected)
    }
  }

  /// The last component of a path, for a line on the screen.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
