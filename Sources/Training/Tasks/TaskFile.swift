import CDemoText
import Glibc

/// The file that a task reads.
enum TaskFile {
  /// The bytes of the file at `path`, at most `limit` of them.
  /// - Throws: an error on `task.file` that says what is there instead of a readable file.
  static func bytes(_ path: String, limit: Int) throws(TaskError) -> [UInt8] {
    if let table = shippedTable(path) { return table }
    do {
      // A task's file called - would be one of that name.
      return try FileReader.bytes(path == "-" ? "./-" : path, limit: limit)
    } catch {
      throw TaskError(key: "task.file", file: path, found: error.found, expected: error.expected)
    }
  }

  /// The table that a shipped experiment reads, where it is opened by its name, far from the folder that has the file.
  private static func shippedTable(_ path: String) -> [UInt8]? {
    guard path == TaskSpecification.shippedTable, access(path, F_OK) != 0 else { return nil }
    return [UInt8](UnsafeBufferPointer(start: cdemotable_bytes(), count: cdemotable_count()))
  }

  /// The last component of a path, for a line on the screen.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension TaskSpecification {
  /// The path in a shipped experiment of the table that ships with it.
  public static let shippedTable = "../data/predator_prey.csv"
}
