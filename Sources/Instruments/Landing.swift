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

  /// The landings of the optimizer's next step: with clipping, and, where clipping does something, without it. Empty where noise is
  /// drawn when the update is made, and of networks so large that the optimizer's memory is not handed out.
  static func all(_ pass: PassView, gradient: [Double]) -> [Landing] {
    let snapshot = pass.snapshot, training = snapshot.experiment.training
    guard training.regularizer.noise == 0 else { return [] }
    let rate = training.learningRate(after: snapshot.update), clip = training.clip
    func landing(_ gradient: [Double], isClipped: Bool) -> Landing? {
      guard
        var parameters = snapshot.moments.stepped(
          snapshot.parameters, along: gradient, training.optimizer, rate: rate)
      else { return nil }
      if isClipped, clip.kind == .weight {
        parameters = parameters.map { max(-clip.threshold, min(clip.threshold, $0)) }
      }
      let length = euclideanNorm(zip(parameters, snapshot.parameters).map { $0 - $1 })
      return Landing(parameters: parameters, isClipped: isClipped, length: length)
    }
    guard let made = landing(clip.clipping(gradient, snapshot.layout), isClipped: true) else { return [] }
    // Clipping at every step is in the gradient already.
    let raw = clip.kind == .step ? snapshot.tape(flow: FlowControl()).gradient : gradient
    guard let unclipped = landing(raw, isClipped: false), unclipped.parameters != made.parameters else { return [made] }
    return [made, unclipped]
  }
}
