import LinearAlgebra
import RecurrentNetworks

/// What a learning algorithm was measured to hold and to compute over one sequence, beside what its `AlgorithmCost` says.
public struct MeasuredCost: Equatable, Sendable {
  /// The numbers that it holds to get a gradient: of an algorithm that goes forward what it carries from step to step, of one that
  /// goes back what a pass keeps of its steps. Paddings are in it, weights and scratch are not. A pass keeps its whole
  /// sequence, for a tape to walk through.
  public let numbersHeld: Double
  /// The multiply-adds of the kernels over the sequence; activations, gates and the optimizer are not counted.
  public let multiplyAdds: Double
  /// The updates and the steps of the sequence.
  public let updates: Int, steps: Int

  /// Multiply-adds an update.
  public var perUpdate: Double { multiplyAdds / Double(updates) }
  /// Multiply-adds a time step.
  public var perStep: Double { multiplyAdds / Double(steps) }
}

extension AlgorithmKind {
  /// Trains one sequence of `data` under the settings of `experiment` with this algorithm, and counts; nil where the settings do
  /// not go with it, or a number is not finite.
  public func measuredCost(_ experiment: Experiment, on data: SequenceBatch) -> MeasuredCost? {
    var start = TrainingRun.Start()
    start.data = data
    guard
      let changed = try? experiment.setting([Setting(key: "training.algorithm", value: rawValue)]),
      changed.training.algorithm == self, let run = try? TrainingRun(experiment: changed, start: start)
    else { return nil }
    var updates = 0
    let multiplyAdds = WorkCounter.multiplyAdds {
      while run.engine.position.sequence == 0, run.trainOnce() == .trained { updates += 1 }
    }
    guard updates > 0, run.explosion == nil else { return nil }
    return MeasuredCost(
      numbersHeld: Double(changed.precision == .float64 ? run.held(Double.self) : run.held(Float.self)),
      multiplyAdds: Double(multiplyAdds), updates: updates, steps: data.steps)
  }
}

extension TrainingRun {
  /// The numbers of the arenas that grow with the steps, and those that the algorithm carries.
  fileprivate func held<S: Scalar>(_: S.Type) -> Int {
    let carried = algorithmBytes / MemoryLayout<S>.stride
    guard !experiment.training.algorithm.description.isForward else { return carried }
    let (data, network, isSparse) = (engine.data, experiment.network, experiment.training.checkpoints == .sqrt)
    func bytes(_ steps: Int, whole: Bool) -> Int {
      let needed =
        isSparse && whole
        ? CheckpointedPass<S>.bytesNeeded(network: network, layout: layout, length: steps, batch: data.batch)
        : Pass<S>.bytesNeeded(network: network, layout: layout, steps: steps, batch: data.batch)
      return needed ?? 0
    }
    // From a block's steps on a pass grows by the step; what it has without them is weights and scratch.
    let block = max(1, 128 / data.batch)
    let fixed = 2 * bytes(block, whole: false) - bytes(2 * block, whole: false)
    return (bytes(data.steps, whole: true) - fixed) / MemoryLayout<S>.stride + carried
  }
}
