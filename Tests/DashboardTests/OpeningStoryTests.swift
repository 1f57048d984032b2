import Canvas
import Sources
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// What README, footer and tip line promise of the opening experiment holds whenever the keys are pressed: before the first
/// update, after three seconds and after a minute of training.
@Suite struct OpeningStoryTests {
  /// The opening run where it stands after so many updates.
  private static let starts: [Int: RunCheckpoint] = {
    var starts: [Int: RunCheckpoint] = [:]
    guard let run = try? TrainingRun(experiment: .opening) else { return starts }
    for update in [0, 300, 6000] {
      while run.update < update, run.trainOnce() == .trained {}
      starts[run.update] = run.checkpoint()
    }
    return starts
  }()

  private struct Stage {
    private var runner: EffectRunner
    private var presses = 0

    init(_ update: Int, size: Size = Size(width: 120, height: 36)) throws {
      let checkpoint = try #require(OpeningStoryTests.starts[update])
      let source = SteppedSource(run: try TrainingRun(resuming: checkpoint))
      let state = DashboardState(
        experiment: .opening, size: size, theme: Theme(), showsTip: true)
      runner = EffectRunner(state, source: source, files: NoFiles())
      source.requestFrame()
      _ = runner.takeNews()
    }

    /// Types text; ⏎ is Enter and ⎋ Esc.
    mutating func press(_ keys: String) {
      for key in keys {
        presses += 1
        let key: Key = key == "⏎" ? .enter : key == "⎋" ? .escape : .character(key)
        _ = runner.handle(.key(key, at: .seconds(presses)))
        _ = runner.takeNews()
      }
    }

    var screen: String { render(runner.state).rows.joined(separator: "\n") }
    /// The upper edge of the panel of the gradient's norm, which says what it does.
    var headline: Substring { screen.split(separator: "2 Gradient norm")[1].prefix { $0 != "╮" } }
    /// ‖Δw‖ of the next update.
    var step: Double {
      let words = screen.split(separator: "‖Δw‖ ")
      return words.count > 1 ? Double(words[1].prefix { $0 != " " }) ?? .nan : .nan
    }
  }

  @Test(arguments: [0, 300, 6000]) func itVanishes(after update: Int) throws {
    let stage = try Stage(update)
    #expect(stage.headline.contains("vanishes ×0.7"))
  }

  @Test(arguments: [0, 300, 6000]) func plusExplodesAndItStaysSo(after update: Int) throws {
    var stage = try Stage(update)
    stage.press("++++++")
    #expect(stage.headline.contains("explodes ×1."))
    #expect(!stage.screen.contains("rises until it explodes"))
    for count in [1, 59, 340] {
      stage.press(":n \(count)⏎")
      #expect(stage.headline.contains("explodes ×1."), "\(count) updates later")
    }
  }

  @Test(arguments: [0, 300, 6000]) func cTakesTheClippingAwayAndBringsItBack(after update: Int) throws {
    var stage = try Stage(update)
    stage.press("++++++")
    #expect(stage.screen.contains("│ clip norm 1 │") && abs(stage.step - 0.005) < 1e-6)
    stage.press("c")
    #expect(stage.screen.contains("│ no clip │") && stage.step > 1)
    // It says how much longer than the clipped step of 0.005 the next one is.
    let words = stage.screen.split(separator: " × as long as clipped: n makes it")
    let times = words.count > 1 ? words[0].split(separator: " ").last.flatMap { Double($0) } ?? .nan : .nan
    #expect(abs(times * 0.005 / stage.step - 1) < 0.06)
    // The one step that is not clipped throws the units into saturation; N takes it back.
    stage.press("n")
    #expect(!stage.headline.contains("explodes"))
    stage.press("Nc")
    #expect(stage.screen.contains("│ clip norm 1 │") && abs(stage.step - 0.005) < 1e-6)
    #expect(stage.headline.contains("explodes ×1."))
  }

  @Test(arguments: [0, 300, 6000]) func bracesTruncate(after update: Int) throws {
    var stage = try Stage(update)
    stage.press("++++++{")
    #expect(stage.screen.contains("state carried, no gradient") && stage.screen.contains("├ k2 = 5 ┤"))
    #expect(stage.screen.contains("TBPTT(n,5)") && stage.screen.contains("keeps 10 % of terms"))
    stage.press("{")
    #expect(stage.screen.contains("keeps 8 % of terms"))
    stage.press("}}}}")
    #expect(stage.screen.contains("k2 = 8"))
  }

  /// At 80×24 too the title of two lanes says how much arrives in each, and the knobs have the activation.
  @Test func aSmallScreenSaysWhatArrives() throws {
    var stage = try Stage(0, size: Size(width: 80, height: 24))
    #expect(stage.screen.contains("φ ◂tanh▸"))
    stage.press("fM")
    let title = try #require(stage.headline.firstMatch(of: #/A (\S+) B (\S+)/#))
    let arriving = [title.1, title.2].map { Double($0.prefix { $0 != " " }) ?? .nan }
    #expect(arriving[0] > 1e-8 && arriving[0] < 1e-4 && arriving[1] < arriving[0], "\(stage.headline)")
  }

  /// Every other key that README and the footer name, with what must be on the screen then.
  @Test(arguments: [0, 300, 6000])
  func eachHintKeepsItsPromise(after update: Int) throws {
    let promises: [(keys: String, screen: [String])] = [
      ("a", ["elman sigmoid", "φ = sigmoid"]),
      (">", ["at most 300 updates a second"]), ("<", ["at most 30 updates a second"]),
      ("+u", ["undid ρ = "]), ("r", ["restarted at update 0, with the settings and weights as loaded"]),
      (".", [update == 0 ? ". h₂  " : ". h₂  , undo h₁"]), (",", ["undo δ₁"]), (",,,", [". δ₂  , undo δ₃"]),
      ("n", ["update \(NumberText.grouped(update + 1))"]), ("nN", ["paused  update \(NumberText.grouped(update))"]),
      ("m", ["leaky", "a new run from update 0; u undoes it"]), ("M", ["lstm", "gate"]), ("o", ["momentum"]),
      (",,r", ["· the whole pass ·"]), (",,⎋", ["· the whole pass ·", "New here?"]),
      ("fM", ["2 Gradient norm", "at t = 1: A ", "gate begins at ½"]),
      (":network.hidden 1⏎8z,", ["t = 1 · sequence 1 of 16 · numbers rounded to three digits", "W_hhᵀ"]),
      ("f", ["bpttop B", "cos"]), ("fu", ["undid the fork: lane B is closed"]), ("fx", ["lane B closed"]),
      ("fxu", ["lane B is open again", "bpttop B"]), ("ffx", ["lane A closed"]),
      ("t", ["truncation: real-time BPTT"]), ("z", ["Esc back"]), ("3z", ["┏ 3 Jacobian product"]),
      ("?", ["The screen", "Symbols", "Colors"]), ("/spec", ["Spectrum", "panel 5"]),
      (":k2 5⏎", ["k2 = 5"]), (":pace 10⏎", ["speed: at most 10 updates a second"]), (":t 50⏎", ["undo δ₅₀"]),
      (";", ["undo h₅₀"]), ("d", ["adaptive", "A window as long as the gradient reaches", "⏎ open it"]),
      ("p", ["panels: research"]), ("pp", ["panels: classroom"]), ("P", ["P: nothing; ? lists the keys"]),
      ("w", ["w: a key of the panel This step: 8 goes there"]),
      ("b", ["restarted at update 0, with the present settings"]), ("[", ["k1 = "]), ("g", ["algorithm = "]),
    ]
    for (keys, words) in promises {
      var stage = try Stage(update)
      stage.press(keys)
      for word in words { #expect(stage.screen.contains(word), "\(keys): \(word)\n\(stage.screen)") }
    }
  }
}
