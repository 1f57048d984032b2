import LinearAlgebra
import RecurrentNetworks

extension TrainingLoop {
  func configure(_ changed: Experiment) throws(TrainingError) {
    try requireLosses(changed.training.algorithm.type(S.self).schedule(changed))
    take(changed)
    beginAlgorithmAnew()
    try settle()
  }

  /// What the algorithm found out at the sequence's start, under other settings or weights, it finds out anew.
  private func beginAlgorithmAnew() {
    if position.trained == 0 { algorithm.beginSequence() }
  }

  func beginSequence(_ changed: Experiment) throws(TrainingError) {
    let stepsBefore = position.stepsBefore + position.trained
    try resize(changed)
    position.stepsBefore = stepsBefore
    position.sequence += 1
    position.trained = 0
    loadSequence()
    try settle()
  }

  func rescaleRecurrent(_ changed: Experiment) throws(TrainingError) {
    var parameters = parameters
    try rescale(&parameters, layout, network: changed.network)
    narrow(parameters, into: pass.parameters)
    take(changed)
    beginAlgorithmAnew()
    try settle()
  }

  func setParameters(_ parameters: [Double]) throws(TrainingError) {
    narrow(parameters, into: pass.parameters)
    beginAlgorithmAnew()
    try settle()
  }

  var parameters: [Double] { widened(pass.parameters) }

  var gradient: [Double] { widened(pass.gradient) }

  // MARK: States

  func setState(_ state: [[Double]]) throws(TrainingError) {
    for (layer, values) in state.enumerated() { setState(at: 0, layer: layer, from: values) }
    beginAlgorithmAnew()
    try settle()
  }

  func setState(at row: Int, layer: Int, from state: [Double]) {
    if let checkpointed {
      // Between two updates a whole sequence is done, or none of it.
      if row == 0 { checkpointed.setState(layer: layer, from: state) }
    } else {
      pass.setState(at: row, layer: layer, from: state)
    }
  }

  func state(row: Int) -> [[Double]] {
    (0..<experiment.network.layers).map { layer in
      checkpointed?.state(layer: layer, atEnd: row > 0) ?? pass.state(row: row, layer: layer)
    }
  }

  var variant: PassVariant {
    var variant = experiment.training.algorithm.type(S.self)
      .variant(experiment, window: window, update: position.update)
    if experiment.training.history == .stale, window.steps.lowerBound < position.trained {
      variant.kept = pass.keptActivations(window.steps.lowerBound..<position.trained)
    }
    return variant
  }

  var schedule: TruncationSchedule { algorithm.schedule }

  func carriedState() -> [[Double]] {
    runUpToWindow()
    return state(row: window.steps.lowerBound)
  }

  func storedHidden() -> [Double] {
    let hidden = experiment.network.hidden
    return (0..<window.steps.lowerBound).flatMap { step in
      pass.state(row: step + 1, layer: experiment.network.layers - 1).prefix(hidden)
    }
  }
}

/// Rescales each layer's weight_hh to the spectral radius that `network` asks for, if it asks for one.
func rescale(
  _ parameters: inout [Double], _ layout: ParameterLayout, network: NetworkSpecification
) throws(TrainingError) {
  guard let wanted = network.initialization.spectralRadius else { return }
  let h = network.hidden
  for (layer, step) in (0..<network.layers).flatMap({ layer in (0..<layout.copies).map { (layer, $0) } }) {
    let weights = layout.recurrentWeights(layer: layer, step: step)
    let elements = weights.elements(of: parameters)
    // One square matrix a gate.
    for gate in 0..<weights.rows / h {
      let matrix = Matrix(rows: h, columns: h, elements: Array(elements[gate * h * h..<(gate + 1) * h * h]))
      guard let radius = try? matrix.spectralRadius(), radius.isFinite, radius > 0 else {
        throw .noSpectralRadius(tensor: layout.entries.last { $0.offset <= weights.offset }?.name ?? "weight")
      }
      for row in gate * h..<(gate + 1) * h {
        for column in 0..<h { parameters[weights.index(row, column)] *= wanted / radius }
      }
    }
  }
}

/// Doubles in the precision of training.
@_specialize(where S == Double)
@_specialize(where S == Float)
private func narrow<S: Scalar>(_ values: [Double], into numbers: UnsafeMutableBufferPointer<S>) {
  precondition(values.count == numbers.count, "a number a parameter")
  for index in 0..<values.count { numbers[index] = S(values[index]) }
}

/// Numbers of the precision of training as doubles.
@_specialize(where S == Double)
@_specialize(where S == Float)
private func widened<S: Scalar>(_ numbers: UnsafeMutableBufferPointer<S>) -> [Double] {
  [Double](unsafeUninitializedCapacity: numbers.count) { values, count in
    for index in 0..<numbers.count { values[index] = Double(numbers[index]) }
    count = numbers.count
  }
}
