import Canvas
import Instruments
import Training

/// The line under the header that tells two lanes apart: the settings that differ, and how their gradients and weights differ.
enum DifferenceLine {
  static func draw(_ state: DashboardState, in line: Rect, _ buffer: inout Buffer) {
    let theme = state.theme
    buffer.fill(line, theme.blank)
    guard state.lanes.count > 1 else { return }
    let numbers = numbers(state, theme)
    let form = numbers.first { $0.columns <= line.width * 2 / 3 } ?? []
    buffer.put(form, in: line, alignment: .right)
    let room = line.width - form.columns - 1
    let names = lanes(state, theme)
    buffer.put(names.first { $0.columns <= room } ?? [], in: line)
  }

  /// Which line is whose, and what differs in their settings, the fullest form first.
  private static func lanes(_ state: DashboardState, _ theme: Theme) -> [[Span]] {
    func legend(_ lane: Lane, _ words: String) -> [Span] {
      let style = LaneStyle(lane.id)
      let isFocused = lane.id == state.focusedLane
      let sample = Series([], style.mark, role: style.role, symbol: style.symbol).sample(theme.characters)
      let stopped = lane.newest?.explosion == nil ? "" : " ✖ exploded"
      return [
        Span(isFocused ? " ▸" : "  ", theme[.accent]), Span(lane.id.letter + " ", theme[isFocused ? .accent : .text]),
        Span(sample, theme[style.role]), Span(words.isEmpty ? "" : " " + words, theme[.text]),
        Span(stopped, theme[.error]),
      ].map { $0.words(theme) }
    }
    let (a, b) = (state.lanes[0], state.lanes[1])
    guard state.isOurs else {
      let name = { (lane: Lane) in lane.newest?.title.first ?? "" }
      return [legend(a, name(a)) + legend(b, name(b)), legend(a, "") + legend(b, "")]
    }
    let words = [3, 2, 1].map { limit in { (lane: Lane) in state.differences(of: lane, limit: limit) } }
    let isSame = words[0](a).isEmpty && words[0](b).isEmpty
    let same = isSame ? [legend(a, "") + legend(b, "the same settings: turn a knob")] : []
    return same + words.map { legend(a, $0(a)) + legend(b, $0(b)) } + [legend(a, "") + legend(b, "")]
  }

  /// cos of the gradients, their ratio, and how far the weights have gone apart, the fullest form first.
  private static func numbers(_ state: DashboardState, _ theme: Theme) -> [[Span]] {
    let dim = theme[.dimText], value = theme[.value]
    guard state.capabilities.offers.contains(.pass) else { return [] }
    guard let difference = state.difference else { return [[Span("the difference is being computed ", dim)]] }
    guard difference.sharedTensors > 0 else { return [[Span("no weights of one shape in both ", dim)]] }
    let cosine = difference.cosine.isFinite ? NumberText.fixed(difference.cosine, 3) : "-"
    let ratio = difference.ratio.isFinite ? "×" + NumberText.short(difference.ratio) : "-"
    let distance = NumberText.short(difference.weightDistance)
    // Lanes of other cells share a part of their weights: the numbers are of that part.
    let isPart = difference.sharedTensors < difference.tensors
    let counts = "\(difference.sharedTensors) of \(difference.tensors)"
    let shared = isPart ? "of \(counts) tensors, those of both: " : "", short = isPart ? "\(counts) tensors: " : ""
    func form(_ names: [String], _ start: String) -> [Span] {
      [Span(start, dim)]
        + zip(names, [cosine, ratio, distance]).flatMap { [Span($0 + " ", dim), Span($1 + "  ", value)] }
    }
    return [
      form(["cos(g_A, g_B)", "‖g_B‖/‖g_A‖", "‖w_B-w_A‖/‖w_A‖"], shared),
      form(["cos g", "‖g_B‖/‖g_A‖", "w apart"], shared),
      form(["cos g", "‖g‖", "apart"], short),
    ].map { $0.map { $0.words(theme) } }
  }
}

extension DashboardState {
  /// The settings of a lane that the other lane has otherwise: "cell lstm, k2 20"; empty where there is none.
  package func differences(of lane: Lane, limit: Int) -> String {
    guard let (a, b) = lanes.count > 1 ? (lanes[0], lanes[1]) : nil else { return "" }
    // What means nothing in either lane, such as the β of a cell that has none, is no difference.
    let knobs = Set((Knob.applying(to: a.experiment) + Knob.applying(to: b.experiment)).map(\.name))
    let differences = b.experiment.differences(from: a.experiment).filter { knobs.contains($0.key.name) }
    let own = Knob.applying(to: lane.experiment)
    let shown = differences.compactMap { difference in own.first { $0.name == difference.key.name } }.prefix(limit)
      .map { "\($0.label) \($0.value(lane, self))" }
    return shown.joined(separator: ", ") + (differences.count > limit ? " …" : "")
  }
}
