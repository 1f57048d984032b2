import Foundation
import RecurrentNetworks
import Testing

@testable import Instruments
@testable import Training

/// The network of Pascanu, Mikolov & Bengio 2013, figure 6: one unit, h_t = σ(w h_{t-1} + b), whose loss is (h_50 - 0.7)² (here
/// half of it), with its wall where the unit's fixed points fold.
private struct Cliff {
  static let steps = 50, target = 0.7, start = 0.5

  /// ½ (h_50 - 0.7)², by the recursion itself.
  static func loss(_ w: Double, _ b: Double) -> Double {
    var h = start
    for _ in 0..<steps { h = 1 / (1 + exp(-(w * h + b))) }
    return 0.5 * (h - target) * (h - target)
  }

  static func snapshot(_ w: Double, _ b: Double, _ settings: [String: String] = [:]) throws -> Snapshot {
    var experiment = try Fixture.experiment(
      .sine, length: steps, hidden: 1, batch: 1,
      [
        "network.activation": "sigmoid", "training.k1": "full", "training.k2": "full",
        "training.clip.kind": "norm", "training.clip.threshold": "0.01",
        "training.optimizer.learning_rate": "2",
      ])
    for (key, value) in settings { try experiment.set(key, value) }
    let layout = ParameterLayout(experiment.network, inputs: 1, outputs: 1)
    var start = TrainingRun.Start()
    var parameters = [Double](repeating: 0, count: layout.count)
    for (name, value) in [("weight_hh_l0", w), ("bias_ih_l0", b), ("readout.weight", 1)] {
      if let entry = layout[name] { parameters[entry.offset] = value }
    }
    start.parameters = parameters
    start.carriedState = [[Self.start]]
    start.data = SequenceBatch(
      steps: steps, batch: 1, inputs: 1, outputs: 1, x: Array(repeating: 0, count: steps), symbols: nil,
      target: .values(Array(repeating: target, count: steps)), targetMask: (0..<steps).map { $0 == steps - 1 ? 1 : 0 })
    return try TrainingRun(experiment: experiment, start: start).snapshot()
  }
}

@Suite("Loss slice and cliff") struct LossSliceTests {
  @Test("over its weight and its bias the loss of one unit is that of Pascanu's figure, wall and all")
  func plane() throws {
    let snapshot = try Cliff.snapshot(5, -2.5)
    let plane = try #require(Fixture.readings(snapshot, ["loss-plane"])[LossPlaneInstrument.self])
    #expect(plane.weights.map(\.name) == ["weight_hh_l0[1,1]", "bias_ih_l0[1]"])
    #expect(plane.side == 41 && plane.span >= 1)
    var largest = 0.0
    for row in 0..<plane.side {
      for column in 0..<plane.side {
        func value(_ index: Int, _ place: Int) -> Double {
          plane.weights[index].value + plane.span * (2 * Double(place) / Double(plane.side - 1) - 1)
        }
        let expected = Cliff.loss(value(0, column), value(1, row))
        largest = max(largest, abs(plane.losses[row * plane.side + column] - expected))
      }
    }
    #expect(largest < 1e-13)
    #expect(abs(plane.loss - Cliff.loss(5, -2.5)) < 1e-15)
  }

  @Test("along the gradient the loss and its slope are the recursion's; the steps land where updates do")
  func slice() throws {
    let snapshot = try Cliff.snapshot(5, -2.48)
    let slice = try #require(Fixture.readings(snapshot, ["loss-slice"])[LossSliceInstrument.self])
    let gradient = snapshot.tape().gradient, layout = snapshot.layout
    // W_ih, the readout and its bias stand still here only where their gradient is 0: all move along g.
    func loss(_ distance: Double) -> Double {
      func at(_ name: String) -> Double {
        guard let entry = layout[name] else { return .nan }
        return snapshot.parameters[entry.offset] - distance * gradient[entry.offset] / slice.gradientNorm
      }
      var h = Cliff.start
      for _ in 0..<Cliff.steps { h = 1 / (1 + exp(-(at("weight_hh_l0") * h + at("bias_ih_l0")))) }
      let error = at("readout.weight") * h + at("readout.bias") - Cliff.target
      return 0.5 * error * error
    }
    #expect(slice.distances.count == 97)
    for (distance, value) in zip(slice.distances, slice.losses) {
      #expect(abs(value - loss(distance)) < 1e-12 * max(1, value))
    }
    // The gradient's norm is at least the slope along the slice.
    let middle = slice.distances.count / 2, s = slice.distances[middle], step = 1e-6 * s
    let slope = (loss(s + step) - loss(s - step)) / (2 * step)
    #expect(slice.gradientNorms[middle] > abs(slope) * (1 - 1e-6))
    #expect(slice.places.map(\.isClipped) == [true, false])
    #expect(abs(slice.places[0].distance - 2 * 0.01) < 1e-12)
    #expect(abs(slice.places[1].distance - 2 * slice.gradientNorm) < 1e-12 * slice.gradientNorm)
    for place in slice.places { #expect(abs(place.loss - loss(place.distance)) < 1e-12 * max(1, place.loss)) }
  }

  @Test(
    "the clipped step is the update that is made",
    arguments: [
      ("none", "1"), ("norm", "0.05"), ("norm", "100"), ("value", "0.01"), ("weight", "0.2"), ("step", "0.001"),
    ])
  func landing(kind: String, threshold: String) throws {
    let experiment = try Fixture.experiment(
      hidden: 6,
      [
        "training.clip.kind": kind, "training.clip.threshold": threshold, "training.k1": "7", "training.k2": "9",
        "training.optimizer.learning_rate": "0.3",
      ])
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<11 { run.trainOnce() }
    let before = run.snapshot()
    let slice = try #require(Fixture.readings(before, ["loss-slice"])[LossSliceInstrument.self])
    let plane = try #require(Fixture.readings(before, ["loss-plane"])[LossPlaneInstrument.self])
    run.trainOnce()
    var there = before
    there.parameters = run.parameters
    let made = try #require(slice.places.first { $0.isClipped })
    #expect(abs(made.loss - there.tape().objective) < 1e-12)
    let landed = try #require(plane.landings.first { $0.isClipped })
    for (weight, moved) in zip(plane.weights, landed.moved) {
      #expect(abs(weight.value + moved - run.parameters[weight.index]) < 1e-14)
    }
    #expect(abs(slice.loss - before.tape().objective) < 1e-12)
    let cuts = kind == "norm" && threshold == "0.05" || ["value", "weight", "step"].contains(kind)
    #expect((slice.places.count == 2) == cuts)
    if let unclipped = slice.places.first(where: { !$0.isClipped }), kind != "step" {
      there.parameters = zip(before.parameters, before.tape().gradient).map { $0 - 0.3 * $1 }
      #expect(abs(unclipped.loss - there.tape().objective) < 1e-12)
    }
  }

  @Test("whatever the optimizer, its step lands where the update does", arguments: OptimizerKind.allCases)
  func landing(optimizer: OptimizerKind) throws {
    let experiment = try Fixture.experiment(
      hidden: 6,
      [
        "training.optimizer.name": optimizer.rawValue, "training.clip.kind": "norm", "training.clip.threshold": "0.01",
        "training.optimizer.learning_rate": "0.02", "training.optimizer.weight_decay": "0.01",
      ])
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<5 { run.trainOnce() }
    let before = run.snapshot()
    let slice = try #require(Fixture.readings(before, ["loss-slice"])[LossSliceInstrument.self])
    run.trainOnce()
    var there = before
    there.parameters = run.parameters
    let made = try #require(slice.places.first { $0.isClipped })
    #expect(abs(made.loss - there.tape().objective) < 1e-12)
    // The raw gradient leads elsewhere than the clipped one, under every rule.
    #expect(slice.places.count == 2 && slice.places[0] != slice.places[1])
  }

  @Test("where there is no gradient, or no step is known, it is said")
  func words() throws {
    let noisy = try Fixture.snapshot(Fixture.experiment(["training.regularizer.noise": "0.1"]))
    let slice = try #require(Fixture.readings(noisy, ["loss-slice"])[LossSliceInstrument.self])
    #expect(slice.places.isEmpty)
    let still = try Fixture.snapshot(
      Fixture.experiment(["network.init.readout": "0", "network.init.input": "0", "network.init.recurrent": "zero"]))
    var zero = still
    zero.data.targetMask = zero.data.targetMask.map { _ in 0 }
    let none = Fixture.readings(zero, ["loss-slice"])
    #expect(
      none[LossSliceInstrument.self] == nil && none.leftOut["loss-slice"] == ["the loss along the gradient: ‖g‖ is 0"]
    )
  }

  @Test("two weights that the reader chose are looked at, others not")
  func choice() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment())
    func read(_ weights: [Int]?) -> LossPlaneInstrument.Reading? {
      LossPlaneInstrument.read(PassView(snapshot), Focus(weights: weights), Budget(.unlimited))
    }
    #expect(read([10, 3])?.weights.map(\.index) == [10, 3])
    let first = read(nil)?.weights.map(\.index)
    for weights in [[1], [4, 4], [-1, 2], [0, snapshot.layout.count]] {
      #expect(read(weights)?.weights.map(\.index) == first)
    }
    let gradient = snapshot.tape().gradient.map(abs)
    let choices = try #require(read(nil)?.choices)
    #expect(choices.first == gradient.indices.max { gradient[$0] < gradient[$1] })
  }
}

@Suite("Spectra that move, fixed points") struct MovingSpectrumTests {
  @Test("the trail of the eigenvalues is followed from update to update, and taken back")
  func trail() throws {
    let run = try TrainingRun(experiment: Fixture.experiment())
    var trends = Trends(), expected: [[Double]] = []
    for update in 0..<100 {
      let readings = Fixture.readings(run.snapshot(), ["eigenvalues"])
      let reading = try #require(readings[EigenvaluesInstrument.self])
      trends.add(readings, update: update)
      expected.append(reading.parts[0].spectrum.eigenvalues.flatMap { [$0.real, $0.imaginary] })
      run.trainOnce()
    }
    let trail = trends.trail(EigenvaluesInstrument.self, "recurrent")
    #expect(trail.count <= 64 && trail.first == expected[0] && trail.last == expected[99])
    let again = try Fixture.snapshot(Fixture.experiment())
    trends.add(Fixture.readings(again, ["eigenvalues"]), update: 0)
    #expect(trends.trail(EigenvaluesInstrument.self, "recurrent") == [expected[0]])
  }

  @Test("κ is that of a matrix whose singular values are known; a gated cell has J_t alone")
  func condition() throws {
    // scale · Q of an orthogonal Q: κ = 1, and every λ has the modulus scale.
    let orthogonal = try Fixture.snapshot(
      Fixture.experiment(["network.init.recurrent": "orthogonal", "network.init.scale": "0.7"]))
    let readings = Fixture.readings(orthogonal, ["eigenvalues", "pseudospectrum"])
    let weights = try #require(readings[EigenvaluesInstrument.self]?.parts.first)
    #expect(weights.symbol == "W_hh" && abs(weights.condition - 1) < 1e-12)
    #expect(abs((readings.trends[TrendKey("eigenvalues", "recurrent_radius")] ?? 0) - 0.7) < 1e-12)
    // A normal matrix inside of the circle: (|z| - 1)/(|z| - 0.7) < 1 everywhere, so K is 1.
    #expect(readings[PseudospectrumInstrument.self]?.first?.kreissConstant == 1)
    let gated = try Fixture.snapshot(Fixture.experiment(["network.cell": "gru"]))
    #expect(Fixture.readings(gated, ["eigenvalues"])[EigenvaluesInstrument.self]?.parts.map(\.symbol) == ["J_t"])
    let zero = try Fixture.snapshot(Fixture.experiment(["network.init.recurrent": "zero"]))
    let parts = try #require(Fixture.readings(zero, ["eigenvalues"])[EigenvaluesInstrument.self]?.parts)
    #expect(parts[0].spectrum.spectralRadius == 0 && !parts[0].condition.isFinite)
  }

  @Test("the Kreiss constant lies between 1 and the largest power's norm, which is at most e n times as large")
  func kreiss() throws {
    for seed in ["1", "2", "3"] {
      let snapshot = try Fixture.snapshot(
        Fixture.experiment(["network.init.recurrent": "gaussian", "network.init.scale": "0.95", "seed": seed]))
      let readings = Fixture.readings(snapshot, ["decay", "pseudospectrum", "eigenvalues"])
      let peak = try #require(readings[DecayInstrument.self]?.nonNormality?.peak)
      let kreiss = try #require(readings[PseudospectrumInstrument.self]?.first?.kreissConstant)
      guard readings[EigenvaluesInstrument.self]?.parts[0].spectrum.spectralRadius ?? 2 < 1 else { continue }
      #expect(kreiss >= 1 && kreiss <= peak * (1 + 1e-9) && peak <= exp(1) * 8 * kreiss)
    }
  }

  @Test("with its input held the state goes to the stable point that is found")
  func settles() throws {
    let snapshot = try Fixture.snapshot(
      Fixture.experiment(.temporalOrder, length: 30, hidden: 5, ["network.init.scale": "0.8"]), updates: 20)
    let reading = try #require(Fixture.readings(snapshot, ["fixed-points"], step: 4)[FixedPointsInstrument.self])
    #expect(reading.heldStep == 4 && reading.axes.directions.count == 2 && reading.trajectories.count == 3)
    let point = try #require(reading.found.points.first)
    #expect(point.isStable)
    // The recursion by hand, with the input of step 5 of the first sequence.
    let tape = snapshot.tape(), x = tape.x[4 * tape.batch * tape.inputs..<4 * tape.batch * tape.inputs + tape.inputs]
    let input = try #require(tape.parameter("weight_ih_l0")), recurrent = try #require(tape.parameter("weight_hh_l0"))
    let bias = try #require(tape.parameter("bias_ih_l0"))
    var h = [Double](repeating: 0.1, count: 5)
    for _ in 0..<3000 {
      h = (0..<5).map { i in
        let drive = x.enumerated().reduce(bias[i]) { $0 + input[i * tape.inputs + $1.offset] * $1.element }
        return tanh((0..<5).reduce(drive) { $0 + recurrent[i * 5 + $1] * h[$1] })
      }
    }
    for (value, expected) in zip(point.state, h) { #expect(abs(value - expected) < 1e-9) }
    let trends = Fixture.readings(snapshot, ["fixed-points"]).trends
    #expect(trends[TrendKey("fixed-points", "stable")] == 1)
  }
}
