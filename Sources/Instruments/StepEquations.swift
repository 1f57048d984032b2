import Foundation
import GradientFlow
import RecurrentNetworks

/// All equations of one step of one layer and sequence with their numbers, to be done again by hand.
///
/// They are the lines that the cell says of itself, so that every cell has them; the readout, the loss and what comes from the layer
/// above are added here.
public struct StepEquations: Sendable {
  private let lines: StepLines

  init(_ tape: Tape, index: Int, layer: Int, sequence: Int) {
    lines = StepLines(StepOperands(tape: tape, index: index, layer: layer, sequence: sequence))
  }

  /// From what the layer reads to the state, and at the top to the loss.
  public var forward: [StepEquation] { lines.forward }
  /// The gradient by the state, by what is carried beside it, and by the pre-activations.
  public var backward: [StepEquation] { lines.backward }
  /// What stands left of the equations, without what it is made of.
  var forwardResults: [StepEquation.Operand] { lines.results(lines.forwardLines) }
  var backwardResults: [StepEquation.Operand] { lines.results(lines.backwardLines) }
  /// The first of the equations forward: that of the pre-activation, where there is one for all.
  var preactivation: StepEquation? { lines.preactivation }
  /// The two parts of the gradient by the state, before clipping: what the step itself gives, and what comes from the step after it.
  public var shares: (local: [Double], future: [Double]) { lines.shares }
}

/// Lines of symbols, filled in.
private struct StepLines: Sendable {
  private let operands: StepOperands
  private let cell: CellEquations
  private var tape: Tape { operands.tape }

  init(_ operands: StepOperands) {
    self.operands = operands
    cell = CellEquations(operands.tape.network, givesGradients: operands.tape.lossKind == .given)
  }

  private var isTop: Bool { operands.layer == tape.layers.count - 1 }
  private var row: Int { operands.index * tape.batch + operands.sequence }
  private var error: String? { tape.network.cellDescription.error }

  var forwardLines: [String] { cell.forwardLines + (isTop ? lossLines : []) }
  // On the way to a fixed point nothing goes back.
  var backwardLines: [String] { tape.isFixedPoint && !isLast ? [] : cell.gradientLines }

  var forward: [StepEquation] { forwardLines.compactMap { equation($0) } }
  var preactivation: StepEquation? { cell.forwardLines.first.flatMap { equation($0) } }

  func results(_ lines: [String]) -> [StepEquation.Operand] {
    lines.compactMap { operands.operand(CellEquations.sides($0).left) }
  }

  /// The readout and the loss, or W&Z's error.
  private var lossLines: [String] {
    let hasTarget = tape.targetMask[row] != 0
    if let error { return hasTarget ? [error] + (tape.hidden <= StepEquation.most ? ["l{t} = ½Σ( e{t} ² )"] : []) : [] }
    guard tape.lossKind != .given, tape.outputs <= StepEquation.most, tape.hidden <= StepEquation.most else {
      return []
    }
    let isClasses = tape.lossKind == .crossEntropy
    // Above the lowest layer x is what the layer below gives.
    let seesInput = tape.layout["readout.direct"] != nil
    if seesInput, operands.layer > 0 { return [] }
    let sum = "W_out h{t} + " + (seesInput ? "W_D x{t} + " : "") + "b_out"
    let readout = isClasses ? "ŷ{t} = softmax( \(sum) )" : "ŷ{t} = \(sum)"
    let loss = isClasses ? "l{t} = -Σ( y{t} ⊙ ln( ŷ{t} ) )" : "l{t} = ½Σ( ( ŷ{t} - y{t} )² )"
    return [readout] + (hasTarget ? [loss] : [])
  }

  var backward: [StepEquation] {
    backwardLines.enumerated().compactMap { equation($1, isByState: $0 == 0) }
  }

  var shares: (local: [Double], future: [Double]) {
    let kept = tape.layers[operands.layer]
    let units = row * tape.hidden..<(row + 1) * tape.hidden
    return (operands.scaled(Array(kept.localGradient[units])), operands.scaled(Array(kept.futureGradient[units])))
  }

  private var isLast: Bool { operands.index + 1 == tape.steps }

  // MARK: From a line to numbers

  private func equation(_ line: String, isByState: Bool = false) -> StepEquation? {
    let (left, right) = CellEquations.sides(line)
    guard let result = operands.operand(left) else { return nil }
    var terms = Self.terms(right).flatMap { self.terms($0, isByState: isByState) }
    if terms.isEmpty {
      let nothing = [StepEquation.Part.operand(operands.scalar("0", 0))]
      terms = [.init(nothing)]
    }
    // The first has no + in front.
    if terms[0].parts.first == .sign("+") {
      terms[0].parts.removeFirst()
      terms[0].folded.removeFirst()
    }
    return StepEquation(result: result, terms: terms)
  }

  /// The terms of a sum, each with its sign in front of it.
  private static func terms(_ right: String) -> [[String]] {
    var terms: [[String]] = [["+"]]
    var depth = 0
    for symbol in right.components(separatedBy: " ") {
      if depth == 0, symbol == "+" || symbol == "-" {
        terms.append([symbol])
      } else {
        terms[terms.count - 1].append(symbol)
      }
      depth += symbol.hasSuffix("(") ? 1 : symbol.hasPrefix(")") ? -1 : 0
    }
    return terms
  }

  /// One term with its numbers; none where what it tells of does not arrive, several for the step's own share.
  private func terms(_ symbols: [String], isByState: Bool) -> [StepEquation.Term] {
    let clipped = clips(0..<1)
    if symbols.last == "{local}" { return localTerms(clipped) }
    let steps = symbols.map(StepOperands.steps).max() ?? 0
    let isFuture = steps > 0
    var factors = isByState ? clipped : []
    if isFuture {
      guard operands.index + steps < tape.steps || tape.isFixedPoint else { return [] }
      // What a delay of several steps brings is rescaled at each of them, as all of the state's gradient is.
      factors = tape.isFixedPoint ? clipped : clips(0..<steps)
      if !tape.isFixedPoint, !tape.gradientScale.isEmpty {
        let scale = (1...steps).reduce(1.0) { $0 * tape.gradientScale[operands.index + $1] }
        guard scale != 0 else { return [] }
        if scale != 1 { factors.append(.operand(operands.scalar(steps == 1 ? "1/(1-c)" : "Π 1/(1-c)", scale))) }
      }
    }
    guard let parts = parts(Array(symbols.dropFirst())) else { return [] }
    let all = [.sign(symbols[0])] + factors + parts
    return [term(all, folded: all.folded, isFuture ? .future : .own)]
  }

  /// What clipping multiplied the gradient by at some steps, counted from this one.
  private func clips(_ steps: Range<Int>) -> [StepEquation.Part] {
    steps.compactMap { step in
      let clip = tape.clipScale(step: operands.index + step, layer: operands.layer)
      return clip < 1 ? .operand(operands.scalar("clip\(sub(operands.t + step))", clip)) : nil
    }
  }

  /// What arrives at the step itself: from its own loss, or from the layer above.
  private func localTerms(_ clipped: [StepEquation.Part]) -> [StepEquation.Term] {
    guard isTop else {
      return cell.linesFromAbove(StepOperands.above(operands.layer)).compactMap { line in
        parts(line.components(separatedBy: " ")).map { parts in
          let all = [.sign("+")] + clipped + parts
          return term(all, folded: all.folded, .local)
        }
      }
    }
    guard tape.mask[row] != 0 else { return [] }
    if error != nil, let error = operands.operand("e{t}") {
      let all = [.sign("+")] + clipped + [.operand(error)]
      return [term(all, folded: all, .local)]
    }
    let count = tape.injectionWeight < 1 ? Int((1 / tape.injectionWeight).rounded()) : 1
    let symbols = "W_outᵀ ( ŷ{t} - y{t} )" + (count > 1 ? " /\(count)" : "")
    let sum = StepEquation.Operand(
      name: cell.local(operands.t, count: count), rows: shares.local.map { [$0] }, isByUnit: true)
    let folded = [.sign("+")] + clipped + [.operand(sum)]
    let all = parts(symbols.components(separatedBy: " ")).map { [.sign("+")] + clipped + $0 } ?? folded
    return [term(all, folded: folded, .local)]
  }

  private func term(
    _ parts: [StepEquation.Part], folded: [StepEquation.Part], _ origin: StepEquation.Origin
  ) -> StepEquation.Term {
    .init(parts, folded: folded, origin: origin)
  }

  /// Pieces with their numbers; nil where a symbol means nothing. What a matrix multiplies and what a sum goes over is all needed,
  /// whichever units are shown: the operand behind a matrix, or all in the parenthesis there.
  private func parts(_ symbols: [String]) -> [StepEquation.Part]? {
    var parts: [StepEquation.Part] = []
    var (depth, isBehindMatrix) = (0, false)
    for symbol in symbols {
      if Self.isSign(symbol) {
        parts.append(.sign(symbol))
        if symbol.hasSuffix("("), depth > 0 || isBehindMatrix || symbol.contains("Σ") { depth += 1 }
        if symbol.hasPrefix(")"), depth > 0 { depth -= 1 }
        isBehindMatrix = false
      } else {
        guard var operand = operands.operand(symbol) else { return nil }
        if isBehindMatrix || depth > 0 { operand.isByUnit = false }
        isBehindMatrix = operand.isMatrix
        parts.append(.operand(operand))
      }
    }
    return parts
  }

  private static func isSign(_ symbol: String) -> Bool {
    symbol.hasSuffix("(") || symbol.hasPrefix(")") || symbol.hasPrefix("/")
      || ["+", "-", "⊙", "1", "²"].contains(symbol)
  }
}
