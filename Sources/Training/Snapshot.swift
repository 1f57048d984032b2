import LinearAlgebra
import RecurrentNetworks

/// What one update did, in numbers.
public struct UpdateRecord: Equatable, Sendable {
  /// The update, counted from 1.
  public var update = 0
  /// The steps trained so far, counted over all sequences.
  public var step = 0
  /// The objective of the window.
  public var loss = 0.0
  /// ‖g‖₂ before clipping; where flow is clipped at every step, of what has come through.
  public var gradientNorm = 0.0
  /// What norm clipping multiplied g by (1 where it did nothing); for value clipping ‖clipped‖/‖raw‖ of g, for weight
  /// clipping that of the weights; for clipping at every step the least factor of a δ_t.
  public var clipScale = 1.0
  /// η, as the schedule had it.
  public var learningRate = 0.0
  /// k1 and k2, resolved.
  public var k1 = 0, k2 = 0

  /// An empty record.
  public init() {}
}

/// Why training stopped by itself: the first number that was not finite.
public struct Explosion: Equatable, Sendable {
  /// The update in which it happened, counted from 1.
  public var update: Int
  /// The time step in its sequence, counted from 1.
  public var step: Int
  /// What was not finite first, in the field's words: "pre-activation a", "loss", "∂L/∂h", "gradient of weight_hh_l0".
  public var factor: String

  /// An explosion of `factor` at `step` of `update`.
  public init(update: Int, step: Int, factor: String) {
    self.update = update
    self.step = step
    self.factor = factor
  }
}

/// The trainer's state between two updates, as others may see it: enough to recompute the next window's pass.
public struct Snapshot: Sendable {
  /// Counts the publications of all runs of the process; a newer snapshot has a larger serial.
  public var serial: UInt64
  /// The experiment as it stands, every change taken.
  public var experiment: Experiment
  /// The experiment that the run began with, before any change of the journal: the two replay the run.
  public var initialExperiment: Experiment
  /// The task's words: alphabet, floors, names.
  public var description: TaskDescription
  /// Updates done.
  public var update: Int
  /// The index of the present sequence, counted from 0.
  public var sequence: Int
  /// The batch of sequences in which the next window lies.
  public var data: SequenceBatch
  /// The next window.
  public var window: Window
  /// Where the tensors lie in `parameters`.
  public var layout: ParameterLayout
  /// The parameters before the next update, flat, in `layout`'s order (widened where training is in single precision).
  public var parameters: [Double]
  /// Where each step has weights of its own, what they were before the first update, or when W_hh was last
  /// rescaled, in the same order; else empty.
  public var startParameters: [Double] = []
  /// The state carried into the next window, [parts, B, H] a layer.
  public var carriedState: [[Double]]
  /// The state at the start of the sequence, likewise.
  public var sequenceState: [[Double]]
  /// The stored h of the top layer of sequence 0 for the steps before the window, [window.steps.lowerBound, H].
  public var storedHidden: [Double]
  /// Where training stands.
  var position = TrainingPosition()
  /// What the learning algorithm carries from update to update, before the next one: raw numbers in the precision of
  /// training, which an `AlgorithmReport` reads; empty at the start of a sequence, and for algorithms that carry nothing.
  public var algorithmMemory: [UInt8] = []
  /// What the optimizer remembers before the next update.
  public var moments = OptimizerMoments()
  /// Losses over the updates so far.
  public var history: LossHistory
  /// The newest update's record, or nil before the first.
  public var newest: UpdateRecord?
  /// How many losses of the present sequence no window trains (k2 < k1), a sequence.
  public var untrainedLosses: Int
  /// Every change since the start that still holds, and what took others back: with the experiment that the run began with
  /// they replay it.
  public var journal: [JournalEntry]
  /// Everything that was done to the run, in order.
  public var timeline: [TimelineEvent] = []
  /// The settings that `undo` would take back; empty where there is nothing to undo.
  public var undoable: [Setting] = []
  /// How far `N` can go back, in updates.
  public var rewindable: Int
  /// Whether it trains by itself.
  public var running: Bool
  /// Its speed, measured while it trains by itself.
  public var updatesPerSecond: Double
  /// The explosion that stopped it, if one did.
  public var explosion: Explosion?
  /// The updates before it, once they are kept; they stay while the run is gone back over them.
  public var blackBox: BlackBox?
  /// What the next window's pass does otherwise than run it forward and go back over it; its tape is made with it.
  public var variant = PassVariant()
  /// When updates happen in the present sequence, where the algorithm chooses.
  var chosenSchedule: TruncationSchedule?
  /// What the network writes, for text; empty for other tasks.
  public var sample: String

  /// When updates happen in the present sequence: with a k2 that adapts itself, the one chosen.
  public var schedule: TruncationSchedule { chosenSchedule ?? experiment.training.algorithm.schedule(experiment) }
}

// MARK: Passes

/// What reads a pass in the precision of its run.
public protocol PassReader {
  /// What it reads.
  associatedtype Reading
  /// Reads `pass`, whose parameters, data and first state are loaded.
  func read<S: Scalar>(_ pass: Pass<S>) throws -> Reading
}

extension Snapshot {
  /// The tape of a window, in the run's precision, under the run's reduction: by default of the next window as the next
  /// update will make it, bit for bit, for algorithms that go back over a tape.
  ///
  /// - Parameters:
  ///   - window: the window; nil for the next one.
  ///   - carriedState: the state before its first step, [parts, B, H] a layer; nil for the one that training has there, or,
  ///     for another window, the one that the present weights make from the sequence's first state.
  ///   - variant: what the pass does otherwise than plain backpropagation; nil for what the update does, or, for another
  ///     window, nothing.
  ///   - flow: what it does with the gradient on its way; nil for what the update does: clipping at every step, and Ω.
  public func tape(
    window: Window? = nil, carriedState: [[Double]]? = nil, variant: PassVariant? = nil, flow: FlowControl? = nil
  ) -> Tape {
    let isNext = window == nil || window == self.window
    let window = window ?? self.window
    return inputs(
      window, carriedState ?? state(before: window.steps.lowerBound),
      variant ?? (isNext ? self.variant : PassVariant()), flow
    ).tape()
  }

  /// The tape of the whole sequence from its first state, all its losses injected: what full backpropagation would do here.
  public func wholeTape() -> Tape {
    let whole = Window(steps: 0..<data.steps, injected: 0..<data.steps)
    return tape(window: whole, carriedState: sequenceState, variant: PassVariant())
  }

  /// The state before step `step` of the sequence, [parts, B, H] a layer.
  private func state(before step: Int) -> [[Double]] {
    if step == window.steps.lowerBound { return carriedState }
    if step == 0 { return sequenceState }
    func run<S: Scalar>(_: S.Type) -> [[Double]] {
      let pass = pass(S.self)
      pass.forward(0..<step)
      return (0..<experiment.network.layers).map { pass.state(row: step, layer: $0) }
    }
    return experiment.precision == .float64 ? run(Double.self) : run(Float.self)
  }

  /// A pass over the present sequence with the parameters, the data, the first state and the flow of the run.
  ///
  /// - Parameters:
  ///   - precision: the scalar to compute in; the run's own is `experiment.precision`.
  ///   - recordsTape: whether every step's pre-activations and gradients are kept.
  ///   - flow: what it does with the gradient on its way; nil for what the update does.
  public func pass<S: Scalar>(
    _ precision: S.Type, recordsTape: Bool = false, flow: FlowControl? = nil
  ) -> Pass<S> {
    let whole = Window(steps: 0..<data.steps, injected: 0..<data.steps)
    return inputs(whole, sequenceState, PassVariant(), flow).pass(S.self, recordsTape: recordsTape)
  }

  private func inputs(
    _ window: Window, _ carriedState: [[Double]], _ variant: PassVariant, _ flow: FlowControl?
  ) -> PassInputs {
    PassInputs(
      experiment: experiment, layout: layout, parameters: parameters, data: data, window: window,
      carriedState: carriedState, variant: variant, flow: flow ?? experiment.training.flow)
  }

  /// What `reader` reads of a pass in the run's own precision: `pass(_:recordsTape:flow:)` where the type is not known.
  public func read<Reader: PassReader>(
    _ reader: Reader, recordsTape: Bool = false, flow: FlowControl? = nil
  ) throws -> Reader.Reading {
    switch experiment.precision {
    case .float64: try reader.read(pass(Double.self, recordsTape: recordsTape, flow: flow))
    case .float32: try reader.read(pass(Float.self, recordsTape: recordsTape, flow: flow))
    }
  }
}
