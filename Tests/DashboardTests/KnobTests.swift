import Canvas
import Sources
import Testing
import Training

@testable import Dashboard

/// Knobs: direct keys, arrows, the prompt and the search.
@Suite struct KnobTests {
  /// The state and the effects after the keys of `text`.
  private func typed(_ text: String, _ after: Key...) throws -> (state: DashboardState, effects: [Effect]) {
    var state = try Example.state()
    var effects = state.type(text)
    for key in after { effects += reduce(into: &state, .key(key)) }
    return (state, effects)
  }

  @Test(arguments: [
    ("[", "training.k1", "4"), ("]", "training.k1", "6"), ("{", "training.k2", "9"), ("}", "training.k2", "12"),
    ("i", "training.inject", "last"), ("c", "training.clip.kind", "none"), ("C", "training.clip.threshold", "0.5"),
    ("a", "network.activation", "sigmoid"), ("A", "network.activation", "sin"),
    ("+", "network.init.spectral_radius", "1.0"), ("-", "network.init.spectral_radius", "0.8"),
    ("R", "seed", "2"),
  ])
  func directKeys(_ key: String, _ name: String, _ value: String) throws {
    let (state, effects) = try typed(key)
    #expect(effects == [.change([name: value])])
    #expect(try state.experiment.value(of: name) == value)
    #expect(state.lane.unconfirmed == [name: value])
  }

  /// Learning has moved W_hh to a radius of 1.85 since the knob was set to 0.9.
  @Test func theSpectralRadiusTurnsFromTheOneThatWHas() throws {
    var state = try Example.state()
    var snapshot = try Example.snapshot(serial: 2)
    let entry = try #require(snapshot.layout["weight_hh_l0"])
    let radius = try #require(state.measuredSpectralRadius)
    for index in entry.offset..<entry.offset + entry.count { snapshot.parameters[index] *= 1.85 / radius }
    state.show(snapshot)
    let knob = try #require(Knob.all.first { $0.label == "ρ" })
    #expect(knob.value(state.lane, state) == "1.85")
    var turned = state
    #expect(turned.press(.character("+")) == [.change([knob.name: "2.0"])])
    // Until the new one is measured, it goes on from the one asked for.
    #expect(knob.value(turned.lane, turned) == "2")
    #expect(turned.press(.character("+")) == [.change([knob.name: "2.5"])])
    turned = state
    #expect(turned.press(.character("-")) == [.change([knob.name: "1.5"])])
    turned = state
    turned.knob = knob.name
    #expect(turned.press(.right) == [.change([knob.name: "1.9"])])
    turned = state
    turned.knob = knob.name
    #expect(turned.press(.left) == [.change([knob.name: "1.8"])])
    // Far out it goes on in steps that one sees.
    _ = turned.type(":network.init.spectral_radius 800") + turned.press(.enter)
    #expect(turned.press(.character("+")) == [.change([knob.name: "1200.0"])])
    #expect(turned.press(.character("-")) == [.change([knob.name: "10.0"])])
    // Back to what was set once, although the setting is the same.
    turned = state
    #expect(
      turned.type(":network.init.spectral_radius 0.9") + turned.press(.enter) == [
        .change([knob.name: "0.9"])
      ])
  }

  /// The newcomer's line speaks of ρ: the knob is there without a search.
  @Test(arguments: [(120, 36), (80, 24)])
  func theSpectralRadiusIsOnTheScreen(_ width: Int, _ height: Int) throws {
    let rows = render(try Example.state(size: Size(width: width, height: height))).rows
    #expect(rows.contains { $0.contains("k2 ◂10▸") && $0.contains("ρ ◂0.90▸") })
  }

  @Test func theThresholdWalksByOneTwoFive() throws {
    var state = try Example.state()
    var values: [String] = []
    for _ in 0..<10 {
      _ = state.press(.character("C"))
      values.append(NumberText.trimmed(state.experiment.training.clip.threshold))
    }
    #expect(values == ["0.5", "0.2", "0.1", "0.05", "0.02", "0.01", "10", "5", "2", "1"])
  }

  @Test func aChangeIsShownAtOnceAndConfirmedByTheTrainer() throws {
    var state = try Example.state()
    _ = state.press(.character("{"))
    #expect(state.experiment.training.k2 == .steps(9))
    // A snapshot from before the change was taken does not turn it back.
    state.announce(try Example.snapshot(serial: 2))
    #expect(state.experiment.training.k2 == .steps(9) && !state.lane.unconfirmed.isEmpty)
    var changed = Example.experiment()
    changed.training.k2 = .steps(9)
    state.announce(try Example.snapshot(changed, serial: 3))
    #expect(state.experiment == changed && state.lane.unconfirmed.isEmpty)
  }

  @Test func aRefusedChangeIsTakenBack() throws {
    var state = try Example.state()
    _ = state.press(.character("{"))
    _ = reduce(into: &state, .news(.refused(.a, keys: ["training.k2"], reason: "no")))
    #expect(state.experiment == Example.experiment() && state.lane.unconfirmed.isEmpty)
    #expect(state.message == Message("no", isError: true))
  }

  @Test func aNewRunIsSaid() throws {
    let (state, _) = try typed("m")
    #expect(state.message?.text == "cell = leaky, β = 0.2 · a new run from update 0; u undoes it")
  }

  @Test func arrowsChooseAndTurn() throws {
    var state = try Example.state()
    #expect(state.knob == "training.k2")
    #expect(state.press(.up) == [] && state.knob == "training.k1")
    #expect(state.press(.right) == [.change(["training.k1": "6"])])
    #expect(state.press(.character("h")) == [.change(["training.k1": "5"])])
    #expect(state.press(.character("k")) == [] && state.knob == Knob.applying(to: state.experiment).last?.name)
    #expect(state.press(.character("j")) == [] && state.knob == "training.k1")
  }

  @Test func truncationsWithNamesInTurn() throws {
    var state = try Example.state()
    // (5,10) of 20 is overlapping; after it come chunked, BPTT(h), full, real-time, one-step, overlapping.
    let expected: [(String, String)] = [
      ("4", "4"), ("1", "4"), ("full", "full"), ("1", "full"), ("4", "1"), ("4", "8"),
    ]
    for (k1, k2) in expected {
      _ = state.press(.character("t"))
      #expect(state.experiment.training.k1.text == k1)
      #expect(state.experiment.training.k2.text == k2)
    }
  }

  @Test func thePromptSetsAnyKey() throws {
    let (state, effects) = try typed(":training.optimizer.learning_rate 0.5", .enter)
    #expect(effects == [.change(["training.optimizer.learning_rate": "0.5"])])
    #expect(state.mode == .panels)
    #expect(try typed(":k2=3", .enter).effects == [.change(["training.k2": "3"])])
  }

  /// What makes sense only together, in one line.
  @Test func thePromptSetsSeveralKeysAtOnce() throws {
    let csv = [Setting(key: "task.name", value: "csv"), Setting(key: "task.file", value: "x, y.csv")]
    for line in ["task.name csv; task.file \"x, y.csv\"", "task.file=\"x, y.csv\", task.name=csv"] {
      let (state, effects) = try typed(":" + line, .enter)
      let written = [csv[0], Setting(key: "task.file", value: "\"x, y.csv\"")]
      #expect(effects == [.source(.change(.a, written))])
      #expect(state.experiment.task.name == .csv && state.experiment.task.file == "x, y.csv")
      #expect(state.lane.unconfirmed.count == 2 && state.mode == .panels)
      #expect(state.message?.text.contains("a new run") == true)
      // The trainer refuses: both are as they were.
      var refused = state
      _ = reduce(into: &refused, .news(.refused(.a, keys: written.map(\.key), reason: "no such file")))
      #expect(refused.experiment == Example.experiment() && refused.lane.unconfirmed.isEmpty)
    }
    // A list has commas of its own.
    let list = try typed(":task.name csv; task.file x.csv; task.columns a, b", .enter)
    #expect(list.state.experiment.task.columns == ["a", "b"])
    // One change, a choice before what depends on it.
    let (_, effects) = try typed(":momentum 0.5, optimizer.name momentum, k2 7", .enter)
    #expect(
      effects == [
        .change([
          "training.k2": "7", "training.optimizer.name": "momentum", "training.optimizer.momentum": "0.5",
        ])
      ])
    // One that is wrong, and nothing is set.
    let (state, none) = try typed(":k2 7; k1 0", .enter)
    #expect(none == [] && state.mode != .panels && state.experiment == Example.experiment())
  }

  @Test(arguments: [
    ("weight_d", "training.optimizer.weight_decay"), ("schedule", "training.schedule.kind"),
    ("warm", "training.schedule.warmup"), ("Ω", "training.regularizer.omega"), ("noise", "training.regularizer.noise"),
    ("optimi", "training.optimizer.name"),
  ])
  func newKnobsAreFound(_ text: String, _ name: String) throws {
    #expect(try typed("/" + text, .enter).state.knob == name)
  }

  /// What the chosen optimizer and schedule do not read is not on the screen.
  @Test func knobsAreThereWhereTheyMeanSomething() throws {
    var experiment = Example.experiment()
    func names() -> Set<String> { Set(Knob.applying(to: experiment).map(\.name)) }
    #expect(!names().contains("training.optimizer.momentum") && !names().contains("training.schedule.every"))
    try experiment.set("training.optimizer.name", "rmsprop")
    try experiment.set("training.schedule.kind", "step")
    try experiment.set("training.clip.kind", "none")
    #expect(
      names().isSuperset(of: ["training.optimizer.alpha", "training.optimizer.epsilon", "training.schedule.every"]))
    #expect(
      names().isDisjoint(with: ["training.optimizer.beta1", "training.schedule.final", "training.clip.threshold"]))
    #expect(!names().contains("training.regularizer.noise_decay"))
  }

  @Test func thePromptSaysWhatIsWrongAndStays() throws {
    let (state, effects) = try typed(":training.k3 5", .enter)
    #expect(effects == [])
    guard case .prompt(let editor) = state.mode else {
      Issue.record("the prompt has closed")
      return
    }
    #expect(editor.problem?.contains("training.k3") == true)
    #expect(editor.problem?.contains("nearest is training.k") == true)
    #expect(try typed(":k2 0", .enter).state.mode != .panels)
    // What is right in form and wrong beside the other keys.
    #expect(try typed(":network.beta 0.5", .enter).effects == [])
  }

  @Test func completion() throws {
    #expect(SettingLine("training.cl", Experiment()).completed == "training.clip.")
    // The names on the knobs, and as they are typed.
    for (label, key) in [
      ("ρ", "network.init.spectral_radius"), ("rho", "network.init.spectral_radius"),
      ("η", "training.optimizer.learning_rate"), ("lr", "training.optimizer.learning_rate"),
      ("decay", "training.optimizer.weight_decay"), ("φ", "network.activation"), ("k2", "training.k2"),
    ] {
      #expect(try SettingLine("\(label) 1", Experiment()).onlyKey().name == key)
    }
    #expect(SettingLine("clip.k", Experiment()).completed == "training.clip.kind ")
    #expect(SettingLine("training.clip.kind v", Experiment()).completed == "training.clip.kind value")
    #expect(SettingLine("zzz", Experiment()).completed == "zzz")
    // The names on the knobs are offered with their present values.
    for (name, key) in [
      ("lr", "training.optimizer.learning_rate"), ("η", "training.optimizer.learning_rate"),
      ("rho", "network.init.spectral_radius"), ("φ", "network.activation"),
    ] {
      let line = SettingLine(name, Experiment())
      #expect(line.candidates.map(\.text) == [key], "\(name)")
      #expect(line.completed == key + " ", "\(name)")
      let value = try ExperimentKey.named(key).get(Experiment())
      #expect(line.candidates.first?.about.hasPrefix(value) == true, "\(name)")
    }
    #expect(SettingLine("network.activation s", Experiment()).candidates.map(\.text) == ["sigmoid", "softsign", "sin"])
  }

  @Test func historyOfThePrompt() throws {
    var (state, _) = try typed(":k1 3", .enter)
    _ = state.type(":k2 7") + state.press(.enter) + state.press(.character(":"), .up)
    #expect(state.mode.text == "k2 7")
    _ = state.press(.up)
    #expect(state.mode.text == "k1 3")
    _ = state.press(.up, .down)
    #expect(state.mode.text == "k2 7")
    _ = state.press(.down)
    #expect(state.mode.text == "")
    _ = state.press(.escape)
    #expect(state.mode == .panels)
  }

  @Test func keysOfThePromptAreNoCommands() throws {
    let (state, effects) = try typed(":q S?")
    #expect(effects == [] && state.mode.text == "q S?")
  }

  @Test func findingAKnob() throws {
    let (state, effects) = try typed("/learning_r", .enter)
    #expect(effects == [] && state.mode == .panels)
    #expect(state.knob == "training.optimizer.learning_rate" && state.focus == "knobs")
    #expect(try typed("/", .enter).state.knob == "training.k2")
  }

  @Test func editingALine() {
    var editor = LineEditor("abc")
    func text(_ keys: Key...) -> String {
      for key in keys { _ = editor.edit(key) }
      return editor.text
    }
    #expect(text(.left, .backspace) == "ac")
    #expect(text(.home, .character("x"), .delete) == "xc")
    #expect(text(.end, .character(" "), .character("y"), .control("w")) == "xc ")
    #expect(text(.control("a"), .right, .control("u")) == "c ")
  }
}

extension Mode {
  /// The line that is written.
  fileprivate var text: String? {
    switch self {
    case .prompt(let editor), .find(let editor): editor.text
    default: nil
    }
  }
}
