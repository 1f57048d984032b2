import Canvas

/// The last line: the message, or the keys that can be pressed now; and over it the tip line.
enum FooterLine {
  static func draw(_ state: DashboardState, _ layout: ScreenLayout, _ buffer: inout Buffer) {
    let theme = state.theme
    let line = layout.footer
    buffer.fill(line, Cell(" ", theme[.bar]))
    if let tip = layout.tip {
      buffer.fill(tip, theme.blank)
      buffer.put(tipSpans(state, width: tip.width), in: tip)
    }
    if let message = state.message ?? progressMessage(state) ?? explosionMessage(state) {
      draw(message, over: line, &buffer, theme)
      return
    }
    if let lesson = state.lesson, lesson.isAsking, !lesson.isAway {
      // Nothing else works while a question waits, and the card names what answers it.
      buffer.put(hints(state, layout, width: line.width, ranks: 0...0), in: line)
      return
    }
    let hidden = hiddenSpans(state, layout, theme)
    let hiddenWidth = hidden.columns
    if !state.tip.isEmpty && layout.tip == nil {
      // Help and quit stay where they are looked for.
      let exits = hints(state, layout, width: line.width, ranks: 0...0)
      let exitsWidth = exits.columns
      buffer.put(exits, in: line, alignment: .right)
      buffer.put(tipSpans(state, width: line.width - exitsWidth), in: line)
      return
    }
    buffer.put(hidden, in: line, alignment: .right)
    buffer.put(hints(state, layout, width: line.width - hiddenWidth), in: line)
  }

  /// A message that is too long for the line takes the lines over it too.
  private static func draw(_ message: Message, over line: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let text = ((message.isError ? "✖ " : "") + message.text).words(theme)
    let rows = text.wrapped(to: max(1, line.width - 2))
    let count = min(rows.count, mostMessageRows)
    for row in 0..<count {
      let place = Rect(x: line.x, y: line.y - (count - 1) + row, width: line.width, height: 1)
      buffer.fill(place, Cell(" ", theme[.bar]))
      let rest = row == count - 1 ? rows[row...].joined(separator: " ") : rows[row]
      buffer.put(" " + rest, in: place, style: theme[message.isError ? .error : .accent], ellipsis: true)
    }
  }

  private static let mostMessageRows = 4

  /// Which keys can be pressed, as many as fit, none cut; quit and help always among them.
  private static func hints(
    _ state: DashboardState, _ layout: ScreenLayout, width: Int, ranks: ClosedRange<Int> = 0...2
  ) -> [Span] {
    let theme = state.theme
    var pairs: [(name: String, short: String, rank: Int)] = []
    if let focus = state.focus, layout.frame(of: focus) != nil, let panel = state.panels.named(focus) {
      pairs += panel.keys(state).map { ($0.name.keyWords(theme), $0.short, 2) }
    }
    let knobs = Set(Knob.applying(to: state.experiment).map(\.name))
    for binding in Keymap.bindings
    where (binding.turned.map(knobs.contains) ?? true)
      && binding.keys.contains(where: { state.capabilities.commands.isSuperset(of: $0.command.needs) })
    {
      // Where the pass is walked through these keys come first.
      let isWalked = binding.group == .pass && (state.focus == .thisStep || state.cursor.phase != .update)
      let rank = ["q", "?"].contains(binding.name) ? 0 : isWalked && !state.isRunning ? 1 : 2
      pairs += binding.footer(state).map { ($0.name.keyWords(theme), $0.short.words(theme), rank) }
    }
    pairs.removeAll { !ranks.contains($0.rank) }
    func columns(_ pair: (name: String, short: String, rank: Int)) -> Int { pair.name.columns + pair.short.columns + 3 }
    var room = width - 1
    var kept: Set<Int> = []
    for index in pairs.indices.sorted(by: { (pairs[$0].rank, $0) < (pairs[$1].rank, $1) }) {
      guard columns(pairs[index]) <= room else { break }
      room -= columns(pairs[index])
      kept.insert(index)
    }
    return [Span(" ", theme[.text])]
      + kept.sorted().flatMap { index in
        [Span(pairs[index].name + " ", theme[.keyName]), Span(pairs[index].short + "  ", theme[.text])]
      }
  }

  /// Which panels are not on the screen; in the zoom and in the steps of a pass the way back.
  private static func hiddenSpans(_ state: DashboardState, _ layout: ScreenLayout, _ theme: Theme) -> [Span] {
    if state.zoomed != nil || state.isBig { return [Span(" Esc", theme[.keyName]), Span(" back ", theme[.text])] }
    if state.isInPass { return [Span(" Esc", theme[.keyName]), Span(" whole pass ", theme[.text])] }
    guard !layout.hidden.isEmpty else { return [] }
    let digits = layout.hidden.joined(separator: " ")
    return [Span(" \(digits)", theme[.keyName]), Span(" show hidden ", theme[.text])]
  }

  /// What a newcomer can try, in the fullest form that fits.
  private static func tipSpans(_ state: DashboardState, width: Int) -> [Span] {
    let theme = state.theme
    let dot = Span(" · ", theme[.dimText])
    func pair(_ key: String, _ words: String) -> [Span] {
      [dot, Span(key, theme[.keyName]), Span(" " + words, theme[.text])]
    }
    func line(_ head: String, _ pairs: [[Span]]) -> [Span] { [Span(head, theme[.accent])] + pairs.joined().dropFirst() }
    let full = state.tip.map { pair($0.words.keys, $0.words.does.words(theme)) }
    let short = state.tip.map { pair($0.words.keys, $0.words.short) }
    let help = pair("?", "explains"), hide = pair("Esc", "hides this")
    let forms = [
      line(" New here? ", full + [help, hide]), line(" New here? ", full + [hide]),
      line(" New here? ", short + [help, hide]), line(" ", short + [pair("Esc", "hides")]), line(" ", short),
      line(" ", short.dropLast()), line(" ", Array(short.prefix(2))), line(" ", Array(short.prefix(1))),
    ]
    return forms.first { $0.columns <= width } ?? []
  }

  /// What is being written.
  private static func progressMessage(_ state: DashboardState) -> Message? {
    if let goal = state.goal { return Message("on the way to update \(NumberText.grouped(goal)) · Esc stops") }
    return state.progress.map { Message("writing \($0.name): \(NumberText.percent($0.share)) · Esc stops it") }
  }

  /// What blew up, as long as the reader has not gone back before it.
  private static func explosionMessage(_ state: DashboardState) -> Message? {
    state.explosion.map { explosion in
      Message(
        "update \(NumberText.grouped(explosion.update)), step \(explosion.step): \(explosion.factor) is not finite · N goes back before it"
          + (state.size.width >= 100 ? " · /black shows the updates before" : ""),
        isError: true)
    }
  }
}
