import Canvas

/// The help: the screen, its symbols and colors, the focused panel's lines, and every key by its group.
enum Help {
  /// A line; a key, or a sign with its look, and its words.
  enum Line: Equatable {
    case title(String)
    case text(String)
    case key(String, String)
    case sign(String, Role, String)
    case blank
  }

  /// The row at which the help opens: the lines of the panel that the reader went to, or the beginning. The knobs have the
  /// focus at first.
  static func firstLine(_ state: DashboardState) -> Int {
    guard let panel = state.focus.flatMap(state.panels.named), panel.id != "knobs",
      ScreenLayout(state).frame(of: panel.id) != nil
    else { return 0 }
    return rows(state).firstIndex(of: [title(of: panel, state)]) ?? 0
  }

  private static func title(of panel: any Panel, _ state: DashboardState) -> Line {
    .title(((state.panels.digit(of: panel).map { "\($0) " } ?? "") + panel.title).words(state.theme))
  }

  /// All rows for a screen of the state's width, each of one or two lines side by side: a wide screen has the keys in two
  /// columns.
  static func rows(_ state: DashboardState) -> [[Line]] {
    let width = max(20, state.size.width - 6)
    var top: [Line] = []
    if let leftOut = state.lane.readings?.allLeftOut, !leftOut.isEmpty {
      top.append(.title("Left out of this pass"))
      top += leftOut.joined(separator: "; ").words(state.theme).wrapped(to: width).map(Line.text)
      top.append(.blank)
    }
    top += overview(state, width)
    let layout = ScreenLayout(state)
    if let focus = state.focus, layout.frame(of: focus) != nil, let panel = state.panels.named(focus) {
      top.append(.blank)
      top.append(title(of: panel, state))
      top += panel.help.flatMap { $0.words(state.theme).wrapped(to: width) }.map(Line.text)
      top += keyLines(panel.keys.map { ($0.name.keyWords(state.theme), $0.help.words(state.theme)) }, width)
    }
    if !state.remappedKeys.isEmpty {
      top += [.blank, .title("Your own keys")]
      let own = state.remappedKeys.map { ($0.name.keyWords(state.theme), "as \($1.name)".keyWords(state.theme)) }
      top += keyLines(own.sorted { $0.0 < $1.0 }, width)
    }
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
    guard isWide else { return (top + keys(KeyBinding.Group.allCases)).map { [$0] } }
    let left = keys([.panels, .pass, .training]), right = keys([.knobs, .program])
    return top.map { [$0] }
      + (0..<max(left.count, right.count)).map { row in
        [row < left.count ? left[row] : .blank, row < right.count ? right[row] : .blank]
      }
  }

  /// The width of each of two columns.
  private static let columnWidth = 56

  /// What stands where, the symbols, the colors, and what the experiment's file says of itself.
  private static func overview(_ state: DashboardState, _ width: Int) -> [Line] {
    func lines(_ signs: [(String, Role, String)]) -> [Line] {
      signs.flatMap { sign, role, words in
        words.words(state.theme).wrapped(to: max(10, width - keyColumns)).enumerated().map {
          Line.sign($0 == 0 ? sign.words(state.theme) : "", role, $1)
        }
      }
    }
    let head = state.opened.head.paragraphs
    let opened: [Line] =
      head.isEmpty
      ? []
      : [.title(state.opened.name)] + head.flatMap { $0.words(state.theme).wrapped(to: width) }.map(Line.text) + [
        .blank
      ]
    return opened + [.title("The screen")]
      + [about, firstKeys].flatMap { $0.words(state.theme).wrapped(to: width) }.map(Line.text)
      + [.blank, .title("Symbols")] + lines(symbols) + [.blank, .title("Colors")] + lines(colors)
  }

  private static let about =
    "A small recurrent network trains here. Its loss sends a gradient back through time, one Jacobian a step. The first "
    + "line has task, cell, truncation, clipping and optimizer, the pace and the updates made. A panel's digit goes to it; the "
    + "one with the heavy frame takes the keys. The last line names the keys that can be pressed, and what they did. Pause, "
    + "then walk through one pass step by step; every number is of that pass. New to this? Quit, and run bpttop lesson."

  private static let firstKeys =
    "The keys to begin with: space runs and pauses, . and , step through the pass, n and N go an update on and back, + and - "
    + "change the spectral radius, { and } truncate, c clips, a changes the activation, u undoes, d opens a demo. The mouse "
    + "works too. All keys are below: press ↓."

  private static let symbols: [(String, Role, String)] = [
    (
      "h a", .value,
      "h_t is the state after step t, a_t what goes into the activation: h = φ(a), a = W_ih x + W_hh h + b"
    ),
    ("φ′", .value, "how open a unit is: the slope of φ at a, 1 where tanh is open, near 0 where it is saturated"),
    ("δ", .value, "δ_t = ∂L/∂h_t, the gradient that arrives at step t; in the fully recurrent network δ = ∂J/∂s"),
    ("ρ σ γ", .value, "ρ is the spectral radius of W_hh, σ a singular value, γ the steepest slope that φ has"),
    ("lᵢ L", .value, "the loss of step i, and all of them together; J where it is summed over the units"),
    ("▾ ▴", .value, "at the edge of a plot: the curve goes on beyond it"),
    ("h 2/32", .value, "2 of 32 units fit; h ±1: colors or signs go from -1 to 1; flat: saturated units, φ′ near 0"),
    (
      "k1 k2", .value,
      "an update every k1 steps, whose gradient goes back over a window of the last k2 steps; n is the length of a sequence"
    ),
  ]

  private static let colors: [(String, Role, String)] = [
    ("───", .truncated, "the gradient that trains; of two lanes A"), ("···", .full, "the same with nothing cut off"),
    ("╌╌╌", .newest, "of two lanes B"),
    ("═══", .newest, "the losses that this update uses"), ("├─┤", .window, "the window of the truncation"),
    ("╌╌╌", .bound, "a bound from theory"), ("───", .floor, "reference losses of the task"),
    ("⡇⡇⡇", .gradientNorm, "‖g‖ of updates that were not clipped"),
    ("⡇⡇⡇", .threshold, "‖g‖ of updates that were clipped"),
    (
      "░▒▓", .value,
      "in a map of colors more is lighter, on a light ground darker; the key beside it says how much; ╱╱ is cut off"
    ), ("!", .warning, "a warning, such as a clipped update; ✖ is an error"),
  ]

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
    let scroll = first > 0 ? "Home: the screen, its symbols and colors" : "↑ ↓ scroll"
    let note = rows.count > page ? [scroll + " · Esc back", "↑ ↓ scroll · Esc back", "Esc back"] : ["Esc back"]
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
    case .sign(let sign, let role, let words):
      buffer.put(sign, in: rect, style: theme[role])
      buffer.put(words, in: rect.inset(left: keyColumns), style: theme[.text])
    case .key(let name, let help):
      buffer.put(name, in: rect, style: theme[.keyName])
      buffer.put(help, in: rect.inset(left: keyColumns), style: theme[.text])
    }
  }
}
