import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// A pass of a network that is no recurrent one over a batch of whole sequences, in one precision; its arenas are taken once.
///
/// `load`, `forward` and `backward` are called in this order. Rows are ordered [T, B].
public final class GraphPass<S: Scalar> {
  /// The parameters' layout.
  public let layout: ParameterLayout
  /// T, B, and the width d of a state.
  public let steps: Int, batch: Int, width: Int
  /// The parameters, and their gradient after `backward`, flat.
  public let parameters: UnsafeMutableBufferPointer<S>, gradient: UnsafeMutableBufferPointer<S>
  /// The loss of a step.
  public let loss: LossKind
  /// Everything between inputs and readout.
  public let body: any ArchitectureBody<S>
  private let arena = Arena<S>()
  /// The readout, and how many parts of a state it reads one by one.
  let readout: Dense<S>
  private let places: Int
  private let x: UnsafeMutablePointer<S>, values: UnsafeMutablePointer<S>
  /// y, then weight · ∂l/∂y; and l, [T·B].
  private let output: UnsafeMutablePointer<S>, losses: UnsafeMutablePointer<S>
  private var classes: [Int32]
  private(set) var mask: [UInt8]
  private var outputMask: [UInt8]?

  /// A pass over `batch` sequences of `steps` steps.
  public init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layout: ParameterLayout, steps: Int,
    batch: Int, loss: LossKind
  ) {
    (self.layout, self.steps, self.batch, self.loss) = (layout, steps, batch, loss)
    width = specification.kind == .bidirectional ? network.outputUnits : network.hidden
    let rows = steps * batch
    let weights = Weights(layout, arena)
    parameters = UnsafeMutableBufferPointer(start: weights.parameters, count: layout.count)
    gradient = UnsafeMutableBufferPointer(start: weights.gradient, count: layout.count)
    body = specification.makeBody(network, weights, steps: steps, batch: batch, arena)
    places = specification.readoutPlaces(inputs: layout.inputs)
    readout = Dense(
      "readout", weights, inputs: body.topWidth / places, outputs: layout.outputs / places, arena)
    x = arena.take(rows, layout.inputs)
    (values, output) = (arena.take(rows, layout.outputs), arena.take(rows, layout.outputs))
    losses = arena.take(rows)
    classes = Array(repeating: 0, count: rows)
    mask = Array(repeating: 0, count: rows)
  }

  /// The numbers that a pass takes, those of passes inside it too.
  var numbers: Int { arena.count + body.numbersApart }

  /// The numbers that a pass keeps of its sequences: what it takes more for each of them. Weights are not in it.
  public static func numbersHeld(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layout: ParameterLayout, steps: Int,
    batch: Int, loss: LossKind
  ) -> Int {
    func numbers(_ batch: Int) -> Int {
      GraphPass(specification, network, layout: layout, steps: steps, batch: batch, loss: loss).numbers
    }
    return numbers(2 * batch) - numbers(batch)
  }

  /// Takes the sequences of a batch.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func load(_ data: SequenceBatch) {
    precondition(data.steps == steps && data.batch == batch && data.inputs == layout.inputs, "the batch fits the pass")
    data.x.withUnsafeBufferPointer { from in for k in from.indices { x[k] = S(from[k]) } }
    switch data.target {
    case .classes(let targets): classes = targets
    case .values(let targets):
      targets.withUnsafeBufferPointer { from in for k in from.indices { values[k] = S(from[k]) } }
    }
    (mask, outputMask) = (data.targetMask, data.outputMask)
  }

  /// y_t = W_ho h_t + b_o at every step.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward() {
    body.forward(x)
    readout.pack(back: false)
    // The readout of 0 is its bias.
    let silent = body.firstTopStep * batch * places
    readout.forwardOfZero(silent, into: output)
    readout.forward(
      steps * batch * places - silent, body.top + silent * readout.inputs, into: output + silent * readout.outputs)
  }

  /// The outputs after `forward`, [T·B, O], widened.
  public func outputs(_ range: Range<Int>) -> [Double] {
    let row = batch * layout.outputs
    return (range.lowerBound * row..<range.upperBound * row).map { Double(output[$0]) }
  }

  /// The gradient of the objective by every parameter, of a pass that was run forward; its outputs are lost.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backward(_ reduction: Reduction) -> PassResult {
    let weight = weight(reduction)
    gradient.update(repeating: 0)
    injectLosses(weight: S(weight))
    readout.pack(back: true)
    readoutBackward()
    body.backward(x)
    let objective = objective(weight: weight)
    let norm = gradientNorm()
    let isFinite = objective.isFinite && norm.isFinite
    return PassResult(
      objective: objective, injected: mask.count { $0 != 0 }, gradientNorm: norm,
      nonFinite: isFinite ? nil : firstNonFinite())
  }

  /// ∂L/∂ of the readout and of the top, from the first step with a target on: before it all of them are 0.
  private func readoutBackward() {
    let first = (mask.firstIndex { $0 != 0 } ?? mask.count) / batch * batch
    let row = body.topWidth, rows = steps * batch - first
    let silent = min(first, body.firstTopStep * batch)
    (body.topGradient + silent * row).update(repeating: 0, count: (first - silent) * row)
    let (h, dy) = (body.top + first * row, output + first * layout.outputs)
    readout.addGradient(rows * places, h, dy)
    readout.backward(rows * places, dy, into: body.topGradient + first * row)
  }

  /// l and weight · ∂l/∂y: softmax cross-entropy, or ½‖y - d‖².
  private func injectLosses(weight: S) {
    let (rows, outputs) = (steps * batch, layout.outputs)
    guard loss == .crossEntropy else {
      if let outputMask {
        // Where nothing is asked for there is no error.
        for k in 0..<rows * outputs where outputMask[k] == 0 { output[k] = values[k] }
      }
      S.squaredError(
        rows: rows, columns: outputs, weight: weight, mask: mask, target: values, targetStride: outputs, y: output,
        yStride: outputs, loss: losses)
      return
    }
    S.crossEntropy(
      rows: rows, classes: outputs, weight: weight, mask: mask, target: classes, y: output, yStride: outputs,
      loss: losses)
  }

  /// The objective of a pass that was run forward, without the way back; its outputs are lost.
  func objective(_ reduction: Reduction) -> Double {
    let weight = weight(reduction)
    injectLosses(weight: S(weight))
    return objective(weight: weight)
  }

  /// The weight of a loss in the objective.
  private func weight(_ reduction: Reduction) -> Double {
    reduction == .mean ? 1 / Double(max(1, mask.count { $0 != 0 })) : 1
  }

  private func objective(weight: Double) -> Double {
    weight * (0..<steps * batch).reduce(0) { $0 + Double(losses[$1]) }
  }

  private func gradientNorm() -> Double {
    let squares = S.sumOfSquares(count: layout.count, x: UnsafePointer(gradient.baseAddress ?? x))
    guard squares <= 0x1p-960 || squares == .infinity else { return squares.squareRoot() }
    let largest = gradient.reduce(0) { max($0, abs(Double($1))) }
    guard largest > 0, largest.isFinite else { return largest }
    return largest * gradient.reduce(0) { $0 + (Double($1) / largest) * (Double($1) / largest) }.squareRoot()
  }

  /// The first number that was not finite, in the order of computation.
  private func firstNonFinite() -> NonFinite {
    if let row = (0..<steps * batch).first(where: { !losses[$0].isFinite }) {
      return NonFinite(step: row / batch, factor: "loss")
    }
    let entry = layout.entries.last { $0.range.contains { !gradient[$0].isFinite } }
    return NonFinite(step: 0, factor: "gradient of \(entry?.name ?? "the weights")")
  }

  /// ‖∂L/∂x_t‖ over the batch of a layer at a step.
  public func gradientNorm(layer: Int, step: Int) -> Double {
    let row = batch * width
    return S.sumOfSquares(count: row, x: body.stateGradient(layer: layer) + step * row).squareRoot()
  }

  /// ∂l_t/∂h_t of the top of one sequence, by each step with a target, unweighted; for a pass that was run back.
  func lossGradients(sequence: Int, weight: Double) -> [StepLoss] {
    let outputs = layout.outputs
    let row = Arena<S>()
    let result = row.take(body.topWidth)
    return (0..<steps).compactMap { t in
      let place = t * batch + sequence
      guard mask[place] != 0 else { return nil }
      readout.backward(places, output + place * outputs, into: result)
      return StepLoss(step: t, gradient: (0..<body.topWidth).map { Double(result[$0]) / weight }, weight: weight)
    }
  }

  /// The losses l_t, [T·B], 0 without a target.
  var lossNumbers: [Double] { (0..<steps * batch).map { Double(losses[$0]) } }
}
