import Foundation
import Instruments
import GradientFlow
import RecurrentNetworks
import Testing

@testable import Training

/// Every equation that This step writes out is done again from its own numbers, as a reader does it on paper: by an evaluator that
/// knows the signs and nothing of networks.
@Suite struct StepEquationTests {
  /// Cells and what a step can have beside a cell: layers, windows, clipping, precisions, untied weights, cuts, targets of all kinds.
  static let kinds: [[String: String]] =
    CellKind.allCases.flatMap { cell -> [[String: String]] in
      let own = ["network.cell": cell.rawValue, "task.name": cell.isFullyRecurrent ? "delayed-xor" : "coin"]
      let hidden = ["1", "2", "4"].filter { !cell.isFullyRecurrent && cell.coupledParts == 1 || $0 != "1" }
      return hidden.map { own.merging(["network.hidden": $0]) { $1 } } + [
        own.merging(["training.k1": "3", "training.k2": "5"]) { $1 },
        own.merging(["training.clip.kind": "step", "training.clip.threshold": "0.01"]) { $1 },
        own.merging(["precision": "float32", "training.batch": "3"]) { $1 },
        own.merging(["training.reduction": "sum"]) { $1 }, own.merging(["network.hidden": "6"]) { $1 },
      ] + (cell.isFullyRecurrent ? [] : [own.merging(["network.layers": "2", "training.untied": "false"]) { $1 }])
    } + [
      ["network.cell": "leaky", "network.beta": "0.3", "network.beta_spread": "10"],
      ["network.cell": "leaky", "network.beta": "0.3"], ["network.cell": "residual", "network.alpha": "0.5"],
      ["network.cell": "lstm", "network.peephole": "true"],
      ["network.cell": "coupled_lstm", "network.peephole": "true"],
      ["network.cell": "lru", "network.discretization": "zoh"],
      ["network.learned_initial_state": "true", "task.name": "recall"],
      ["network.cell": "lstm", "network.projection": "2"],
      ["network.cell": "lstm", "network.projection": "1", "network.hidden": "4", "network.layers": "2"],
      ["network.delays": "[1, 3]"], ["network.periods": "[1, 2, 3]", "network.layers": "2"],
      ["network.delays": "[1, 2]", "network.periods": "[2]", "training.k1": "3", "training.k2": "4"],
      ["network.delays": "[1, 3]", "training.clip.kind": "step", "training.clip.threshold": "0.01"],
      ["network.delays": "[1, 2]", "training.algorithm": "artbp"],
      ["network.delays": "[1, 2]", "task.name": "temporal-order", "task.length": "10", "training.untied": "true"],
      ["network.activation": "relu"], ["network.activation": "sigmoid"], ["network.activation": "sin"],
      ["task.name": "adding", "task.length": "10"], ["task.name": "delayed-xor"], ["task.name": "recall"],
      ["task.name": "temporal-order", "task.length": "10", "training.untied": "true"],
      ["network.cell": "gru", "task.name": "temporal-order", "task.length": "10", "training.untied": "true"],
      ["training.algorithm": "artbp"], ["training.algorithm": "recurrent_backprop", "task.name": "settle"],
      ["training.algorithm": "rtrl", "training.k1": "4"],
    ]

  private struct Pass {
    let tape: Tape
    let reading: StepInstrument.Reading
    var steps: Range<Int> { reading.window }
  }

  private func pass(_ kind: [String: String], updates: Int = 3) throws -> Pass {
    let order = ExperimentKey.all.map(\.name)
    let settings = kind.sorted { (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0) }
    let experiment = try Fixture.experiment(length: 8, hidden: 3, batch: 2)
      .setting(settings.map { Setting(key: $0.key, value: $0.value) })
    let snapshot = try Fixture.snapshot(experiment, updates: updates)
    return Pass(
      tape: snapshot.tape(), reading: try #require(Fixture.readings(snapshot, ["step"])[StepInstrument.self]))
  }

  @Test(arguments: kinds) func everyEquationGivesWhatStandsLeftOfIt(_ kind: [String: String]) throws {
    let pass = try pass(kind)
    let tolerance = kind["precision"] == "float32" ? 2e-5 : 1e-12
    var count = 0
    for layer in pass.tape.layers.indices {
      for sequence in 0..<pass.tape.batch {
        for step in pass.steps {
          let all = try #require(pass.reading.equations(step: step, layer: layer, sequence: sequence))
          for equation in all.forward + all.backward {
            for isFolded in [false, true] {
              let found = try Paper.value(of: equation, isFolded: isFolded)
              #expect(found.count == equation.result.rows.count, "\(equation.result.name) \(kind)")
              for (row, value) in zip(equation.result.rows, found) {
                guard let wanted = row[0] else { continue }
                #expect(
                  abs((value[0] ?? 0) - wanted) <= tolerance * (1 + abs(wanted)),
                  "\(equation.result.name) \(kind): \(value[0] ?? .nan) for \(wanted)")
                count += 1
              }
            }
          }
        }
      }
    }
    #expect(count > 0)
  }

  /// Each cell has all of its equations: a line that could not be filled in would be missing.
  @Test(arguments: [
    ("elman", ["a", "h"], ["δ", "∂L/∂a"]), ("leaky", ["a", "h"], ["δ", "∂L/∂a"]),
    ("residual", ["a", "h"], ["δ", "∂L/∂a"]), ("fully_recurrent", ["s", "y"], ["∂J/∂y", "∂J/∂s"]),
    (
      "lstm", ["a_i", "a_f", "a_g", "a_o", "i", "f", "g", "o", "c", "h"],
      ["δ", "∂L/∂c", "∂L/∂a_i", "∂L/∂a_f", "∂L/∂a_g", "∂L/∂a_o"]
    ),
    (
      "gru", ["a_r", "a_z", "r", "z", "q", "a_n", "n", "h"], ["δ", "∂L/∂a_n", "∂L/∂a_z", "∂L/∂q", "∂L/∂a_r"]
    ), ("janet", ["a_f", "a_g", "f", "g", "h"], ["δ", "∂L/∂a_f", "∂L/∂a_g"]),
    ("min_gru", ["a_z", "a_c", "z", "c", "h"], ["δ", "∂L/∂a_z", "∂L/∂a_c"]),
    ("min_lstm", ["a_f", "a_i", "a_c", "f", "i", "c", "s", "h"], ["δ", "∂L/∂a_f", "∂L/∂a_i", "∂L/∂a_c"]),
    ("lru", ["a", "h", "ℜh", "ℑh"], ["δ", "∂L/∂a"]),
  ])
  func nothingIsMissing(_ cell: String, _ forward: [String], _ backward: [String]) throws {
    let task = cell == "fully_recurrent" ? "delayed-xor" : "coin"
    let pass = try pass(["network.cell": cell, "task.name": task])
    let all = try #require(pass.reading.equations(step: 4, layer: 0, sequence: 0))
    let loss = cell == "fully_recurrent" ? ["e₅", "l₅"] : ["ŷ₅", "l₅"]
    #expect(all.forward.map(\.result.name) == forward.map { $0 + "₅" } + loss)
    #expect(all.backward.map(\.result.name) == backward.map { $0 + "₅" })
    #expect(pass.reading.equations(step: 8, layer: 0, sequence: 0) == nil)
    #expect(pass.reading.equations(step: 4, layer: 0, sequence: 2) == nil)
  }

  /// One symbol has one value, in whichever equation of whichever step it stands; and slopes are those of the functions.
  @Test(arguments: kinds) func aSymbolIsTheSameEverywhere(_ kind: [String: String]) throws {
    let pass = try pass(kind)
    let tolerance = kind["precision"] == "float32" ? 1e-5 : 1e-6
    for layer in pass.tape.layers.indices {
      var numbers: [String: [[Double?]]] = [:]
      for step in pass.steps {
        let all = try #require(pass.reading.equations(step: step, layer: layer, sequence: 0))
        for equation in all.forward + all.backward {
          for operand in [equation.result] + equation.terms.flatMap({ $0.parts }).compactMap(\.operand) {
            #expect(numbers[operand.name, default: operand.rows] == operand.rows, "\(operand.name) \(kind)")
            numbers[operand.name] = operand.rows
          }
        }
      }
      for (name, rows) in numbers {
        guard let (function, argument) = Self.slope(name, kind, pass.tape), let a = numbers[argument] else { continue }
        for (row, at) in zip(rows, a) {
          guard let slope = row[0], let a = at[0], abs(a) > 1e-4 else { continue }
          #expect(abs(slope - (function(a + 1e-5) - function(a - 1e-5)) / 2e-5) < tolerance, "\(name) \(kind)")
        }
      }
    }
  }

  /// The function of a slope by its name, and the symbol at whose value it is taken: i′₅ of σ at a_i₅.
  private static func slope(
    _ name: String, _ kind: [String: String], _ tape: Tape
  ) -> (function: (Double) -> Double, argument: String)? {
    if name.hasPrefix("tanh′(") { return (Foundation.tanh, String(name.dropFirst(6).dropLast())) }
    let parts = name.components(separatedBy: "′")
    guard parts.count == 2 else { return nil }
    if parts[0] == "φ" {
      let function = Paper.functions[tape.network.activation.rawValue] ?? { _ in .nan }
      return (function, (tape.network.cell.isFullyRecurrent ? "s" : "a") + parts[1])
    }
    let isTanh = parts[0] == "g" || parts[0] == "n"
    return (Paper.functions[isTanh ? "tanh" : "σ"] ?? { _ in .nan }, "a_" + parts[0] + parts[1])
  }

  /// Weights are PyTorch's: gate k's rows of weight_ih and weight_hh, and both biases.
  @Test func weightsAreThoseOfTheGate() throws {
    let pass = try pass(["network.cell": "gru"])
    let all = try #require(pass.reading.equations(step: 4, layer: 0, sequence: 1))
    let operands = (all.forward + all.backward).flatMap(\.terms).flatMap(\.parts).compactMap(\.operand)
    func rows(_ name: String) throws -> [[Double?]] { try #require(operands.first { $0.name == name }).rows }
    let hh = try #require(pass.tape.parameter("weight_hh_l0")), ih = try #require(pass.tape.parameter("weight_ih_l0"))
    let bias = try #require(pass.tape.parameter("bias_ih_l0")), other = try #require(pass.tape.parameter("bias_hh_l0"))
    for (gate, letter) in ["r", "z", "n"].enumerated() {
      for i in 0..<3 {
        #expect(try rows("W_h" + letter)[i] == Array(hh[(gate * 3 + i) * 3..<(gate * 3 + i + 1) * 3]))
        #expect(try rows("W_h" + letter + "ᵀ").map { $0[i] } == Array(hh[(gate * 3 + i) * 3..<(gate * 3 + i + 1) * 3]))
        #expect(try rows("W_i" + letter)[i] == [ih[gate * 3 + i]])
        if letter != "n" { #expect(try rows("b_" + letter)[i] == [bias[gate * 3 + i] + other[gate * 3 + i]]) }
      }
    }
    #expect(try rows("b_in").map { $0[0] } == Array(bias[6..<9]) && rows("b_hn").map { $0[0] } == Array(other[6..<9]))
    // Of the second sequence.
    #expect(try rows("x₅") == [[pass.tape.x[4 * 2 + 1]]])
  }

  /// The gradients by pre-activations, summed over steps and sequences with what W_hh multiplies there, are the slope of the objective
  /// along that weight, by finite differences.
  @Test(arguments: CellKind.allCases.filter(\.hasRecurrentWeights)) func gradientsAreSlopesOfTheObjective(
    _ cell: CellKind
  ) throws {
    let task = cell.isFullyRecurrent ? "delayed-xor" : "coin"
    let experiment = try Fixture.experiment(
      length: 8, hidden: 3, batch: 2, ["network.cell": cell.rawValue, "task.name": task])
    let snapshot = try Fixture.snapshot(experiment, updates: 3)
    let reading = try #require(Fixture.readings(snapshot, ["step"])[StepInstrument.self])
    let tape = snapshot.tape()
    let (first, before) = cell.isFullyRecurrent ? ("∂J/∂s", "y") : ("∂L/∂a" + (Self.firstGate[cell] ?? ""), "h")
    // J = -½ Σ e² is minus the objective, which is a mean.
    let unit = cell.isFullyRecurrent ? -tape.injectionWeight : 1
    var sums = [Double](repeating: 0, count: 9)
    for sequence in 0..<2 {
      for step in 0..<8 {
        let all = try #require(reading.equations(step: step, layer: 0, sequence: sequence))
        let gradient = try #require(all.backward.first { $0.result.name == first + sub(step + 1) }).result.rows
        let operands = all.forward.flatMap(\.terms).flatMap(\.parts).compactMap(\.operand)
        let state = try #require(operands.first { $0.name == before + sub(step) }).rows
        for i in 0..<3 {
          for j in 0..<3 { sums[i * 3 + j] += unit * (gradient[i][0] ?? 0) * (state[j][0] ?? 0) }
        }
      }
    }
    func objective(_ index: Int, _ shift: Double) -> Double {
      var moved = snapshot.parameters
      moved[index] += shift
      return Tape.compute(
        network: tape.network, layout: tape.layout, parameters: moved, data: snapshot.data, window: tape.window,
        carriedState: snapshot.carriedState, reduction: tape.reduction, precision: .float64
      ).objective
    }
    let block = tape.layout.recurrentWeights(layer: 0)
    for i in 0..<3 {
      for j in 0..<3 {
        let index = block.index(i, j), h = 1e-5
        let slope = (objective(index, h) - objective(index, -h)) / (2 * h)
        #expect(abs(slope - sums[i * 3 + j]) < 1e-9, "\(cell) \(i),\(j)")
      }
    }
  }

  private static let firstGate: [CellKind: String] = [.coupledLSTM: "_f", .lstm: "_i", .gru: "_r", .janet: "_f"]

  /// The update that is written is the one that is made, however g or w is clipped.
  @Test(arguments: [
    ("none", "1", 1), ("norm", "0.01", 3), ("norm", "100", 2), ("value", "0.001", 3), ("step", "0.01", 2),
    ("weight", "0.2", 2),
  ])
  func theUpdateIsTheOneThatIsMade(_ clip: String, _ threshold: String, _ signs: Int) throws {
    for cell in ["elman", "lstm", "fully_recurrent"] {
      let task = cell == "fully_recurrent" ? "delayed-xor" : "coin"
      let experiment = try Fixture.experiment(
        length: 8, hidden: 3, batch: 2,
        [
          "network.cell": cell, "task.name": task, "training.optimizer.name": "sgd", "training.clip.kind": clip,
          "training.clip.threshold": threshold,
        ])
      let run = try TrainingRun(experiment: experiment)
      for _ in 0..<3 { run.trainOnce() }
      let snapshot = run.snapshot(running: false)
      let update = try #require(Fixture.readings(snapshot, ["step"])[StepInstrument.self]).update
      let equation = try #require(update.ofOneWeight.last)
      let index = snapshot.layout.recurrentWeights(layer: 0).index(0, 0)
      let operands = equation.terms.flatMap(\.parts).compactMap(\.operand)
      let before = snapshot.parameters[index]
      // -η g, with a factor or limits where the gradient is clipped; clip(W - η g, ±c) - W where weights are.
      #expect(operands.count == (clip == "weight" ? 5 : clip == "none" || signs == 2 ? 2 : 3))
      run.trainOnce()
      let made = run.snapshot(running: false).parameters[index]
      #expect(made != before || clip == "weight" && abs(made) == 0.2)
      #expect(abs((equation.result.rows[0][0] ?? 0) - (made - before)) < 1e-15)
      #expect(abs((try Paper.value(of: equation, isFolded: false)[0][0] ?? 0) - (made - before)) < 1e-15)
    }
  }

  /// Every weight of a small network after the update, as the run makes it, out of the numbers that are written: whatever the
  /// optimizer, the clipping, the decay and the cell.
  @Test(
    arguments: OptimizerKind.allCases,
    [("none", "1"), ("norm", "0.01"), ("norm", "100"), ("value", "0.001"), ("tensor", "0.005"), ("weight", "0.2")])
  func theWholeUpdateIsTheOneThatIsMade(_ optimizer: OptimizerKind, _ clip: (kind: String, threshold: String)) throws {
    for (cell, decay) in [("elman", "0"), ("lstm", "0.1"), ("gru", "0"), ("fully_recurrent", "0.1")] {
      let task = cell == "fully_recurrent" ? "delayed-xor" : "coin"
      let experiment = try Fixture.experiment(
        length: 6, hidden: 2, batch: 2,
        [
          "network.cell": cell, "task.name": task, "training.optimizer.name": optimizer.rawValue,
          "training.optimizer.weight_decay": decay, "training.clip.kind": clip.kind,
          "training.clip.threshold": clip.threshold,
        ])
      let run = try TrainingRun(experiment: experiment)
      for _ in 0..<3 { run.trainOnce() }
      let before = run.snapshot(running: false)
      let update = try #require(Fixture.readings(before, ["step"])[StepInstrument.self]).update
      let equations = update.ofAllWeights
      run.trainOnce()
      let after = run.snapshot(running: false)
      for equation in equations + update.ofOneWeight {
        let found = try Paper.value(of: equation, isFolded: false)
        for (row, wanted) in zip(found, equation.result.rows) {
          for (a, b) in zip(row, wanted) { #expect(abs((a ?? .nan) - (b ?? .nan)) < 1e-13, "\(equation.result.name)") }
        }
      }
      // In the layout's order, so that together they are all parameters.
      let moved = equations.filter { $0.result.name.hasPrefix("Δ") }.flatMap { $0.result.rows.joined() }
      let wanted = zip(before.parameters, after.parameters).map { $1 - $0 }
      #expect(moved.count == wanted.count)
      for (a, b) in zip(moved, wanted) { #expect(abs((a ?? .nan) - b) < 1e-13, "\(cell)") }
      let distance = wanted.reduce(0) { $0 + $1 * $1 }
      #expect(abs(try #require(update.distance) - distance.squareRoot()) < 1e-13)
      #expect(equations[0].result.name == "‖g‖")
      #expect(abs((equations[0].result.rows[0][0] ?? 0) - (after.newest?.gradientNorm ?? .nan)) < 1e-13)
      #expect((equations[1].result.name == "scale") == (clip.kind == "norm" && clip.threshold == "0.01"))
    }
  }

  /// A large network has its first weight; where numbers are drawn at the update there is nothing to be written.
  @Test func whatIsNotSmallHasOneWeight() throws {
    func update(_ settings: KeyValuePairs<String, String>) throws -> StepInstrument.Update {
      let experiment = try Fixture.experiment(length: 6, hidden: 12, batch: 2, settings)
      return try #require(Fixture.readings(Fixture.snapshot(experiment), ["step"])[StepInstrument.self]).update
    }
    let adam = try update(["training.optimizer.name": "adam"])
    #expect(adam.ofAllWeights.isEmpty && adam.ofOneWeight.count == 3 && adam.distance != nil)
    let noisy = try update(["training.regularizer.noise": "0.1"])
    #expect(noisy.ofAllWeights.isEmpty && noisy.ofOneWeight.isEmpty && noisy.distance == nil)
  }
}

extension StepEquation.Part {
  fileprivate var operand: StepEquation.Operand? {
    if case .operand(let operand) = self { operand } else { nil }
  }
}

/// Pencil and paper: what an equation's right side comes to. nil is a unit without a target: nothing is added for it.
private struct Paper {
  typealias Numbers = [[Double?]]

  struct Unreadable: Error { let what: String }

  static let functions: [String: @Sendable (Double) -> Double] = [
    "tanh": { Foundation.tanh($0) }, "σ": { 1 / (1 + exp(-$0)) }, "sigmoid": { 1 / (1 + exp(-$0)) },
    "relu": { max(0, $0) },
    "√": { $0.squareRoot() }, "sin": { Foundation.sin($0) }, "ln": { Foundation.log($0) }, "": { $0 },
  ]

  private var parts: [StepEquation.Part]
  private var place = 0

  static func value(of equation: StepEquation, isFolded: Bool) throws -> Numbers {
    var paper = Paper(parts: equation.terms.flatMap { isFolded ? $0.folded : $0.parts })
    let value = try paper.sum()
    guard paper.place == paper.parts.count else { throw Unreadable(what: "\(paper.parts[paper.place])") }
    return value
  }

  private init(parts: [StepEquation.Part]) { self.parts = parts }

  private var sign: String? {
    if place < parts.count, case .sign(let sign) = parts[place] { sign } else { nil }
  }

  private mutating func sum() throws -> Numbers {
    var value = try product()
    while let sign, sign == "+" || sign == "-" {
      place += 1
      let other = try product()
      value = Self.pairs(value, other) { a, b in
        if sign == "+" { return a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0) }
        return a.flatMap { a in b.map { a - $0 } }
      }
    }
    return value
  }

  private mutating func product() throws -> Numbers {
    var value = try factor()
    while place < parts.count {
      if let sign {
        if sign == "⊙" {
          place += 1
          value = Self.pairs(value, try factor()) { a, b in a.flatMap { a in b.map { a * $0 } } }
        } else if sign.hasPrefix("/"), let divisor = Double(sign.dropFirst()) {
          place += 1
          value = value.map { $0.map { $0.map { $0 / divisor } } }
        } else if sign == "/" {
          place += 1
          value = Self.pairs(value, try factor()) { a, b in a.flatMap { a in b.map { a / $0 } } }
        } else if sign == "²" {
          place += 1
          value = value.map { $0.map { $0.map { $0 * $0 } } }
        } else if sign.hasSuffix("(") {
          value = Self.times(value, try factor())
        } else {
          break
        }
      } else {
        value = Self.times(value, try factor())
      }
    }
    return value
  }

  private mutating func factor() throws -> Numbers {
    guard place < parts.count else { throw Unreadable(what: "nothing") }
    if case .operand(let operand) = parts[place] {
      place += 1
      return operand.rows
    }
    let sign = sign ?? ""
    place += 1
    if let number = Double(sign) { return [[number]] }
    guard sign.hasSuffix("(") else { throw Unreadable(what: sign) }
    let inside = try sum()
    let name = String(sign.dropLast())
    if self.sign == ", ±" {
      place += 1
      let bound = try sum()[0][0] ?? .nan
      place += 1
      return inside.map { $0.map { $0.map { min(max($0, -bound), bound) } } }
    }
    guard let close = self.sign, close.hasPrefix(")") else { throw Unreadable(what: sign) }
    place += 1
    let closed = close == ")²" ? inside.map { $0.map { $0.map { $0 * $0 } } } : inside
    return try Self.apply(name, closed)
  }

  private static func apply(_ name: String, _ numbers: Numbers) throws -> Numbers {
    let all = numbers.flatMap { $0 }.compactMap { $0 }
    switch name {
    case "-Σ": return [[-all.reduce(0, +)]]
    case "½Σ": return [[all.reduce(0, +) / 2]]
    case "softmax":
      let powers = all.map(exp)
      return powers.map { [$0 / powers.reduce(0, +)] }
    default:
      guard let function = functions[name] else { throw Unreadable(what: name) }
      return numbers.map { $0.map { $0.map(function) } }
    }
  }

  /// A scalar times anything, or a matrix times a vector.
  private static func times(_ a: Numbers, _ b: Numbers) -> Numbers {
    if a.count == 1, a[0].count == 1 { return b.map { $0.map { $0.map { (a[0][0] ?? 0) * $0 } } } }
    return a.map { row in
      (0..<(b.first?.count ?? 0)).map { column in
        zip(row, b).reduce(0) { $0 + ($1.0 ?? 0) * ($1.1[column] ?? 0) }
      }
    }
  }

  /// Number by number, a scalar with all.
  private static func pairs(_ a: Numbers, _ b: Numbers, _ body: (Double?, Double?) -> Double?) -> Numbers {
    let count = max(a.count, b.count)
    return (0..<count).map { row in
      let (left, right) = (a[a.count == 1 ? 0 : row], b[b.count == 1 ? 0 : row])
      return zip(left, right).map(body)
    }
  }
}
