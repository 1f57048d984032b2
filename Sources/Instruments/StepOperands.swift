import Foundation
import GradientFlow
import RecurrentNetworks

/// The numbers of an equation's symbols at one step of one layer and sequence, out of the tape.
struct StepOperands {
  let tape: Tape
  /// The step, counted from the window's first; the layer, and the sequence.
  let index: Int, layer: Int, sequence: Int

  private var cell: CellDescription { tape.network.cellDescription }
  private var hidden: Int { tape.hidden }
  /// The step, counted from 1 in its sequence.
  var t: Int { tape.window.steps.lowerBound + index + 1 }
  /// How far off `{t+1}` is: the adjoint of a fixed point receives from its own step.
  private var next: Int { tape.isFixedPoint ? 0 : 1 }

  /// A symbol of an equation with its numbers; nil where it means nothing.
  func operand(_ symbol: String) -> StepEquation.Operand? {
    let (written, shift) = symbolAt(symbol)
    var base = symbol
    if let mark = Self.mark(in: symbol) { base.removeSubrange(mark) }
    if let weights = matrix(base) { return weights }
    var place = self
    if base.hasSuffix(Self.above(layer)) {
      base.removeLast(Self.above(layer).count)
      place = StepOperands(tape: tape, index: index, layer: layer + 1, sequence: sequence)
    }
    guard let (rows, isByUnit) = place.vector(base, at: index + shift) else { return nil }
    // Where steps have weights of their own, these are the step's.
    let isOwnBias = tape.layout.copies > 1 && base.hasPrefix("b") && base != "b_out"
    return .init(
      name: base == "x" && layer > 0 ? "h\(sub(t))[l\(layer)]" : written + (isOwnBias ? sub(t) : ""),
      rows: rows.map { [$0] },
      isByUnit: isByUnit)
  }

  /// A number by its name.
  func scalar(_ name: String, _ value: Double) -> StepEquation.Operand {
    .init(name: name, rows: [[value]], isByUnit: false)
  }

  /// The symbol with the step's subscript.
  func written(_ symbol: String) -> String { symbolAt(symbol).written }

  /// The symbol with the step's subscript, and how many steps off it is.
  private func symbolAt(_ symbol: String) -> (written: String, shift: Int) {
    guard let mark = Self.mark(in: symbol) else { return (symbol, 0) }
    let written = Int(symbol[mark].dropFirst(2).dropLast()) ?? 0
    let shift = written > 0 ? written * next : written
    return (symbol[..<mark.lowerBound] + sub(t + shift) + symbol[mark.upperBound...], shift)
  }

  /// How many steps after its own a symbol is, as it is written: 4 of ∂L/∂a{t+4}.
  static func steps(after symbol: String) -> Int {
    mark(in: symbol).flatMap { Int(symbol[$0].dropFirst(2).dropLast()) } ?? 0
  }

  /// Where {t}, {t+1} or {t-1} stands.
  private static func mark(in symbol: String) -> Range<String.Index>? {
    guard let open = symbol.utf8.firstIndex(of: UInt8(ascii: "{")),
      let close = symbol.utf8[open...].firstIndex(of: UInt8(ascii: "}"))
    else { return nil }
    return open..<symbol.utf8.index(after: close)
  }

  /// The mark of what belongs to the layer above.
  static func above(_ layer: Int) -> String { "[l\(layer + 2)]" }

  // MARK: Vectors

  private func vector(_ base: String, at i: Int) -> (rows: [Double?], isByUnit: Bool)? {
    if let units = units(base, at: i) { return (units, true) }
    switch base {
    case "x": return (read(at: i), false)
    case "ŷ": return (prediction(at: i), false)
    case "y": return (target(at: i), false)
    case "b_out": return (tape.parameter("readout.bias") ?? [], false)
    case "l": return ([tape.loss[row(i)]], false)
    case "α": return ([tape.network.alpha], false)
    case "β", "(1-β)":
      let rest = base != "β"
      let rates = tape.rates(layer: layer) ?? [tape.network.beta]
      return (rates.map { rest ? 1 - $0 : $0 }, rates.count > 1)
    default: return nil
    }
  }

  /// What has a number for every unit of the layer.
  private func units(_ base: String, at i: Int) -> [Double?]? {
    let kept = tape.layers[layer]
    if tape.network.cell.coupledParts > 1, let number = complex(base, at: i) { return number }
    // What lies further back than the state before the window stands in its other components.
    if base == cell.stateComponents[0], i < -1 { return slice(kept.state, row: -1 - i) }
    if base == "m" || base == "(1-m)" {
      let time = tape.window.steps.lowerBound + i + 1
      return tape.network.updatedUnits(at: time).map { $0 == (base == "m") ? 1 : 0 }
    }
    if let component = cell.stateComponents.firstIndex(of: base) {
      return slice(kept.state, row: (i + 1) * kept.stateComponents + component)
    }
    if let gate = preactivated(base) { return gates(kept.preactivation, gate, at: i) }
    if let gate = cell.gates.firstIndex(of: base), let function = cell.gateFunctions?[gate] {
      return gates(kept.preactivation, gate, at: i).map(function.value)
    }
    if base == "φ′" {
      // What is kept is 0 where it is not a unit's turn: m ⊙ φ′.
      guard tape.network.periods.isEmpty else {
        return gates(kept.preactivation, 0, at: i).map(tape.network.activation.derivative)
      }
      return gates(kept.derivative, 0, at: i)
    }
    if base.hasSuffix("′"), let gate = cell.gates.firstIndex(of: String(base.dropLast())) {
      return gates(kept.derivative, gate, at: i)
    }
    if base.hasPrefix("tanh′("), let of = units(String(base.dropFirst(6).dropLast()), at: i) {
      return of.map { $0.map(Activation.tanh.derivative) }
    }
    if let bias = bias(base, at: i) { return bias }
    if base.hasPrefix("w_c") { return tape.parameter("weight_\(base.dropFirst(2))_l\(layer)") }
    switch base {
    case "q": return slice(kept.recurrentInput, row: i)
    // What minLSTM keeps: its two gates made to add up to 1.
    case "s" where cell.gates.contains("f"):
      return zip(units("f", at: i) ?? [], units("i", at: i) ?? []).map { f, i in
        f.flatMap { f in i.map { f / (f + $0) } }
      }
    case "δ": return gradient(component: 0, at: i)
    case "d" where cell.error != nil: return targetsByUnit(at: i)
    case "e" where cell.error != nil:
      return zip(targetsByUnit(at: i), units(cell.stateComponents[0], at: i) ?? []).map { target, value in
        target.flatMap { d in value.map { d - $0 } }
      }
    default: break
    }
    guard base.hasPrefix("∂L/∂") || base.hasPrefix("∂J/∂") else { return nil }
    return gradient(by: String(base.dropFirst(4)), at: i)
  }

  /// Of complex units: λ and γ, conjugates and products with them, real and imaginary parts; each [real parts, imaginary parts].
  private func complex(_ base: String, at i: Int) -> [Double?]? {
    let pairs = hidden / 2
    if let product = base.firstIndex(of: "∘") {
      guard let x = complex(String(base[..<product]), at: i),
        let y = units(String(base[base.index(after: product)...]), at: i)
      else { return nil }
      func multiplied(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ sign: Double) -> Double? {
        guard let a = x[a], let b = y[b], let c = x[c], let d = y[d] else { return nil }
        return a * b + sign * c * d
      }
      return (0..<pairs).map { multiplied($0, $0, pairs + $0, pairs + $0, -1) }
        + (0..<pairs).map { multiplied($0, pairs + $0, pairs + $0, $0, 1) }
    }
    switch base {
    case "λ": return tape.unitConstants(layer: layer, row: 0)
    case "γ": return tape.unitConstants(layer: layer, row: 1)
    case "λ*", "γ*":
      let number = tape.unitConstants(layer: layer, row: base == "λ*" ? 0 : 1)
      return number.enumerated().map { $0 < pairs ? $1 : -$1 }
    default: break
    }
    guard let part = base.first, part == "ℜ" || part == "ℑ", let whole = units(String(base.dropFirst()), at: i) else {
      return nil
    }
    return Array(part == "ℜ" ? whole.prefix(pairs) : whole.suffix(pairs))
  }

  /// What the gradient by a symbol is.
  private func gradient(by name: String, at i: Int) -> [Double?]? {
    let kept = tape.layers[layer]
    if let component = cell.stateComponents.firstIndex(of: name) { return gradient(component: component, at: i) }
    if let gate = preactivated(name) { return scaled(gates(kept.preactivationGradient, gate, at: i)) }
    return name == "q" ? scaled(gates(kept.recurrentGradient, cell.gates.count - 1, at: i)) : nil
  }

  /// By a part of the state, by all paths.
  private func gradient(component: Int, at i: Int) -> [Double?] {
    guard component > 0, let path = cell.memoryPath else {
      return scaled(slice(tape.layers[layer].gradient, row: i * tape.layers[layer].stateComponents))
    }
    return scaled(slice(tape.memoryGradient(path, layer: layer, step: i), row: 0))
  }

  /// In the unit of the objective that the cell's equations name; + 0 turns the -0 of what nothing reaches into 0.
  func scaled(_ values: [Double]) -> [Double] {
    let factor = cell.maximizesNegativeErrors ? -1 / tape.injectionWeight : 1
    return values.map { $0 * factor + 0 }
  }

  /// The index of the gate whose pre-activation is called so: a_i, or a where there is one.
  private func preactivated(_ name: String) -> Int? {
    if cell.gates.count == 1 { return cell.gates[0] == name ? 0 : nil }
    return name.hasPrefix("a_") ? cell.gates.firstIndex(of: String(name.dropFirst(2))) : nil
  }

  private func row(_ i: Int) -> Int { i * tape.batch + sequence }

  /// The sequence's units in a row of [.., B, H].
  private func slice(_ array: [Double], row: Int) -> [Double] {
    let start = (row * tape.batch + sequence) * hidden
    return Array(array[start..<start + hidden])
  }

  /// One gate's units in [T, B, G·H].
  private func gates(_ array: [Double], _ gate: Int, at i: Int) -> [Double] {
    let start = (row(i) * cell.gates.count + gate) * hidden
    return Array(array[start..<start + hidden])
  }

  /// What the layer reads.
  private func read(at i: Int) -> [Double] {
    guard layer > 0 else { return Array(tape.x[row(i) * tape.inputs..<(row(i) + 1) * tape.inputs]) }
    let below = tape.layers[layer - 1]
    return slice(below.state, row: (i + 1) * below.stateComponents)
  }

  // MARK: Targets

  /// The readout; of classes their probabilities.
  private func prediction(at i: Int) -> [Double] {
    let output = Array(tape.output[row(i) * tape.outputs..<(row(i) + 1) * tape.outputs])
    guard tape.lossKind == .crossEntropy else { return output }
    let largest = output.max() ?? 0
    let powers = output.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The target of each output, nil where it has none; of classes 1 for the right one.
  func target(at i: Int) -> [Double?] {
    switch tape.target {
    case .classes(let classes): return (0..<tape.outputs).map { $0 == Int(classes[row(i)]) ? 1 : 0 }
    case .values(let values):
      return (0..<tape.outputs).map { output in
        let place = row(i) * tape.outputs + output
        return tape.targetMask[row(i)] == 0 || tape.outputMask?[place] == 0 ? nil : values[place]
      }
    }
  }

  /// The same by unit, where units are outputs.
  private func targetsByUnit(at i: Int) -> [Double?] {
    target(at: i) + [Double?](repeating: nil, count: max(0, hidden - tape.outputs))
  }

  // MARK: Weights

  /// A matrix by its name: W_ih, W_hfᵀ, W_ii[l2]ᵀ, W_out; nil where it names none.
  private func matrix(_ base: String) -> StepEquation.Operand? {
    guard base.hasPrefix("W") else { return nil }
    let isTransposed = base.hasSuffix("ᵀ")
    var name = isTransposed ? String(base.dropLast()) : base
    if name == "W_out" { return readout(base, isTransposed: isTransposed) }
    if name == "W_D", let direct = tape.parameter("readout.direct") {
      let rows = (0..<tape.outputs).map { Array(direct[$0 * tape.inputs..<($0 + 1) * tape.inputs]) }
      return matrix(base, rows, isTransposed: isTransposed, isByUnit: false)
    }
    var depth = layer
    if name.hasSuffix(Self.above(layer)) {
      name.removeLast(Self.above(layer).count)
      depth += 1
    }
    if name.hasPrefix("W_d"), let delay = Int(name.dropFirst(3)) {
      let i = isTransposed ? index + delay * next : index
      guard i < tape.steps,
        let block = tape.layout.delayedWeights(layer: depth, step: i).first(where: { $0.delay == delay })?.block
      else { return nil }
      let rows = (0..<hidden).map { Array(tape.parameters[block.index($0, 0)..<block.index($0, hidden)]) }
      let mark = tape.layout.copies > 1 ? sub(t + i - index) : ""
      return matrix(name + mark + (isTransposed ? "ᵀ" : ""), rows, isTransposed: isTransposed, isByUnit: true)
    }
    if name == "W_hr", let block = tape.layout.projection(layer: depth) {
      // h has room for as many numbers as there are units; those beyond its own are 0.
      let rows = (0..<hidden).map { row in
        row < block.rows
          ? Array(tape.parameters[block.index(row, 0)..<block.index(row, hidden)])
          : [Double](repeating: 0, count: hidden)
      }
      return matrix(base, rows, isTransposed: isTransposed, isByUnit: true)
    }
    for (gate, of) in cell.gates.enumerated() {
      let isOne = cell.gates.count == 1
      // What comes back from the step after it comes through that step's own W_hh, where steps have their own.
      let isRecurrent = name == (isOne ? cell.recurrentWeights : "W_h" + of)
      guard isRecurrent || name == (isOne ? cell.inputWeights : "W_i" + of) else { continue }
      let i = isRecurrent && isTransposed ? index + next : index
      guard i < tape.steps else { return nil }
      let block =
        isRecurrent
        ? tape.layout.recurrentWeights(layer: depth, step: i) : tape.layout.inputWeights(layer: depth, step: i)
      let rows = (gate * hidden..<(gate + 1) * hidden).map { row in
        let own = Array(tape.parameters[block.index(row, 0)..<block.index(row, block.columns)])
        // Of a projected h: nothing of what is beyond its own numbers.
        let readsState = isRecurrent || depth > 0
        return readsState ? own + [Double](repeating: 0, count: hidden - own.count) : own
      }
      let mark = tape.layout.copies > 1 ? sub(t + i - index) : ""
      let symbol = isTransposed ? String(base.dropLast()) + mark + "ᵀ" : base + mark
      return matrix(symbol, rows, isTransposed: isTransposed, isByUnit: true)
    }
    return nil
  }

  private func readout(_ symbol: String, isTransposed: Bool) -> StepEquation.Operand? {
    guard let weights = tape.parameter("readout.weight") else { return nil }
    let seen = tape.network.outputUnits, rest = [Double](repeating: 0, count: hidden - seen)
    let rows = (0..<tape.outputs).map { Array(weights[$0 * seen..<($0 + 1) * seen]) + rest }
    return matrix(symbol, rows, isTransposed: isTransposed, isByUnit: isTransposed)
  }

  private func matrix(
    _ symbol: String, _ rows: [[Double]], isTransposed: Bool, isByUnit: Bool
  ) -> StepEquation.Operand {
    let columns = rows.first?.count ?? 0
    let numbers = isTransposed ? (0..<columns).map { column in rows.map { $0[column] } } : rows
    return .init(name: symbol, rows: numbers, isByUnit: isByUnit, isMatrix: true)
  }

  /// A bias by its name: b; b_f of a gate, both of its biases added up where it has two; b_in and b_hn, where they stand apart.
  private func bias(_ name: String, at i: Int) -> [Double]? {
    func of(_ tensor: String, _ gate: Int) -> [Double]? {
      tape.layout["\(tensor)_l\(layer)"].map { entry in
        let start = entry.copy(i).offset + gate * hidden
        return Array(tape.parameters[start..<start + hidden])
      }
    }
    for (gate, letter) in cell.gates.enumerated() {
      if let apart = of("bias_hh", gate) {
        if name == "b_i" + letter { return of("bias_ih", gate) }
        if name == "b_h" + letter { return apart }
      }
      guard name == (cell.gates.count == 1 ? "b" : "b_" + letter), let first = of("bias_ih", gate) else { continue }
      return of("bias_hh", gate).map { zip(first, $0).map { $0 + $1 } } ?? first
    }
    return nil
  }
}

extension StepInstrument {
  /// What a step is given, or is to give: x, ŷ or y.
  public struct Given: Equatable, Sendable {
    /// The symbol; its numbers where they are few, nil where an output has no target; and what is told in place of many.
    public let name: String, numbers: [Double?], note: String

    /// x in the lowest layer, ŷ and y in the top one.
    static func all(_ operands: StepOperands) -> [Given] {
      let tape = operands.tape
      var all: [Given] = []
      if operands.layer == 0, let x = operands.operand("x{t}") { all.append(Given(x.name, x.rows.map { $0[0] })) }
      let row = operands.index * tape.batch + operands.sequence
      guard operands.layer == tape.layers.count - 1, tape.targetMask[row] != 0 else { return all }
      let target = operands.target(at: operands.index)
      let isUnit = tape.network.cellDescription.error != nil
      if !isUnit, let prediction = operands.operand("ŷ{t}") {
        let numbers = prediction.rows.map { $0[0] }
        if numbers.count <= most {
          all.append(Given(prediction.name, numbers))
        } else if let right = target.firstIndex(of: 1), tape.lossKind == .crossEntropy {
          all.append(Given(prediction.name + " of the target", [numbers[right]]))
        }
      }
      return all + [Given(operands.written(isUnit ? "d{t}" : "y{t}"), target)]
    }

    private static let most = StepEquation.most

    private init(_ name: String, _ numbers: [Double?]) {
      self.name = name
      let ones = numbers.indices.filter { numbers[$0] == 1 }
      let isOneHot = ones.count == 1 && numbers.allSatisfy { $0 == 0 || $0 == 1 }
      self.numbers = numbers.count <= Self.most ? numbers : []
      note =
        numbers.count <= Self.most
        ? "" : isOneHot ? "one-hot, 1 at place \(ones[0] + 1) of \(numbers.count)" : "\(numbers.count) numbers"
    }
  }
}
