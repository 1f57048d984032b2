import Canvas
import Foundation
import Instruments
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// Panels of networks that are no recurrent ones, and of clients, with real runs behind them.
@Suite struct GraphPanelTests {
  private func panel(
    _ panel: any Panel, _ settings: [String: String], size: Size = Size(width: 80, height: 24), updates: Int = 2,
    theme: Theme = Theme()
  ) throws -> [String] {
    let experiment = try Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) })
    let source = SteppedSource(run: try TrainingRun(experiment: experiment), patience: .unlimited)
    var state = DashboardState(experiment: experiment, size: size, theme: theme)
    (state.focus, state.zoomed) = (panel.id, panel.id)
    var runner = EffectRunner(state, source: source, files: NoFiles())
    source.requestFrame()
    _ = runner.takeNews()
    for _ in 0..<updates {
      _ = runner.handle(.key(.character("n")))
      _ = runner.takeNews()
    }
    return render(panel, runner.state).rows
  }

  /// Every kind, small, on a task that it fits.
  static let kinds = [
    ["network.kind": "transformer", "network.layers": "4", "network.hidden": "6", "network.heads": "3"],
    ["network.kind": "attention", "network.scoring": "additive"],
    ["network.kind": "tree", "network.composition": "lstm", "task.name": "boolean"],
    ["network.kind": "feedforward"], ["network.kind": "bidirectional", "network.layers": "2"],
    ["network.kind": "convolutional", "task.name": "bar", "network.hidden": "32"],
  ]

  @Test(
    "learning, cost and bias have words and numbers of every kind, at every size", arguments: kinds,
    [Size(width: 80, height: 24), Size(width: 120, height: 36), Size(width: 60, height: 20)])
  func everyKind(_ kind: [String: String], size: Size) throws {
    let settings = ["task.length": "10", "training.batch": "3", "network.hidden": "6"].merging(kind) { $1 }
    let name = try #require(kind["network.kind"])
    let learning = try panel(Panels.learning, settings, size: size)
    #expect(learning.contains { $0.contains("exact gradient") } && learning.contains { $0.contains("‖Δw‖/‖w‖") })
    #expect(learning.contains { $0.contains(name) && $0.contains("backprop") } || size.width < 80)
    #expect(learning.contains { $0.contains("holds ") && $0.contains("floats") })
    #expect(learning.contains { $0.contains("readout.bias") } || learning.contains { $0.contains(" more: ‖Δw‖/‖w‖ ") })
    let cost = try panel(Panels.cost, settings, size: size)
    #expect(cost.contains { $0.contains("▸ \(name)") } && cost.contains { $0.contains("  recurrent ") })
    #expect(
      cost.contains { $0.contains("floats held B ") || $0.contains("floats held 2 B ") || $0.contains("floats B ") })
    #expect(
      cost.contains { $0.contains("mult-adds/update ") || $0.contains("mult-adds B ") || $0.contains("mult-adds 3 B ") }
    )
    let bias = try panel(Panels.bias, settings, size: size).joined(separator: " ")
    #expect(bias.contains("nothing is") && !bias.contains("being computed"))
    // Of those that read recurrent networks alone each says so, and names what to look at.
    for other in [Panels.horizon, Panels.spectrum, Panels.units, Panels.attribution] {
      let rows = try panel(other, settings, size: size).joined(separator: " ").split(separator: " ").joined(
        separator: " ")
      #expect(rows.contains("network.kind") && !rows.contains("being computed"), "\(other.id.name): \(rows)")
    }
  }

  /// A user's files, as settings.
  private static let files: [[String: String]] = {
    let folder = FileManager.default.temporaryDirectory
    let table = folder.appending(path: "every-kind-\(getpid()).csv"), text = table.appendingPathExtension("txt")
    let rows = (0..<300).map { "\($0 % 7),\($0 * $0 % 11)\n" }.joined()
    try? ("a,b\n" + rows).write(to: table, atomically: true, encoding: .utf8)
    try? rows.write(to: text, atomically: true, encoding: .utf8)
    return [
      [:], ["task.name": "csv", "task.file": table.path], ["task.name": "text", "task.file": text.path],
    ]
  }()

  @Test("every panel draws every kind that fits the task, a user's file too", arguments: kinds + [[:]], 0..<3)
  func everyPanel(_ kind: [String: String], file: Int) throws {
    var settings = ["task.length": "10", "training.batch": "3", "network.hidden": "6"].merging(kind) { $1 }
    // A tree answers at its root, and frames are no letters.
    if file > 0, kind["network.kind"] == "tree" || file > 1 && kind["network.kind"] == "convolutional" { return }
    settings.merge(Self.files[file]) { $1 }
    for one in Panels.all {
      let rows = try panel(one, settings)
      #expect(rows.contains { $0.contains { $0.isLetter } }, "\(one.id.name)")
    }
  }

  @Test("a forecast is told of every kind", arguments: kinds.filter { $0["network.kind"] != "tree" } + [[:]])
  func forecast(_ kind: [String: String]) throws {
    let settings = ["task.length": "10", "training.batch": "3", "network.hidden": "6"].merging(kind) { $1 }
      .merging(Self.files[1]) { $1 }
    let run = try TrainingRun(
      experiment: Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) }))
    let readings = Readings(
      PassView(run.snapshot()), ReadingRequest([FileInstrument.id]), budget: Budget(.unlimited))
    let forecast = try #require(readings[FileInstrument.self]?.forecast)
    // Column a of the next row: the rows count to 6 and begin again.
    #expect(forecast.truth.map { $0.rounded() } == (1...10).map { Double($0 % 7) })
    #expect(forecast.predicted.count == 10 && Set(forecast.predicted).count > 1)
  }

  @Test("a panel of recurrent networks is found by its name with others too, and says what to look at in place of it")
  func foundAndToldWhy() throws {
    let experiment = try Experiment().setting([Setting(key: "network.kind", value: "feedforward")])
    var state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
    _ = state.type("/lyapunov")
    _ = reduce(into: &state, .key(.enter))
    #expect(state.message?.text.contains("this one is network.kind feedforward. Jacobian product has") == true)
    #expect(state.focus != Panels.lyapunov.id)
    // A panel of that very name comes before a knob, where it has something to draw.
    #expect(state.findings("clients").first?.name != "Clients")
    let several = Setting(key: "training.federated.clients", value: "4")
    state.experiment = try state.experiment.setting([Setting(key: "training.batch", value: "8"), several])
    #expect(state.findings("clients").first?.name == "Clients")
    _ = state.type("/truncation bias")
    _ = reduce(into: &state, .key(.enter))
    #expect(state.focus == Panels.bias.id)
  }

  @Test("beside a lane of another kind, a panel of recurrent networks goes on with the lane that it reads")
  func beside() throws {
    let experiment = try Experiment().setting([
      Setting(key: "task.length", value: "10"), Setting(key: "network.hidden", value: "6"),
    ])
    let source = SteppedSource(run: try TrainingRun(experiment: experiment), patience: .unlimited)
    var runner = EffectRunner(
      DashboardState(experiment: experiment, size: Size(width: 120, height: 48), theme: Theme()), source: source,
      files: NoFiles())
    source.requestFrame()
    _ = runner.takeNews()
    for key in "f:network.kind attention".map(Key.character) + [.enter] {
      _ = runner.handle(.key(key))
      while runner.takeNews() != .idle {}
    }
    #expect(runner.state.experiment.architecture.kind == .attention)
    let rows = render(Panels.spectrum, runner.state).rows
    #expect(rows.contains { $0.contains("A W_hh") } && !rows.contains { $0.contains("none") })
    runner.zoom(to: Panels.horizon.id)
    let horizon = render(Panels.horizon, runner.state).rows.joined()
    #expect(!horizon.contains("none"))
    runner.zoom(to: Panels.learning.id)
    #expect(render(Panels.learning, runner.state).rows[0].contains("B: attention"))
    // The other way round: attention is the other lane's.
    _ = runner.handle(.key(.character("f")))
    runner.zoom(to: Panels.attention.id)
    let attention = render(Panels.attention, runner.state).rows
    #expect(attention[0].contains("B: ") && !attention.contains { $0.contains("nothing to show") })
  }

  private let clients = [
    "task.length": "12", "training.batch": "12", "network.hidden": "6", "training.federated.clients": "3",
    "training.federated.skew": "1", "training.federated.local_updates": "2",
  ]

  @Test("clients: what the server sees, a row a client, and how far they point apart")
  func clientsPanel() throws {
    let rows = try panel(Panels.clients, clients)
    #expect(rows.contains { $0.contains("mean Δ ") && $0.contains("% of ‖Δ_k‖") })
    #expect(rows.contains { $0.contains("3 of 3 take part") })
    #expect(rows.contains { $0.contains("cos Δ_j, Δ_k") })
    for client in 1...3 { #expect(rows.contains { $0.contains(" \(client)  ") && $0.contains("0.") }) }
    #expect(!rows.contains { $0.contains("ε") })
  }

  @Test("clients that are clipped and sampled under noise: the budget, the factors, and who stays away")
  func noisyClients() throws {
    let more = [
      "training.federated.clip": "0.001", "training.federated.noise": "1", "training.federated.fraction": "0.4",
    ]
    let rows = try panel(Panels.clients, clients.merging(more) { $1 })
    #expect(rows.contains { $0.contains("ε ") && $0.contains("δ 1") && $0.contains("2 rounds") })
    #expect(rows.contains { $0.contains("×") })
    #expect(rows.contains { $0.contains("-1  ") || $0.contains("-2  ") || $0.contains("-3  ") })
  }

  @Test(
    "space and time: the cone of a loss is empty outside, with colors and without",
    arguments: [ColorTier.trueColor, .mono])
  func spaceTime(colors: ColorTier) throws {
    let settings = [
      "task.name": "bar", "task.length": "10", "training.batch": "2", "network.kind": "convolutional",
      "network.hidden": "32",
    ]
    let rows = try panel(
      Panels.spaceTime, settings, size: Size(width: 80, height: 24), theme: Theme(colors: colors, characters: .block))
    for name in ["frames x", "one loss", "all losses", "expected"] { #expect(rows.contains { $0.contains(name) }) }
    #expect(rows.contains { $0.contains("reaches 1 cells a step") || $0.contains("the loss of cell") })
  }

  @Test("attention without colors: every weight of the triangle has ink, however small, and nothing above it")
  func attentionInInk() throws {
    let settings = [
      "task.length": "12", "training.batch": "2", "network.kind": "transformer", "network.hidden": "8",
      "network.heads": "1",
    ]
    let rows = try panel(
      Panels.attention, settings, size: Size(width: 60, height: 24),
      theme: Theme(colors: .mono, characters: .block))
    // The frame's first line has notes, and the key of the colors is ink too.
    let inked = rows.dropFirst().filter { !$0.contains("α_ts") }.map { row in row.filter { "·░▒▓█".contains($0) }.count
    }.filter { $0 > 0 }
    #expect(inked.count >= 12 && inked == inked.sorted())
    #expect(rows.contains { $0.contains("░") || $0.contains("▒") || $0.contains("▓") })
  }
}
