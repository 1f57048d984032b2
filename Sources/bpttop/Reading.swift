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

  /// A number of which there is at least one.
  static func positive(_ text: String) throws -> Int {
    guard let count = Int(text), count >= 1 else {
      throw ValidationError("found \(text), expected a whole number from 1")
    }
    return count
  }

  /// Lengths of sequences, with commas between them.
  static func lengths(_ text: String) throws -> [Int] {
    let lengths = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard lengths.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("found \(text), expected lengths from 1, as in 50,200")
    }
    return lengths
  }

  /// Updates a second, or `full`.
  static func pace(_ text: String) throws -> Speed {
    if text == "full" { return .unlimited }
    guard let pace = Double(text), ViewSpecification.paces.contains(pace) else {
      throw ValidationError("found \(text), expected updates a second from 0.01 to 1000000, or full")
    }
    return .limited(pace)
  }

  /// What a readout is divided by.
  static func temperature(_ text: String) throws -> Double {
    guard let temperature = Double(text), temperature.isFinite, temperature >= 0 else {
      throw ValidationError("found \(text), expected a number from 0")
    }
    return temperature
  }

  /// A number of seconds.
  static func seconds(_ text: String) throws -> Double {
    guard let seconds = Double(text), seconds.isFinite, seconds > 0 else {
      throw ValidationError("found \(text), expected a number of seconds above 0")
    }
    return seconds
  }
}
