import RecurrentNetworks

/// Who did it, in a gated cell: how much of what a step back leaves of the gradient went along the carousel, and how much
/// through the gates.
///
/// For the top layer over the whole batch, at every step t from 1: δ_t = [∂L/∂h_t; ∂L/∂c_t] arrives, diag(f_t) ∂L/∂c_t and
/// what else reaches c goes on past the weights, W_hhᵀ ∂L/∂a_t through the gates.
public struct CarouselShares: Equatable, Sendable {
  /// The names of the carried part and of its gate: c, f.
  public let part: String, gate: String
  /// log10 of what goes on along the carousel, over ‖δ_t‖, [T]; NaN at step 0 of the tape and where nothing arrives.
  public let carousel: [Double]
  /// log10 of what goes on through the gates, over ‖δ_t‖, [T]; likewise.
  public let gated: [Double]

  /// The shares of layer `layer` (nil: the top one) of the tape's own gradient; nil for cells without a carousel.
  public init?(_ tape: Tape, layer: Int? = nil) {
    let cell = tape.network.cellDescription
    guard let carousel = cell.carousel else { return nil }
    part = cell.parts[carousel.part]
    gate = cell.gates[carousel.gate]
    let steps = (0..<tape.steps).map { CarouselStep(tape, step: $0, layer: layer) }
    self.carousel = steps.map { $0?.log10Carousel ?? .nan }
    gated = steps.map { $0?.log10Gated ?? .nan }
  }
}

/// What step t of a gated cell does to δ_t on its way to t-1, relative to ‖δ_t‖.
struct CarouselStep {
  let log10Carousel: Double, log10Gated: Double

  /// nil at step 0 of the tape, where nothing arrives, and for cells without a carousel.
  init?(_ tape: Tape, step t: Int, layer index: Int? = nil) {
    let cell = tape.network.cellDescription
    let index = index ?? tape.layers.count - 1
    guard t > 0, t < tape.steps, let carousel = cell.carousel, let functions = cell.gateFunctions,
      tape.layers.indices.contains(index)
    else { return nil }
    let layer = tape.layers[index]
    let block = tape.batch * tape.hidden
    let size = layer.parts * block
    let arriving = Logarithm.norm(layer.gradient[t * size..<(t + 1) * size])
    guard arriving.isFinite else { return nil }
    let future = layer.futureGradient[(t - 1) * block..<t * block]
    if carousel.part > 0 {
      // Nothing else reaches a part that is no output: all of its gradient came along the carousel.
      let start = (t - 1) * size + carousel.part * block
      log10Carousel = Logarithm.norm(layer.gradient[start..<start + block]) - arriving
      log10Gated = Logarithm.norm(future) - arriving
    } else {
      let kept = (0..<tape.batch).flatMap { b in
        let factors = tape.carouselFactors(
          carousel, functions[carousel.gate], layer: index, step: t, sequence: b)
        let start = t * size + b * tape.hidden
        return zip(factors, layer.gradient[start..<start + tape.hidden]).map { $0 * $1 }
      }
      log10Carousel = Logarithm.norm(kept) - arriving
      log10Gated = Logarithm.norm(zip(future, kept).map { $0 - $1 }) - arriving
    }
  }
}
