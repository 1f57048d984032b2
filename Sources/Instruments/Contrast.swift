import Architectures
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// How much of the last loss reaches a place by its distance, in one kind of network: what the field sets against one another.
public struct ContrastCurve: Equatable, Sendable {
  /// What is compared: a name, and the settings that make it.
  public let name: String
  /// Mean log10 ‖∂l/∂s‖ at distance 0, 1, … before the loss, over sequences and seeds, less that at distance 0.
  public let log10: [Double]
  /// The factor a step, 10^slope of the line through the farther three quarters of the distances, and how much of the curve there
  /// it explains.
  public let factorPerStep: Double, explained: Double
  /// The exponent of the power law distance^c through the same points, and how much of the curve that explains.
  public let exponent: Double, explainedByPower: Double

  /// A curve with its fits; nil with fewer than three distances.
  public init?(name: String, log10: [Double]) {
    let points = log10.enumerated().dropFirst(max(1, log10.count / 4)).map { (x: Double($0.offset), y: $0.element) }
    guard let line = LineFit(points), let power = LineFit(points.map { (x: Log10.of($0.x), y: $0.y) }), line.count > 2
    else { return nil }
    (self.name, self.log10) = (name, log10)
    (factorPerStep, explained) = (Log10.power(line.slope), line.rSquared)
    (exponent, explainedByPower) = (power.slope, power.rSquared)
  }
}

/// One kind of network of a contrast.
public struct ContrastEntry: Sendable {
  /// What it is called, and what it sets.
  public let name: String, settings: [Setting]

  /// A network by its settings: key and value.
  public init(_ name: String, _ settings: KeyValuePairs<String, String>) {
    self.name = name
    self.settings = settings.map { Setting(key: $0.key, value: $0.value) }
  }

  /// The kinds that are compared, each as it starts, with matrices of one size: 0.9 Q, or N(0, 0.9²/fan-in).
  public static let all: [ContrastEntry] = [
    ContrastEntry("recurrent", ["network.cell": "elman"]),
    ContrastEntry("LSTM", ["network.cell": "lstm", "network.init.forget_bias": "1"]),
    ContrastEntry("LRU", ["network.cell": "lru"]),
    ContrastEntry("attention", ["network.kind": "attention"]),
    ContrastEntry("transformer", ["network.kind": "transformer", "network.init.variance": "0.81"]),
    ContrastEntry("tree", ["network.kind": "tree", "network.init.variance": "0.81"]),
    ContrastEntry(
      "deep, plain",
      [
        "network.kind": "feedforward", "network.residual": "false", "network.norm": "none",
        "network.init.variance": "0.81",
      ]),
    ContrastEntry(
      "deep, residual", ["network.kind": "feedforward", "network.norm": "pre", "network.init.variance": "0.81"]),
  ]
}

extension ContrastCurve {
  /// The curve of one kind on the task and at the size of `experiment`.
  ///
  /// - Parameters:
  ///   - entry: the kind.
  ///   - experiment: task, width, batch; its seed is the first of `seeds`.
  ///   - seeds: over how many seeds the mean is taken.
  ///   - updates: how many updates are made before.
  /// - Throws: what is wrong with the settings together.
  public static func measure(
    _ entry: ContrastEntry, _ experiment: Experiment, seeds: Int, updates: Int
  ) throws(TrainingError) -> ContrastCurve? {
    var sums = [Double](repeating: 0, count: experiment.task.length), count = 0.0
    for seed in 0..<UInt64(max(1, seeds)) {
      var changed = experiment
      changed.seed &+= seed
      do { changed = try changed.setting(entry.settings) } catch { throw .key(error) }
      let run = try TrainingRun(experiment: changed)
      while run.update < updates, run.trainOnce() == .trained {}
      let pass = PassView(run.snapshot())
      for sequence in 0..<pass.batch {
        guard let flow = pass.flowOfLastLoss(sequence: sequence) else { continue }
        for (distance, norm) in flow.reversed().enumerated() { sums[distance] += norm }
        count += 1
      }
    }
    let means = sums.map { $0 / count }
    return ContrastCurve(name: entry.name, log10: means.map { $0 - (means.first ?? 0) })
  }
}

extension PassView {
  /// log10 ‖∂l/∂s‖ of the last loss of a sequence at every position of the layer that is looked into; nil without a loss.
  fileprivate func flowOfLastLoss(sequence: Int) -> [Double]? {
    let layer = layer(Focus())
    guard let recording else {
      let flow = FlowMatrix(snapshot.wholeTape(), layer: layer, sequence: sequence, maximumRows: 1)
      return flow.rows.isEmpty ? nil : flow.log10
    }
    let flow = FlowMatrix(recording.graph(sequence: sequence), layer: recording.graphLayer(layer), maximumRows: 1)
    return flow.rows.isEmpty ? nil : flow.log10
  }
}
