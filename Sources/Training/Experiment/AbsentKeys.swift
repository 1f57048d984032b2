extension ExperimentKeyError {
  /// Settings that other programs have and this one has under another name, or not at all: what to choose in their place.
  private static let absent = [
    "network.coupled_gates": "network.cell: coupled_lstm, an LSTM with i = 1 - f",
    "network.bidirectional":
      "one direction: a layer that reads the sequence backwards sees what lies ahead of each step, and h_t has then two times",
  ]

  /// The error of such a setting; nil for other names.
  static func absent(_ name: String) -> ExperimentKeyError? {
    absent[name].map { ExperimentKeyError(key: name, problem: "found no such setting, expected \($0)") }
  }
}
