extension ExperimentKeyError {
  /// Settings that other programs have and this one has under another name, or not at all: what to choose in their place.
  private static let absent = [
    "network.coupled_gates": "network.cell: coupled_lstm, an LSTM with i = 1 - f",
    "network.bidirectional": "network.kind: bidirectional, recurrent layers of two directions",
    "network.init.state": "network.learned_initial_state: true, which trains the first state",
    "task.ahead": "task.horizon, the rows ahead that columns are predicted",
    "task.reset": "task.carry: reset, which begins every sequence with a state of 0, or state",
    "task.stateful": "task.carry: state, or reset, which begins every sequence with a state of 0",
    "task.validation": "task.held_out, a share, a number of rows or a file",
    "solved.length": "bpttop solve --lengths, which measures at other lengths",
    "training.updates": "--updates of bpttop train",
    "training.epochs": "--updates of bpttop train",
  ]

  /// The error of such a setting; nil for other names.
  static func absent(_ name: String) -> ExperimentKeyError? {
    absent[name].map { ExperimentKeyError(key: name, problem: "found no such setting, expected \($0)") }
  }
}
