import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

/// What the optimizer gets of a gradient that was not clipped yet, in the precision of training.
private func clipped<S: Scalar>(
  _ gradient: [Double], _ clip: ClipSpecification, norm: Double, _ layout: ParameterLayout, _: S.Type
) -> [Double] {
  let numbers = UnsafeMutableBufferPointer<S>.allocate(capacity: gradient.count)
  defer { numbers.deallocate() }
  _ = numbers.initialize(from: gradient.map { S($0) })
  _ = clip.apply(to: numbers, norm: norm, tensors: layout.entries.map(\.range))
  return numbers.map { Double($0) }
}

private struct StepNorms: PassReader {
  let window: Window, reduction: Reduction
  let gradientScale: [Double]

  func read<S: Scalar>(_ pass: Pass<S>) throws -> [Double] {
    pass.forward(0..<window.steps.upperBound)
    _ = pass.backward(window, reduction: reduction, gradientScale: gradientScale)
    return window.steps.map { pass.gradientNorms[$0] }
  }
}

@Suite("One assembly of a pass: what is drawn is what trains") struct PassAssemblyTests {
  static let clips = ClipKind.allCases.map(\.rawValue)

  private func settings(
    _ clip: String, _ omega: String, _ precision: String, _ algorithm: AlgorithmKind
  ) -> [String: String] {
    var settings = [
      "task.name": "coin", "task.length": "24", "training.k1": "5", "training.k2": "11", "precision": precision,
      "training.clip.kind": clip, "training.clip.threshold": "0.02", "training.regularizer.omega": omega,
      "training.algorithm": algorithm.rawValue, "training.optimizer.name": "adam",
    ]
    if algorithm == .recurrentBackprop {
      settings["task.name"] = "settle"
      settings["training.k1"] = nil
    }
    if !algorithm.description.isTape || algorithm == .recurrentBackprop { settings["training.k2"] = nil }
    return settings
  }

  /// Every clip kind, Ω and precision with an algorithm that goes back over a tape.
  @Test(arguments: clips, AlgorithmKind.allCases)
  func drawnIsTrained(clip: String, algorithm: AlgorithmKind) throws {
    for omega in ["0.0", "0.3"] {
      for precision in ["float64", "float32"] {
        let settings = settings(clip, omega, precision, algorithm)
        let experiment = try smallExperiment(settings)
        guard (try? experiment.validate()) != nil else {
          // What has no backward pass through time clips no step and has no Ω.
          #expect(!experiment.training.passesGradientBack && (clip == "step" || omega != "0.0"))
          continue
        }
        try compare(TrainingRun(experiment: experiment), updates: 13)
      }
    }
  }

  private func compare(_ run: TrainingRun, updates: Int) throws {
    for _ in 0..<updates {
      let snapshot = run.snapshot()
      let training = snapshot.experiment.training
      let gradient =
        training.algorithm.description.isTape
        ? snapshot.tape().gradient : AlgorithmReport.compute(snapshot).gradient
      #expect(run.trainOnce() == .trained)
      let record = try #require(run.history.newest)
      let given =
        snapshot.experiment.precision == .float64
        ? clipped(gradient, training.clip, norm: record.gradientNorm, snapshot.layout, Double.self)
        : clipped(gradient, training.clip, norm: record.gradientNorm, snapshot.layout, Float.self)
      #expect(run.engine.gradient == given)
      if training.algorithm.description.isTape {
        #expect(snapshot.tape(window: snapshot.window).gradient == gradient)
        // At a sequence's start adaptive looks for its k2 by passes of its own.
        if training.algorithm != .adaptive || run.engine.position.trained > 0 { try compareSteps(run, snapshot) }
      }
    }
  }

  /// ‖∂L/∂h_t‖ as the tape has it and as the update had it.
  private func compareSteps(_ run: TrainingRun, _ snapshot: Snapshot) throws {
    let norms =
      (run.engine as? TrainingLoop<Double>).map { Array($0.pass.gradientNorms) }
      ?? (run.engine as? TrainingLoop<Float>).map { Array($0.pass.gradientNorms) } ?? []
    let tape = snapshot.tape()
    let layer = try #require(tape.layers.last)
    let size = tape.batch * tape.hidden
    for (index, step) in snapshot.window.steps.enumerated() {
      let drawn = euclideanNorm(
        Array(layer.gradient[index * layer.stateComponents * size..<(index * layer.stateComponents + 1) * size]))
      #expect(abs(drawn - norms[step]) <= 1e-5 * norms[step], "step \(step)")
    }
    // The same by a pass that is handed out, where the past is run again.
    guard snapshot.variant.fixedPoint == nil, snapshot.variant.kept == nil, snapshot.window.steps.lowerBound == 0
    else { return }
    let reader = StepNorms(
      window: snapshot.window, reduction: snapshot.experiment.training.reduction,
      gradientScale: snapshot.variant.gradientScale)
    #expect(try snapshot.read(reader) == snapshot.window.steps.map { norms[$0] })
  }

  /// Kept activations, layers, gates, streams, untied weights, segments.
  @Test(arguments: runKinds)
  func drawnIsTrainedInEveryKind(kind: [String: String]) throws {
    var kind = kind
    kind["training.regularizer.noise"] = nil
    let run = try TrainingRun(experiment: smallExperiment(kind))
    guard run.experiment.training.checkpoints == .none else {
      let snapshot = run.snapshot()
      train(run, 1)
      let scale = snapshot.experiment.training.clip
      let norm = try #require(run.history.newest).gradientNorm
      #expect(run.engine.gradient == clipped(snapshot.tape().gradient, scale, norm: norm, snapshot.layout, Double.self))
      return
    }
    try compare(run, updates: 9)
  }

  /// The whole sequence is a tape from its first state, which any run with one update a sequence makes.
  @Test func wholeSequence() throws {
    let run = try TrainingRun(
      experiment: smallExperiment(["task.name": "coin", "task.length": "24", "training.k1": "5", "training.k2": "11"]))
    train(run, 7)
    let snapshot = run.snapshot()
    let whole = snapshot.wholeTape()
    #expect(whole.window == Window(steps: 0..<24, injected: 0..<24))
    var full = try smallExperiment(["task.name": "coin", "task.length": "24"])
    full.training.clip.kind = .none
    var start = TrainingRun.Start()
    start.parameters = snapshot.parameters
    start.data = snapshot.data
    start.carriedState = snapshot.sequenceState
    let other = try TrainingRun(experiment: full, start: start)
    other.trainOnce()
    #expect(other.engine.gradient == whole.gradient)
    let outputs = whole.outputs * whole.batch
    // A window elsewhere begins in the state that the present weights make.
    let later = snapshot.tape(window: Window(steps: 13..<20, injected: 13..<20))
    #expect(later.output == Array(whole.output[13 * outputs..<20 * outputs]))
  }
}
