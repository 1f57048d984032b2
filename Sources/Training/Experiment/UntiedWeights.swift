import RecurrentNetworks

// Untied weights: each step of a sequence has its own copy of a cell's weights, to show what sharing them over time does.

extension Experiment {
  /// The steps that have weights of their own: 1 where all share them.
  public var copies: Int { training.untied ? task.length : 1 }

  /// The layout of the experiment's parameters; nil where their number cannot be counted.
  func layout(inputs: Int, outputs: Int) -> ParameterLayout? {
    let shared = ParameterLayout(network, inputs: inputs, outputs: outputs)
    guard copies > 1 else { return shared }
    guard (Saturating(shared.count) * Saturating(copies)).value < Int.max / 64 else { return nil }
    return ParameterLayout(network, inputs: inputs, outputs: outputs, copies: copies)
  }

  /// Refuses untied weights where a step of a pass is not, for good, one step of one sequence, run once forward and once back.
  func validateUntied() throws(ExperimentKeyError) {
    guard training.untied else { return }
    func refuse(_ why: String) -> ExperimentKeyError { .contradiction("training.untied", "true", "false " + why) }
    guard training.algorithm == .bptt else {
      throw refuse("with \(training.algorithm.rawValue): only bptt goes back to each step's own copy")
    }
    if task.name.isStream {
      let others = TaskName.allCases.filter { !$0.isStream }.map(\.rawValue).joined(separator: ", ")
      throw refuse("with \(task.name.rawValue), a stream without a first step: or one of the tasks \(others)")
    }
    let (k1, k2) = (training.k1.resolved(length: task.length), training.k2.resolved(length: task.length))
    if min(k1, k2) < task.length {
      throw refuse("with k1 = \(k1) and k2 = \(k2): a copy is a step's of the whole sequence; or k1 and k2 full")
    }
    if training.history == .stale {
      throw refuse("with history stale, which keeps a past of truncated windows; or history recompute")
    }
    if training.checkpoints == .sqrt {
      throw refuse("with checkpoints sqrt, which save less than the copies take; or checkpoints none")
    }
  }
}

extension ExperimentKey {
  /// What a change of the key does to a running network under `experiment`: with weights of their own for each step, another
  /// number of steps is another network.
  public func effect(in experiment: Experiment) -> ChangeEffect {
    name == "task.length" && experiment.training.untied ? .newRun : effect
  }
}

extension TrainingSpecification {
  /// `untied` as the experiment file writes it.
  var untiedSwitch: Switch {
    get { untied ? .on : .off }
    set { untied = newValue == .on }
  }
}
