import Architectures
import LinearAlgebra
import RecurrentNetworks

/// What a run takes of memory: itself, with its checkpoints, and two snapshots with the tape of each, which is what a dashboard
/// that looks at it holds.
struct MemoryEstimate {
  private let experiment: Experiment
  private let inputs: Int, outputs: Int
  /// Two checkpoints are always kept, however large; two snapshots are about.
  private static let checkpoints = Saturating(2), snapshots = Saturating(2)
  private static let double = Saturating(8)

  /// The estimate for a network with inputs and outputs of these sizes.
  init(_ experiment: Experiment, inputs: Int, outputs: Int) {
    (self.experiment, self.inputs, self.outputs) = (experiment, inputs, outputs)
  }

  /// In bytes; `Int.max` where the number overflows.
  var bytes: Int {
    guard let layout = experiment.layout(inputs: inputs, outputs: outputs),
      let pass = experiment.isRecurrent ? passBytes(layout) : graphBytes
    else {
      return .max
    }
    let count = Saturating(layout.count)
    let scalar = Saturating(experiment.precision == .float64 ? 8 : 4)
    let memories = Saturating(experiment.training.optimizer.name.rule.memories.count)
    // Two memories of the optimizer, used or not; in a checkpoint those that it uses, with the weights.
    let training = count * scalar * (Saturating(2) + Self.checkpoints * (Saturating(1) + memories))
    // The weights of a snapshot; the weights and the gradient of its tape; the run's own where each step has some.
    let shown = count * Self.double * (Self.snapshots * Saturating(3) + Saturating(experiment.copies > 1 ? 2 : 0))
    let carried = Self.double * Saturating(carriedNumbers) * (Self.checkpoints + Self.snapshots + Saturating(1))
    let positions = Saturating(experiment.task.length) * Saturating(experiment.training.batch)
    // A client's pass, over a part of the batch, and the sum of its gradients.
    let clients =
      experiment.training.federated.clients > 1 ? Saturating(pass) + count * scalar : Saturating(0)
    return (Saturating(pass) + clients + training + shown + carried + positions * perPosition + checkpointStates).value
  }

  /// The pass of a network that is no recurrent one, and a recording of it in doubles a snapshot.
  private var graphBytes: Int? {
    let rows = Saturating(experiment.task.length) * Saturating(experiment.training.batch)
    let numbers =
      rows
      * experiment.architecture.numbersPerPosition(
        experiment.network, inputs: inputs, outputs: outputs, steps: experiment.task.length)
    let scalar = Saturating(experiment.precision == .float64 ? 8 : 4)
    return (numbers * (scalar + Self.snapshots * Self.double)).value
  }

  /// The pass that the experiment's algorithm wants.
  private func passBytes(_ layout: ParameterLayout) -> Int? {
    func bytes<S: Scalar>(_: S.Type) -> Int? {
      let (network, length, batch) = (experiment.network, experiment.task.length, experiment.training.batch)
      if experiment.training.checkpoints == .sqrt {
        return CheckpointedPass<S>.bytesNeeded(network: network, layout: layout, length: length, batch: batch)
      }
      return Pass<S>.bytesNeeded(
        network: network, layout: layout, steps: length, batch: batch,
        recordsTape: experiment.training.algorithm.type(S.self).keepsEveryStep(experiment))
    }
    return experiment.precision == .float64 ? bytes(Double.self) : bytes(Float.self)
  }

  /// What the algorithm carries from update to update.
  private var carriedNumbers: Int {
    guard experiment.isRecurrent else { return 0 }
    let carried = experiment.training.algorithm.cost(AlgorithmSizes(experiment, inputs: inputs, outputs: outputs))
      .carried
    return carried < 1e17 ? Int(carried) : .max
  }

  /// The bytes of a step of a sequence: in the sequences that are trained on and those that a snapshot holds, and in tapes.
  private var perPosition: Saturating {
    let (i, o, h) = (Saturating(inputs), Saturating(outputs), Saturating(experiment.network.hidden))
    let cell = experiment.network.cell
    let data = (Self.snapshots + Saturating(1)) * ((i + o) * Self.double + Saturating(9))
    // A unit's state, δ, its local and its future part; a gate's a, φ′ and ∂L/∂a, and twice more where it is kept apart.
    let unit =
      2 * experiment.network.stateComponents + 2 + 3 * cell.gates
      + (cell.resetGatedInputs > 0 ? cell.resetGatedInputs + cell.gates : 0)
    let layers = Saturating(experiment.network.layers) * Saturating(unit) * h
    // x, y and the targets, ∂l/∂h, and the loss.
    let tape = layers + h + i + o + o + Saturating(2)
    return data + Self.snapshots * tape * Self.double
  }

  /// Within a sequence a checkpoint holds the states of all its steps before.
  private var checkpointStates: Saturating {
    let k1 = experiment.training.k1.resolved(length: experiment.task.length)
    guard k1 < experiment.task.length else { return Saturating(0) }
    let network = experiment.network
    let state = Saturating(network.layers * network.stateComponents) * Saturating(network.hidden)
    return Self.checkpoints * Saturating(experiment.task.length) * Saturating(experiment.training.batch) * state
      * Self.double
  }
}

extension ArchitectureSpecification {
  /// About how many numbers a pass keeps of a position of a sequence.
  fileprivate func numbersPerPosition(
    _ network: NetworkSpecification, inputs: Int, outputs: Int, steps: Int
  ) -> Saturating {
    let d = Saturating(network.hidden), layers = Saturating(network.layers)
    if kind == .bidirectional {
      // Each direction: what it reads, its states and their gradients, pre-activations, slopes and gradients, and h again twice.
      let direction = d * Saturating(8 + 2 * network.stateComponents + 4 * network.cell.gates)
      return layers * (direction + direction) + Saturating(3) * (Saturating(inputs) + Saturating(outputs))
    }
    // x and its gradient, q k v, what attention gives, y, two norms and what they give; the hidden layer and its slope.
    let block = d * Saturating(14 + 2 * expansion) + Saturating(attends ? heads : 1) * Saturating(steps)
    let patches = kind == .convolutional ? d * Saturating(kernel) : Saturating(0)
    return layers * block + patches + d * Saturating(9 + expansion) + Saturating(inputs) + Saturating(2)
      * Saturating(outputs)
  }
}

/// A count that stays at the largest number instead of overflowing.
package struct Saturating {
  package let value: Int
  package init(_ value: Int) { self.value = value }

  package static func + (a: Saturating, b: Saturating) -> Saturating {
    let (sum, overflow) = a.value.addingReportingOverflow(b.value)
    return Saturating(overflow ? .max : sum)
  }

  package static func * (a: Saturating, b: Saturating) -> Saturating {
    let (product, overflow) = a.value.multipliedReportingOverflow(by: b.value)
    return Saturating(overflow ? .max : product)
  }
}
