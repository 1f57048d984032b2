import Foundation

/// A line on standard error that says how far a run is; nothing where standard error is no terminal.
struct ProgressBar {
  private let total: Int, first: Int
  private let isShown = isatty(STDERR_FILENO) == 1
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant
  private static let width = 30

  /// A bar for `total` updates, of which `first` were made before.
  init(total: Int, first: Int = 0) {
    self.total = total
    self.first = first
    start = clock.now
    last = start
  }

  /// Draws the line anew, at most ten times a second.
  mutating func show(done: Int, loss: Double, heldOut: Double? = nil) {
    guard isShown, clock.now - last > .milliseconds(100) else { return }
    last = clock.now
    let share = total > 0 ? Double(done) / Double(total) : 1
    let rate = Double(done - first) / max((last - start) / .seconds(1), 1e-9)
    let measured = heldOut.map { "  held-out \(formatted($0))" } ?? ""
    let left = rate > 0 ? "  \(Self.time(Double(total - done) / rate)) left" : ""
    write("\r\u{1B}[K\(bar(share)) \(done)/\(total)  loss \(formatted(loss))\(measured)  \(Int(rate)) up/s\(left)")
  }

  /// The same for runs of a sweep.
  mutating func show(runs done: Int, of total: Int) {
    guard isShown, clock.now - last > .milliseconds(100) || done == total else { return }
    last = clock.now
    let seconds = (last - start) / .seconds(1)
    let left = done > 0 ? "  \(Self.time(seconds / Double(done) * Double(total - done))) left" : ""
    write("\r\u{1B}[K\(bar(total > 0 ? Double(done) / Double(total) : 1)) \(done)/\(total) runs\(left)")
  }

  /// 40 s, 12 min, 3 h 20 min.
  static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e7 else { return "days" }
    let whole = Int(seconds.rounded(.up))
    if whole < 100 { return "\(whole) s" }
    if whole < 6000 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// Takes the line away.
  func end() { if isShown { write("\r\u{1B}[K") } }

  private func bar(_ share: Double) -> String {
    let full = Int(share * Double(Self.width))
    return String(repeating: "█", count: full) + String(repeating: "░", count: Self.width - full)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Five digits, for people.
func formatted(_ value: Double) -> String { String(format: "%.5g", value) }
