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
}
