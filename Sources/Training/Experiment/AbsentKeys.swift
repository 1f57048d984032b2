extension ExperimentKeyError {
  /// Settings that other programs have and this one has under another name, or not at all: what to choose in their place.
  private static let absent = [
    "network.coupled_gates": "network.cell: coupled_lstm, an LSTM with i = 1 - f",
    "network.bidirectional": "network.kind: bidirectional, recurrent layers of two directions",
  ]

  /// The error of such a setting; nil for other names.
  static func absent(_ name: String) -> ExperimentKeyError? {
    absent[name].map { ExperimentKeyError(key: name, problem: "found no such setting, expected \($0)") }
  }
}
