import RecurrentNetworks

/// Where on the input a loss comes from: ∂l_i/∂x_t of one sequence, by step and input, in logarithms.
///
/// By the chain rule ∂l_i/∂x_t = (∂l_i/∂a_t) W_ih, where a_t are the pre-activations of the lowest layer, by all paths through
/// time and layers. These are the derivatives themselves: what the pass rescales of a gradient on its way is not in them.
public struct InputAttribution: Equatable, Sendable {
  /// The step i of the loss, counted from the tape's first.
  public let loss: Int
  /// The number I of inputs.
  public let inputs: Int
  /// log10 |∂l_i/∂x_{t,j}|, [T, I]; -infinity for 0, and for every t > i.
  public let log10Magnitude: [Double]
  /// The signs, [T, I]: -1, 0 or 1.
  public let signs: [Int8]
  /// log10 ‖∂l_i/∂x_t‖₂, [T].
  public let log10Norm: [Double]

  /// The number T of steps.
  public var steps: Int { log10Norm.count }

  /// log10 |∂l_i/∂x_{t,j}|.
  public subscript(step: Int, input: Int) -> Double { log10Magnitude[step * inputs + input] }

  /// The elements of ∂l_i/∂x, [T, I]; 0 where they are below the least double.
  public var gradient: [Double] { zip(log10Magnitude, signs).map { Double($1) * Log10.power($0) } }

  /// The least number of steps before and at the loss that together have `share` of Σ_t ‖∂l_i/∂x_t‖; nil where the sum is 0 or
  /// not finite.
  public func reach(_ share: Double) -> Int? {
    let whole = Log10.sum(log10Norm)
    guard whole.isFinite else { return nil }
    var sum = 0.0
    for t in (0...loss).reversed() {
      sum += Log10.power(log10Norm[t] - whole)
      // Rounding of the sum does not ask for a step more.
      if sum >= share - 1e-12 { return loss - t + 1 }
    }
    return loss + 1
  }
}

extension InputAttribution {
  /// The attribution of the loss at step `loss` of a sequence; nil where there is no target at it.
  public init?(_ tape: Tape, loss: Int, sequence: Int = 0) {
    let graph = tape.graph(sequence: sequence)
    guard let seed = graph.losses.first(where: { $0.loss == loss }) else { return nil }
    let inputs = tape.inputs
    var magnitudes = [Double](repeating: -.infinity, count: tape.steps * inputs)
    var signs = [Int8](repeating: 0, count: tape.steps * inputs)
    var norms = [Double](repeating: -.infinity, count: tape.steps)
    let pullback = graph.makePullback(capacity: 1)
    var back = ReverseAccumulation(graph: graph, rows: 1)
    back.isRescaled = false
    back.run([.init(row: 0, site: seed.site, gradient: seed.gradient)]) { site, rows, _, _ in
      guard site.layer == 0 else { return }
      let scale = rows.exponent(of: 0) * Log10.of2
      let byInput = pullback.preactivationGradient(rows, row: 0, at: site).byInput
      var gradient = tape.layout.inputWeights(layer: 0, step: site.position).transposedProduct(byInput, tape.parameters)
      if site.position == loss {
        for (input, value) in tape.directGradient(step: loss, sequence: sequence).enumerated() {
          gradient[input] += value / RowBlock.power(rows.exponent(of: 0))
        }
      }
      norms[site.position] = Log10.norm(gradient) + scale
      for (input, value) in gradient.enumerated() where value != 0 {
        magnitudes[site.position * inputs + input] = Log10.of(abs(value)) + scale
        signs[site.position * inputs + input] = value < 0 ? -1 : 1
      }
    }
    self.init(loss: loss, inputs: inputs, log10Magnitude: magnitudes, signs: signs, log10Norm: norms)
  }
}

extension Tape {
  /// ∂l_t/∂x_t past the state, by D of the readout; empty where there is none.
  fileprivate func directGradient(step t: Int, sequence: Int) -> [Double] {
    guard let direct = layout["readout.direct"], injectionWeight != 0 else { return [] }
    let dy = Array(outputGradient(step: t)[sequence * outputs..<(sequence + 1) * outputs])
    return (0..<inputs).map { column in
      dy.indices.reduce(0) { $0 + dy[$1] * parameters[direct.offset + $1 * inputs + column] } / injectionWeight
    }
  }
}

extension ParameterLayout.Block {
  /// v W, of a row vector with as many elements as the block has rows.
  fileprivate func transposedProduct(_ vector: [Double], _ parameters: [Double]) -> [Double] {
    var product = [Double](repeating: 0, count: columns)
    for (row, factor) in vector.enumerated() where factor != 0 {
      let start = index(row, 0)
      for column in 0..<columns { product[column] += factor * parameters[start + column] }
    }
    return product
  }
}
