import Foundation
import LinearAlgebra
import Testing

@testable import GradientFlow
@testable import RecurrentNetworks

@Suite("Fixed points") struct FixedPointTests {
  /// A network of one step whose input is held, and its map.
  private static func map(
    cell: CellKind = .elman, activation: Activation = .tanh, hidden: Int, x: [Double] = [0],
    _ parameters: [String: [Double]]
  ) throws -> LayerMap {
    var test = TestNetwork(cell: cell, activation: activation, hidden: hidden, steps: 1, inputs: x.count, isZero: true)
    test.data.x = x
    for entry in test.layout.entries {
      let values = parameters[entry.name] ?? Array(repeating: 0, count: entry.count)
      try #require(values.count == entry.count)
      test.parameters.replaceSubrange(entry.range, with: values)
    }
    return LayerMap(test.tape(), layer: 0, step: 0)
  }

  private static func starts(_ count: Int, width: Int, seed: UInt64, reach: Double = 1.2) -> [[Double]] {
    var random = TestRandom(seed)
    return (0..<count).map { _ in (0..<width).map { _ in reach * random.next() } }
  }

  private struct Case: Decodable {
    struct Point: Decodable { var state: [Double], moduli: [Double] }
    var cell: String, hidden: Int
    var x: [Double], parameters: [String: [Double]], points: [Point]
  }

  @Test("those of Elman, GRU and LSTM networks are JAX's, with their eigenvalues")
  func jax() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/fixed_points.json")
    for truth in try JSONDecoder().decode([Case].self, from: Data(contentsOf: file)) {
      let cell = try #require(CellKind(rawValue: truth.cell))
      let map = try Self.map(cell: cell, hidden: truth.hidden, x: truth.x, truth.parameters)
      let starts = Self.starts(400, width: map.width, seed: 7, reach: cell == .lstm ? 2 : 1.2)
      let found = try FixedPoints(map, from: starts).points.filter(\.isFixed)
      #expect(found.count == truth.points.count, "\(truth.cell)")
      for point in found {
        let same = truth.points.first { zip($0.state, point.state).allSatisfy { abs($0 - $1) < 1e-8 } }
        let moduli = try #require(same, "\(truth.cell): a point that is not JAX's").moduli
        for (value, expected) in zip(point.eigenvalues, moduli) { #expect(abs(value.magnitude - expected) < 1e-6) }
      }
    }
  }

  @Test(
    "three units that each remember one bit: 8 stable points, saddles on the cube's 12 edges, 6 faces and its center")
  func cube() throws {
    // As of the trained three-bit flip-flop of Sussillo & Barak 2013, figure 2. Each unit rests at h = tanh(1.5 h): 0 and ±r.
    let map = try Self.map(hidden: 3, ["weight_hh_l0": Matrix.diagonal([1.5, 1.5, 1.5]).elements])
    let found = try FixedPoints(map, from: Self.starts(500, width: 3, seed: 2))
    #expect(found.fixedCount == 27 && found.stableCount == 8 && found.slowCount == 0)
    for (grows, expected) in [8, 12, 6, 1].enumerated() {
      #expect(found.points.filter { $0.unstableDirections == grows }.count == expected)
    }
    // The stable ones come first.
    #expect(found.points.map(\.unstableDirections) == found.points.map(\.unstableDirections).sorted())
    var r = 1.0
    for _ in 0..<200 { r = tanh(1.5 * r) }
    for point in found.points {
      for h in point.state { #expect(min(abs(h), abs(abs(h) - r)) < 1e-10) }
      let slopes = point.state.map { 1.5 * (1 - $0 * $0) }.sorted(by: >)
      for (value, slope) in zip(point.eigenvalues, slopes) { #expect(abs(value.real - slope) < 1e-9) }
    }
  }

  @Test("just past its fold a unit has a slow point, where F′ = 1")
  func ghost() throws {
    let w = 2.0, a = acosh(w.squareRoot())
    // w tanh′(a) = 1: two points meet at tanh(a) where the drive is a - w tanh(a); below it they are gone.
    let drive = a - w * tanh(a) - 0.01
    let map = try Self.map(hidden: 1, ["weight_hh_l0": [w], "bias_ih_l0": [drive]])
    let found = try FixedPoints(map, from: (-10...10).map { [Double($0) / 10] })
    #expect(found.fixedCount == 1 && found.stableCount == 1 && found.slowCount == 1)
    // ∇q = (F - h)(F′ - 1) = 0 where w h + u = a; there F - h is a hundredth over w.
    let slow = try #require(found.points.first { !$0.isFixed })
    #expect(abs(slow.state[0] - (a - drive) / w) < 1e-4)
    #expect(abs(slow.speed - 0.01 / w) < 1e-6)
    #expect(abs((slow.eigenvalues.first?.real ?? 0) - 1) < 1e-3)
  }

  @Test("the map of a layer is the step that the pass made", arguments: CellKind.allCases)
  func step(cell: CellKind) throws {
    let layers = cell == .fullyRecurrent ? 1 : 2
    let test = TestNetwork(cell: cell, hidden: 3, layers: layers, steps: 4, batch: 2, inputs: 2, outputs: 3, seed: 9)
    let tape = test.tape()
    for layer in 0..<layers {
      let map = LayerMap(tape, layer: layer, step: 2)
      let parts = tape.network.stateComponents, h = tape.hidden
      func state(_ row: Int) -> [Double] {
        (0..<parts).flatMap { part in Array(tape.layers[layer].state.row((row * parts + part) * 2, of: h, width: h)) }
      }
      let next = map(state(2))
      for (value, expected) in zip(next, state(3)) { #expect(abs(value - expected) < 1e-14) }
      let truth = tape.jacobian(step: 2, sequence: 0, layer: layer)
      for (value, expected) in zip(map.jacobian().elements, truth.elements) { #expect(abs(value - expected) < 1e-14) }
    }
  }

  @Test("a step that leaves every state where it is has no end of fixed points; one that moves all has none")
  func extremes() throws {
    let still = try Self.map(activation: .identity, hidden: 2, ["weight_hh_l0": [1, 0, 0, 1]])
    let found = try FixedPoints(still, from: Self.starts(5, width: 2, seed: 1))
    #expect(found.points.count == 5 && found.points.allSatisfy { $0.speed == 0 && $0.isStable })
    let drift = try Self.map(activation: .identity, hidden: 1, ["weight_hh_l0": [1], "bias_ih_l0": [1]])
    let none = try FixedPoints(drift, from: [[0], [0.5]])
    #expect(none.points.isEmpty && none.lost == 2)
    let broken = try Self.map(activation: .identity, hidden: 1, ["weight_hh_l0": [.nan]])
    #expect(try FixedPoints(broken, from: [[1]]).points.isEmpty)
  }
}

@Suite("One unit") struct OneUnitTests {
  private static func unit(_ cell: CellKind, _ w: Double, _ b: Double, beta: Double = 1) throws -> (
    OneUnitMap?, LayerMap
  ) {
    var test = TestNetwork(cell: cell, hidden: 1, steps: 1, inputs: 1, isZero: true)
    test.network.beta = beta
    test.data.x = [0.5]
    for (name, value) in [("weight_hh_l0", w), ("weight_ih_l0", 0.2), ("bias_ih_l0", b)] {
      if let entry = test.layout[name] { test.parameters[entry.offset] = value }
    }
    let tape = test.tape(), map = LayerMap(tape, layer: 0, step: 0)
    return (OneUnitMap(map, tape, layer: 0, step: 0, range: -1.5...1.5), map)
  }

  @Test("of w tanh the folds lie at u = ±(w √(1 - 1/w) - artanh √(1 - 1/w))", arguments: [1.1, 1.5, 2, 4])
  func folds(w: Double) throws {
    let s = (1 - 1 / w).squareRoot(), fold = w * s - atanh(s)
    for (b, isBistable) in [(0.0, fold > 0.1), (fold - 0.1 - 1e-6, true), (fold - 0.1 + 1e-6, false)] {
      let (unit, map) = try Self.unit(.elman, w, b)
      let one = try #require(unit)
      #expect(abs(one.drive - (b + 0.1)) < 1e-12 && one.weight == w)
      #expect(one.folds.count == 2)
      #expect(abs(one.folds[0].drive + fold) < 1e-9 && abs(one.folds[1].drive - fold) < 1e-9)
      #expect(one.isBistable == isBistable)
      for rest in one.folds { #expect(abs(rest.slope - 1) < 1e-9 && abs(abs(rest.state) - s) < 1e-9) }
      // The curve crosses h = F(h) once, or three times between the folds.
      if abs(abs(one.drive) - fold) > 1e-3 { #expect(one.crossings(map).count == (isBistable ? 3 : 1)) }
      for value in one.curve { #expect(abs(value.next - tanh(w * value.state + b + 0.1)) < 1e-14) }
    }
  }

  @Test("a weight up to 1 has no fold; a leaky unit folds where the plain one does; a residual one rests elsewhere")
  func others() throws {
    let plain = try #require(try Self.unit(.elman, 0.9, 0).0)
    #expect(plain.folds.isEmpty && !plain.isBistable && plain.rests.count == 241)
    let elman = try #require(try Self.unit(.elman, 3, 0).0),
      leaky = try #require(try Self.unit(.leaky, 3, 0, beta: 0.25).0)
    for (a, b) in zip(elman.folds, leaky.folds) { #expect(abs(a.drive - b.drive) < 1e-9) }
    for rest in leaky.rests { #expect(abs(rest.slope - (0.75 + 0.25 * 3 * (1 - rest.state * rest.state))) < 1e-12) }
    let residual = try #require(try Self.unit(.residual, 3, 0).0)
    #expect(residual.rests.isEmpty && residual.folds.isEmpty)
    #expect(try Self.unit(.lstm, 3, 0).0 == nil)
  }
}

@Suite("Principal axes") struct PrincipalAxesTests {
  @Test("of an ellipse they are its axes, whatever the plane it lies in")
  func ellipse() throws {
    // Two orthogonal directions in five dimensions.
    let u = [0.5, 0.5, 0.5, 0.5, 0], v = [0.5, -0.5, 0.5, -0.5, 0]
    let states = (0..<40).map { index -> [Double] in
      let angle = 2 * Double.pi * Double(index) / 40
      return (0..<5).map { 2 + 3 * cos(angle) * u[$0] + sin(angle) * v[$0] }
    }
    let axes = try PrincipalAxes(states)
    for (direction, expected) in zip(axes.directions, [u, v]) {
      let dot = zip(direction, expected).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(abs(dot) - 1) < 1e-12)
    }
    #expect(abs(axes.shares[0] - 0.9) < 1e-12 && abs(axes.shares[1] - 0.1) < 1e-12)
    for value in axes.mean { #expect(abs(value - 2) < 1e-12) }
    #expect(abs(abs(axes.place(states[0])[0]) - 3) < 1e-12 && abs(axes.place(states[0])[1]) < 1e-12)
    // Fewer states than numbers: three of them span a plane that holds them all.
    let few = try PrincipalAxes(Array(states.prefix(3)))
    for state in states.prefix(3) {
      let place = few.place(state), length = zip(state, few.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(abs(place[0] * place[0] + place[1] * place[1] - length) < 1e-12)
    }
  }

  @Test("states that do not vary, a single one and states of one number have axes")
  func ends() throws {
    let still = try PrincipalAxes([[1, 2, 3], [1, 2, 3]])
    #expect(still.place([1, 2, 3]) == [0, 0] && still.directions.count == 2)
    let one = try PrincipalAxes([[1], [3]])
    #expect(one.directions == [[1]] && one.place([3]) == [1] && abs(one.shares[0] - 1) < 1e-15)
    #expect(throws: (any Error).self) { try PrincipalAxes([[1, .nan], [2, 2]]) }
  }
}
