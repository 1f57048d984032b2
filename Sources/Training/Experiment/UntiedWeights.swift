import RecurrentNetworks

// Untied weights: each step of a sequence has its own copy of a cell's weights, to show what sharing them over time does.

extension Experiment {
  /// The steps that have weights of their own: 1 where all share them.
  public var copies: Int { training.untied ? task.length : 1 }

  /// The layout of the experiment's parameters; nil where their number cannot be counted.
  func layout(inputs: Int, outputs: Int) -> ParameterLayout? {
    guard isRecurrent else {
      return architecture.layout(network, inputs: inputs, outputs: outputs, steps: task.length)
    }
    let shared = ParameterLayout(network, inputs: inputs, outputs: outputs)
    guard copies > 1 else { return shared }
    guard (Saturating(shared.count) * Saturating(copies)).value < Int.max / 64 else { return nil }
    return ParameterLayout(network, inputs: inputs, outputs: outputs, copies: copies)
  }
}

extension ExperimentRule {
  /// Untied weights are refused where a step of a pass is not, for good, one step of one sequence, run once forward and once
  /// back.
  static let untied: [ExperimentRule] = [
    untied({ "\($0.training.algorithm.rawValue): only bptt goes back to each step's own copy" }) {
      $0.training.algorithm != .bptt
    },
    untied(
      {
        let others = TaskName.allCases.filter { !$0.isStream }.map(\.rawValue).joined(separator: ", ")
        return "\($0.task.name.rawValue), a stream without a first step: or one of the tasks \(others)"
      }
    ) { $0.task.name.isStream },
    untied({ "\($0.windowWords): a copy is a step's of the whole sequence; or k1 and k2 full" }) {
      $0.isTruncated
    },
    untied({ _ in "history stale, which keeps a past of truncated windows; or history recompute" }) {
      $0.training.history == .stale
    },
    untied({ _ in "checkpoints sqrt, which save less than the copies take; or checkpoints none" }) {
      $0.training.checkpoints == .sqrt
    },
  ]

  private static func untied(
    _ why: @escaping @Sendable (Experiment) -> String, where isBroken: @escaping @Sendable (Experiment) -> Bool
  ) -> ExperimentRule {
    ExperimentRule(
      "training.untied", expected: { "false with \(why($0))" }, where: { $0.training.untied && isBroken($0) })
  }
}

extension ExperimentKey {
  /// What a change of the key does to a running network under `experiment`: with weights of their own for each step, or vectors of
  /// positions, another number of steps is another network.
  public func effect(in experiment: Experiment) -> ChangeEffect {
    name == "task.length" && (experiment.training.untied || experiment.architecture.hasWeightsByStep) ? .newRun : effect
  }
}

extension TrainingSpecification {
  /// `untied` as the experiment file writes it.
  var untiedSwitch: Switch {
    get { untied ? .on : .off }
    set { untied = newValue == .on }
  }
}
