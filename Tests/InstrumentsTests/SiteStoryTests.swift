import Foundation
import GradientFlow
import Instruments
import Testing

@testable import Training

/// What is told of a place in networks whose states do not simply follow one another.
@Suite struct SiteStoryTests {
  static let kinds: [[String: String]] = [
    ["network.kind": "transformer", "network.heads": "2", "network.layers": "2", "task.name": "coin"],
    [
      "network.kind": "transformer", "network.heads": "2", "network.norm": "post", "network.positions": "learned",
      "task.name": "coin",
    ],
    [
      "network.kind": "transformer", "network.heads": "1", "network.norm": "none", "network.residual": "false",
      "network.positions": "rotary", "task.name": "coin",
    ],
    ["network.kind": "attention", "task.name": "coin"],
    ["network.kind": "attention", "network.scoring": "additive", "task.name": "coin"],
    ["network.kind": "tree", "task.name": "boolean"],
    ["network.kind": "tree", "network.tree": "chain", "network.composition": "lstm", "task.name": "boolean"],
    ["network.kind": "feedforward", "network.residual": "false", "network.norm": "none", "task.name": "coin"],
    [
      "network.kind": "feedforward", "network.residual": "true", "network.norm": "pre", "network.tied": "true",
      "task.name": "coin",
    ],
    ["network.kind": "convolutional", "network.hidden": "32", "task.name": "bar"],
    ["network.kind": "bidirectional", "network.cell": "lstm", "network.layers": "2", "task.name": "coin"],
  ]

  private func snapshot(_ kind: [String: String]) throws -> Snapshot {
    var settings = ["task.length": "8", "network.hidden": "4", "training.batch": "2", "network.activation": "tanh"]
    settings.merge(kind) { $1 }
    let run = try TrainingRun(
      experiment: Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) }))
    for _ in 0..<3 { run.trainOnce() }
    return run.snapshot(running: false)
  }

  private func reading(_ snapshot: Snapshot, layer: Int, step: Int, up: Int = 0, sequence: Int = 0) throws
    -> SiteInstrument.Reading
  {
    let focus = Focus(layer: layer, step: step, sequence: sequence, sitesUp: up)
    return try #require(
      Readings(PassView(snapshot), ReadingRequest(["site"], focus: focus), budget: Budget(.unlimited))[
        SiteInstrument.self])
  }

  @Test("the parts of a gradient are all of it, their shares 100 %, and it is the pass' own", arguments: kinds)
  func partsAddUp(_ kind: [String: String]) throws {
    let snapshot = try snapshot(kind), recording = try #require(snapshot.recording())
    for layer in 0..<recording.layers {
      let own = recording.stateGradients(layer: layer), d = recording.width
      for step in 0..<recording.steps {
        for sequence in 0..<2 {
          let reading = try reading(snapshot, layer: layer, step: step, sequence: sequence)
          let gradient = reading.gradient, place = (step * 2 + sequence) * d
          for unit in gradient.values.indices {
            let sum = gradient.sources.reduce(0) { $0 + $1.values[unit] }
            #expect(abs(sum - gradient.values[unit]) < 1e-12)
            #expect(abs(own[place + unit] - gradient.values[unit]) < 1e-12, "\(reading.name)")
          }
          if !gradient.sources.isEmpty {
            #expect(abs(gradient.sources.reduce(0) { $0 + $1.share } - 1) < 1e-9)
            #expect(abs(try Paper.error(of: reading.sum)) < 1e-12)
          }
        }
      }
    }
  }

  // Those of recurrent layers are the cells' own, which are tested with them.
  @Test(
    "every equation gives what stands left of it, at every place up to the loss",
    arguments: kinds.filter { $0["network.kind"] != "bidirectional" })
  func equations(_ kind: [String: String]) throws {
    let snapshot = try snapshot(kind), recording = try #require(snapshot.recording())
    var count = 0
    for layer in 0..<recording.layers {
      for step in 0..<recording.steps {
        for up in 0..<4 {
          let reading = try reading(snapshot, layer: layer, step: step, up: up, sequence: 1)
          #expect(!reading.forward.isEmpty, "\(reading.name)")
          for equation in reading.forward where !equation.symbols.contains("norm(") {
            #expect(try Paper.error(of: equation) < 1e-12, "\(equation.symbols) of \(reading.name)")
            count += 1
          }
          #expect(reading.sitesUp <= up)
        }
      }
    }
    #expect(count > 0)
  }

  @Test("on towards the loss: of a tree node by node, of attention to what answers, and no further")
  func towardsTheLoss() throws {
    let tree = try snapshot(Self.kinds[5])
    #expect(
      try (0..<5).map { try reading(tree, layer: 0, step: 4, up: $0).name }
        == ["leaf 5"] + [(5, 6), (5, 8), (1, 8), (1, 8)].map { "the node over leaves \($0.0) … \($0.1)" })
    let end = try reading(tree, layer: 0, step: 4, up: 9)
    #expect(end.sitesUp == 3 && end.gradient.sources.map(\.name) == [nil])
    #expect(end.gradientName == "∂L/∂h₁…₈")
  }

  @Test("products: each direction in its own time, layers of a deep network, blocks at each position")
  func products() throws {
    func product(_ kind: [String: String], layer: Int) throws -> JacobianProductInstrument.Reading {
      let readings = Readings(
        PassView(try snapshot(kind)), ReadingRequest(["jacobian-product"], focus: Focus(layer: layer)),
        budget: Budget(.unlimited))
      return try #require(readings[JacobianProductInstrument.self])
    }
    let deep = try product(Self.kinds[7], layer: 0)
    #expect(deep.time.log10Norm.count == 8 && deep.time.slope != nil && deep.depth == nil)
    let (back, forth) = (try product(Self.kinds[10], layer: 2), try product(Self.kinds[10], layer: 3))
    #expect(back.memoryPath?.gate == "f" && forth.memoryPath?.gate == "f")
    #expect(back.time.log10Norm != forth.time.log10Norm && back.time.log10Norm.count == 8)
    let blocks = try product(Self.kinds[0], layer: 1)
    let depth = try #require(blocks.depth)
    #expect(depth.layers == 3 && depth.steps.count == 8 && depth.steps.allSatisfy { $0.log10.count == 2 })
    // A block's own Jacobian at its position, by finite differences of nothing: residual paths keep it near 1.
    #expect(depth.steps.allSatisfy { abs($0.log10[0][0]) < 1 })
    #expect(blocks.time.log10Norm.count == 7 && blocks.time.slope == nil)
  }
}

/// What an equation's right side comes to, piece by piece from left to right.
private enum Paper {
  struct Unreadable: Error { let sign: String }

  /// The largest difference from what stands on the left.
  static func error(of equation: StepEquation) throws -> Double {
    var worst = 0.0
    for isFolded in [false, true] {
      var sum = [Double](repeating: 0, count: equation.result.rows.count)
      for term in equation.terms {
        for (unit, value) in try value(of: isFolded ? term.folded : term.parts, units: sum.count).enumerated() {
          sum[unit] += value
        }
      }
      for (row, value) in zip(equation.result.rows, sum) { worst = max(worst, abs((row[0] ?? 0) - value)) }
    }
    return worst
  }

  /// A product, the last factor of which may be a function of a sum.
  private static func value(of parts: [StepEquation.Part], units: Int) throws -> [Double] {
    var factor = [Double](repeating: 1, count: units), index = 0
    while index < parts.count {
      switch parts[index] {
      case .sign("+"), .sign("⊙"): index += 1
      case .sign(let sign) where sign.hasSuffix("("):
        let function = try #require(functions[String(sign.dropLast())], "\(sign)")
        var inner = [Double](repeating: 0, count: units), start = index + 1
        for end in start..<parts.count where parts[end] == .sign("+") || parts[end] == .sign(")") {
          for (unit, value) in try value(of: Array(parts[start..<end]), units: units).enumerated() {
            inner[unit] += value
          }
          start = end + 1
        }
        return zip(factor, inner).map { $0 * function($1) }
      case .sign(let sign): throw Unreadable(sign: sign)
      case .operand(let operand):
        let columns = operand.rows.first?.count ?? 1
        if columns > 1 || operand.rows.count != units, index + 1 < parts.count, case .operand(let v) = parts[index + 1]
        {
          if operand.rows.count == 1 {
            factor = factor.indices.map { factor[$0] * (operand.rows[0][0] ?? 0) }
          } else {
            let x = v.rows.map { $0[0] ?? 0 }
            factor = factor.indices.map { row in
              factor[row] * zip(operand.rows[row], x).reduce(0) { $0 + ($1.0 ?? 0) * $1.1 }
            }
            index += 1
          }
        } else if operand.rows.count == 1 {
          factor = factor.map { $0 * (operand.rows[0][0] ?? 0) }
        } else if index + 1 < parts.count, case .operand(let v) = parts[index + 1], v.rows.count == columns {
          factor = factor.indices.map { factor[$0] * (operand.rows[$0][0] ?? 0) * (v.rows[0][0] ?? 0) }
          index += 1
        } else {
          factor = factor.indices.map { factor[$0] * (operand.rows[$0][0] ?? 0) }
        }
        index += 1
      }
    }
    return factor
  }

  private static let functions: [String: @Sendable (Double) -> Double] = [
    "tanh": { (x: Double) in Foundation.tanh(x) },
    "σ": { (x: Double) in 1 / (1 + exp(-x)) }, "relu": { (x: Double) in max(0, x) },
  ]
}
