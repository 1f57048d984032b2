import Glibc
import LinearAlgebra
import RecurrentNetworks

/// How the norm of the product of Jacobians ∂s_T/∂s_{T-lag} grows with the lag, for one sequence and the top layer: the
/// largest singular value alone, at a fraction of the cost of `ProductByLag`.
///
/// The product is kept in plain numbers with one scale: what is far below its largest singular value gets lost, and the
/// largest does not change.
public struct ProductGrowth: Equatable, Sendable {
  /// The lags at which the norm was taken, ascending.
  public let lags: [Int]
  /// log10 ‖∂s_T/∂s_{T-lag}‖₂ at each of `lags`, from below, by some 1e-6 at most.
  public let log10Norm: [Double]
  /// The slope per step of the least-squares line through the finite norms; nil with fewer than two.
  public let slope: Double?

  /// The growth over the steps of a tape, by the norms at `maximumLags` lags at most, spread evenly, the longest among them.
  public init(_ tape: Tape, sequence: Int = 0, maximumLags: Int = .max) {
    self.init(Jacobians(tape, sequence: sequence), maximumLags: maximumLags)
  }

  /// The same of a pass of one sequence that was run forward and not back; nil for cells whose Jacobian is not told by φ′ and
  /// the settings alone.
  ///
  /// - Parameters:
  ///   - activations: what the steps kept.
  ///   - network: the network.
  ///   - layout: where its parameters lie.
  ///   - parameters: they themselves.
  ///   - maximumLags: as above.
  public init?(
    _ activations: KeptActivations, network: NetworkSpecification, layout: ParameterLayout, parameters: [Double],
    maximumLags: Int = .max
  ) {
    guard let affine = network.cellDescription.affineJacobian, !network.hasUnitRates,
      let kept = activations.layers.last, kept.derivative.count == activations.steps * network.hidden
    else { return nil }
    let jacobians = Jacobians(
      steps: activations.steps, layer: network.layers - 1, width: network.hidden, layout: layout,
      parameters: parameters,
      affine: (
        Array(repeating: affine.directPath, count: network.hidden),
        Array(repeating: affine.scale, count: network.hidden)
      ), derivative: kept.derivative, firstDerivative: 0, derivativeStride: network.hidden, whole: nil)
    self.init(jacobians, maximumLags: maximumLags)
  }

  private init(_ jacobians: Jacobians, maximumLags: Int) {
    let steps = jacobians.steps
    let product = DominantProduct(jacobians)
    let lags = EvenSpread.choose(maximumLags, of: Array(1...max(1, steps))).filter { $0 <= steps }
    var norms: [Double] = []
    norms.reserveCapacity(lags.count)
    for lag in 1...max(1, steps) where norms.count < lags.count {
      product.extend(step: steps - lag)
      if lags[norms.count] == lag { norms.append(product.log10Norm()) }
    }
    self.lags = lags
    log10Norm = norms
    slope = LineFit(zip(lags, norms).map { (x: Double($0), y: $1) })?.slope
  }
}

/// What the Jacobians of the top layer of one sequence are made of.
private struct Jacobians {
  let steps: Int, layer: Int, width: Int
  let layout: ParameterLayout
  let parameters: [Double]
  /// κ and s of J = diag(κ) + diag(s φ′) W; nil for a cell whose Jacobian has another form.
  let affine: (directPath: [Double], scale: [Double])?
  /// φ′, and where the first step's lie and how far apart the steps' are.
  let derivative: [Double], firstDerivative: Int, derivativeStride: Int
  /// J_t as a matrix; nil where the form above is all that is asked for.
  let whole: ((_ step: Int) -> Matrix)?
}

extension Jacobians {
  init(_ tape: Tape, sequence: Int) {
    let layer = tape.layers.count - 1, width = tape.network.stateComponents * tape.hidden
    self.init(
      steps: tape.steps, layer: layer, width: width, layout: tape.layout, parameters: tape.parameters,
      affine: tape.affineJacobian(layer: layer), derivative: tape.layers[layer].derivative,
      firstDerivative: sequence * width, derivativeStride: tape.batch * width,
      whole: { tape.jacobian(step: $0, sequence: sequence, layer: layer) })
  }
}

/// J_T J_{T-1} … as a matrix times a power of 2.
private final class DominantProduct {
  private typealias Row = SIMD8<Double>

  private let jacobians: Jacobians
  private let width: Int
  /// The rows' length in eights.
  private let eights: Int
  private var matrix: UnsafeMutablePointer<Row>, other: UnsafeMutablePointer<Row>
  /// u, the left vector of the largest singular value, and room for right ones.
  private let left: UnsafeMutablePointer<Double>, vector: UnsafeMutablePointer<Row>, basis: UnsafeMutablePointer<Row>
  private var exponent = 0.0
  private let hasDirectPath: Bool
  /// Whether units do not meet, so that P is a diagonal of numbers, real or complex.
  private let isDiagonal: Bool
  /// s φ′ of the present step, and κ.
  private let factor: UnsafeMutablePointer<Row>, direct: UnsafeMutablePointer<Row>
  private var weights: ParameterLayout.Block?

  init(_ jacobians: Jacobians) {
    self.jacobians = jacobians
    let (width, affine) = (jacobians.width, jacobians.affine)
    self.width = width
    eights = (width + 7) / 8
    func zeros(_ count: Int) -> UnsafeMutablePointer<Row> {
      let rows = UnsafeMutablePointer<Row>.allocate(capacity: count)
      rows.initialize(repeating: Row(), count: count)
      return rows
    }
    matrix = zeros(width * eights)
    other = zeros(width * eights)
    vector = zeros(eights)
    basis = zeros(Self.mostSteps * eights)
    factor = zeros(eights)
    direct = zeros(eights)
    isDiagonal = jacobians.layout.recurrentWeights(layer: jacobians.layer).rows == 0
    hasDirectPath = affine?.directPath.contains { $0 != 0 } ?? false
    if let affine { for k in 0..<width { direct[k / 8][k % 8] = affine.directPath[k] } }
    left = .allocate(capacity: width)
    left.initialize(repeating: 0, count: width)
    for i in 0..<width {
      matrix[i * eights + i / 8][i % 8] = 1
      // No direction is without a share in it.
      left[i] = 1 + 0.5 * sin(Double(i + 1))
    }
    let length = (0..<width).reduce(0.0) { $0 + left[$1] * left[$1] }.squareRoot()
    for i in 0..<width { left[i] /= length }
  }

  deinit {
    for rows in [matrix, other, vector, basis, factor, direct] { rows.deallocate() }
    left.deallocate()
  }

  /// P ← P J_t.
  func extend(step t: Int) {
    if let affine = jacobians.affine {
      extend(affine, step: t)
    } else if let jacobian = jacobians.whole?(t) {
      jacobian.elements.withUnsafeBufferPointer { elements in
        if let base = elements.baseAddress { multiply(matrix, by: base, rowStride: width) }
      }
    }
    swap(&matrix, &other)
    rescale()
  }

  /// P diag(κ) + (P diag(s φ′)) W
  private func extend(_ affine: (directPath: [Double], scale: [Double]), step t: Int) {
    let start = jacobians.firstDerivative + t * jacobians.derivativeStride
    jacobians.derivative.withUnsafeBufferPointer { derivative in
      for k in 0..<width { factor[k / 8][k % 8] = affine.scale[k] * derivative[start + k] }
    }
    if weights == nil || jacobians.layout.copies > 1 {
      weights = jacobians.layout.recurrentWeights(layer: jacobians.layer, step: t)
    }
    guard let weights else { return }
    multiplyColumns(of: matrix, by: factor, into: other)
    swap(&matrix, &other)
    jacobians.parameters.withUnsafeBufferPointer { parameters in
      guard let base = parameters.baseAddress else { return }
      // `other` holds P itself now, and is what the product is written over.
      if hasDirectPath {
        multiplyColumns(of: other, by: direct, into: other)
        multiply(matrix, by: base + weights.offset, rowStride: weights.rowStride, accumulates: true)
      } else {
        multiply(matrix, by: base + weights.offset, rowStride: weights.rowStride)
      }
    }
  }

  private func multiplyColumns(
    of rows: UnsafeMutablePointer<Row>, by factors: UnsafeMutablePointer<Row>, into result: UnsafeMutablePointer<Row>
  ) {
    for i in 0..<width {
      for k in 0..<eights { result[i * eights + k] = rows[i * eights + k] * factors[k] }
    }
  }

  /// other ← left · right, or other + left · right.
  private func multiply(
    _ left: UnsafeMutablePointer<Row>, by right: UnsafePointer<Double>, rowStride: Int, accumulates: Bool = false
  ) {
    let stride = 8 * eights
    left.withMemoryRebound(to: Double.self, capacity: width * stride) { left in
      other.withMemoryRebound(to: Double.self, capacity: width * stride) { other in
        Double.multiply(
          m: width, n: width, k: width, a: left, aRowStride: stride, aColumnStride: 1, b: right, bRowStride: rowStride,
          c: other, cRowStride: stride, accumulate: accumulates)
      }
    }
  }

  /// The root of the sum of squares becomes 1 … 2; where that sum is out of range, the largest element does.
  private func rescale() {
    var squares = Row()
    for i in 0..<width * eights { squares += matrix[i] * matrix[i] }
    let sum = squares.sum()
    let size = sum > 1e-200 && sum < 1e200 ? sum.squareRoot() : largestElement()
    guard size > 0, size.isFinite, size.exponent != 0 else { return }
    let factor = Double(sign: .plus, exponent: -Int(size.exponent), significand: 1)
    for i in 0..<width * eights { matrix[i] *= factor }
    exponent += Double(size.exponent)
  }

  private func largestElement() -> Double {
    var largest = 0.0
    for i in 0..<width * eights {
      for k in 0..<8 { largest = max(largest, matrix[i][k].magnitude) }
    }
    return largest
  }

  /// log10 ‖P‖₂ by bidiagonalisation (Golub & Kahan 1965). It begins with the left singular vector of the last, shorter
  /// product: the longer the product, the less it turns.
  func log10Norm() -> Double {
    if isDiagonal { return log10NormOfDiagonal() }
    var small = Bidiagonal()
    var (beta, norm) = (0.0, 0.0)
    let steps = min(Self.mostSteps, width)
    for step in 0..<steps {
      // α v ← Pᵀ u - β v
      let v = basis + step * eights
      for k in 0..<eights { v[k] = step > 0 ? -beta * (v - eights)[k] : Row() }
      for i in 0..<width {
        for k in 0..<eights { v[k] += left[i] * matrix[i * eights + k] }
      }
      let alpha = Self.normalize(v, eights)
      guard alpha.isFinite else { return .nan }
      guard alpha > 0 else {
        if step > 0 { norm = small.largest() }
        break
      }
      // β u ← P v - α u
      beta = 0
      for i in 0..<width {
        left[i] = dot(i, v) - alpha * left[i]
        beta += left[i] * left[i]
      }
      beta = beta.squareRoot()
      small.append(alpha, beta)
      let isEnd = !(beta > 0) || step == steps - 1
      if isEnd || !step.isMultiple(of: 2) {
        let next = small.largest()
        let isSettled = abs(next - norm) <= Self.tolerance * next
        norm = next
        if isSettled || isEnd { break }
      }
      for i in 0..<width { left[i] /= beta }
    }
    guard norm > 0 else { return -.infinity }
    takeLeftVector(small.vector(norm))
    return log10(norm) + exponent * log10(2.0)
  }

  /// Of numbers on a diagonal the largest modulus, which is the length of its row. An iteration that has come to one of them would
  /// stay there when another one becomes the largest.
  private func log10NormOfDiagonal() -> Double {
    var largest = 0.0
    for i in 0..<width {
      var squares = Row()
      for k in 0..<eights { squares += matrix[i * eights + k] * matrix[i * eights + k] }
      let squared = squares.sum()
      guard squared.isFinite else { return .nan }
      largest = max(largest, squared)
    }
    return largest > 0 ? 0.5 * log10(largest) + exponent * log10(2.0) : -.infinity
  }

  private static let mostSteps = 20, tolerance = 1e-7

  /// u ← P v/‖P v‖, v the sum of the basis with these weights.
  private func takeLeftVector(_ weights: [Double]) {
    for k in 0..<eights {
      vector[k] = Row()
      for (step, weight) in weights.enumerated() { vector[k] += weight * basis[step * eights + k] }
    }
    var squared = 0.0
    for i in 0..<width {
      left[i] = dot(i, vector)
      squared += left[i] * left[i]
    }
    guard squared > 0 else { return }
    for i in 0..<width { left[i] /= squared.squareRoot() }
  }

  /// Row i of P times v.
  private func dot(_ i: Int, _ v: UnsafeMutablePointer<Row>) -> Double {
    var sum = Row()
    for k in 0..<eights { sum += matrix[i * eights + k] * v[k] }
    return sum.sum()
  }

  /// Makes v a unit vector; its length before.
  private static func normalize(_ v: UnsafeMutablePointer<Row>, _ count: Int) -> Double {
    let length = (0..<count).reduce(0.0) { $0 + (v[$1] * v[$1]).sum() }.squareRoot()
    if length > 0 { for k in 0..<count { v[k] /= length } }
    return length
  }
}

/// A small matrix B with α_i on its diagonal and β_i below it, by way of the tridiagonal BᵀB.
private struct Bidiagonal {
  /// α_i² + β_i², and α_i β_{i-1} (0 for the first).
  private var diagonal: [Double] = [], beside: [Double] = []
  private var lastBeta = 0.0

  mutating func append(_ alpha: Double, _ beta: Double) {
    diagonal.append(alpha * alpha + beta * beta)
    beside.append(alpha * lastBeta)
    lastBeta = beta
  }

  /// The largest singular value: Newton's method from above on the characteristic polynomial of BᵀB, in ratios of its
  /// successive minors.
  func largest() -> Double {
    var bound = 0.0
    for i in diagonal.indices {
      bound = max(bound, diagonal[i] + beside[i] + (i + 1 < beside.count ? beside[i + 1] : 0))
    }
    for _ in 0..<60 {
      // q_i = λ - d_i - e_i²/q_{i-1}; Σ q_i′/q_i is p′/p.
      var (q, slope, sum) = (1.0, 0.0, 0.0)
      for i in diagonal.indices {
        let share = i > 0 ? beside[i] * beside[i] / q : 0
        (slope, q) = (1 + (i > 0 ? share / q * slope : 0), bound - diagonal[i] - share)
        guard q > 0 else { return bound.squareRoot() }
        sum += slope / q
      }
      let step = 1 / sum
      bound -= step
      if step <= 1e-9 * bound { break }
    }
    return bound.squareRoot()
  }

  /// The right singular vector of a singular value, of any length.
  func vector(_ value: Double) -> [Double] {
    var entries = [1.0]
    for i in diagonal.indices.dropLast() {
      guard beside[i + 1] > 1e-12 * diagonal[0] else { break }
      let before = i > 0 ? beside[i] * entries[i - 1] : 0
      entries.append(((value * value - diagonal[i]) * entries[i] - before) / beside[i + 1])
    }
    return entries
  }
}
