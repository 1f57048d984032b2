import Canvas
import Instruments
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

/// What a key that chooses among names changes beside its own, and what the message says of it.
@Suite struct TurningTests {
  private func state(_ settings: [(String, String)] = []) throws -> DashboardState {
    var experiment = Example.experiment()
    for (key, value) in settings { try experiment.set(key, value) }
    return try Example.state(experiment)
  }

  /// What is announced is what is so, and an algorithm that goes forward keeps its k2.
  @Test(arguments: ["rtrl", "snap1", "rflo", "uoro", "adaptive", "bptt"])
  func truncationsThatAreRefusedArePassedOver(_ algorithm: String) throws {
    var state = try state([("training.algorithm", algorithm)])
    var seen: Set<String> = []
    for _ in 0..<6 {
      _ = state.type("t")
      let training = state.experiment.training
      let text = try #require(state.message?.text)
      #expect(text.hasSuffix("k1 = \(training.k1.text), k2 = \(training.k2.text)"))
      #expect(text.hasPrefix(["bptt", "adaptive"].contains(algorithm) ? "truncation: " : algorithm + ","))
      #expect(throws: Never.self) { try state.experiment.validate() }
      seen.insert(text)
    }
    // Forward: full, and an update a step.
    #expect(seen.count == (algorithm == "bptt" ? 6 : algorithm == "adaptive" ? seen.count : 2))
    #expect(seen.count > 1)
  }

  /// adaptive wants a k1 below n, and says that it took one; behind it all is as it was.
  @Test func roundTheAlgorithmsEverythingComesBack() throws {
    var state = try state([
      ("training.k1", "full"), ("training.k2", "full"), ("training.inject", "window"), ("training.clip.kind", "step"),
      ("training.regularizer.omega", "2"),
    ])
    let began = state.experiment
    var names: [String] = []
    repeat {
      let before = state.experiment
      var trainers = before
      let effects = state.type("g")
      guard case .source(.change(.a, let settings))? = effects.first, effects.count == 1 else {
        Issue.record("\(effects)")
        return
      }
      for setting in settings { try trainers.set(setting.key, setting.value) }
      // One change, whose settings one by one lead to where the screen is.
      #expect(trainers == state.experiment)
      names.append(state.experiment.training.algorithm.rawValue)
      if names.last == "rtrl" {
        let text = try #require(state.message?.text)
        #expect(text.hasPrefix("algorithm = rtrl (") && text.contains("clip = norm") && text.contains("omega = 0"))
      }
      if names.last == "adaptive" {
        #expect(state.experiment.training.k1 == .steps(2))
        #expect(state.message?.text.contains("k1 = 2") == true)
      }
    } while state.experiment.training.algorithm != began.training.algorithm && names.count < 10
    #expect(names == ["rtrl", "snap1", "rflo", "uoro", "artbp", "adaptive", "bptt"])
    #expect(state.experiment == began)
    // Another knob in between, and the round begins anew from there.
    _ = state.type("g")
    _ = state.type("]")
    let between = state.experiment
    _ = state.type("g")
    #expect(state.experiment.training.k1 == between.training.k1)
  }

  /// At β = 1 a leaky cell is an Elman cell.
  @Test func leakyByItsKeyLeaks() throws {
    var state = try state()
    let effects = state.type("m")
    #expect(effects == [.change(["network.cell": "leaky", "network.beta": "0.2"])])
    #expect(state.experiment.network.beta == 0.2)
    #expect(state.message?.text.hasPrefix("cell = leaky, β = 0.2") == true)
    #expect(HeaderLine.settings(state.experiment).map(\.forms[0]).contains("leaky β 0.2 tanh H=4"))
    // The prompt sets what was said.
    var plain = try self.state()
    _ = plain.type(":network.cell leaky")
    _ = plain.press(.enter)
    #expect(plain.experiment.network.beta == 1)
  }

  @Test func theHeaderNamesWhatTheGradientGetsBesides() throws {
    let state = try state([
      ("network.cell", "residual"), ("network.alpha", "0.5"), ("training.regularizer.noise", "0.1"),
      ("training.regularizer.omega", "2"),
    ])
    let settings = HeaderLine.settings(state.experiment).map(\.forms[0])
    #expect(settings.contains("residual α 0.5 tanh H=4"))
    #expect(settings.suffix(2) == ["Ω 2", "noise 0.1"])
    let rows = render(state, size: Size(width: 160, height: 50)).rows
    #expect(rows.contains { $0.contains(" + 2 ∂Ω/∂w") && $0.contains("g ← g + noise, ") })
    // Its variance is η/(1+t)^γ at t = 7.
    #expect(rows.contains { $0.contains("noise deviation 0.179") })
  }

  /// A message that is too long for the line is read to its end.
  @Test(arguments: [(120, 36), (80, 24), (60, 20)])
  func longMessagesAreNotCut(_ width: Int, _ height: Int) throws {
    var state = try state([("training.algorithm", "rtrl")])
    let text =
      "training.k2: found 5, expected full with rtrl, which carries the past along and reaches back to the sequence's "
      + "start; bptt truncates"
    _ = reduce(into: &state, .failure(text))
    let rows = render(state, size: Size(width: width, height: height)).rows.suffix(3)
    let shown = rows.joined(separator: " ").split(separator: " ").joined(separator: " ")
    #expect(shown.contains(text))
  }

  /// Two panels that tell what an update costs tell the same.
  @Test(arguments: ["bptt", "rtrl", "snap1", "rflo", "uoro", "artbp", "adaptive"])
  func anUpdateCostsTheSameInBothPanels(_ algorithm: String) throws {
    let state = try state([("training.algorithm", algorithm)])
    let update = try #require(state.lane[StepInstrument.self]).update
    let costs = try #require(state.lane[LearningInstrument.self]).costs
    let own = try #require(costs.first { $0.subject.name == algorithm })
    #expect(update.numbersHeld == own.floats && update.multiplyAdds == own.multiplyAdds)
  }

  /// Only bptt keeps fewer states than steps.
  @Test func checkpointsAreOfBPTTAlone() throws {
    var frugal = Example.experiment()
    frugal.task.length = 400
    (frugal.training.k1, frugal.training.k2, frugal.training.checkpoints) = (.full, .full, .sqrt)
    var plain = frugal
    plain.training.checkpoints = .none
    func floats(_ experiment: Experiment, _ kind: AlgorithmKind) -> Double {
      kind.cost(AlgorithmSizes(experiment, inputs: 2, outputs: 2)).floats
    }
    for kind in AlgorithmKind.allCases where kind != .bptt { #expect(floats(frugal, kind) == floats(plain, kind)) }
    #expect(floats(frugal, .bptt) < floats(plain, .bptt))
  }
}
