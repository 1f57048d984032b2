import Experiments

/// Standard output: every word of the program that is no dashboard goes through here, so that a full disk or a reader that
/// went away is told.
enum StandardOutput {
  /// Writes `line` and what ends it, at once.
  /// - Throws: `Failure` where it does not arrive whole.
  static func print(_ line: String, terminator: String = "\n") throws {
    try writing { try OutputFile.write(line + terminator, to: "-") }
  }
}
