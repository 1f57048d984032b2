import Glibc
import Training

/// What is wrong with an input: a file, or a setting on the command line.
public struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the user named it; "standard input" for `-`, "--set" for a setting.
  public var file: String
  /// The line, counted from 1, where the input has lines.
  public var line: Int?
  /// The key of the experiment, the tensor or the column.
  public var key: String?
  /// What was found and what is expected: "found 0, expected a whole number from 1, or full".
  public var problem: String
  /// The nearest valid name, where one is near.
  public var nearest: String?

  /// An error in `file`.
  public init(file: String, line: Int? = nil, key: String? = nil, problem: String, nearest: String? = nil) {
    self.file = file
    self.line = line
    self.key = key
    self.problem = problem
    self.nearest = nearest
  }

  /// An error in a key of an experiment.
  public init(file: String, line: Int? = nil, _ error: ExperimentKeyError) {
    self.init(file: file, line: line, key: error.key, problem: error.problem, nearest: error.nearest)
  }

  /// One line: `FILE:LINE: KEY: found …, expected …; nearest is …`; what is long is cut in its middle.
  public var description: String {
    let place = shortened(file, to: 300) + (line.map { ":\($0)" } ?? "")
    let name = key.map { shortened($0, to: 100) + ": " } ?? ""
    let end = nearest.map { "; nearest is " + shortened($0, to: 100) } ?? ""
    return oneLine("\(place): \(name)\(shortened(problem, to: 700))\(end)")
  }
}

/// Why an output could not be written.
public struct OutputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the user named it; "standard output" for `-`.
  public var file: String
  /// The system's words: "No space left on device".
  public var problem: String
  /// Whether the place was wrong from the start, as a folder that is not there; else the device failed, as a full disk does.
  public var isWrongPlace: Bool
  /// Whether who read it has gone away, as `head` does when it has its lines: that is no fault.
  public var isReaderGone: Bool

  /// The system's error `code` in writing `file`.
  public init(file: String, code: Int32) {
    self.file = file
    problem = systemMessage(code)
    isReaderGone = code == EPIPE
    isWrongPlace = ![ENOSPC, EDQUOT, EIO, EPIPE, EFBIG, EBADF].contains(code)
  }

  /// One line: `cannot write FILE: …`.
  public var description: String { oneLine("cannot write \(shortened(file, to: 300)): \(problem)") }
}

/// `text` with control characters written out, so that a file's bytes can neither break the line nor speak to the terminal.
public func oneLine(_ text: String) -> String {
  var line = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x0A: line += "\\n"
    case 0x09: line += "\\t"
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
      line += "\\u{\(String(scalar.value, radix: 16))}"
    default: line.unicodeScalars.append(scalar)
    }
  }
  return line
}
