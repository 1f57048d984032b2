import LinearAlgebra
import RecurrentNetworks

extension TrainingLoop {
  func save(into checkpoint: Checkpoint) {
    let arrays = [pass.parameters] + optimizer.memories
    checkpoint.experiment = experiment
    checkpoint.position = position
    checkpoint.optimizerSteps = optimizer.steps
    // As bytes: a copy element by element would go through the generic type's witnesses.
    let size = layout.count * MemoryLayout<S>.stride
    checkpoint.reserve(arrays.count * size)
    for (part, source) in arrays.enumerated() {
      UnsafeMutableRawBufferPointer(rebasing: checkpoint.numbers[part * size..<(part + 1) * size])
        .copyMemory(from: UnsafeRawBufferPointer(source))
    }
    // At the start of a sequence the algorithm begins anew by itself.
    checkpoint.saveAlgorithm(position.trained > 0 ? algorithm.memory : .init(start: nil, count: 0))
    checkpoint.states.removeAll(keepingCapacity: true)
    for row in 0...position.trained {
      for state in state(row: row) { checkpoint.states.append(contentsOf: state) }
    }
    let keeps = experiment.training.history == .stale && position.trained > 0
    checkpoint.kept = keeps ? pass.keptActivations(0..<position.trained) : nil
  }

  func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    let saved = checkpoint.experiment
    if arenasFit(saved) { take(saved) } else { try resize(saved) }
    position = checkpoint.position
    loadSequence()
    optimizer.steps = checkpoint.optimizerSteps
    let bytes = layout.count * MemoryLayout<S>.stride
    for (part, target) in ([pass.parameters] + optimizer.memories).enumerated() {
      UnsafeMutableRawBufferPointer(target)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: checkpoint.numbers[part * bytes..<(part + 1) * bytes]))
    }
    let size = saved.network.cell.parts * data.batch * saved.network.hidden
    var start = 0
    for row in 0...position.trained {
      for layer in 0..<saved.network.layers {
        setState(at: row, layer: layer, from: Array(checkpoint.states[start..<start + size]))
        start += size
      }
    }
    if let kept = checkpoint.kept { pass.restore(kept) }
    if position.trained > 0, checkpoint.algorithm.count == algorithm.memory.count {
      algorithm.memory.copyMemory(from: UnsafeRawBufferPointer(checkpoint.algorithm))
    }
    try settle()
  }

  var algorithmMemory: [UInt8] { Array(algorithm.memory) }
}
