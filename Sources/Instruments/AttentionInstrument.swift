import Architectures
import GradientFlow
import LinearAlgebra

/// What each position attends to: the weights α_ts of every head of the layer that is looked into, of the batch's first sequence.
///
/// They say what is read forward. What comes back is the flow: a large α_ts is no large ∂l/∂x_s.
public enum AttentionInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "attention"
  /// It reads networks that attend.
  public static let readsAnyNetwork = true

  /// The weights.
  public struct Reading: Sendable {
    /// n, and each head's α, [n, n], row t, column s; 0 where s is not seen.
    public let length: Int, heads: [[Double]]
    /// Between the mean α over the heads and ‖∂l_i/∂x_s‖, both of the last loss i: the correlation of their ranks over s ≤ i; nil
    /// where there are under three positions.
    public let rankCorrelation: Double?
    /// The position of the last loss, counted from 0.
    public let lastLoss: Int

    /// The mean over the heads, [n, n].
    public var mean: [Double] {
      guard var sum = heads.first else { return [] }
      for head in heads.dropFirst() { for k in sum.indices { sum[k] += head[k] } }
      return sum.map { $0 / Double(heads.count) }
    }

    /// What position t attends to, a band a head over s; nil for the position of the last loss.
    public func bands(position: Int?) -> GateActivity {
      let t = position ?? lastLoss
      let range = t * length..<(t + 1) * length
      return GateActivity(
        gates: heads.enumerated().map { GateActivity.Gate(name: "α\($0 + 1)", weights: Array($1[range])) },
        steps: length, units: 1)
    }
  }

  /// The reading of a pass; nil where nothing attends.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let recording = pass.recording, let graph = pass.graph(budget) else { return nil }
    let layer = recording.graphLayer(pass.layer(focus)), steps = pass.length
    let tracks = graph.tracks.filter { $0.kind == .overPositions }
    guard !tracks.isEmpty else { return nil }
    let sites = graph.sites.filter { $0.layer == layer }
    let heads = tracks.map { track in sites.flatMap { graph.values(of: track, at: $0.id) } }
    guard heads.allSatisfy({ $0.count == steps * steps }) else { return nil }
    guard let last = graph.losses.map(\.loss).max() else { return nil }
    let flow = FlowMatrix(graph, layer: layer, maximumRows: 1)
    let seen = (0...last).map { s in heads.reduce(0) { $0 + $1[last * steps + s] } }
    return Reading(
      length: steps, heads: heads, rankCorrelation: RankCorrelation.of(seen, Array(flow.log10.prefix(last + 1))),
      lastLoss: last)
  }

  /// What is followed over training.
  public static let trendNames = ["rank_correlation"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    reading.rankCorrelation.map { ["rank_correlation": $0] } ?? [:]
  }

  /// α of all heads, [heads, n, n].
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray(
        "weights", reading.heads.flatMap { $0 }, shape: [reading.heads.count, reading.length, reading.length])
    ]
  }
}
