import Glibc

/// Reads whole files, within a limit.
enum FileBytes {
  /// The bytes of the file at `path`.
  ///
  /// - Parameters:
  ///   - path: a path, from the working directory where it is relative.
  ///   - limit: the number of bytes that may be read; a larger file is refused before anything is allocated.
  /// - Throws: an error on `task.file` that says what is there instead of a readable file.
  static func read(_ path: String, limit: Int) throws(TaskError) -> [UInt8] {
    func failed(_ found: String, _ expected: String = "a readable file") -> TaskError {
      TaskError(key: "task.file", file: path, found: found, expected: expected)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else {
      throw failed(errno == ENOENT ? "no such file" : String(cString: strerror(errno)).lowercased())
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failed(String(cString: strerror(errno)).lowercased()) }
    if status.st_mode & S_IFMT == S_IFDIR { throw failed("a directory") }
    let size = Int(status.st_size)
    let tooLarge = failed(formatBytes(max(size, limit)), "at most \(formatBytes(limit)), which is what memory holds")
    guard size <= limit else { throw tooLarge }

    // A pipe tells no size, and a file may grow while it is read.
    var bytes: [UInt8] = []
    var chunk = max(size, 1 << 16) + 1
    while true {
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: chunk))
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress?.advanced(by: start), chunk)
      }
      if count < 0, errno == EINTR {
        bytes.removeLast(chunk)
        continue
      }
      guard count >= 0 else { throw failed(String(cString: strerror(errno)).lowercased()) }
      bytes.removeLast(chunk - count)
      if count == 0 { return bytes }
      guard bytes.count <= limit else { throw tooLarge }
      chunk = 1 << 16
    }
  }

  /// The last component of a path, for a line on the screen.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

/// `count` with its thousands set apart: 148,315.
func grouped(_ count: Int) -> String {
  var digits = String(count.magnitude)
  var end = digits.count - 3
  while end > 0 {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
    end -= 3
  }
  return count < 0 ? "-" + digits : digits
}
