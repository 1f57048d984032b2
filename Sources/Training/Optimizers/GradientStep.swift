import LinearAlgebra
import RecurrentNetworks

/// What an update does with the gradient that its pass made: it is clipped, noise is added, the optimizer makes its step, and
/// the weights are clipped. The same for networks of every kind.
struct GradientStep<S: Scalar> {
  private let optimizer: Optimizer<S>
  private let layout: ParameterLayout
  /// Where each tensor lies among the parameters.
  private let tensors: [Range<Int>]

  /// The steps of an optimizer over parameters in this layout.
  init(_ optimizer: Optimizer<S>, _ layout: ParameterLayout) {
    (self.optimizer, self.layout, tensors) = (optimizer, layout, layout.entries.map(\.range))
  }

  /// What a step did.
  enum Outcome {
    /// The parameters moved: the loss, the norm, what clipping multiplied the gradient and the weights by, and η.
    case moved(UpdateRecord)
    /// The first tensor that is not finite after it.
    case nonFinite(tensor: String)
  }

  /// The step after `done` updates along `gradient`, which a pass made with this result. The gradient is clipped in place.
  func callAsFunction(
    _ parameters: UnsafeMutableBufferPointer<S>, _ gradient: UnsafeMutableBufferPointer<S>, _ result: PassResult,
    _ experiment: Experiment, after done: Int
  ) -> Outcome {
    let training = experiment.training, norm = result.gradientNorm
    let (scale, pending) = training.clip.apply(to: gradient, norm: norm, tensors: tensors)
    let noise = training.noise(seed: experiment.seed)
    let noiseNorm = noise.add(to: gradient, scale: pending, after: done)
    var record = UpdateRecord()
    record.learningRate = training.learningRate(after: done)
    optimizer.step(
      parameters, gradient: gradient, scale: noise.variance > 0 ? 1 : pending, rate: record.learningRate)
    if let tensor = optimizer.nonFiniteTensor(parameters, layout: layout, gradientNorm: norm * scale + noiseNorm) {
      return .nonFinite(tensor: tensor)
    }
    (record.loss, record.gradientNorm) = (result.objective, norm)
    record.clipScale = result.leastStepScale * scale * training.clip.apply(toWeights: parameters)
    return .moved(record)
  }
}
