import LinearAlgebra

/// y = W x + b on rows, W [outputs, inputs] as PyTorch's `Linear` has it.
final class Dense<S: Scalar> {
  let inputs: Int, outputs: Int
  private let weights: Weights<S>
  private let weight: Int, bias: Int?
  /// Wᵀ and W in panels.
  private let forwardPanels: UnsafeMutablePointer<S>, backwardPanels: UnsafeMutablePointer<S>
  /// Some rows of x in panels.
  private let xPanels: UnsafeMutablePointer<S>

  /// The tensors `name` + "weight" and `name` + "bias".
  convenience init(
    _ name: String, separator: String = ".", _ weights: Weights<S>, inputs: Int, outputs: Int, _ arena: Arena<S>
  ) {
    self.init(
      weights.offset(name + separator + "weight"), weights.offset(name + separator + "bias"), weights, inputs: inputs,
      outputs: outputs, arena)
  }

  /// W and b that begin there among the parameters; b nil for none.
  init(_ weight: Int, _ bias: Int?, _ weights: Weights<S>, inputs: Int, outputs: Int, _ arena: Arena<S>) {
    (self.inputs, self.outputs, self.weights, self.weight, self.bias) = (inputs, outputs, weights, weight, bias)
    forwardPanels = arena.take(S.packedCount(k: inputs, n: outputs))
    backwardPanels = arena.take(S.packedCount(k: outputs, n: inputs))
    xPanels = arena.take(outputs >= Self.outputsLaidOut ? S.packedCount(k: Self.rowsAtOnce, n: inputs) : 0)
  }

  /// Takes the weights as they are now, for the way forward or for the way back.
  func pack(back: Bool) {
    let w = weights.parameters + weight
    if back {
      S.pack(k: outputs, n: inputs, b: w, rowStride: inputs, columnStride: 1, into: backwardPanels)
    } else {
      S.pack(k: inputs, n: outputs, b: w, rowStride: 1, columnStride: inputs, into: forwardPanels)
    }
  }

  /// y = W x + b
  func forward(_ rows: Int, _ x: UnsafePointer<S>, into y: UnsafeMutablePointer<S>) {
    guard let bias else { return forwardWithoutBias(rows, x, into: y) }
    S.multiplyPacked(
      m: rows, n: outputs, k: inputs, a: x, aRowStride: inputs, aColumnStride: 1, packedB: forwardPanels,
      start: weights.parameters + bias, startStride: 0, c: y, cRowStride: outputs)
  }

  /// y = b, which is what x = 0 gives.
  func forwardOfZero(_ rows: Int, into y: UnsafeMutablePointer<S>) {
    for row in 0..<rows {
      let place = y + row * outputs
      guard let bias else {
        place.update(repeating: 0, count: outputs)
        continue
      }
      place.update(from: weights.parameters + bias, count: outputs)
    }
  }

  /// y = W x
  func forwardWithoutBias(
    _ rows: Int, _ x: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, accumulate: Bool = false
  ) {
    S.multiplyPacked(
      m: rows, n: outputs, k: inputs, a: x, aRowStride: inputs, aColumnStride: 1, packedB: forwardPanels, c: y,
      cRowStride: outputs, accumulate: accumulate)
  }

  /// y += W x
  func addForward(_ rows: Int, _ x: UnsafePointer<S>, to y: UnsafeMutablePointer<S>) {
    forwardWithoutBias(rows, x, into: y, accumulate: true)
  }

  /// ∂L/∂x = Wᵀ ∂L/∂y
  func backward(
    _ rows: Int, _ dy: UnsafePointer<S>, dyStride: Int? = nil, into dx: UnsafeMutablePointer<S>, dxStride: Int? = nil,
    accumulate: Bool = false
  ) {
    S.multiplyPacked(
      m: rows, n: inputs, k: outputs, a: dy, aRowStride: dyStride ?? outputs, aColumnStride: 1,
      packedB: backwardPanels, c: dx, cRowStride: dxStride ?? inputs, accumulate: accumulate)
  }

  /// The same of some of the outputs only: rows of ∂L/∂y hold those.
  func backward(
    _ rows: Int, _ dy: UnsafePointer<S>, dyStride: Int, outputRange: Range<Int>, into dx: UnsafeMutablePointer<S>,
    dxStride: Int, accumulate: Bool
  ) {
    S.multiply(
      m: rows, n: inputs, k: outputRange.count, a: dy, aRowStride: dyStride, aColumnStride: 1,
      b: weights.parameters + weight + outputRange.lowerBound * inputs, bRowStride: inputs, c: dx, cRowStride: dxStride,
      accumulate: accumulate)
  }

  /// The weights and the shift as numbers: W, row by row, and b.
  var matrix: [[Double]] {
    (0..<outputs).map { row in (0..<inputs).map { Double(weights.parameters[weight + row * inputs + $0]) } }
  }
  var shift: [Double] { bias.map { at in (0..<outputs).map { Double(weights.parameters[at + $0]) } } ?? [] }

  /// So many rows of x and ∂L/∂y at a time as stay in the cache.
  private static var rowsAtOnce: Int { 96 }
  /// Fewer outputs than these do not read x often enough to lay it out first.
  private static var outputsLaidOut: Int { 32 }

  /// ∂L/∂W += Σ ∂L/∂y xᵀ, ∂L/∂b += Σ ∂L/∂y
  func addGradient(_ rows: Int, _ x: UnsafePointer<S>, _ dy: UnsafePointer<S>) {
    let dw = weights.gradient + weight
    for start in stride(from: 0, to: rows, by: Self.rowsAtOnce) {
      let (k, x, dy) = (min(Self.rowsAtOnce, rows - start), x + start * inputs, dy + start * outputs)
      if outputs >= Self.outputsLaidOut {
        S.pack(k: k, n: inputs, b: x, rowStride: inputs, columnStride: 1, into: xPanels)
        S.multiplyPacked(
          m: outputs, n: inputs, k: k, a: dy, aRowStride: 1, aColumnStride: outputs, packedB: xPanels, c: dw,
          cRowStride: inputs, accumulate: true)
      } else {
        S.multiply(
          m: outputs, n: inputs, k: k, a: dy, aRowStride: 1, aColumnStride: outputs, b: x, bRowStride: inputs, c: dw,
          cRowStride: inputs, accumulate: true)
      }
    }
    guard let bias else { return }
    S.addColumnSums(rows: rows, columns: outputs, x: dy, xStride: outputs, to: weights.gradient + bias)
  }
}
