import RecurrentNetworks
import Testing

@testable import Training

/// A small experiment with `changes` set in any order.
func smallExperiment(_ changes: [String: String]) throws -> Experiment {
  var experiment = Experiment()
  experiment.network.hidden = 6
  experiment.training.batch = 2
  let settings = changes.sorted { $0.key < $1.key }.map { Setting(key: $0.key, value: $0.value) }
  return try experiment.setting(settings)
}

func train(_ run: TrainingRun, _ updates: Int) {
  for _ in 0..<updates { run.trainOnce() }
}

/// Everything of a run that its going on depends on.
struct RunState: Equatable {
  var experiment: Experiment
  var position: TrainingPosition
  var numbers: [UInt8]
  var states: [Double]
  var kept: KeptActivations?
  var algorithm: [UInt8]
  var optimizerSteps: Int
  var history: LossHistory
  var origins: [WeightOrigin]
  var journal: [JournalEntry]
  var explosion: Explosion?

  init(_ run: TrainingRun) {
    let place = run.place()
    experiment = place.experiment
    position = place.position
    numbers = Array(place.numbers)
    states = place.states
    kept = place.kept
    algorithm = Array(place.algorithm)
    optimizerSteps = place.optimizerSteps
    history = run.history
    origins = run.course.origins
    journal = run.journal
    explosion = run.explosion
  }
}

/// Kinds of run that hold different things between two updates.
let runKinds: [[String: String]] =
  OptimizerKind.allCases.map {
    [
      "task.name": "coin", "task.length": "30", "training.k1": "4", "training.k2": "9",
      "training.optimizer.name": $0.rawValue,
    ]
  }
  + AlgorithmKind.allCases.filter { $0 != .recurrentBackprop }.flatMap { kind in
    ["float64", "float32"].map {
      [
        "task.name": "coin", "task.length": "30", "training.k1": "5", "training.algorithm": kind.rawValue,
        "precision": $0,
      ]
    }
  }
  + [
    ["task.name": "settle", "task.length": "30", "training.algorithm": "recurrent_backprop"],
    [:],
    ["task.name": "copy", "task.length": "25", "network.layers": "2", "network.cell": "lstm"],
    ["task.name": "text", "task.length": "20", "training.k1": "7", "precision": "float32"],
    [
      "task.name": "coin", "task.length": "70", "training.k1": "2", "training.k2": "9", "training.history": "stale",
      "precision": "float32", "network.layers": "2",
    ],
    [
      "task.name": "coin", "task.length": "40", "training.k1": "3", "training.k2": "9", "training.history": "stale",
      "network.cell": "gru",
    ],
    ["task.name": "temporal-order", "task.length": "12", "training.untied": "true", "training.optimizer.name": "adam"],
    ["task.name": "coin", "task.length": "70", "training.checkpoints": "sqrt"],
    ["training.regularizer.noise": "0.01", "training.clip.kind": "weight", "training.clip.threshold": "0.3"],
  ]
