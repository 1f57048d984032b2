import RecurrentNetworks

extension Snapshot {
  /// The serial of what is published next.
  public static var nextSerial: UInt64 { TrainingRun.serials.add(1, ordering: .relaxed).newValue }

  /// One pass of a network that is trained elsewhere: what instruments need of it, with nothing of a run around it.
  ///
  /// - Parameters:
  ///   - experiment: the network, and as much of its training as is known.
  ///   - layout: where the tensors lie in `parameters`.
  ///   - parameters: the weights that the pass was made with, flat.
  ///   - data: the sequences, whose targets are the gradients ∂L/∂h_t that come from outside of the network.
  ///   - state: the state before the first step, [parts, B, H] a layer.
  ///   - update: the updates that were done before the pass.
  public init(
    watched experiment: Experiment, layout: ParameterLayout, parameters: [Double], data: SequenceBatch,
    state: [[Double]], update: Int
  ) {
    let whole = Window(steps: 0..<data.steps, injected: 0..<data.steps)
    self.init(
      serial: Self.nextSerial, experiment: experiment,
      initialExperiment: experiment,
      description: TaskDescription(
        name: "watched", summary: "", inputs: data.inputs, outputs: data.outputs, loss: data.loss, isStream: false),
      update: update, sequence: 0, data: data, window: whole, layout: layout, parameters: parameters,
      carriedState: state, sequenceState: state, storedHidden: [], history: LossHistory(), newest: nil,
      untrainedLosses: 0, journal: [], rewindable: 0, running: false, updatesPerSecond: 0, explosion: nil,
      chosenSchedule: TruncationSchedule(length: data.steps, k1: data.steps, k2: data.steps, inject: .newest),
      sample: "")
  }
}
