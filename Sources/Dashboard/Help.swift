import Canvas

/// The help: the focused panel's lines, every key by its group, and what the program is.
enum Help {
  /// A line, its key column and its words.
  enum Line: Equatable {
    case title(String)
    case text(String)
    case key(String, String)
    case blank
  }

  /// All rows for a screen of the state's width, each of one or two lines side by side: a wide screen has the keys in two
  /// columns.
  static func rows(_ state: DashboardState) -> [[Line]] {
    let width = max(20, state.size.width - 6)
    var top: [Line] = []
    let layout = ScreenLayout(state)
    if let focus = state.focus, layout.frame(of: focus) != nil, let panel = Panels.named(focus) {
      top.append(.title(((panel.digit.map { "\($0) " } ?? "") + panel.title).words(state.theme)))
      top += panel.help.flatMap { $0.words(state.theme).wrapped(to: width) }.map(Line.text)
      top += keyLines(panel.keys.map { ($0.name.keyWords(state.theme), $0.help.words(state.theme)) }, width)
    }
    if let leftOut = state.lane.readings?.allLeftOut, !leftOut.isEmpty {
      top.append(.blank)
      top.append(.title("Left out of this pass"))
      top += leftOut.joined(separator: "; ").words(state.theme).wrapped(to: width).map(Line.text)
    }
    if !state.remappedKeys.isEmpty {
      top += [.blank, .title("Your own keys")]
      let own = state.remappedKeys.map { ($0.name.keyWords(state.theme), "as \($1.name)".keyWords(state.theme)) }
      top += keyLines(own.sorted { $0.0 < $1.0 }, width)
    }
    // What a newcomer reads once comes behind what is looked up again and again.
    let end: [Line] =
      [.blank, .title("bpttop: backpropagation through time, live")]
      + about.words(state.theme).wrapped(to: width).map(Line.text)
    let isWide = width >= columnWidth * 2
    func keys(_ groups: [KeyBinding.Group]) -> [Line] {
      groups.flatMap { group in
        [.blank, .title(group.rawValue)]
          + keyLines(
            Keymap.bindings.filter { $0.group == group }
              .map { ($0.name.keyWords(state.theme), $0.help.words(state.theme)) },
            isWide ? columnWidth - 2 : width)
      }
    }
    guard isWide else { return (top + keys(KeyBinding.Group.allCases) + end).map { [$0] } }
    let left = keys([.panels, .pass, .training]), right = keys([.knobs, .program])
    return top.map { [$0] }
      + (0..<max(left.count, right.count)).map { row in
        [row < left.count ? left[row] : .blank, row < right.count ? right[row] : .blank]
      } + end.map { [$0] }
  }

  /// The width of each of two columns.
  private static let columnWidth = 56

  static let about =
    "A small recurrent network trains here. Its loss sends a gradient back through time: δ_t = ∂L/∂h_t, one Jacobian a "
    + "step, φ′ and W_hh. The panels show how much arrives at every step, what takes it away, and what truncation (k1, k2) "
    + "and clipping change. Pause, then walk through one pass step by step; every number is of that pass."

  private static let keyColumns = 10

  private static func keyLines(_ keys: [(name: String, help: String)], _ width: Int) -> [Line] {
    keys.flatMap { name, help in
      help.wrapped(to: max(10, width - keyColumns)).enumerated().map { Line.key($0 == 0 ? name : "", $1) }
    }
  }

  /// Draws the rows from `first` on over the whole screen.
  static func draw(_ state: DashboardState, from first: Int, _ buffer: inout Buffer) {
    let theme = state.theme
    let frame = Rect(x: 0, y: 0, width: buffer.width, height: buffer.height)
    buffer.fill(frame, theme.blank)
    let rows = rows(state)
    let page = max(1, frame.height - 4)
    let note = rows.count > page ? ["↑ ↓ scroll · Esc back", "Esc back"] : ["Esc back"]
    let inside = buffer.box(frame, title: ["Help"], note: note, key: "?", focused: true, theme: theme)
      .inset(left: 2, top: 1, right: 1, bottom: 1)
    for (row, lines) in rows.dropFirst(max(0, min(first, rows.count - page))).prefix(page).enumerated() {
      for (column, line) in lines.enumerated() {
        draw(line, in: inside.inset(left: column * columnWidth).line(row), &buffer, theme)
      }
    }
  }

  private static func draw(_ line: Line, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    switch line {
    case .blank: break
    case .title(let text): buffer.put(text, in: rect, style: theme[.title])
    case .text(let text): buffer.put(text, in: rect, style: theme[.text])
    case .key(let name, let help):
      buffer.put(name, in: rect, style: theme[.keyName])
      buffer.put(help, in: rect.inset(left: keyColumns), style: theme[.text])
    }
  }
}
