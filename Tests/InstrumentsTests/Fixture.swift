import Instruments

@testable import Training

/// Snapshots of small runs, and what is read of them.
enum Fixture {
  static func experiment(
    _ task: TaskName = .coin, length: Int = 20, hidden: Int = 8, batch: Int = 3,
    _ settings: KeyValuePairs<String, String> = [:]
  ) throws -> Experiment {
    var experiment = Experiment()
    experiment.task.name = task
    experiment.task.length = length
    experiment.network.hidden = hidden
    experiment.training.batch = batch
    for (key, value) in settings { try experiment.set(key, value) }
    return experiment
  }

  /// A run's state after some updates.
  static func snapshot(_ experiment: Experiment, updates: Int = 0, running: Bool = false) throws -> Snapshot {
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<updates { run.trainOnce() }
    return run.snapshot(running: running)
  }

  static func readings(
    _ snapshot: Snapshot, _ instruments: Set<InstrumentID> = Instruments.allIDs, layer: Int? = nil, step: Int? = nil,
    patience: Budget.Patience = .unlimited, previous: Readings? = nil
  ) -> Readings {
    Readings(
      PassView(snapshot), ReadingRequest(instruments, focus: Focus(layer: layer, step: step)), budget: Budget(patience),
      previous: previous)
  }

  /// Runs of every kind, each of which some instrument has more to say of than of others.
  static let kinds: [[String: String]] = [
    ["training.k1": "5", "training.k2": "8"],
    ["network.cell": "lstm", "network.layers": "2", "training.k1": "4", "training.k2": "4"],
    ["network.cell": "gru", "training.clip.kind": "step", "training.clip.threshold": "0.01"],
    ["network.cell": "fully_recurrent", "task.name": "delayed-xor", "network.hidden": "3"],
    ["training.algorithm": "rtrl", "training.k1": "5"], ["training.algorithm": "uoro", "training.k1": "5"],
    ["training.algorithm": "artbp"], ["training.algorithm": "recurrent_backprop", "task.name": "settle"],
    ["task.name": "text", "precision": "float32"],
    ["task.name": "temporal-order", "training.untied": "true"],
  ]

  /// One of the kinds.
  static func experiment(_ kind: [String: String]) throws -> Experiment {
    let order = ExperimentKey.all.map(\.name)
    let settings = kind.sorted { (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0) }
    return try experiment(hidden: 4).setting(settings.map { Setting(key: $0.key, value: $0.value) })
  }
}

extension Readings {
  /// Every number of a reading, as text: equal texts are equal readings, bit for bit.
  func text(of instrument: any Instrument.Type) -> String? { reading(of: instrument).map { String(reflecting: $0) } }

  private func reading<I: Instrument>(of instrument: I.Type) -> Any? { self[instrument] }
}
