import RecurrentNetworks
import Testing

@testable import Training

@Suite("The experiment that the dashboard opens with")
struct DefaultExperimentTests {
  /// ‖∂L/∂h_t‖ over batch and units at the first and at the last step of the next window.
  private func ends(_ run: TrainingRun) -> (first: Double, last: Double) {
    let tape = tape(run.snapshot())
    let row = tape.batch * tape.hidden
    func norm(_ t: Int) -> Double {
      tape.layers[0].gradient[t * row..<(t + 1) * row].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    return (norm(0), norm(tape.steps - 1))
  }

  @Test("its gradient vanishes from the first update on")
  func vanishes() throws {
    let run = try TrainingRun(experiment: .opening)
    for _ in 0..<3 {
      let (first, last) = ends(run)
      #expect(first < 1e-4 * last && first > 1e-9 * last)
      for _ in 0..<20 { run.trainOnce() }
    }
  }

  @Test("a larger spectral radius makes it explode, step by step; clipping holds it")
  func explodes() throws {
    let run = try TrainingRun(experiment: .opening)
    var growth = -Double.infinity
    for radius in ["0.8", "1", "1.2", "1.5", "2"] {
      try run.change([Setting(key: "network.init.spectral_radius", value: radius)])
      let (first, last) = ends(run)
      #expect(first / last > growth)
      growth = first / last
    }
    #expect(growth > 100)
    for _ in 0..<5 { run.trainOnce() }
    let clipped = run.history.recent.filter { $0.clipScale < 1 }
    #expect(clipped.count >= 4)
    #expect(clipped.allSatisfy { abs($0.gradientNorm * $0.clipScale - 1) < 1e-9 })
  }

  @Test("it is an experiment like any other: its keys are in order")
  func valid() throws {
    try Experiment.opening.validate()
    #expect(
      Experiment.opening.differences(from: Experiment()).map(\.key.name)
        == ["network.init.scale", "network.init.input", "training.optimizer.learning_rate"])
  }
}
