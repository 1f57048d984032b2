import RecurrentNetworks

/// How far the steps' own copies of W_hh of a layer have gone, in a network whose weights are not shared over time.
///
/// Shared weights move by the sum of all steps' gradients, every step with all others; a copy moves by its own step's alone, so
/// one that no gradient reaches stays where it began.
public struct CopyDrift: Equatable, Sendable {
  /// log10 of ‖W_t - W_t at the start‖/‖W_t at the start‖ by step, [T], Frobenius norms; -infinity for a copy that has not moved,
  /// and NaN where it began at 0.
  public let log10Moved: [Double]
  /// ‖W_t - mean‖/‖mean‖ by step, [T], with the mean of all copies; NaN where that is 0.
  public let fromMean: [Double]
  /// log10 of ‖∂L/∂W_t‖ by step, [T]: the term of step t in the sum that the gradient by shared weights is.
  public let log10Gradient: [Double]

  /// The drift of layer `layer` (nil: the top one) of the tape's parameters.
  ///
  /// - Parameters:
  ///   - tape: a pass.
  ///   - start: the parameters that training went out from, as the tape's layout says.
  ///   - layer: the layer whose copies are looked at.
  /// - Returns: nil where all steps share their weights.
  public init?(_ tape: Tape, start: [Double], layer: Int? = nil) {
    let layout = tape.layout
    let layer = layer ?? tape.layers.count - 1
    guard layout.copies > 1, start.count == layout.count, tape.parameters.count == layout.count else { return nil }
    let blocks = (0..<layout.copies).map { layout.recurrentWeights(layer: layer, step: $0) }
    let copies = blocks.map { $0.elements(of: tape.parameters) }
    let beginnings = blocks.map { $0.elements(of: start) }
    log10Moved = zip(copies, beginnings).map { copy, beginning in
      let size = Log10.norm(beginning)
      return size.isFinite ? Log10.norm(zip(copy, beginning).map { $0 - $1 }) - size : .nan
    }
    var mean = [Double](repeating: 0, count: copies[0].count)
    for copy in copies {
      for index in mean.indices { mean[index] += copy[index] / Double(copies.count) }
    }
    let size = Log10.norm(mean)
    fromMean = copies.map { copy in
      size.isFinite ? Log10.power(Log10.norm(zip(copy, mean).map { $0 - $1 }) - size) : .nan
    }
    log10Gradient = blocks.map { Log10.norm($0.elements(of: tape.gradient)) }
  }
}
