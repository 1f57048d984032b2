import LinearAlgebra
import RecurrentNetworks

/// A causal Transformer (Vaswani et al. 2017): blocks of self-attention and of a hidden layer, position by position.
///
/// The tensors are those of PyTorch's `TransformerEncoder`, whose masked form it is: `layers.0.self_attn.in_proj_weight` [3·d, d],
/// `.out_proj`, `linear1`, `linear2`, `norm1`, `norm2`; before them `embedding`, after them `norm` where blocks normalize first.
public final class Transformer<S: Scalar>: ArchitectureBody {
  /// The rows T·B, and the width d.
  let rows: Int, width: Int
  let steps: Int, batch: Int
  let blocks: [TransformerBlock<S>]
  let embedding: Dense<S>
  /// p_t, [T, d]: computed, or where they begin among the parameters; nil where positions are not added so.
  private let positions: UnsafeMutablePointer<S>?
  private let learnedPositions: Int?
  /// Whether a position is added to what the first block reads.
  var hasPositions: Bool { positions != nil || learnedPositions != nil }
  let finalNorm: LayerNorm<S>?
  private let weights: Weights<S>
  /// x of each block, then the last block's output; and their gradients, [T·B, d].
  let x: [UnsafeMutablePointer<S>], gradient: [UnsafeMutablePointer<S>]
  /// What the pass read, [T·B, I].
  private(set) var inputs: UnsafePointer<S>?

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int,
    batch: Int, _ arena: Arena<S>
  ) {
    (width, self.steps, self.batch, self.weights) = (network.hidden, steps, batch, weights)
    rows = steps * batch
    embedding = Dense("embedding", weights, inputs: weights.layout.inputs, outputs: width, arena)
    positions = specification.positions == .sinusoidal ? arena.take(steps, width) : nil
    if let positions {
      for (index, code) in PositionTable.sinusoidal(steps: steps, width: width).enumerated() {
        positions[index] = S(code)
      }
    }
    learnedPositions = specification.positions == .learned ? weights.offset("positions.weight") : nil
    let scratch = TransformerBlock<S>.Scratch(rows: rows, width: width, hidden: specification.expansion * width, arena)
    blocks = (0..<network.layers).map {
      TransformerBlock(specification, network, layer: $0, weights, steps: steps, batch: batch, scratch, arena)
    }
    let (rows, width) = (rows, width)
    finalNorm = specification.norm == .pre ? LayerNorm("norm", weights, rows: rows, width: width, arena) : nil
    x = (0...network.layers).map { _ in arena.take(rows, width) }
    gradient = (0...network.layers).map { _ in arena.take(rows, width) }
  }

  /// The tensors before the readout.
  static func tensors(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, inputs: Int, steps: Int
  ) -> [(name: String, shape: [Int])] {
    let d = network.hidden
    func norm(_ name: String) -> [(String, [Int])] { [(name + ".weight", [d]), (name + ".bias", [d])] }
    var tensors: [(String, [Int])] = [("embedding.weight", [d, inputs]), ("embedding.bias", [d])]
    if specification.positions == .learned { tensors.append(("positions.weight", [steps, d])) }
    for layer in 0..<network.layers {
      let name = "layers.\(layer)."
      let hidden = specification.expansion * d
      tensors += [
        (name + "self_attn.in_proj_weight", [3 * d, d]), (name + "self_attn.in_proj_bias", [3 * d]),
        (name + "self_attn.out_proj.weight", [d, d]), (name + "self_attn.out_proj.bias", [d]),
        (name + "linear1.weight", [hidden, d]), (name + "linear1.bias", [hidden]),
        (name + "linear2.weight", [d, hidden]), (name + "linear2.bias", [d]),
      ]
      if specification.norm != .none { tensors += norm(name + "norm1") + norm(name + "norm2") }
    }
    return tensors + (specification.norm == .pre ? norm("norm") : [])
  }

  /// The output of the last block, normalized where blocks normalize first.
  public var top: UnsafeMutablePointer<S> { x[blocks.count] }
  /// Its gradient.
  public var topGradient: UnsafeMutablePointer<S> { gradient[blocks.count] }

  /// x_0 = W_e x_t + b_e + p_t, then block after block.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func forward(_ input: UnsafePointer<S>) {
    inputs = input
    embedding.pack(back: false)
    embedding.forward(rows, input, into: x[0])
    if let codes = positions ?? learnedPositions.map({ weights.parameters + $0 }) {
      for t in 0..<steps {
        S.scaleAdd(
          rows: batch, columns: width, alpha: 1, x: codes + t * width, xStride: 0, beta: 1,
          y: x[0] + t * batch * width, yStride: width)
      }
    }
    for (layer, block) in blocks.enumerated() { block.forward(x[layer], into: x[layer + 1]) }
    finalNorm?.forward(rows, top, into: top)
  }

  /// From ∂L/∂top to every gradient.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backward(_ input: UnsafePointer<S>) {
    if let finalNorm, let last = blocks.last {
      // The gradient of the normalized output stays where it is.
      finalNorm.backward(rows, topGradient, into: last.scratch.outer, accumulate: false)
      last.backward(x[blocks.count - 1], outputGradient: last.scratch.outer, into: gradient[blocks.count - 1])
    }
    for layer in blocks.indices.dropLast(finalNorm == nil ? 0 : 1).reversed() {
      blocks[layer].backward(x[layer], outputGradient: gradient[layer + 1], into: gradient[layer])
    }
    embedding.addGradient(rows, input, gradient[0])
    guard let learnedPositions else { return }
    for t in 0..<steps {
      S.addColumnSums(
        rows: batch, columns: width, x: gradient[0] + t * batch * width, xStride: width,
        to: weights.gradient + learnedPositions + t * width)
    }
  }

  /// x.
  public var stateName: String { "x" }
  /// Between two of them lie the keys and values.
  public func graphLayer(_ layer: Int) -> Int { 2 * layer }
  /// The readout reads one state.
  public var topWidth: Int { width }
  /// A layer is what a block reads.
  public var shownLayers: Int { blocks.count }
  /// x of the block.
  public func state(layer: Int) -> UnsafeMutablePointer<S> { x[layer] }
  /// Its gradient.
  public func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { gradient[layer] }
}

/// One block: y = x + W_o attention(norm x) + b_o, z = y + W_2 φ(W_1 norm y + b_1) + b_2; with `post` the sums are normalized in
/// place of what the sublayers read, and without the residual path x and y are not added.
final class TransformerBlock<S: Scalar> {
  /// What all blocks use one after the other.
  struct Scratch {
    /// [T·B, d] each.
    let outer: UnsafeMutablePointer<S>, inner: UnsafeMutablePointer<S>, middle: UnsafeMutablePointer<S>
    let normed: UnsafeMutablePointer<S>
    /// [T·B, hidden], [T·B, 3·d].
    let hidden: UnsafeMutablePointer<S>, projected: UnsafeMutablePointer<S>

    init(rows: Int, width: Int, hidden: Int, _ arena: Arena<S>) {
      (outer, inner) = (arena.take(rows, width), arena.take(rows, width))
      (middle, normed) = (arena.take(rows, width), arena.take(rows, width))
      (self.hidden, projected) = (arena.take(rows, hidden), arena.take(rows, 3 * width))
    }
  }

  let rows: Int, width: Int, hiddenWidth: Int, steps: Int, batch: Int
  let isResidual: Bool, placement: NormPlacement
  private let function: ElementwiseFunction
  /// What φ is called.
  let activation: String
  let attention: CausalAttention<S>
  let projection: Dense<S>, output: Dense<S>, first: Dense<S>, second: Dense<S>
  private let maps: [Dense<S>]
  let norm1: LayerNorm<S>?, norm2: LayerNorm<S>?
  let rotary: RotaryTable<S>?
  let scratch: Scratch
  /// What attention and the hidden layer read: x and y, normalized where they are.
  private let attentionInput: UnsafeMutablePointer<S>, hiddenInput: UnsafeMutablePointer<S>
  /// q, k and v of each row, turned where positions turn them; and what attention gives.
  let qkv: UnsafeMutablePointer<S>, attended: UnsafeMutablePointer<S>
  /// y; φ(a) and φ′(a) of the hidden layer.
  let y: UnsafeMutablePointer<S>, hidden: UnsafeMutablePointer<S>
  let slope: UnsafeMutablePointer<S>

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layer: Int, _ weights: Weights<S>,
    steps: Int, batch: Int, _ scratch: Scratch, _ arena: Arena<S>
  ) {
    let (rows, d, name) = (steps * batch, network.hidden, "layers.\(layer).")
    (self.rows, width, hiddenWidth, self.steps, self.batch) = (rows, d, specification.expansion * d, steps, batch)
    (isResidual, placement, function) = (specification.isResidual, specification.norm, network.activation.function)
    activation = network.activation.rawValue
    self.scratch = scratch
    attention = CausalAttention(steps: steps, batch: batch, width: d, heads: specification.heads, arena)
    projection = Dense(name + "self_attn.in_proj", separator: "_", weights, inputs: d, outputs: 3 * d, arena)
    output = Dense(name + "self_attn.out_proj", weights, inputs: d, outputs: d, arena)
    first = Dense(name + "linear1", weights, inputs: d, outputs: hiddenWidth, arena)
    second = Dense(name + "linear2", weights, inputs: hiddenWidth, outputs: d, arena)
    maps = [projection, output, first, second]
    func norm(_ number: Int) -> LayerNorm<S>? {
      specification.norm == .none ? nil : LayerNorm(name + "norm\(number)", weights, rows: rows, width: d, arena)
    }
    (norm1, norm2) = (norm(1), norm(2))
    rotary =
      specification.positions == .rotary ? RotaryTable(steps: steps, headWidth: d / specification.heads) : nil
    (attentionInput, hiddenInput) = (arena.take(rows, d), arena.take(rows, d))
    (qkv, attended, y) = (arena.take(rows, 3 * d), arena.take(rows, d), arena.take(rows, d))
    (hidden, slope) = (arena.take(rows, hiddenWidth), arena.take(rows, hiddenWidth))
  }

  /// u = norm x; q, k, v = W_in u + b_in; y = x + W_o attention(q, k, v) + b_o; z = y + W_2 φ(W_1 norm y + b_1) + b_2
  func forward(_ x: UnsafePointer<S>, into z: UnsafeMutablePointer<S>) {
    for dense in maps { dense.pack(back: false) }
    read(x, by: norm1, into: attentionInput)
    projection.forward(rows, attentionInput, into: qkv)
    turn(qkv, inverse: false)
    attention.forward(qkv, into: attended)
    output.forward(rows, attended, into: y)
    close(y, over: x, by: norm1)
    read(y, by: norm2, into: hiddenInput)
    first.forward(rows, hiddenInput, into: slope)
    _ = S.activate(
      function, rows: rows, columns: hiddenWidth, a: slope, aStride: hiddenWidth, value: hidden,
      valueStride: hiddenWidth, derivative: slope, derivativeStride: hiddenWidth)
    second.forward(rows, hidden, into: z)
    close(z, over: y, by: norm2)
  }

  /// What a sublayer reads.
  private func read(_ x: UnsafePointer<S>, by norm: LayerNorm<S>?, into u: UnsafeMutablePointer<S>) {
    if placement == .pre, let norm {
      norm.forward(rows, x, into: u)
    } else {
      u.update(from: x, count: rows * width)
    }
  }

  /// The sublayer's output on the residual path.
  private func close(_ y: UnsafeMutablePointer<S>, over x: UnsafePointer<S>, by norm: LayerNorm<S>?) {
    if isResidual { add(x, to: y) }
    if placement == .post { norm?.forward(rows, y, into: y) }
  }

  private func add(_ x: UnsafePointer<S>, to y: UnsafeMutablePointer<S>) {
    S.scaleAdd(rows: 1, columns: rows * width, alpha: 1, x: x, xStride: 0, beta: 1, y: y, yStride: 0)
  }

  /// Turns queries and keys to their positions, or back.
  private func turn(_ qkv: UnsafeMutablePointer<S>, inverse: Bool) {
    guard let rotary else { return }
    for row in 0..<rows {
      rotary.turn(qkv + row * 3 * width, columns: 2 * width, position: row / batch, inverse: inverse)
    }
  }

  /// From ∂L/∂z to ∂L/∂x, by the same lines from the last to the first; the gradients of the weights grow.
  func backward(
    _ x: UnsafePointer<S>, outputGradient dz: UnsafePointer<S>, into dx: UnsafeMutablePointer<S>
  ) {
    for dense in maps { dense.pack(back: true) }
    // ∂L/∂(y + …) of the sum before a closing norm.
    let sum = open(dz, by: norm2, into: scratch.inner)
    second.addGradient(rows, hidden, sum)
    second.backward(rows, sum, into: scratch.hidden)
    S.multiplyElements(
      rows: 1, columns: rows * hiddenWidth, scale: 1, x: scratch.hidden, xStride: 0, y: slope, yStride: 0,
      into: scratch.hidden, zStride: 0)
    first.addGradient(rows, hiddenInput, scratch.hidden)
    let dy = scratch.middle
    sendDown(first, scratch.hidden, residual: sum, by: norm2, into: dy)
    let inner = open(dy, by: norm1, into: scratch.inner)
    output.addGradient(rows, attended, inner)
    // ∂L/∂attention takes the place of dx for a while.
    output.backward(rows, inner, into: dx)
    attention.backward(qkv, outputGradient: dx, into: scratch.projected)
    turn(scratch.projected, inverse: true)
    projection.addGradient(rows, attentionInput, scratch.projected)
    sendDown(projection, scratch.projected, residual: inner, by: norm1, into: dx)
  }

  /// The gradient behind a closing norm.
  private func open(
    _ dz: UnsafePointer<S>, by norm: LayerNorm<S>?, into room: UnsafeMutablePointer<S>
  ) -> UnsafePointer<S> {
    guard placement == .post, let norm else { return dz }
    norm.backward(rows, dz, into: room, accumulate: false)
    return UnsafePointer(room)
  }

  /// ∂L/∂x of a sublayer's input: through its first map and norm, and along the residual path.
  private func sendDown(
    _ dense: Dense<S>, _ gradient: UnsafePointer<S>, residual: UnsafePointer<S>, by norm: LayerNorm<S>?,
    into dx: UnsafeMutablePointer<S>
  ) {
    let reads = placement == .pre ? norm : nil
    if isResidual, UnsafePointer(dx) != residual { dx.update(from: residual, count: rows * width) }
    guard let reads else {
      dense.backward(rows, gradient, into: dx, accumulate: isResidual)
      return
    }
    dense.backward(rows, gradient, into: scratch.normed)
    reads.backward(rows, scratch.normed, into: dx, accumulate: isResidual)
  }
}
