import Glibc
import LinearAlgebra
import RecurrentNetworks

/// How the bias of a truncated gradient falls as its window grows: its relative error against the full gradient, by k2.
public struct BiasByWindow: Equatable, Sendable {
  /// The window lengths, ascending.
  public let k2: [Int]
  /// ‖truncated - full‖₂/‖full‖₂ at each of them, summed over the updates of a sequence.
  public let relativeError: [Double]

  /// Numbers that were measured.
  public init(k2: [Int], relativeError: [Double]) {
    (self.k2, self.relativeError) = (k2, relativeError)
  }

  /// log10 of the error's factor a step of k2, by least squares where the error is above rounding; nil with fewer than three
  /// window lengths.
  public var log10PerStep: Double? {
    let points = zip(k2, relativeError).filter { $1 > 1e-9 && $1 < 1 }.map { (x: Double($0), y: log10($1)) }
    return points.count > 2 ? LineFit(points)?.slope : nil
  }

  /// The least of the windows from which on the error stays at `bound` or below; nil where none does.
  public func leastWindow(for bound: Double) -> Int? {
    guard let last = relativeError.lastIndex(where: { !($0 <= bound) }) else { return k2.first }
    return last + 1 < k2.count ? k2[last + 1] : nil
  }
}

extension BiasByWindow {
  /// Measures over a whole sequence, whose data are loaded and run forward in `pass`; its `gradient` is overwritten.
  ///
  /// - Parameters:
  ///   - pass: the pass.
  ///   - lengths: the window lengths, ascending.
  ///   - reduction: as in `TruncationBias`.
  ///   - windows: the windows of a sequence's updates for a window length.
  public init<S: Scalar>(
    _ pass: Pass<S>, lengths: [Int], reduction: Reduction = .sum, windows: (Int) -> [Window]
  ) {
    k2 = lengths
    relativeError = lengths.map {
      TruncationBias(pass, windows: windows($0), reduction: reduction).overall.relativeError
    }
  }
}
