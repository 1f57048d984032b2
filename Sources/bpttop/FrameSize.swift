import ArgumentParser

/// The size of a frame in cells, written `120x36`.
struct FrameSize: ExpressibleByArgument, Equatable {
  var width: Int, height: Int

  /// Whatever larger terminals there may be, a frame of this many cells a side is a mistake.
  static let largest = 1000

  init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
      (1...Self.largest).contains(width), (1...Self.largest).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  var defaultValueDescription: String { "\(width)x\(height)" }
}
