import ArgumentParser

/// Readers of arguments that say what they expect.
enum Reading {
  /// A number of updates.
  static func count(_ text: String) throws -> Int {
    guard let count = Int(text), count >= 0 else {
      throw ValidationError("found \(text), expected a whole number from 0")
    }
    return count
  }

  /// A number of seconds.
  static func seconds(_ text: String) throws -> Double {
    guard let seconds = Double(text), seconds.isFinite, seconds > 0 else {
      throw ValidationError("found \(text), expected a number of seconds above 0")
    }
    return seconds
  }
}
