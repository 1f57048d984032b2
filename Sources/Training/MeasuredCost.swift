import Architectures
import LinearAlgebra
import RecurrentNetworks

/// What a learning algorithm, or a kind of network, was measured to hold and to compute over one sequence, beside what its
/// `AlgorithmCost` or `ArchitectureCost` says.
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
    guard
      let changed = try? experiment.setting([
        Setting(key: "training.federated.clients", value: "1"), Setting(key: "training.algorithm", value: rawValue),
      ]),
      changed.training.algorithm == self
    else { return nil }
    return MeasuredCost(changed, on: data)
  }
}

extension NetworkKind {
  /// `experiment` with a network of this kind in place of its own, trained by backpropagation without clients; nil where the settings
  /// do not go with it.
  public func chosen(in experiment: Experiment) -> Experiment? {
    let settings = [("network.kind", rawValue), ("training.federated.clients", "1"), ("training.algorithm", "bptt")]
    guard let changed = try? experiment.setting(settings.map { Setting(key: $0.0, value: $0.1) }),
      // That which trains goes with its data, whatever they are.
      self == experiment.architecture.kind || (try? changed.validate()) != nil
    else { return nil }
    return changed
  }

  /// The same for a network of this kind: its formula; nil where the settings do not go with it.
  public func cost(_ experiment: Experiment, inputs: Int, outputs: Int) -> AlgorithmCost? {
    guard let changed = chosen(in: experiment) else { return nil }
    let (architecture, training) = (changed.architecture, changed.training)
    let cost = architecture.cost(
      changed.network, inputs: inputs, outputs: outputs, steps: changed.task.length, batch: training.batch)
    return cost.map {
      AlgorithmCost(floats: $0.numbersHeld, multiplyAdds: $0.multiplyAdds / Double(changed.task.length))
    } ?? training.algorithm.cost(AlgorithmSizes(changed, inputs: inputs, outputs: outputs))
  }

  /// Trains one sequence of `data` with a network of this kind, and counts; nil where the settings or the task do not go with it, or a
  /// number is not finite.
  public func measuredCost(_ experiment: Experiment, on data: SequenceBatch) -> MeasuredCost? {
    chosen(in: experiment).flatMap { MeasuredCost($0, on: data) }
  }
}

extension MeasuredCost {
  /// Trains one sequence of `data` under these settings, and counts.
  fileprivate init?(_ experiment: Experiment, on data: SequenceBatch) {
    var start = TrainingRun.Start()
    start.data = data
    guard let run = try? TrainingRun(experiment: experiment, start: start) else { return nil }
    var updates = 0
    let multiplyAdds = WorkCounter.multiplyAdds {
      while run.engine.position.sequence == 0, run.trainOnce() == .trained { updates += 1 }
    }
    guard updates > 0, run.explosion == nil else { return nil }
    self.init(
      numbersHeld: Double(experiment.precision == .float64 ? run.held(Double.self) : run.held(Float.self)),
      multiplyAdds: Double(multiplyAdds), updates: updates, steps: data.steps)
  }
}

extension TrainingRun {
  /// The numbers of the arenas that grow with the steps, and those that the algorithm carries.
  fileprivate func held<S: Scalar>(_: S.Type) -> Int {
    let carried = algorithmBytes / MemoryLayout<S>.stride
    guard !experiment.training.algorithm.description.isForward else { return carried }
    guard experiment.isRecurrent else {
      return GraphPass<S>.numbersHeld(
        experiment.architecture, experiment.network, layout: layout, steps: engine.data.steps,
        batch: engine.data.batch, loss: engine.data.loss)
    }
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
