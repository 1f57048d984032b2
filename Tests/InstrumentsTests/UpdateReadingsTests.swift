import RecurrentNetworks
import Testing

@testable import Instruments
@testable import Training

@Suite("Readings of an update's own pass") struct UpdateReadingsTests {
  private static let keys = Set(
    Instruments.trends.filter { ["bias", "clipping", "decay", "units", "flow"].contains($0.instrument) })

  /// Settings beside a copy task of 3 sequences of 24 steps.
  private static let cases: [[String: String]] = [
    [:],
    ["precision": "float32"],
    ["network.cell": "lstm"],
    ["network.cell": "lstm", "precision": "float32"],
    ["network.cell": "lstm", "network.peephole": "true"],
    ["network.cell": "lstm", "network.layers": "2"],
    ["network.cell": "coupled_lstm"],
    ["network.cell": "gru"],
    ["network.cell": "gru", "precision": "float32", "network.layers": "2"],
    ["network.cell": "janet"],
    ["network.cell": "min_gru"],
    ["network.cell": "min_lstm"],
    ["network.cell": "lru"],
    ["network.cell": "residual", "network.layers": "2"],
    ["network.cell": "leaky", "network.beta": "0.4"],
    ["network.layers": "2", "network.activation": "relu"],
    ["network.activation": "sigmoid", "network.hidden": "1"],
    ["training.clip.kind": "none"],
    ["training.clip.kind": "norm", "training.clip.threshold": "0.001"],
    ["training.clip.kind": "value", "training.clip.threshold": "0.01"],
    ["training.clip.kind": "value", "training.clip.threshold": "0.01", "precision": "float32"],
    ["training.clip.kind": "tensor", "training.clip.threshold": "0.02"],
    ["training.clip.kind": "step", "training.clip.threshold": "0.001"],
    ["training.clip.kind": "weight", "training.clip.threshold": "0.2"],
    ["training.k1": "3", "training.k2": "7"],
    ["training.k1": "6", "training.k2": "6", "network.cell": "gru"],
    ["training.k1": "3", "training.k2": "7", "training.inject": "last"],
    ["training.k1": "5", "training.k2": "24", "training.inject": "window"],
    ["training.k1": "2", "training.k2": "6", "training.history": "stale"],
    ["training.algorithm": "artbp"],
    ["training.algorithm": "adaptive", "training.k1": "4"],
    ["training.untied": "true"],
    ["training.regularizer.omega": "0.1"],
    ["training.reduction": "sum"],
    ["task.length": "300", "training.batch": "1"],
    ["task.name": "sine", "task.length": "12", "precision": "float32"],
    ["task.name": "temporal-order", "task.length": "40", "network.cell": "gru"],
    ["task.length": "300", "network.cell": "lstm"],
    // Gradients whose squares, and that themselves, leave the range of doubles.
    ["task.length": "150", "network.init.scale": "1e-3", "training.k1": "150", "training.k2": "150"],
    ["network.init.scale": "3", "network.activation": "identity"],
    ["network.init.scale": "0"],
  ]

  @Test("the numbers are those of instruments that make a pass of their own", arguments: cases)
  func agree(_ settings: [String: String]) throws {
    let sizes = ["task.name": "copy", "task.length": "24", "network.hidden": "6", "training.batch": "3"]
    let experiment = try Fixture.experiment(sizes.merging(settings) { $1 })
    let run = try TrainingRun(experiment: experiment), bare = try TrainingRun(experiment: experiment)
    let readings = UpdateReadings()
    let tolerance = experiment.precision == .float64 ? 1e-12 : 1e-6
    for _ in 0..<8 {
      let expected = Readings(
        PassView(run.snapshot()), ReadingRequest(Set(Self.keys.map(\.instrument))),
        budget: Budget(.unlimited, following: Self.keys)
      ).trends
      let (readable, others) = readings.division(of: Self.keys, in: run)
      let isFull = experiment.training.k1 == .full && experiment.training.algorithm == .bptt
      let needsPlain = ["training.untied", "network.peephole"].contains { settings[$0] != nil }
      let mayFlow =
        !needsPlain && experiment.training.clip.kind != .step && experiment.network.cell != .lru
      #expect(
        others.allSatisfy {
          $0.instrument == "bias" && !isFull || $0.instrument == "flow" && !(isFull && mayFlow)
        })
      #expect(readings.trainOnce(run, reading: readable) == .trained)
      for key in readable {
        guard let value = expected[key] else {
          #expect(readings.numbers[key] == nil, "\(key.instrument).\(key.name)")
          continue
        }
        let found = try #require(readings.numbers[key], "\(key.instrument).\(key.name)")
        // Clipping by norm turns nothing; what the instrument has there is its rounding.
        let slack = key.name == "angle" ? max(tolerance, 1e-9) : tolerance * max(value.magnitude, 1e-2)
        #expect(
          found.isNaN && value.isNaN || found == value || (found - value).magnitude <= slack,
          "\(key.instrument).\(key.name): \(found), \(value)")
      }
      bare.trainOnce()
      #expect(run.parameters == bare.parameters && run.newest == bare.newest)
    }
  }

  @Test("after other updates, rewinds and changes it reads the run as it stands")
  func otherUpdates() throws {
    let run = try TrainingRun(
      experiment: Fixture.experiment(["training.clip.kind": "norm", "training.clip.threshold": "0.05"]))
    let keys: Set<TrendKey> = [TrendKey("clipping", "median_norm"), TrendKey("clipping", "clipped_share")]
    let readings = UpdateReadings()
    func check() throws {
      let lens = try #require(Fixture.readings(run.snapshot(), ["clipping"])[ClippingInstrument.self])
      #expect(readings.trainOnce(run, reading: keys) == .trained)
      for (key, value) in ClippingInstrument.trend(lens) where keys.contains(key.key) {
        let found = try #require(readings.numbers[key.key])
        #expect(found == value || found.isNaN && value.isNaN)
      }
    }
    for _ in 0..<300 { try check() }
    run.rewind(by: 20)
    try check()
    for _ in 0..<30 { run.trainOnce() }
    try check()
  }
}

extension String {
  fileprivate var key: TrendKey { TrendKey("clipping", self) }
}
