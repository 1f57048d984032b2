import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// Where the next update's step lands, with clipping and without.
public struct Landing: Equatable, Sendable {
  /// The weights there, in the layout's order.
  let parameters: [Double]
  /// Whether it is that of the clipped step: the one that is made.
  public let isClipped: Bool
  /// ‖Δw‖.
  public let length: Double

  /// The landings of a step of plain descent: with clipping, and, where clipping does something, without it. Empty for other
  /// optimizers, whose step is not along the gradient.
  static func all(_ pass: PassView, gradient: [Double]) -> [Landing] {
    let snapshot = pass.snapshot, training = snapshot.experiment.training
    guard training.optimizer.isPlainDescent, training.regularizer.noise == 0 else { return [] }
    let rate = training.learningRate(after: snapshot.update), clip = training.clip
    func landing(_ gradient: [Double], isClipped: Bool) -> Landing {
      var parameters = zip(snapshot.parameters, gradient).map { $0 - rate * $1 }
      if isClipped, clip.kind == .weight {
        parameters = parameters.map { max(-clip.threshold, min(clip.threshold, $0)) }
      }
      let length = euclideanNorm(zip(parameters, snapshot.parameters).map { $0 - $1 })
      return Landing(parameters: parameters, isClipped: isClipped, length: length)
    }
    let made = landing(clip.clipping(gradient, snapshot.layout), isClipped: true)
    // Clipping at every step is in the gradient already.
    let raw = clip.kind == .step ? snapshot.tape(flow: FlowControl()).gradient : gradient
    let unclipped = landing(raw, isClipped: false)
    return unclipped.parameters == made.parameters ? [made] : [made, unclipped]
  }
}
