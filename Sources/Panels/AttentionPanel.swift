import Architectures
import Canvas
import Dashboard
import GradientFlow
import Instruments

/// What each position attends to, beside the flow that comes back.
struct AttentionPanel: Panel {
  let id: PanelID = "attention"
  let title = "Attention α_ts"
  let shortTitle = "Attention"
  let size = PanelSize(22, 5, widthWeight: 4, heightWeight: 14)
  let help = [
    "What position t (down) reads of position s (to the right): α_ts, as color, of the batch's first sequence; what is dark and what is light stands under it. Through time has the row of the cursor's step, one band per head. Without colors, darker characters are more, by the logarithm of α over three decades.",
    "The title has the rank correlation of α and ‖∂l_i/∂x_s‖ of the last loss: 1 where what is read most also gets the most gradient.",
    "Look for: columns that are bright here and dark in Flow. Attention is not gradient. v goes through the heads, and their mean.",
  ]
  let reads: [any Instrument.Type] = [AttentionInstrument.self]
  let keys = [PanelKey([.character("v")], name: "v", short: "head", help: "the next head, or the mean of all")]

  let needs = "network.kind transformer or attention"

  func applies(to state: DashboardState) -> Bool {
    state.lanes.contains { $0.experiment.architecture.attends }
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[AttentionInstrument.self] else { return ["t ↓  s →"] }
    let head =
      Self.head(state, reading).map { "head \($0 + 1) of \(reading.heads.count)" }
      ?? "mean of \(reading.heads.count) heads"
    let words = reading.rankCorrelation.map { ["\(head) · ranks against the flow \(NumberText.fixed($0, 2))"] } ?? []
    return (words + [head]).map { state.lanePrefix + $0 }
  }

  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? {
    guard key == .character("v") else { return nil }
    state.attentionHead += 1
    return []
  }

  /// The head that is shown; nil for the mean.
  private static func head(_ state: DashboardState, _ reading: AttentionInstrument.Reading) -> Int? {
    let place = state.attentionHead % (reading.heads.count + 1)
    return reading.heads.count == 1 ? 0 : place == 0 ? nil : place - 1
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading("attention", from: AttentionInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let n = reading.length, alpha = Self.head(state, reading).map { reading.heads[$0] } ?? reading.mean
    let seen = alpha.enumerated().map { $0 % n > $0 / n ? -.infinity : $1 }
    let most = max(alpha.max() ?? 1, 1e-6), shown = HeatMap.shares(seen, upTo: most, theme: theme)
    let least = theme.drawsByInk ? NumberText.power(log10: shown.range.lowerBound, digits: 1) : "0"
    LabeledMap(
      HeatMap(shown.values, rows: n, columns: n, range: shown.range), rows: "t", columns: "s",
      key: ColorKey(least, NumberText.trimmed(most, digits: 2)),
      words: ["α_ts: the share of its attention that t gives to s", "α_ts, t reads s", "α_ts"]
    ).draw(in: rect.inset(left: 1), into: &buffer, theme: theme)
  }
}
