import GradientFlow
import RecurrentNetworks
import Training

/// The numbers of the update that a window's gradient makes.
struct UpdateNumbers: Equatable {
  /// ‖g‖ before and after clipping, and ‖w‖.
  var raw: Double, clipped: Double, weights: Double

  /// The share that clipping leaves: 1 where it does nothing.
  var scale: Double { raw > 0 ? clipped / raw : 1 }

  /// The numbers of the tape's gradient under `clip`; or of `gradient`, where another algorithm than the pass has it.
  init(_ tape: Tape, _ clip: ClipSpecification, gradient: [Double]? = nil) {
    let gradient = gradient ?? tape.gradient
    raw = euclideanNorm(gradient)
    weights = euclideanNorm(tape.parameters)
    switch clip.kind {
    case .none, .step, .weight: clipped = raw
    case .norm: clipped = min(raw, clip.threshold)
    case .value: clipped = euclideanNorm(gradient.map { min(max($0, -clip.threshold), clip.threshold) })
    }
  }
}
