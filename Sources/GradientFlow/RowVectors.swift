import LinearAlgebra
import RecurrentNetworks

/// Row vectors ∂·/∂s_t of one sequence with scales of their own, carried back through time together: row j stands for
/// rows[j] · 2^exponents[j], so that none under- or overflows however far it is carried.
final class RowVectors {
  /// The number of rows, the length of one, and how far apart they lie.
  let capacity: Int, width: Int, stride: Int
  /// The rows' elements.
  let rows: UnsafeMutablePointer<Double>
  /// Their exponents, whole numbers.
  let exponents: UnsafeMutablePointer<Double>
  private let squaredNorms: UnsafeMutablePointer<Double>
  private let tape: Tape
  private let pullback: StatePullback
  private let length: Int

  /// Room for `capacity` rows of the state of layer `layer` of sequence `sequence` of the tape, all 0.
  init(_ tape: Tape, layer: Int, sequence: Int, capacity: Int) {
    self.tape = tape
    self.capacity = capacity
    pullback = StatePullback(tape, layer: layer, sequence: sequence, rows: capacity)
    width = pullback.width
    // An odd number of cache lines apart: the same column of successive rows falls into different cache sets.
    stride = ((width + 7) / 8 | 1) * 8
    length = (tape.hidden + 7) / 8 * 8
    let raw = UnsafeMutableRawPointer.allocate(byteCount: capacity * stride * 8, alignment: 64)
    rows = raw.initializeMemory(as: Double.self, repeating: 0, count: capacity * stride)
    exponents = .allocate(capacity: capacity)
    exponents.initialize(repeating: 0, count: capacity)
    squaredNorms = .allocate(capacity: capacity)
    squaredNorms.initialize(repeating: 0, count: capacity)
  }

  deinit {
    UnsafeMutableRawPointer(rows).deallocate()
    exponents.deallocate()
    squaredNorms.deallocate()
  }

  /// v ← v J_t, t = `step`, for the first `count` rows.
  func pullBack(step: Int, count: Int) {
    pullback.apply(step: step, rows: count, from: rows, to: rows, stride: stride)
  }

  /// v ← factor · v for the first `count` rows.
  func multiply(by factor: Double, count: Int) {
    guard factor != 1 else { return }
    for row in 0..<count {
      for k in 0..<width { rows[row * stride + k] *= factor }
    }
  }

  /// Row `row` ← row + factor · vector · 2^exponent, a gradient by h at the present step; the vector has H elements, or `count`
  /// of the whole state.
  func add(
    _ vector: UnsafePointer<Double>, count: Int? = nil, factor: Double = 1, exponent: Double = 0, to row: Int
  ) {
    let v = rows + row * stride
    let count = count ?? tape.hidden
    let largest = (0..<count).reduce(0) { max($0, (factor * vector[$1]).magnitude) }
    guard largest > 0 else { return }
    let own = (0..<width).reduce(0) { max($0, v[$1].magnitude) }
    if own == 0 {
      exponents[row] = exponent
    } else if exponents[row] < exponent {
      // Both at the larger scale.
      rescale(row, to: exponent)
    }
    let scale = Self.power(exponent - exponents[row])
    for k in 0..<count { v[k] += factor * vector[k] * scale }
  }

  /// Adds to the first `count` rows of `below`, of the layer below, what reaches h of that layer at the same step: v ∂s_t/∂x_t.
  func sendDown(step: Int, count: Int, to below: RowVectors) {
    let down = UnsafeMutablePointer<Double>.allocate(capacity: max(1, count * stride))
    defer { down.deallocate() }
    pullback.applyToLayerBelow(step: step, rows: count, from: rows, to: down, stride: stride)
    for row in 0..<count { below.add(down + row * stride, exponent: exponents[row], to: row) }
  }

  /// log10 ‖∂·/∂h‖ of the first `count` rows by `body`, which takes the row and its norm; rows whose norm has left the
  /// middle of the range are brought back, scale and all.
  func measure(count: Int, _ body: (_ row: Int, _ log10Norm: Double) -> Void) {
    // The elements of other parts of the state, and padding, follow the H of h: only whole groups of 8 are summed fast.
    let isPadded = width == tape.hidden || tape.hidden % 8 == 0
    if isPadded {
      VectorNorms.squared(count: count, length: length, stride: stride, vectors: rows, into: squaredNorms)
    }
    for row in 0..<count {
      var squared = isPadded ? squaredNorms[row] : sumOfSquares(row)
      if !(squared > 1e-120 && squared < 1e120) {
        recenter(row)
        squared = sumOfSquares(row)
      }
      body(row, squared > 0 ? 0.5 * Logarithm.base10(squared) + exponents[row] * Logarithm.log10Of2 : -.infinity)
    }
  }

  /// log10 of the norm of a row's elements that belong to one part of the state.
  func log10Norm(_ row: Int, part: Int) -> Double {
    let elements = UnsafeBufferPointer(start: rows + row * stride + part * tape.hidden, count: tape.hidden)
    let largest = elements.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return -.infinity }
    let squared = elements.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
    return 0.5 * Logarithm.base10(squared) + Logarithm.base10(largest) + exponents[row] * Logarithm.log10Of2
  }

  private func sumOfSquares(_ row: Int) -> Double {
    var sum = 0.0
    for k in 0..<tape.hidden { sum += rows[row * stride + k] * rows[row * stride + k] }
    return sum
  }

  /// The largest element of the whole state becomes 1 … 2.
  private func recenter(_ row: Int) {
    let v = rows + row * stride
    let largest = (0..<width).reduce(0) { max($0, v[$1].magnitude) }
    guard largest > 0, largest.isFinite else { return }
    rescale(row, to: exponents[row] + Double(largest.exponent))
  }

  private func rescale(_ row: Int, to exponent: Double) {
    let shift = exponents[row] - exponent
    let v = rows + row * stride
    // In two factors: one alone may be out of range.
    let (half, rest) = (Self.power((shift / 2).rounded()), Self.power(shift - (shift / 2).rounded()))
    for k in 0..<width { v[k] = v[k] * half * rest }
    exponents[row] = exponent
  }

  /// 2^exponent, 0 or infinity where that is out of range.
  static func power(_ exponent: Double) -> Double {
    Double(sign: .plus, exponent: Int(max(-2000, min(2000, exponent))), significand: 1)
  }
}
