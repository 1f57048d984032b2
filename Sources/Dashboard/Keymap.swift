import Canvas

/// One line of the keymap: keys, the command that each gives, and the words for the footer and the help.
public struct KeyBinding: Sendable {
  /// The groups of the help.
  public enum Group: String, CaseIterable, Sendable {
    case pass = "Step through the pass", training = "Train", knobs = "Turn a knob", panels = "Panels",
      program = "Program"
  }

  /// The keys and what each gives.
  public let keys: [(key: Key, command: Command)]
  /// How the keys are called: "space", ". ,".
  public let name: String
  /// What they do in a word, for the footer; nil where the footer does not name them.
  public let footer: String?
  /// What they do in a line, for the help.
  public let help: String
  /// The group of the help.
  public let group: Group

  init(_ group: Group, _ name: String, _ footer: String?, _ help: String, _ keys: [(Key, Command)]) {
    self.keys = keys.map { (key: $0.0, command: $0.1) }
    self.name = name
    self.footer = footer
    self.help = help
    self.group = group
  }
}

/// Which key gives which command. Footer and help are made of it, so they name no key that does nothing.
public enum Keymap {
  /// All of it, in the order of footer and help.
  public static let bindings: [KeyBinding] = pass + training + knobs + panels + program

  /// The command that `key` gives, or nil.
  public static func command(for key: Key) -> Command? { table[key] }

  /// The group of the help that `key` is in, or nil.
  static func group(of key: Key) -> KeyBinding.Group? { bindings.first { $0.keys.contains { $0.key == key } }?.group }

  private static let table: [Key: Command] = Dictionary(
    bindings.flatMap { $0.keys.map { ($0.key, $0.command) } }, uniquingKeysWith: { first, _ in first })

  private static func turn(
    _ name: String, _ footer: String?, _ help: String, _ key: String, down: Character?, up: Character
  )
    -> KeyBinding
  {
    var keys: [(Key, Command)] = [(.character(up), .turn(key: key, up: true))]
    if let down { keys.insert((.character(down), .turn(key: key, up: false)), at: 0) }
    return KeyBinding(.knobs, name, footer, help, keys)
  }

  private static let pass = [
    KeyBinding(
      .training, "space", "run", "run or pause", [(.character(" "), .runOrPause)]),
    KeyBinding(
      .pass, ". ,", "step",
      "one step of the pass on, back: forward in time, then back in time over the gradient",
      [(.character("."), .stepForward), (.character(","), .stepBack)]),
    KeyBinding(
      .pass, "← →", nil, "the cursor of the pass to the left, to the right: earlier, later in time (also h l)",
      [
        (.left, .cursorLeft), (.right, .cursorRight), (.character("h"), .cursorLeft), (.character("l"), .cursorRight),
      ]),
    KeyBinding(
      .pass, "Home End", nil, "the beginning and the end of the pass; PgUp PgDn ten steps",
      [(.home, .passStart), (.end, .passEnd), (.pageDown, .passForward), (.pageUp, .passBack)]),
    KeyBinding(
      .pass, ";", nil, "on to the next step with a loss; :t 50 goes to step 50", [(.character(";"), .nextLoss)]),
    KeyBinding(
      .pass, "n N", "update", "one update on, or back, bit for bit; hold the key for 10 and 100",
      [(.character("n"), .updateForward), (.character("N"), .updateBack)]),
  ]

  private static let knobs = [
    turn("[ ]", "k1", "k1: an update every k1 steps", "training.k1", down: "[", up: "]"),
    turn("{ }", "k2", "k2: how many steps the gradient goes back over", "training.k2", down: "{", up: "}"),
    KeyBinding(
      .knobs, "t", nil, "the next named truncation: full, real-time, one-step, overlapping, chunked, BPTT(h)",
      [(.character("t"), .nextTruncation)]),
    turn(
      "i", nil, "which losses an update uses: newest, last, window", "training.inject", down: nil, up: "i"),
    turn(
      "c", "clip", "clip by the norm, or not; the knob clip has other kinds", "training.clip.kind", down: nil, up: "c"),
    KeyBinding(
      .knobs, "C", nil, "the next clip threshold: 10 5 2 1 0.5 … 0.01",
      [(.character("C"), .turn(key: "training.clip.threshold", up: false))]),
    turn("a A", "φ", "activation: the next, the one before", "network.activation", down: "A", up: "a"),
    turn("- +", "ρ", "spectral radius of W_hh: less, more", "network.init.spectral_radius", down: "-", up: "+"),
    turn("m", nil, "the next cell: elman, leaky, … (a new run)", "network.cell", down: nil, up: "m"),
    KeyBinding(.knobs, "M", nil, "an LSTM; from an LSTM back to elman", [(.character("M"), .toggleLSTM)]),
    turn("o", nil, "the next optimizer", "training.optimizer.name", down: nil, up: "o"),
    turn(
      "g", nil, "the next learning algorithm: how the gradient is computed", "training.algorithm", down: nil, up: "g"),
    KeyBinding(
      .knobs, "/", nil, "find a knob, a panel, a demo or a mark of the timeline by its name", [(.character("/"), .find)]
    ),
    KeyBinding(
      .knobs, ":", "set", "set any key: name and value; ⇥ completes", [(.character(":"), .prompt)]),
  ]

  private static let training = [
    KeyBinding(
      .training, "> <", nil, "speed: faster, slower (updates a second)",
      [(.character(">"), .faster), (.character("<"), .slower)]),
    KeyBinding(
      .training, "r", nil, "begin again as it was loaded; b: begin again with the present settings",
      [(.character("r"), .restart), (.character("b"), .restartPresent)]),
    KeyBinding(
      .training, "R", nil, "begin again with the next seed (other weights and data)", [(.character("R"), .newSeed)]),
    KeyBinding(
      .training, "u", "undo", "undo the last change of a setting, a fork or a closed lane", [(.character("u"), .undo)]),
    KeyBinding(
      .training, "f x", "fork", "open a second lane beside the first, then change the lane; x closes the focused lane",
      [(.character("f"), .fork), (.character("x"), .closeLane)]),
  ]

  private static let panels = [
    KeyBinding(
      .panels, "⇥", "panel", "the next panel (Shift-⇥ the one before)",
      [(.tab, .focusNext), (.backTab, .focusPrevious)]),
    KeyBinding(
      .panels, "z ⏎", "zoom", "the focused panel over the screen, and back",
      [(.character("z"), .zoom), (.enter, .zoom)]),
    KeyBinding(
      .panels, "( )", nil, "look into the layer below, above (also ↓ ↑)",
      [
        (.character(")"), .layerUp), (.character("("), .layerDown), (.up, .layerUp), (.down, .layerDown),
        (.character("k"), .layerUp), (.character("j"), .layerDown),
      ]),
    KeyBinding(
      .panels, "v", nil, "the next view of the panel: the product by time, memory, layers, paths",
      [(.character("v"), .nextProductView)]),
    KeyBinding(
      .panels, "0-9", nil,
      "go to a panel; again: back (0: learning algorithms; 3z zooms 3; / finds panels without a digit)",
      (0...9).map { (.character(Character("\($0)")), .panel(digit: $0)) }),
    KeyBinding(
      .panels, "B", nil, "large numbers for the last row of a room; again: back",
      [(.character("B"), .toggleBig)]),
    KeyBinding(
      .panels, "p", nil,
      "the next choice of panels: classroom, explore, research, your own; :panels save keeps your own",
      [(.character("p"), .nextPreset)]),
    KeyBinding(
      .panels, "Esc", nil, "back: from zoom, from the steps of a pass to all of it, from help, from a prompt",
      [(.escape, .escape)]),
  ]

  private static let program = [
    KeyBinding(
      .program, "?", "help", "this help; with ⇥ to a panel first, that panel's help", [(.character("?"), .help)]),
    KeyBinding(
      .program, "S", "picture",
      "save the screen, or the zoomed panel: SVG, and PNG (rsvg-convert); :save flow txt light: one panel, form and theme",
      [(.character("S"), .saveScreen)]),
    KeyBinding(
      .program, "T", nil, "the next theme; :theme light takes one by name",
      [(.character("T"), .nextTheme)]),
    KeyBinding(
      .program, "e", nil,
      "export this pass as a trace (safetensors) and the numbers on the screen (CSV, JSON); after an explosion, the updates before it; E: the settings as an experiment file (YAML)",
      [(.character("e"), .exportTrace), (.character("E"), .saveExperiment)]),
    KeyBinding(
      .program, "s", "save", "save the session: bpttop FILE goes on from here", [(.character("s"), .saveSession)]),
    KeyBinding(
      .program, "Ctrl-R", nil, "go on with the session that a crash ended",
      [(.control("r"), .takeUpSession)]),
    KeyBinding(
      .program, "d", "demos", "the list of demos, and what each shows; ⏎ opens one",
      [(.character("d"), .demos)]),
    KeyBinding(.program, "Ctrl-L", nil, "redraw the screen", [(.control("l"), .repaint)]),
    KeyBinding(.program, "Ctrl-Z", nil, "suspend; fg comes back", [(.control("z"), .suspend)]),
    KeyBinding(
      .program, "q", "quit", "quit (also Ctrl-C)", [(.character("q"), .quit), (.control("c"), .quit)]),
  ]
}

extension KeyBinding {
  /// The knob that its keys turn; nil for other commands.
  var turned: String? {
    if case .turn(let name, _)? = keys.first?.command { return name }
    return nil
  }

  /// What the footer says of it, as it is true now: what runs can be paused, and in the pass it is said where each key leads.
  func footer(_ state: DashboardState) -> [(name: String, short: String)] {
    switch footer {
    case nil: []
    case "run" where state.isRunning: [(name, "pause")]
    case "step": state.nextSteps ?? [(name, "step")]
    case let word?: [(name, word)]
    }
  }
}

extension DashboardState {
  /// Whether the pass is walked through, a step at a time.
  var isInPass: Bool { !isRunning && (cursor.phase != .update || hasSteppedToUpdate) }

  /// In the pass: what the next step does, and what the step back undoes.
  fileprivate var nextSteps: [(name: String, short: String)]? {
    guard isInPass, let window else { return nil }
    let here = place(in: window), next = cursor(at: here + 1, in: window)
    let isFirst = here == 0 && newest?.rewindable == 0
    return [(".", next?.name ?? "next update")] + (isFirst ? [] : [(",", "undo \(cursor.name)")])
  }
}
