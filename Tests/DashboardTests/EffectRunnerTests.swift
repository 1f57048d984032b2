import Canvas
import GradientFlow
import Instruments
import RecurrentNetworks
import Sources
import Synchronization
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// What the dashboard wants done is done: commands go to the source, files to the outlet, news come back.
@Suite struct EffectRunnerTests {
  /// A runner on a run that is stepped, after its first frame.
  private func stage(
    _ experiment: Experiment = Example.experiment(), files: any FileOutlet
  ) throws -> EffectRunner {
    let source = SteppedSource(run: try TrainingRun(experiment: experiment))
    let state = DashboardState(experiment: experiment, size: Size(width: 120, height: 36), theme: Theme())
    var runner = EffectRunner(state, source: source, files: files)
    source.requestFrame()
    _ = runner.takeNews()
    return runner
  }

  /// Takes keys, and the news after each.
  private func press(_ runner: inout EffectRunner, _ keys: String) {
    for key in keys {
      _ = runner.handle(.key(.character(key)))
      _ = runner.takeNews()
    }
  }

  @Test func theTraceIsOfExactlyThePassThatIsShown() throws {
    let files = NoFiles()
    var runner = try stage(files: files)
    press(&runner, "nnn,,")
    let shown = try #require(runner.state.lane[GradientNormInstrument.self])
    press(&runner, "e")
    // Another update is made, and not on the screen yet.
    _ = runner.handle(.key(.character("n")))
    _ = runner.handle(.key(.character("e")))
    #expect(files.asked.count == 2)
    for file in files.asked {
      guard case .trace(let pass?, let numbers) = file else {
        Issue.record("no trace")
        return
      }
      #expect(pass.update == 3 && PassIdentity(pass) == runner.state.lane.readings?.pass)
      // The numbers beside it are those of the panels on the screen, of the same pass.
      let lane = try #require(numbers.lanes.first)
      #expect(
        lane.readings.pass == PassIdentity(pass) && lane.steps == shown.window.lowerBound + 1...shown.window.upperBound)
      #expect(lane.readings.request.instruments == runner.state.requests[.a]?.instruments)
      let tape = pass.tape()
      #expect(
        tape.window.steps == shown.window && GradientNorms.log10(tape, layer: 0) == Array(shown.norms[shown.window]))
    }
    // When it is on the screen, it is that one.
    _ = runner.takeNews()
    press(&runner, "e")
    guard case .trace(let next?, _)? = files.asked.last else {
      Issue.record("no trace")
      return
    }
    #expect(next.update == 4)
  }

  @Test func filesAreWhatTheKeysSay() throws {
    let files = NoFiles()
    var runner = try stage(files: files)
    press(&runner, "nn")
    let screen = render(runner.state)
    press(&runner, "SE")
    guard case .picture(let buffer, _, _) = files.asked.first,
      case .experiment(let experiment, of: nil) = files.asked.last
    else {
      Issue.record("\(files.asked.count) files")
      return
    }
    #expect(buffer == screen && experiment == Example.experiment() && files.asked.count == 2)
    // Of two lanes it is said whose settings they are.
    press(&runner, "fE")
    guard case .experiment(_, of: .b)? = files.asked.last else {
      Issue.record("no lane is named")
      return
    }
    press(&runner, "us")
    guard case .session(let checkpoints, let view)? = files.asked.last else {
      Issue.record("no session")
      return
    }
    #expect(Array(checkpoints.keys) == [.a] && view == runner.state.view)
  }

  /// A panel alone fills the picture, in the forms and the theme that are asked for; the screen stays as it is.
  @Test func aPanelIsSavedAlone() throws {
    let files = NoFiles()
    var runner = try stage(files: files)
    press(&runner, "n4zS")
    guard case .picture(let zoomed, _, let request)? = files.asked.last else {
      Issue.record("no picture")
      return
    }
    #expect(request.subject == "flow" && request.forms == [] && zoomed.height == 36)
    #expect(zoomed.rows[0].hasPrefix("╭ 4 Flow") && zoomed.rows[35].hasPrefix("╰"))
    press(&runner, "z:save Gradient norm txt png light")
    _ = runner.handle(.key(.enter))
    guard case .picture(let norm, let theme, let other)? = files.asked.last else {
      Issue.record("no picture")
      return
    }
    #expect(other.subject == "gradient-norm" && other.forms == [.text, .png] && theme.name == .light)
    #expect(norm.rows[0].contains("Gradient norm") && runner.state.theme.name == .dark)
    #expect(norm[1, 34].style.background == Theme(.light)[.background].background)
  }

  @Test(arguments: [
    ("flwo", "save: found flwo, expected a panel's name, or screen, and svg, png, txt or a theme; nearest is flow"),
    ("lyapunov", "save: found Lyapunov exponents, expected a panel on the screen; / lyapunov brings it there"),
  ])
  func whatIsNotThereIsNotSaved(_ words: String, _ problem: String) throws {
    let files = NoFiles()
    var runner = try stage(files: files)
    press(&runner, "n:save " + words)
    _ = runner.handle(.key(.enter))
    guard case .prompt(let editor) = runner.state.mode else {
      Issue.record("the prompt has closed")
      return
    }
    #expect(editor.problem == problem && files.asked.isEmpty)
  }

  @Test func whatIsLeftToTheLoop() throws {
    var runner = try stage(files: NoFiles())
    #expect(runner.takeNews() == .idle)
    #expect(runner.handle(.key(.character("q"))) == .quit && runner.handle(.key(.control("c"))) == .quit)
    #expect(runner.handle(.key(.control("z"))) == .suspend && runner.handle(.key(.control("l"))) == .repaint)
    #expect(runner.handle(.key(.control("r"))) == .takeUpSession)
    #expect(runner.handle(.key(.character("n"))) == .redraw && runner.takeNews() == .redraw)
  }

  /// What is on the screen is what is read, and of the step under the cursor.
  @Test func whatIsShownIsRead() throws {
    var experiment = Example.experiment()
    experiment.network.cell = .lstm
    var runner = try stage(experiment, files: NoFiles())
    press(&runner, "n,,,")
    let cursor = runner.state.cursor
    #expect(cursor.phase == .backward && runner.state.lane[SpectrumInstrument.self]?.jacobian?.step == cursor.step)
    #expect(runner.state.lane[LearningInstrument.self] == nil)
    press(&runner, "0")
    #expect(runner.state.lane[LearningInstrument.self] != nil)
    _ = runner.handle(.key(.escape))
    for _ in 0..<9 where runner.state.focus != "spectrum" { _ = runner.handle(.key(.tab)) }
    press(&runner, "z")
    #expect(runner.state.zoomed == "spectrum" && runner.state.requests[.a]?.instruments == ["spectrum"])
  }

  /// An outlet that tells of a file, and counts what is cancelled.
  private final class SlowFiles: FileOutlet {
    let state = Mutex((news: [Action](), cancelled: 0))

    func write(_ file: OutletFile, update: Int) {
      state.withLock { $0.news.append(.progress(Progress(name: "trace-\(update)", share: 0.5))) }
    }

    func takeNews() -> [Action] {
      state.withLock { state in
        defer { state.news = [] }
        return state.news
      }
    }

    func cancel() {
      state.withLock { state in
        state.cancelled += 1
        state.news += [.progress(nil), .message("stopped")]
      }
    }
  }

  @Test func aFileThatIsWrittenIsStopped() throws {
    let files = SlowFiles()
    var runner = try stage(files: files)
    press(&runner, "ne")
    #expect(render(runner.state).rows.last?.contains("writing trace-1: 50 % · Esc stops it") == true)
    _ = runner.handle(.key(.escape))
    _ = runner.takeNews()
    #expect(files.state.withLock { $0.cancelled } == 1)
    #expect(runner.state.progress == nil && runner.state.message?.text == "stopped")
  }

  /// What means nothing here is said.
  @Test func whatCannotBeDoneIsSaid() throws {
    var runner = try stage(files: NoFiles())
    // Nothing trains by itself where frames are drawn in turn.
    press(&runner, " ")
    #expect(!runner.state.isRunning && runner.state.message?.text.contains("n makes an update") == true)
    press(&runner, ":t abc")
    _ = runner.handle(.key(.enter))
    guard case .prompt(let editor) = runner.state.mode else {
      Issue.record("the prompt has closed")
      return
    }
    #expect(editor.problem == "t: found abc, expected a whole number, as in :t 50")
    let files = NoFiles()
    var empty = EffectRunner(
      DashboardState(experiment: Experiment(), size: Size(width: 80, height: 24), theme: Theme()),
      source: SteppedSource(run: try TrainingRun(experiment: Example.experiment())), files: files)
    _ = empty.handle(.key(.character("e")))
    #expect(files.asked.isEmpty && empty.state.message?.text == "no pass to export: this run has none, or none yet")
  }

  /// A page that was pasted by mistake: it is cut, and at once.
  @Test func aLongPasteIsCutAtOnce() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, ":")
    let text = String(repeating: "training.k1 = 5\r\n", count: 65_000 / 17)
    let start = ContinuousClock.now
    _ = runner.handle(.paste(text))
    let time = start.duration(to: .now)
    #expect(time < .milliseconds(50), "\(time)")
    guard case .prompt(let editor) = runner.state.mode else {
      Issue.record("the prompt has closed")
      return
    }
    #expect(editor.text.count == LineEditor.limit && !editor.text.contains { $0.isNewline })
    // Where keys are commands it presses none.
    _ = runner.handle(.key(.escape))
    let before = runner.state
    _ = runner.handle(.paste("nnnq"))
    #expect(runner.state == before)
  }

  /// One character made of many, and nothing but marks: no more than the limit is kept, and the caret still moves.
  @Test(arguments: ["\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "e\u{301}\u{302}", "\t", "\u{0}", "\u{301}"])
  func strangePastes(_ text: String) throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "/")
    _ = runner.handle(.paste(String(repeating: text, count: 2000)))
    guard case .find(let editor) = runner.state.mode else {
      Issue.record("the search has closed")
      return
    }
    #expect(editor.text.count <= LineEditor.limit)
    _ = runner.handle(.key(.home))
    _ = runner.handle(.key(.end))
    #expect(render(runner.state).height == 36)
  }

  // MARK: Lanes

  @Test func aForkGoesOnBesideAndIsClosed() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "nnf")
    #expect(runner.state.lanes.map(\.id) == [.a, .b] && runner.state.focusedLane == .b)
    #expect(runner.state.message?.text.hasPrefix("forked: B goes on beside A") == true)
    let same = try #require(runner.state.difference)
    #expect(abs(same.cosine - 1) < 1e-12 && same.ratio == 1 && same.weightDistance == 0 && same.updates == [2, 2])
    // Knobs turn in B alone.
    press(&runner, "a")
    #expect(runner.state.lanes.map(\.experiment.network.activation) == [.tanh, .sigmoid])
    press(&runner, "nn")
    #expect(runner.state.lanes.map { $0.newest?.update } == [4, 4])
    let apart = try #require(runner.state.difference)
    #expect(apart.cosine < 0.999 && apart.weightDistance > 0)
    let rows = render(runner.state).rows
    #expect(rows[0].hasPrefix(" bpttop B ") && rows[1].contains("φ tanh") && rows[1].contains("φ sigmoid"))
    #expect(rows[1].contains("cos"))
    // The other one has the knobs, then it is closed.
    press(&runner, "f")
    #expect(runner.state.focusedLane == .a && runner.state.message?.text == "lane A: its knobs turn now")
    press(&runner, "x")
    #expect(runner.state.lanes.map(\.id) == [.b] && runner.state.focusedLane == .b && runner.state.difference == nil)
    #expect(runner.state.experiment.network.activation == .sigmoid)
    press(&runner, "x")
    #expect(runner.state.lanes.count == 1 && runner.state.message?.text == "one lane: f forks a second one")
    press(&runner, "nf")
    #expect(runner.state.lanes.map(\.id) == [.a, .b] && runner.state.newest?.update == 5)
  }

  /// Lanes go back together, bit for bit.
  @Test func lanesGoBackTogether() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "nfan")
    let before = try runner.state.lanes.map { try #require($0.shown?.pass).parameters }
    press(&runner, "nnNN")
    #expect(runner.state.lanes.map { $0.newest?.update } == [2, 2])
    #expect(try runner.state.lanes.map { try #require($0.shown?.pass).parameters } == before)
  }

  /// A gated cell has longer names of rows than an Elman cell: a step still stands in one column.
  @Test func aStepHasOneColumnInBothLanes() throws {
    var runner = try stage(files: NoFiles())
    runner.resize(Size(width: 200, height: 60))
    press(&runner, "fM")
    #expect(runner.state.lanes.map(\.experiment.network.cell) == [.elman, .lstm])
    let windows = render(runner.state).rows.filter { $0.dropFirst().hasPrefix("window") && $0.contains("├") }
    #expect(windows.count == 2)
    #expect(
      Set(windows.compactMap { row in row.firstIndex(of: "├").map { row.distance(from: row.startIndex, to: $0) } })
        .count == 1)
  }

  // MARK: Undo and restart

  @Test func undoTakesBackTheLastChange() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "u")
    #expect(runner.state.message?.text == "nothing to undo: no setting was changed")
    press(&runner, "n{u")
    #expect(runner.state.experiment == Example.experiment() && runner.state.lane.unconfirmed.isEmpty)
    #expect(runner.state.message?.text == "undid k2 = 9: k2 = 10")
    // A new run is undone with all of its updates.
    press(&runner, "nmnn")
    #expect(runner.state.experiment.network.cell == .leaky && runner.state.newest?.update == 2)
    press(&runner, "u")
    #expect(runner.state.experiment.network.cell == .elman && runner.state.newest?.update == 2)
    #expect(runner.state.message?.text.contains("the run before is back, at update 2") == true)
  }

  /// A demo is closed by the undo of its opening: the former experiment stands there again, with what it says of itself.
  @Test func undoClosesADemo() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "nn")
    let demo = try #require(Demo.named("vanishing"))
    var wanted = Experiment.opening
    wanted.task.length = 12
    _ = runner.handle(.open(demo, wanted))
    _ = runner.takeNews()
    #expect(runner.state.opened.name == "vanishing" && runner.state.newest?.update == 0)
    press(&runner, "{u")
    #expect(runner.state.message?.text.hasPrefix("undid k2 = ") == true)
    press(&runner, "u")
    #expect(runner.state.message?.text == "undid the opening of vanishing: the run before is back, at update 2")
    #expect(runner.state.opened.name.isEmpty && runner.state.newest?.update == 2)
  }

  /// More steps than the sequence has are all of them, which is said.
  @Test func aWindowBeyondTheSequenceIsTheWholeOne() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, ":k2 700")
    _ = runner.handle(.key(.enter, at: .zero))
    #expect(runner.state.message?.text == "k2 = 700 · beyond n = 20: as k2 = full")
  }

  @Test func restartsAreAsLoadedOrAtPresent() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "n")
    let second = try #require(runner.state.lane.shown?.pass).parameters
    press(&runner, "n{nr")
    #expect(runner.state.newest?.update == 0 && runner.state.experiment == Example.experiment())
    #expect(
      runner.state.message?.text.hasPrefix("restarted at update 0, with the settings and weights as loaded") == true)
    press(&runner, "n")
    #expect(runner.state.lane.shown?.pass?.parameters == second)
    press(&runner, "{b")
    #expect(runner.state.newest?.update == 0 && runner.state.experiment.training.k2 == .steps(9))
    #expect(runner.state.message?.text.hasPrefix("restarted at update 0, with the present settings") == true)
    press(&runner, "nu")
    #expect(runner.state.message?.text.hasPrefix("undid the restart") == true)
  }

  // MARK: Going to a place

  @Test func placesAreGoneTo() throws {
    var runner = try stage(files: NoFiles())
    func enter(_ line: String) {
      press(&runner, ":" + line)
      _ = runner.handle(.key(.enter))
      _ = runner.takeNews()
    }
    enter("n 12")
    #expect(runner.state.newest?.update == 12)
    enter("update 9")
    #expect(runner.state.newest?.update == 9 && runner.state.shown?.update == 9)
    enter("N 4")
    #expect(runner.state.newest?.update == 5)
    enter("update 8")
    #expect(runner.state.newest?.update == 8)
    let steps = try #require(runner.state.window).steps
    enter("t \(steps.lowerBound + 3)")
    #expect(runner.state.cursor == Cursor(.backward, step: steps.lowerBound + 2))
    enter("t 900")
    #expect(
      runner.state.message
        == Message("the window has the steps \(steps.lowerBound + 1) to \(steps.upperBound)", isError: true))
  }

  /// The scrub bar's keys: to the ends, and to the marks.
  @Test func theTimelineIsScrubbed() throws {
    var runner = try stage(files: NoFiles())
    press(&runner, "nnnn{nnnn")
    for _ in 0..<12 where runner.state.focus != "timeline" { _ = runner.handle(.key(.tab)) }
    #expect(runner.state.focus == "timeline")
    func go(_ key: Key) {
      _ = runner.handle(.key(key))
      _ = runner.takeNews()
    }
    go(.home)
    #expect(runner.state.newest?.update == 0)
    go(.end)
    #expect(runner.state.newest?.update == 8 && runner.state.experiment.training.k2 == .steps(9))
    go(.left)
    #expect(runner.state.newest?.update == 7)
    go(.right)
    #expect(runner.state.newest?.update == 8)
    let marks = try #require(runner.state.lane.newest).marks
    #expect(marks.contains { $0.kind == .change && $0.update == 4 && $0.name == "k2 = 9" })
    #expect(marks.contains { $0.kind == .largestNorm && $0.name == "largest norm: update \($0.update + 1)" })
    let last = try #require(marks.last { $0.update < 8 })
    go(.up)
    #expect(runner.state.newest?.update == last.update)
    // In the zoom each mark stands with its update and name.
    _ = runner.handle(.key(.character("z")))
    #expect(render(runner.state).rows.contains { $0.contains("◆ update 4") && $0.contains("k2 = 9") })
    _ = runner.handle(.key(.escape))
    // Another run begins with nothing behind it or before it.
    go(.end)
    press(&runner, "r")
    #expect(runner.state.newest?.update == 0 && TimelineScale(runner.state.lane, width: 10).last == 0)
    // The last update of a run that has made none is where it stands.
    go(.end)
    #expect(runner.state.newest?.update == 0)
  }
}

/// States are the same when they are, and only then.
@Suite struct StateEqualityTests {
  @Test func whatIsTheSameIsEqual() throws {
    #expect(try Example.state() == Example.state())
    #expect(
      try Example.pair(Example.experiment(), Example.experiment())
        == Example.pair(Example.experiment(), Example.experiment()))
  }

  @Test func whatIsOtherIsNot() throws {
    let state = try Example.state(), snapshot = try Example.snapshot(), later = try Example.snapshot(serial: 2)
    let changes: [(inout DashboardState) -> Void] = [
      { $0.size.width += 1 }, { $0.theme = Theme(colors: .mono) }, { $0.cursor = Cursor(.forward, step: 6) },
      { $0.layer = 0 }, { $0.productView = .depth }, { $0.panelsOn.remove("flow") }, { $0.focus = nil },
      { $0.zoomed = "flow" }, { $0.mode = .help(line: 1) }, { $0.message = Message("a") },
      { $0.message = Message("a", isError: true) }, { $0.progress = Progress(name: "a", share: 0) },
      { $0.tip = [.clip] },
      { $0.knob = "seed" }, { $0.speed = .limited(3) }, { $0.capabilities = Capabilities(offers: [], commands: []) },
      { $0.experiment.seed = 9 }, { $0.lane.unconfirmed = ["seed": "9"] },
      { _ = reduce(into: &$0, .key(.character(" "))) }, { _ = reduce(into: &$0, .key(.character(":"))) },
      // Another publication of the same run, and another request of the same pass.
      { $0.announce(later) }, { _ = reduce(into: &$0, .news(.frame(Example.frame(snapshot, step: 7)))) },
    ]
    var others: [DashboardState] = []
    for (index, change) in changes.enumerated() {
      var other = state
      change(&other)
      #expect(other != state, "change \(index)")
      for (earlier, another) in others.enumerated() { #expect(other != another, "changes \(earlier) and \(index)") }
      others.append(other)
    }
    let pair = try Example.pair(Example.experiment(), Example.experiment())
    #expect(pair != state)
  }
}
