import Canvas
import Dispatch

/// What is drawn on a terminal with the times at which it is, as an asciicast: https://docs.asciinema.org/manual/asciicast/v2/.
///
/// Lines are made and written by a queue of its own, in order, so that no frame waits for them. What is there after a crash is a
/// recording that ends with its last whole line. Questions to the terminal and modes of keys and mouse are left out: they would
/// change the terminal on which it is played.
///
/// It is used from several threads. That is safe because what changes, `start` and `failure`, and `write` are touched on one serial
/// queue alone; `now` is Sendable and never changes.
public final class TerminalRecording: @unchecked Sendable {
  private let now: @Sendable () -> Duration
  private let write: @Sendable (String) throws -> Void
  private let queue = DispatchQueue(label: "recording")
  private var start: Duration?
  private var failure: (any Error)?

  /// A recording.
  ///
  /// - Parameters:
  ///   - now: the time since some fixed moment.
  ///   - write: takes a line with its line feed. After it has thrown it is not called again.
  public init(now: @escaping @Sendable () -> Duration, write: @escaping @Sendable (String) throws -> Void) {
    (self.now, self.write) = (now, write)
  }

  /// Writes the header. A second one is left out.
  func begin(_ size: TerminalSize, type: String) {
    let time = now()
    queue.async { [self] in
      guard start == nil else { return }
      start = time
      put(Asciicast.header(size, type: type))
    }
  }

  /// Adds what was written to the terminal: whole characters.
  func add(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    later { Asciicast.output(bytes, at: $0) }
  }

  /// Adds a new size.
  func resize(_ size: TerminalSize) { later { Asciicast.resize(size, at: $0) } }

  private func later(_ line: @escaping @Sendable (Duration) -> String) {
    let time = now()
    queue.async { [self] in
      if let start { put(line(time - start)) }
    }
  }

  private func put(_ line: String) {
    guard failure == nil else { return }
    do { try write(line) } catch { failure = error }
  }

  /// Waits until everything is written.
  /// - Returns: what went wrong; nil where nothing did.
  public func finish() -> (any Error)? { queue.sync { failure } }
}

/// The lines of an asciicast, version 2.
enum Asciicast {
  /// The first line.
  static func header(_ size: TerminalSize, type: String) -> String {
    "{\"version\": 2, \"width\": \(size.width), \"height\": \(size.height), \"env\": {\"TERM\": \(quoted(type.utf8))}}\n"
  }

  /// An event of output. Bytes that are no UTF-8 are replaced.
  static func output(_ bytes: [UInt8], at time: Duration) -> String {
    event(time, "o", quoted(String(decoding: bytes, as: UTF8.self).utf8))
  }

  /// An event of a new size.
  static func resize(_ size: TerminalSize, at time: Duration) -> String {
    event(time, "r", "\"\(size.width)x\(size.height)\"")
  }

  private static func event(_ time: Duration, _ code: String, _ data: String) -> String {
    let (seconds, attoseconds) = time.components
    let micros = String(attoseconds / 1_000_000_000_000)
    return "[\(seconds).\(String(repeating: "0", count: 6 - micros.count))\(micros), \"\(code)\", \(data)]\n"
  }

  /// A JSON string.
  private static func quoted(_ text: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20, 0x7F: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}
