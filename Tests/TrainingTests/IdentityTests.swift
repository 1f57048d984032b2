import Glibc
import RecurrentNetworks
import Testing

@testable import Training

/// An experiment at fixed weights (learning rate 0), without clipping, of sums of losses.
private func fixedWeights(
  _ task: TaskName, length: Int, batch: Int = 2, k1: StepCount, k2: StepCount, inject: Injection = .newest,
  hidden: Int = 5
) -> Experiment {
  var experiment = Experiment()
  experiment.task.name = task
  experiment.task.length = length
  experiment.network.hidden = hidden
  experiment.network.initialization.scale = 1.1
  experiment.training.batch = batch
  experiment.training.k1 = k1
  experiment.training.k2 = k2
  experiment.training.inject = inject
  experiment.training.reduction = .sum
  experiment.training.optimizer.learningRate = 0
  experiment.training.clip.kind = .none
  return experiment
}

/// The gradients of the first `updates` updates.
private func gradients(_ experiment: Experiment, updates: Int) throws -> [[Double]] {
  let run = try TrainingRun(experiment: experiment)
  return (0..<updates).map { _ in
    run.trainOnce()
    return run.engine.gradient
  }
}

private func sum(_ vectors: [[Double]]) -> [Double] {
  vectors.dropFirst().reduce(vectors[0]) { zip($0, $1).map { $0 + $1 } }
}

@Suite("Identities of truncated backpropagation, at fixed weights")
struct IdentityTests {
  /// Tasks with a target at every step: classes from symbols, classes from numbers.
  static let tasks: [(TaskName, Int)] = [(.copy, 24), (.coin, 24), (.text, 24)]

  @Test("epochwise = the sum of real-time", arguments: tasks)
  func epochwise(task: TaskName, n: Int) throws {
    let epochwise = try gradients(fixedWeights(task, length: n, k1: .full, k2: .full), updates: 1)[0]
    let realTime = try gradients(fixedWeights(task, length: n, k1: .steps(1), k2: .full), updates: n)
    #expect(relativeError(sum(realTime), epochwise) < 1e-12)
  }

  @Test("epochwise = the sum of real-time in the fully recurrent network, targets on some units at some steps")
  func epochwiseFullyRecurrent() throws {
    for (task, n) in [(TaskName.delayedXOR, 24), (.copy, 24)] {
      func gradient(_ k1: StepCount, updates: Int) throws -> [Double] {
        var experiment = fixedWeights(task, length: n, k1: k1, k2: .full, hidden: task == .copy ? 11 : 3)
        experiment.network.cell = .fullyRecurrent
        experiment.network.activation = .sigmoid
        experiment.network.initialization.input = 2
        return sum(try gradients(experiment, updates: updates))
      }
      // The first step of delayed-xor has no target, so it is no update.
      let realTime = try gradient(.steps(1), updates: task == .copy ? n : n - 1)
      #expect(relativeError(realTime, try gradient(.full, updates: 1)) < 1e-12)
    }
  }

  @Test("the sum of BPTT(∞; h′) is the full gradient for every h′ that divides n", arguments: [2, 3, 4, 6, 8, 12])
  func chunksOfLosses(h: Int) throws {
    for (task, n) in Self.tasks {
      let full = try gradients(fixedWeights(task, length: n, k1: .full, k2: .full), updates: 1)[0]
      let chunks = try gradients(fixedWeights(task, length: n, k1: .steps(h), k2: .full), updates: n / h)
      #expect(relativeError(sum(chunks), full) < 1e-12)
    }
  }

  @Test("TBPTT(n, n) is full BPTT, bit for bit, and the tape of its snapshot has the same gradient")
  func numbersOrFull() throws {
    for (task, n) in Self.tasks {
      let full = fixedWeights(task, length: n, k1: .full, k2: .full)
      let run = try TrainingRun(experiment: full)
      let snapshot = run.snapshot()
      let numbers = fixedWeights(task, length: n, k1: .steps(n), k2: .steps(n))
      let (third, thirdOfFull) = try (gradients(numbers, updates: 3)[2], gradients(full, updates: 3)[2])
      #expect(third == thirdOfFull)
      run.trainOnce()
      #expect(tape(snapshot).gradient == run.engine.gradient)
      #expect(tape(snapshot).objective == run.history.newest?.loss)
    }
  }

  @Test("inject = window, TBPTT(1, n): the sum over updates is Σ (n - t + 1) ∇l_t")
  func windowed() throws {
    for (task, n) in Self.tasks {
      let windowed = try gradients(
        fixedWeights(task, length: n, k1: .steps(1), k2: .full, inject: .window), updates: n)
      let single = try gradients(fixedWeights(task, length: n, k1: .steps(1), k2: .full), updates: n)
      let weighted = single.enumerated().map { index, gradient in gradient.map { $0 * Double(n - index) } }
      #expect(relativeError(sum(windowed), sum(weighted)) < 1e-12)
    }
  }

  @Test("losses before learning: ln(classes), with a readout of 0")
  func untrainedLoss() throws {
    let expected: [(TaskName, Int, Double)] = [
      (.copy, 30, log(9)), (.temporalOrder, 20, log(4)), (.recall, 12, log(8)), (.coin, 20, log(2)),
      (.text, 20, log(69)),
    ]
    for (task, n, loss) in expected {
      var experiment = fixedWeights(task, length: n, k1: .full, k2: .full)
      experiment.training.reduction = .mean
      experiment.network.initialization.readout = 0
      let run = try TrainingRun(experiment: experiment)
      run.trainOnce()
      #expect(abs((run.history.newest?.loss ?? 0) - loss) < 1e-12)
    }
  }

  @Test("windows, carried states and stored states that a snapshot tells make the trainer's own gradient, bit for bit")
  func snapshotsAreWhatHappens() throws {
    for (k1, k2) in [(4, 4), (3, 8), (5, 2), (1, 6), (7, 30)] {
      for precision in Precision.allCases {
        var experiment = fixedWeights(.coin, length: 12, batch: 3, k1: .steps(k1), k2: .steps(k2))
        experiment.training.optimizer.learningRate = 0.1
        experiment.precision = precision
        let run = try TrainingRun(experiment: experiment)
        for _ in 0..<20 {
          let snapshot = run.snapshot()
          run.trainOnce()
          let tape = tape(snapshot)
          #expect(tape.gradient == run.engine.gradient)
          #expect(tape.objective == run.history.newest?.loss)
          #expect(snapshot.storedHidden.count == snapshot.window.steps.lowerBound * 5)
        }
      }
    }
  }

  @Test("a stream carries its state over sequences: two of n steps are one of 2n, at fixed weights")
  func carriedOver() throws {
    let long = try TrainingRun(experiment: fixedWeights(.coin, length: 24, k1: .steps(6), k2: .steps(6)))
    let short = try TrainingRun(experiment: fixedWeights(.coin, length: 12, k1: .steps(6), k2: .steps(6)))
    for _ in 0..<8 {
      long.trainOnce()
      short.trainOnce()
      #expect(long.engine.gradient == short.engine.gradient)
    }
    // Others begin at 0.
    let reset = try TrainingRun(experiment: fixedWeights(.copy, length: 24, k1: .full, k2: .full))
    reset.trainOnce()
    #expect(reset.snapshot().carriedState.flatMap { $0 }.allSatisfy { $0 == 0 })
  }
}

/// The tape of a snapshot's next window.
func tape(_ snapshot: Snapshot) -> Tape {
  Tape.compute(
    network: snapshot.experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
    data: snapshot.data, window: snapshot.window, carriedState: snapshot.carriedState,
    reduction: snapshot.experiment.training.reduction, precision: snapshot.experiment.precision,
    variant: snapshot.variant)
}
