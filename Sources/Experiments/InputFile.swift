import Foundation
import Training

/// Whole files read into memory, with errors of one line; `-` is standard input.
public enum InputFile {
  /// What a file is called in a message.
  public static func displayName(_ path: String) -> String { path == "-" ? "standard input" : path }

  /// The bytes of the file at `path`, at most `limit` of them.
  /// - Throws: that it does not exist (with the nearest name beside it), is a folder or a device, cannot be read or is too large.
  public static func bytes(path: String, limit: Int) throws(InputError) -> [UInt8] {
    do {
      return try FileReader.bytes(path, limit: limit)
    } catch {
      throw inputError(path, error)
    }
  }

  /// Opens the file at `path` to be read as it grows.
  /// - Throws: that it does not exist (with the nearest name beside it), or cannot be opened.
  public static func open(path: String) throws(InputError) -> Int32 {
    do {
      return try FileReader.open(path)
    } catch {
      throw inputError(path, error)
    }
  }

  private static func inputError(_ path: String, _ error: FileProblem) -> InputError {
    let problem = error.isMissing ? error.found : "found \(error.found), expected \(error.expected)"
    return InputError(
      file: displayName(path), problem: problem, nearest: error.isMissing ? nearestFile(to: path) : nil)
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
