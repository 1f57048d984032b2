import Glibc
import LinearAlgebra
import RecurrentNetworks

/// The Lyapunov exponents of a layer's state along its trajectory, driven by the inputs as they are: how fast small changes of
/// the state grow or die, a direction at a time. With inputs these are the conditional exponents.
///
/// By QR along the trajectory (Benettin, Galgani, Giorgilli & Strelcyn 1980): Q_t R_t = J_t Q_{t-1}, λ_i = mean of ln |R_ii|.
public struct LyapunovSpectrum: Equatable, Sendable {
  /// λ_i in nats a step, the largest first: the mean over the sequences and the steps after the transient.
  public let exponents: [Double]
  /// The standard error of each mean: over the sequences, or, of a single one, over four stretches of its steps; NaN where there
  /// is one value alone.
  public let standardErrors: [Double]
  /// The largest exponent as far as it was known after each measured step: how the mean settles.
  public let convergence: [Double]
  /// The steps at the start that were left out, and those that were measured, of each sequence.
  public let transient: Int, measured: Int
  /// The sequences that were followed.
  public let sequences: Int
  /// Whether these are all exponents that the state has; else the largest of them.
  public let isWhole: Bool

  /// The Kaplan–Yorke dimension of the exponents; nil where they are too few to tell.
  public var dimension: Double? {
    guard let dimension = Self.kaplanYorkeDimension(exponents) else { return isWhole ? Double(exponents.count) : nil }
    return dimension
  }

  /// k + Σ_{i≤k} λ_i/|λ_{k+1}|, k the most exponents whose sum is not below 0 (Kaplan & Yorke 1979); 0 where the largest is
  /// below 0, nil where the sum of all of them is not.
  public static func kaplanYorkeDimension(_ exponents: [Double]) -> Double? {
    var sum = 0.0
    for (count, exponent) in exponents.enumerated() {
      if sum + exponent < 0 { return Double(count) + sum / exponent.magnitude }
      sum += exponent
    }
    return nil
  }
}

extension LyapunovSpectrum {
  /// The exponents of layer `layer` (nil: the top one).
  ///
  /// - Parameters:
  ///   - tape: the trajectory.
  ///   - layer: the layer, counted from 0.
  ///   - count: the most exponents that are wanted, from the largest on.
  ///   - sequences: the most sequences of the batch that are followed.
  ///   - transient: the steps at the start that are left out, while the directions settle; nil for a tenth of them.
  ///   - progress: called again and again with the share that is done.
  /// - Throws: that a Jacobian is not finite, or what `progress` throws.
  public init(
    _ tape: Tape, layer: Int? = nil, count: Int = .max, sequences: Int = .max, transient: Int? = nil,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let layer = layer ?? tape.layers.count - 1
    let width = tape.network.stateComponents * tape.hidden
    let count = min(max(1, count), width), sequences = min(max(1, sequences), tape.batch)
    let transient = min(max(0, transient ?? tape.steps / 10), max(0, tape.steps - 1))
    let jacobians = StepJacobians(tape, layer: layer)
    var growth: [[[Double]]] = []
    for sequence in 0..<sequences {
      var q = Matrix(rows: width, columns: count)
      for i in 0..<count { q[i, i] = 1 }
      var steps: [[Double]] = []
      for t in 0..<tape.steps {
        try progress(Double(sequence * tape.steps + t) / Double(sequences * tape.steps))
        // Q_t R_t = J_t Q_{t-1}
        let next = try QRDecomposition(jacobians.multiply(q, step: t, sequence: sequence))
        q = next.q
        if t >= transient { steps.append(next.diagonal.map { log($0.magnitude) }) }
      }
      growth.append(steps)
    }
    self.init(growth, transient: transient, isWhole: count == width)
  }

  /// From ln |R_ii|, [sequences][steps][exponents].
  private init(_ growth: [[[Double]]], transient: Int, isWhole: Bool) {
    let count = growth.first?.first?.count ?? 0, steps = growth.first?.count ?? 0
    func mean(_ steps: ArraySlice<[Double]>) -> [Double] {
      (0..<count).map { i in steps.reduce(0) { $0 + $1[i] } / Double(steps.count) }
    }
    let stretches = max(1, min(4, steps))
    let samples =
      growth.count > 1
      ? growth.map { mean($0[...]) }
      : growth.flatMap { sequence in
        (0..<stretches).map { mean(sequence[$0 * steps / stretches..<($0 + 1) * steps / stretches]) }
      }
    let means = mean(growth.flatMap { $0 }[...])
    // In the order of their means: finite directions need not settle in order.
    let order = means.indices.sorted { means[$0] > means[$1] }
    exponents = order.map { means[$0] }
    standardErrors = order.map { i in
      let n = Double(samples.count)
      let center = samples.reduce(0) { $0 + $1[i] } / n
      let squares = samples.reduce(0) { $0 + ($1[i] - center) * ($1[i] - center) }
      return n > 1 ? (squares / (n - 1) / n).squareRoot() : .nan
    }
    var sum = 0.0
    convergence =
      order.first.map { first in
        (0..<steps).map { t in
          sum += growth.reduce(0) { $0 + $1[t][first] } / Double(growth.count)
          return sum / Double(t + 1)
        }
      } ?? []
    self.transient = transient
    measured = steps
    sequences = growth.count
    self.isWhole = isWhole
  }
}

/// J_t times a few columns, of one layer: by the parts of J_t where it is diag(κ) + diag(s φ′) W_hh, else by the whole of it.
private struct StepJacobians {
  let tape: Tape, layer: Int
  private let affine: (directPath: [Double], scale: [Double])?
  private let weights: Matrix?

  init(_ tape: Tape, layer: Int) {
    (self.tape, self.layer) = (tape, layer)
    affine = tape.affineJacobian(layer: layer)
    // One W_hh for all steps, or a step's own.
    weights = affine != nil && tape.layout.copies == 1 ? tape.recurrentWeights(layer: layer, step: 0) : nil
  }

  func multiply(_ columns: Matrix, step t: Int, sequence: Int) -> Matrix {
    guard let affine, let weights = weights ?? tape.recurrentWeights(layer: layer, step: t) else {
      return tape.jacobian(step: t, sequence: sequence, layer: layer) * columns
    }
    var product = weights * columns
    let slopes = tape.layers[layer].derivative.row(
      t * tape.batch + sequence, of: tape.hidden, width: tape.hidden)
    for i in 0..<tape.hidden {
      let factor = affine.scale[i] * slopes[slopes.startIndex + i]
      for j in 0..<columns.columns {
        product[i, j] = affine.directPath[i] * columns[i, j] + factor * product[i, j]
      }
    }
    return product
  }
}
