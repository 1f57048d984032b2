import Canvas

/// The help: the focused panel's lines, what the program is, and every key by its group.
enum Help {
  /// A line, its key column and its words.
  enum Line: Equatable {
    case title(String)
    case text(String)
    case key(String, String)
    case blank
  }

  /// All lines for a screen of the state's width.
  static func lines(_ state: DashboardState) -> [Line] {
    let width = max(20, state.size.width - 6)
    var lines: [Line] = []
    let layout = Layout(state)
    if let focus = state.focus, layout.frame(of: focus) != nil, let panel = Panels.named(focus) {
      lines.append(.title("\(panel.digit) \(panel.title)"))
      lines += panel.help.flatMap { $0.wrapped(to: width) }.map(Line.text)
      lines += keyLines(panel.keys.map { ($0.name, $0.help) }, width)
      lines.append(.blank)
    }
    lines.append(.title("bpttop: backpropagation through time, live"))
    lines += about.wrapped(to: width).map(Line.text)
    for group in KeyBinding.Group.allCases {
      lines += [.blank, .title(group.rawValue)]
      lines += keyLines(Keymap.bindings.filter { $0.group == group }.map { ($0.name, $0.help) }, width)
    }
    return lines
  }

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

  /// Draws the lines from `first` on over the whole screen, in two columns of keys where it is wide enough.
  static func draw(_ state: DashboardState, from first: Int, _ buffer: inout Buffer) {
    let theme = state.theme
    let frame = Rect(x: 0, y: 0, width: buffer.width, height: buffer.height)
    buffer.fill(frame, theme.blank)
    let lines = lines(state)
    let page = max(1, frame.height - 4)
    let note = lines.count > page ? ["↑ ↓ scroll · Esc back", "Esc back"] : ["Esc back"]
    let inside = buffer.box(frame, title: ["Help"], note: note, key: "?", focused: true, theme: theme)
      .inset(left: 2, top: 1, right: 1, bottom: 1)
    for (row, line) in lines.dropFirst(max(0, min(first, lines.count - page))).prefix(page).enumerated() {
      switch line {
      case .blank: break
      case .title(let text): buffer.put(text, in: inside, row: row, style: theme[.title])
      case .text(let text): buffer.put(text, in: inside, row: row, style: theme[.text])
      case .key(let name, let help):
        buffer.put(name, in: inside, row: row, style: theme[.keyName])
        buffer.put(help, in: inside.inset(left: keyColumns), row: row, style: theme[.text])
      }
    }
  }
}
