import Architectures
import Canvas
import GradientFlow
import Instruments
import RecurrentNetworks
import Sources
import Testing

@testable import Dashboard
@testable import Training
@testable import Panels

/// Steps through passes whose states do not simply follow one another.
@Suite struct PassWalkTests {
  static let kinds = [
    ["network.kind": "tree", "task.length": "11"],
    ["network.kind": "tree", "network.tree": "chain", "task.length": "10", "network.composition": "lstm"],
    ["network.kind": "attention", "task.length": "10"], ["network.kind": "feedforward", "task.length": "10"],
    ["network.kind": "transformer", "network.layers": "3", "task.length": "10"],
    ["network.kind": "transformer", "task.length": "10"],
    ["network.kind": "bidirectional", "network.layers": "2", "task.length": "10"],
    ["network.kind": "convolutional", "task.name": "bar", "network.hidden": "16", "task.length": "5"],
  ]

  private func run(_ kind: [String: String]) throws -> TrainingRun {
    let settings = ["training.batch": "2", "network.hidden": "4"].merging(kind) { $1 }
    return try TrainingRun(experiment: Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) }))
  }

  @Test(
    "backward no place comes before one that sends it gradient, forward none before one that it reads", arguments: kinds
  )
  func order(_ kind: [String: String]) throws {
    let run = try run(kind), snapshot = run.snapshot()
    let recording = try #require(snapshot.recording()), graph = recording.graph()
    let walk = PassWalk(run.experiment, snapshot.window)
    var place: [Site.ID: Int] = [:]
    for (index, site) in walk.sites.enumerated() {
      let layer = recording.graphLayer(site.layer ?? 0)
      let id = try #require(
        site.node ?? graph.sites.first { $0.layer == layer && $0.position == site.step }?.id)
      #expect(place.updateValue(index, forKey: id) == nil, "each place once")
    }
    // Through the sites between those of the walk, as the keys of a block.
    func before(_ site: Site.ID) -> [Site.ID] {
      graph.predecessors(of: site).compactMap(\.from).flatMap { place[$0] == nil ? before($0) : [$0] }
    }
    for (site, index) in place {
      for other in before(site) { #expect(try #require(place[other]) < index) }
    }
    for loss in graph.losses {
      guard let index = place[loss.site] else { continue }
      #expect(walk.sites[index].takesLoss && walk.sites[index].step == loss.loss)
    }
    for index in 0..<walk.last {
      let (phase, site) = try #require(walk[index])
      #expect(walk.place(of: Cursor(phase, site), layer: site.layer ?? 0) == index)
    }
  }

  private func runner(_ kind: [String: String]) throws -> EffectRunner {
    let run = try run(kind)
    let source = SteppedSource(run: run, patience: .unlimited)
    var runner = EffectRunner(
      DashboardState(experiment: run.experiment, size: Size(width: 120, height: 48), theme: Theme()), source: source,
      files: NoFiles())
    source.requestFrame()
    while runner.takeNews() != .idle {}
    return runner
  }

  private func press(_ key: Key, _ runner: inout EffectRunner) {
    _ = runner.handle(.key(key))
    while runner.takeNews() != .idle {}
  }

  @Test("a tree is stepped through node by node, from the root down, and each says where its gradient comes from")
  func nodes() throws {
    var runner = try runner(["network.kind": "tree", "task.length": "10"])
    let nodes = 19
    var names: [String] = [], senders: [String?] = []
    for place in 0..<2 * nodes {
      press(.character("."), &runner)
      #expect(runner.state.cursor.phase == (place < nodes ? .forward : .backward))
      let reading = try #require(runner.state.lane[SiteInstrument.self])
      names.append(reading.name)
      if place >= nodes { senders.append(reading.gradient.sources.first?.name) }
    }
    #expect(Array(names.prefix(10)) == (1...10).map { "leaf \($0)" })
    #expect(Array(names.suffix(nodes)) == Array(names.prefix(nodes).reversed()) && Set(names).count == nodes)
    // The loss comes to the root, and from a node, which was there before, to its children.
    #expect(names[nodes] == "the node over leaves 1 … 10" && senders[0] == nil)
    for (index, sender) in senders.enumerated().dropFirst() {
      #expect(names[nodes..<nodes + index].contains { $0 == sender }, "\(sender ?? "nothing")")
    }
    press(.character("."), &runner)
    #expect(runner.state.cursor.phase == .update && runner.state.hasSteppedToUpdate)
    press(.character(","), &runner)
    #expect(runner.state.cursor == Cursor(.backward, step: 0))
    // On a node the leaves have no gradient yet, and the panels say so.
    for _ in 0..<nodes - 1 { press(.character(","), &runner) }
    #expect(runner.state.cursor.node == 18 && !runner.state.cursor.hasGradient(at: 9))
    #expect(render(Panels.thisStep, runner.state).rows.contains { $0.contains("100 % from its own loss") })
    #expect(render(Panels.tree, runner.state).rows[0].contains("the way of node 19"))
  }

  @Test("blocks and directions come one after the other, each in its own time, and the panels look into the cursor's")
  func layers() throws {
    var blocks = try runner(["network.kind": "transformer", "network.layers": "2", "task.length": "10"])
    for _ in 0..<11 { press(.character("."), &blocks) }
    #expect(blocks.state.cursor == Cursor(.forward, step: 0) && blocks.state.shownLayer == 1)
    press(.character(","), &blocks)
    #expect(blocks.state.cursor == Cursor(.forward, step: 9) && blocks.state.shownLayer == 0)
    var both = try runner(["network.kind": "bidirectional", "task.length": "10"])
    for _ in 0..<21 { press(.character("."), &both) }
    // Back over the direction that was computed last, from the sequence's first step on.
    #expect(both.state.cursor.step == 0 && both.state.cursor.phase == .backward && both.state.shownLayer == 0)
    press(.character("."), &both)
    #expect(
      both.state.cursor.step == 1 && both.state.cursor.hasGradient(at: 0) && !both.state.cursor.hasGradient(at: 2))
    press(.character(")"), &both)
    #expect(both.state.cursor.hasGradient(at: 9) && !both.state.cursor.hasGradient(at: 0))
    press(.end, &both)
    #expect(both.state.cursor.phase == .update && both.state.layer == nil)
  }
}
