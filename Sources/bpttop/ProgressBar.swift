import Foundation

/// A line on standard error that says how far a run is; nothing where standard error is no terminal.
struct ProgressBar {
  private let total: Int
  private let isShown = isatty(STDERR_FILENO) == 1
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant
  private static let width = 30

  init(total: Int) {
    self.total = total
    start = clock.now
    last = start
  }

  /// Draws the line anew, at most ten times a second.
  mutating func show(done: Int, loss: Double) {
    guard isShown, clock.now - last > .milliseconds(100) else { return }
    last = clock.now
    let share = total > 0 ? Double(done) / Double(total) : 1
    let rate = Double(done) / max((last - start) / .seconds(1), 1e-9)
    write("\r\u{1B}[K\(bar(share)) \(done)/\(total)  loss \(formatted(loss))  \(Int(rate)) up/s")
  }

  /// The same for runs of a sweep.
  mutating func show(runs done: Int, of total: Int) {
    guard isShown, clock.now - last > .milliseconds(100) || done == total else { return }
    last = clock.now
    let seconds = (last - start) / .seconds(1)
    let left = done > 0 ? Int(seconds / Double(done) * Double(total - done)) : 0
    write("\r\u{1B}[K\(bar(total > 0 ? Double(done) / Double(total) : 1)) \(done)/\(total) runs  \(left) s left")
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
