import ArgumentParser

/// The size of a frame in cells, written `120x36`.
struct FrameSize: Equatable, CustomStringConvertible {
  var width: Int, height: Int

  /// Whatever larger terminals there may be, a frame of this many cells a side is a mistake.
  static let largest = 1000

  /// Reads `120x36`.
  static func read(_ text: String) throws -> FrameSize {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
      (1...largest).contains(width), (1...largest).contains(height)
    else {
      throw ValidationError("found \(text), expected WIDTHxHEIGHT from 1x1 to \(largest)x\(largest), such as 120x36")
    }
    return FrameSize(width: width, height: height)
  }

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  var description: String { "\(width)x\(height)" }
}
