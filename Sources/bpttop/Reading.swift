import ArgumentParser
import Dashboard
import Training

/// Readers of arguments that say what they expect.
enum Reading {
  /// A number of updates.
  static func count(_ text: String) throws -> Int {
    guard let count = Int(text), count >= 0 else {
      throw ValidationError("found \(text), expected a whole number from 0")
    }
    return count
  }

  /// A number of updates between two events.
  static func interval(_ text: String) throws -> Int {
    guard let count = Int(text), count >= 1 else {
      throw ValidationError("found \(text), expected a whole number from 1")
    }
    return count
  }

  /// Updates a second, or `full`.
  static func pace(_ text: String) throws -> Speed {
    if text == "full" { return .unlimited }
    guard let pace = Double(text), ViewSpecification.paces.contains(pace) else {
      throw ValidationError("found \(text), expected updates a second from 0.01 to 1000000, or full")
    }
    return .limited(pace)
  }

  /// A number of seconds.
  static func seconds(_ text: String) throws -> Double {
    guard let seconds = Double(text), seconds.isFinite, seconds > 0 else {
      throw ValidationError("found \(text), expected a number of seconds above 0")
    }
    return seconds
  }
}
