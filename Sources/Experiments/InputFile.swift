import Foundation
import Training

/// Whole files read into memory, with errors of one line; `-` is standard input.
public enum InputFile {
  /// What a file is called in a message.
  public static func displayName(_ path: String) -> String { path == "-" ? "standard input" : path }

  /// The bytes of the file at `path`, at most `limit` of them.
  /// - Throws: that it does not exist (with the nearest name beside it), is a folder, cannot be read or is too large.
  public static func bytes(path: String, limit: Int) throws(InputError) -> [UInt8] {
    let name = displayName(path)
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw openError(path, errno) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var status = stat()
    if fstat(descriptor, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        throw InputError(file: name, problem: "found a folder, expected a file")
      }
      if status.st_mode & S_IFMT == S_IFREG, status.st_size > limit { throw tooLarge(name, Int(status.st_size), limit) }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(clamping: status.st_size))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw InputError(file: name, problem: "cannot be read: \(systemMessage(errno))")
      }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > limit { throw tooLarge(name, bytes.count, limit) }
    }
  }

  /// The UTF-8 text of the file at `path`, at most `limit` bytes, without a byte order mark.
  public static func text(path: String, limit: Int) throws(InputError) -> String {
    let bytes = try bytes(path: path, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError(
        file: displayName(path), line: lineOfInvalidUTF8(bytes),
        problem: "found bytes that are not UTF-8, expected text")
    }
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  private static func openError(_ path: String, _ code: Int32) -> InputError {
    guard code == ENOENT else {
      return InputError(file: path, problem: "cannot be opened: \(systemMessage(code))")
    }
    return InputError(file: path, problem: "no such file", nearest: nearestFile(to: path))
  }

  /// The file beside `path` whose name is nearest to its, where one is near.
  static func nearestFile(to path: String) -> String? {
    let url = URL(fileURLWithPath: path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
    // A folder of many thousand files is not searched: the message is not worth it.
    guard names.count < 2000, let name = nearestName(to: url.lastPathComponent, among: names.sorted()) else {
      return nil
    }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    return folder + name
  }

  private static func tooLarge(_ name: String, _ size: Int, _ limit: Int) -> InputError {
    InputError(file: name, problem: "found \(formatBytes(size)) or more, expected at most \(formatBytes(limit))")
  }

  private static func lineOfInvalidUTF8(_ bytes: [UInt8]) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var line = 1
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): if scalar == "\n" { line += 1 }
      case .error, .emptyInput: return line
      }
    }
  }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
