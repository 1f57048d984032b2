import LinearAlgebra
import RecurrentNetworks

extension TrainingLoop {
  func train() -> TrainingOutcome {
    runUpToWindow()
    let training = experiment.training
    let result = makeGradient()
    if let nonFinite = result.nonFinite { return .nonFinite(nonFinite) }
    let scale = training.clip.apply(to: pass.gradient, norm: result.gradientNorm)
    let noise = training.noise(seed: experiment.seed).add(to: pass.gradient, after: position.update)
    let rate = training.learningRate(after: position.update)
    optimizer.step(pass.parameters, gradient: pass.gradient, rate: rate)
    if let tensor = optimizer.poisonedTensor(
      pass.parameters, layout: layout, rate: rate, gradientNorm: result.gradientNorm * scale + noise)
    {
      return .nonFinite(NonFinite(step: window.steps.upperBound - 1, factor: "\(tensor) after the optimiser's step"))
    }
    var record = UpdateRecord()
    position.update += 1
    position.trained = window.steps.upperBound
    record.update = position.update
    record.step = position.stepsBefore + position.trained
    record.loss = result.objective
    record.gradientNorm = result.gradientNorm
    record.clipScale = result.leastStepScale * scale * training.clip.apply(toWeights: pass.parameters)
    record.learningRate = rate
    record.k1 = algorithm.schedule.k1
    record.k2 = algorithm.schedule.k2
    // That a sequence has losses was made sure of when the settings were taken.
    try? settle()
    return .trained(record)
  }
}
