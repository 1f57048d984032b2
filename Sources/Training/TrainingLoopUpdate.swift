import LinearAlgebra
import RecurrentNetworks

extension TrainingLoop {
  func train() -> TrainingOutcome {
    runUpToWindow()
    let training = experiment.training
    let result = algorithm.gradient(of: window, at: position)
    if let nonFinite = result.nonFinite { return .nonFinite(nonFinite) }
    let scale = training.clip.apply(to: pass.gradient, norm: result.gradientNorm)
    optimizer.step(pass.parameters, gradient: pass.gradient)
    if let tensor = poisonedTensor(gradientNorm: result.gradientNorm * scale) {
      return .nonFinite(NonFinite(step: window.steps.upperBound - 1, factor: "\(tensor) after the optimiser's step"))
    }
    var record = UpdateRecord()
    position.update += 1
    position.trained = window.steps.upperBound
    record.update = position.update
    record.step = position.stepsBefore + position.trained
    record.loss = result.objective
    record.gradientNorm = result.gradientNorm
    record.clipScale = scale
    record.learningRate = training.optimizer.learningRate
    record.k1 = algorithm.schedule.k1
    record.k2 = algorithm.schedule.k2
    // That a sequence has losses was made sure of when the settings were taken.
    try? settle()
    return .trained(record)
  }

  /// The first tensor that the optimiser's step left not finite. Looked for only where a step was so large, or Adam's squares
  /// so near to overflow, that it can be.
  private func poisonedTensor(gradientNorm: Double) -> String? {
    let optimizer = experiment.training.optimizer
    let greatest = Double(S.greatestFiniteMagnitude)
    let stretch = optimizer.name == .momentum ? 1 / max(1 - optimizer.momentum, 1e-12) : 1
    let reach =
      optimizer.name == .adam
      ? max(gradientNorm * gradientNorm, optimizer.learningRate * 1e6)
      : optimizer.learningRate * gradientNorm * stretch
    // A millionth, so that a million steps just below this look-out cannot add up to an overflow unseen.
    guard !(reach < greatest * 1e-6) else { return nil }
    for entry in layout.entries {
      for index in entry.range where !pass.parameters[index].isFinite { return entry.name }
      guard optimizer.name != .sgd else { continue }
      for index in entry.range where !(self.optimizer.first[index] + self.optimizer.second[index]).isFinite {
        return "the optimiser's memory of \(entry.name)"
      }
    }
    return nil
  }
}
