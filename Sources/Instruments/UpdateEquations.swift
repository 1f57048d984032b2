import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// An update with its numbers, to be done again by hand: ‖g‖, what clipping multiplies g by, and the optimizer's step of each
/// tensor; of a network that is not small, of its first recurrent weight alone.
struct UpdateEquations {
  private typealias Part = StepEquation.Part

  private let step: MomentStep, name: OptimizerKind, clip: ClipSpecification
  private let layout: ParameterLayout, layers: Int
  private let weights: [Double], gradient: [Double], clipped: [Double], moments: OptimizerMoments
  private let raw: Double

  /// Equations of the step that follows `gradient`; nil where the optimizer's memory is not known.
  ///
  /// - Parameters:
  ///   - snapshot: the run before the update.
  ///   - gradient: of all parameters, before clipping.
  ///   - rate: η.
  init?(_ snapshot: Snapshot, _ gradient: [Double], rate: Double) {
    let training = snapshot.experiment.training, moments = snapshot.moments
    name = training.optimizer.name
    step = name.rule.step(training.optimizer, rate: rate, t: moments.steps + 1)
    clip = training.clip
    (layout, layers, weights, self.gradient, self.moments) = (
      snapshot.layout, snapshot.experiment.network.layers, snapshot.parameters, gradient, moments
    )
    guard step.first == nil || moments.first.count == weights.count,
      step.second == nil || moments.second.count == weights.count, gradient.count == weights.count
    else { return nil }
    clipped = clip.clipping(gradient, layout)
    raw = euclideanNorm(gradient)
  }

  // MARK: The step

  /// ‖Δw‖ of all parameters.
  var distance: Double { euclideanNorm(weights.indices.map { next($0).weight - weights[$0] }) }

  /// A parameter after the step, and its moments.
  private func next(_ i: Int) -> (weight: Double, first: Double, second: Double) {
    let g = clipped[i] + step.l2 * weights[i]
    let m = step.first.map { $0.keep * moments.first[i] + $0.add * g } ?? 0
    let v = step.second.map { $0.keep * moments.second[i] + $0.add * g * g } ?? 0
    let divisor = step.second == nil ? 1 : v.squareRoot() * step.root + step.epsilon
    let weight = step.keep * weights[i] - step.rate * (step.byGradient * g + step.byFirst * m) / divisor
    guard clip.kind == .weight else { return (weight, m, v) }
    return (min(max(weight, -clip.threshold), clip.threshold), m, v)
  }

  // MARK: Equations

  /// Some rows and columns of a tensor, and how they are called.
  private struct Block {
    let symbol: String, gradient: String
    let entry: ParameterLayout.Entry
    let rows: Int, columns: Int
  }

  /// The step of the first recurrent weight, or of the first of W_ih where there is no W_hh: `name`; of a network without them
  /// none.
  func ofOneWeight(_ name: String, layer: Int) -> [StepEquation] {
    guard !name.isEmpty else { return [] }
    let recurrent = layout.recurrentWeights(layer: layer)
    let place = (recurrent.rows > 0 ? recurrent : layout.inputWeights(layer: layer)).offset
    guard let entry = layout.entries.first(where: { $0.range.contains(place) }), entry.range.lowerBound == place else {
      return []
    }
    let symbol = "\(name)\(layers > 1 ? "[l\(layer + 1)]" : "")[1,1]"
    return equations(Block(symbol: symbol, gradient: "g", entry: entry, rows: 1, columns: 1))
  }

  /// All of it; empty where the network is not small.
  var ofAll: [StepEquation] {
    let blocks = layout.entries.map(block)
    guard weights.count <= Self.mostWeights, layout.copies == 1,
      blocks.allSatisfy({ $0.rows <= Self.mostRows && $0.columns <= Self.mostColumns })
    else { return [] }
    return normEquations(blocks) + blocks.flatMap(equations)
  }

  private static let mostWeights = 120, mostRows = 16, mostColumns = 8

  private func block(_ entry: ParameterLayout.Entry) -> Block {
    let symbol = symbol(entry.name)
    return Block(
      symbol: symbol, gradient: "∂L/∂" + symbol, entry: entry, rows: entry.shape.first ?? 1,
      columns: entry.shape.count > 1 ? entry.shape[1] : 1)
  }

  /// A tensor as the equations of the step call it.
  private func symbol(_ name: String) -> String {
    let parts = name.split(separator: "_l"),
      mark = layers > 1 && parts.count > 1 ? "[l\((Int(parts[1]) ?? 0) + 1)]" : ""
    switch parts.first ?? "" {
    case "weight": return "W"
    case "weight_ih": return "W_ih" + mark
    case "weight_hh": return "W_hh" + mark
    case "weight_hr": return "W_hr" + mark
    case "bias_ih": return (layout["bias_hh_l\(parts.count > 1 ? parts[1] : "0")"] == nil ? "b" : "b_ih") + mark
    case "bias_hh": return "b_hh" + mark
    case "readout.weight": return "W_out"
    case "readout.bias": return "b_out"
    default: return name
    }
  }

  /// ‖g‖ out of its tensors, and what norm clipping makes of it.
  private func normEquations(_ blocks: [Block]) -> [StepEquation] {
    let squares = blocks.enumerated().map { index, block -> [Part] in
      let square = gradient[block.entry.range].reduce(0) { $0 + $1 * $1 }
      let sign = index == 0 ? "√(" : "+"
      return [.sign(sign), scalar("‖\(block.gradient)‖²", square)] + (index + 1 == blocks.count ? [.sign(")")] : [])
    }
    let norm = StepEquation("‖g‖", [[raw]], squares)
    guard clip.kind == .norm, raw > clip.threshold else { return [norm] }
    return [
      norm,
      StepEquation(
        "scale", [[clip.threshold / raw]], [[scalar("c", clip.threshold), .sign("/"), scalar("‖g‖", raw)]]),
    ]
  }

  /// The moments where there are any, then the weights.
  private func equations(_ block: Block) -> [StepEquation] {
    let decayed = decayed(block), number = moments.steps
    let names = momentNames(block)
    var equations: [StepEquation] = []
    if let moment = step.first {
      let before = factor(names.firstKeep, moment.keep) + [values(names.first(number), block) { moments.first[$0] }]
      equations.append(
        StepEquation(
          names.first(number + 1), rows(block) { next($0).first },
          [before, [.sign("+")] + factor("(1-\(names.firstKeep))", moment.add) + decayed]))
    }
    if let moment = step.second {
      let before = factor(names.secondKeep, moment.keep) + [values(names.second(number), block) { moments.second[$0] }]
      equations.append(
        StepEquation(
          names.second(number + 1), rows(block) { next($0).second },
          [
            before,
            [.sign("+")] + factor("(1-\(names.secondKeep))", moment.add) + [.sign("(")] + inner(block) + [.sign(")²")],
          ]))
    }
    return equations + [weightEquation(block, decayed, names)]
  }

  /// What is added to the weights: in three digits the weights themselves would hardly change.
  private func weightEquation(_ block: Block, _ decayed: [Part], _ names: MomentNames) -> StepEquation {
    let weights = values(block.symbol, block) { self.weights[$0] }, isClipped = clip.kind == .weight
    var step = stepParts(block, decayed, names)
    guard isClipped else {
      let decay = self.step.keep == 1 ? [] : [[scalar("-ηλ", self.step.keep - 1), weights]]
      let along = [scalar("-" + rateName, -self.step.rate)] + step
      return StepEquation(
        "Δ" + block.symbol, rows(block) { next($0).weight - self.weights[$0] },
        decay + [(decay.isEmpty ? [] : [.sign("+")]) + along])
    }
    step = [.sign("-"), scalar(rateName, self.step.rate)] + step
    let kept = [.sign("clip(")] + factor("(1-ηλ)", self.step.keep) + [weights]
    step += [.sign(", ±"), scalar("c", clip.threshold), .sign(")")]
    return StepEquation(
      "Δ" + block.symbol, rows(block) { next($0).weight - self.weights[$0] }, [kept, step, [.sign("-"), weights]])
  }

  private var rateName: String { name == .adam || name == .adamw ? "η/(1-β₁ᵗ)" : "η" }

  /// What η multiplies.
  private func stepParts(_ block: Block, _ decayed: [Part], _ names: MomentNames) -> [Part] {
    var direction = decayed
    if step.first != nil {
      let first = values(names.first(moments.steps + 1), block) { next($0).first }
      // Nesterov looks ahead: g + μ m.
      direction =
        step.byGradient == 0
        ? [first]
        : [.sign("(")] + inner(block) + [.sign("+"), scalar(names.firstKeep, step.byFirst), first, .sign(")")]
    }
    guard step.second != nil else { return direction }
    let second = values(names.second(moments.steps + 1), block) { next($0).second }
    return direction + [.sign("/"), .sign("(")] + factor("1/√(1-β₂ᵗ)", step.root)
      + [.sign("√("), second, .sign(")"), .sign("+"), scalar("ε", step.epsilon), .sign(")")]
  }

  /// g as clipping and decay leave it, in parentheses where it is a sum.
  private func decayed(_ block: Block) -> [Part] {
    step.l2 > 0 ? [.sign("(")] + inner(block) + [.sign(")")] : inner(block)
  }

  private func inner(_ block: Block) -> [Part] {
    let g = values(block.gradient, block) { gradient[$0] }
    let decay: [Part] =
      step.l2 > 0 ? [.sign("+"), scalar("λ", step.l2), values(block.symbol, block) { weights[$0] }] : []
    switch clip.kind {
    case .value where clipped != gradient:
      return [.sign("clip("), g, .sign(", ±"), scalar("c", clip.threshold), .sign(")")] + decay
    case .norm where raw > clip.threshold: return [scalar("scale", clip.threshold / raw), g] + decay
    case .tensor:
      let own = euclideanNorm(Array(gradient[block.entry.range]))
      return (own > clip.threshold ? [scalar("c/‖\(block.gradient)‖", clip.threshold / own)] : []) + [g] + decay
    default: return [g] + decay
    }
  }

  // MARK: Names and numbers

  /// How the moments are called at step t of the optimizer, and what stays of them.
  private struct MomentNames {
    let firstLetter: String, firstKeep: String, secondKeep: String, of: String

    func first(_ t: Int) -> String { firstLetter + sub(t) + of }
    func second(_ t: Int) -> String { "v" + sub(t) + of }
  }

  private func momentNames(_ block: Block) -> MomentNames {
    // Momentum's first moment is the velocity v; beside a second one it is m.
    let isPair = step.second != nil, of = "[\(block.symbol)]"
    return MomentNames(
      firstLetter: isPair ? "m" : "v", firstKeep: isPair ? "β₁" : "μ", secondKeep: name == .rmsprop ? "α" : "β₂", of: of
    )
  }

  /// A factor; none where it is 1.
  private func factor(_ name: String, _ value: Double) -> [Part] { value == 1 ? [] : [scalar(name, value)] }

  private func scalar(_ name: String, _ value: Double) -> Part {
    .operand(.init(name: name, rows: [[value]], isByUnit: false))
  }

  private func values(_ name: String, _ block: Block, _ number: (Int) -> Double) -> Part {
    .operand(.init(name: name, rows: rows(block, number), isByUnit: false))
  }

  private func rows(_ block: Block, _ number: (Int) -> Double) -> [[Double?]] {
    let stride = block.entry.shape.count > 1 ? block.entry.shape[1] : 1
    return (0..<block.rows).map { row in
      (0..<block.columns).map { number(block.entry.offset + row * stride + $0) }
    }
  }
}

extension StepEquation {
  fileprivate init(_ name: String, _ rows: [[Double?]], _ terms: [[Part]]) {
    self.init(
      result: .init(name: name, rows: rows, isByUnit: false),
      terms: terms.map { .init(whole: $0) })
  }
}
