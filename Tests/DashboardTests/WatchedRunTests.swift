import Canvas
import Instruments
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// A run that is trained elsewhere: what it has is shown, and what it cannot be told is said.
@Suite struct WatchedRunTests {
  private func state(_ size: Size = Size(width: 120, height: 36)) -> DashboardState {
    var state = DashboardState(experiment: Experiment(), size: size, theme: Theme())
    state.capabilities = Capabilities(offers: [.history, .norms], commands: [])
    var history = LossHistory()
    for update in 1...30 {
      var record = UpdateRecord()
      (record.update, record.loss, record.gradientNorm, record.clipScale) = (update, 1 / Double(update), 2, .nan)
      history.append(record)
    }
    let pass = PassIdentity(update: 30, serial: 1)
    var readings = Readings(pass)
    readings.set(LossInstrument.self, LossInstrument.Reading(update: 30, history: history))
    readings.set(GradientNormInstrument.self, .init(norms: (0..<12).map { Double($0) / 3 - 4 }))
    let summary = RunSummary(title: ["train.py"], pass: pass, history: history, length: 12, isRunning: true)
    _ = reduce(into: &state, .news(.frame(Frame(lanes: [.a: LaneFrame(summary: summary, readings: readings)]))))
    return state
  }

  @Test func onlyWhatThereIsIsShown() {
    let state = state()
    let panels = Set(ScreenLayout(state).places.map(\.panel.id.name))
    #expect(panels.isSuperset(of: ["loss", "gradient-norm"]))
    #expect(
      panels.isDisjoint(with: ["knobs", "flow", "spectrum", "jacobian-product", "this-step", "through-time", "file"]))
    let rows = render(state).rows
    #expect(rows[0].contains("train.py") && rows[0].contains("▶"))
    #expect(rows.contains { $0.contains("vanishes ×0.464 a step back") })
    // What the lines do not tell is not said: a unit, a clipping, a truncation.
    for invented in ["nats", "clip", "nothing cut", "BPTT"] {
      #expect(!rows.contains { $0.contains(invented) }, "\(invented)")
    }
  }

  @Test(arguments: Array("n N.,u r b R f x [ ] { } c a + m o g t : s E <".filter { $0 != " " }))
  func whatItCannotBeToldIsSaid(_ key: Character) {
    var state = state()
    #expect(state.press(.character(key)) == [] && state.mode == .panels)
    #expect(state.message?.text == "this run is trained elsewhere: it cannot be told to do that here", "\(key)")
  }

  @Test func whatIsOfTheScreenGoes() {
    var state = state()
    #expect(state.press(.character("S")) == [.savePicture(PictureRequest())] && state.press(.character("q")) == [.quit])
    _ = state.press(.character("?"))
    #expect(state.mode == .help(line: 0))
  }

  /// The footer names no key that is refused.
  @Test func theFooterHasWhatCanBeTold() throws {
    let footer = try #require(render(state()).rows.last)
    #expect(footer.contains("q quit") && footer.contains("S picture") && footer.contains("z ⏎ zoom"))
    for refused in ["run", "pause", "undo", "fork", "save", "set", "update", "clip"] {
      #expect(!footer.split(separator: " ").contains(Substring(refused)), "\(refused)")
    }
  }

  /// At every size, zoomed or not.
  @Test func itIsDrawn() {
    for size in [Size(width: 60, height: 20), Size(width: 80, height: 24), Size(width: 200, height: 60)] {
      var state = state(size)
      for zoomed in Panels.all.map({ Optional($0.id) }) + [nil] {
        state.zoomed = zoomed
        #expect(render(state).width == size.width)
      }
    }
  }
}
