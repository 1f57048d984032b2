import Glibc
import LinearAlgebra

/// Gradient flossing (Engelken, "Gradient flossing: improving gradient descent through dynamic control of Jacobians", NeurIPS
/// 2023): F = Σ_{i≤k} λ_i², whose gradient pushes the k largest Lyapunov exponents of a trajectory to 0.
///
/// λ_i = 1/T Σ_t ln |(R_t)_ii| with Q_t R_t = J_t Q_{t-1}, J_t = ∂h_t/∂h_{t-1} = κ I + s diag(φ′(a_t)) W_hh, over the T steps of one
/// sequence. The gradient is the whole one: through the Jacobians, their φ′ and the states before them; the state before the first
/// step is held constant.
public struct Flossing: Equatable, Sendable {
  /// F.
  public let value: Double
  /// λ_1 … λ_k, in nats a step.
  public let exponents: [Double]
  /// ∂F/∂W_ih [H, I], ∂F/∂W_hh [H, H] and ∂F/∂b [H].
  let inputWeights: Matrix, recurrentWeights: Matrix, bias: [Double]

  /// What a trajectory is made of.
  struct Trajectory {
    /// W_ih, W_hh and b.
    var inputWeights: Matrix, recurrentWeights: Matrix, bias: [Double]
    /// φ, and κ and s of h_t = κ h_{t-1} + s φ(a_t).
    var activation: Activation, directPath: Double, scale: Double
    /// x_1 … x_T, [T][I], and the state before.
    var inputs: [[Double]], state: [Double]
  }

  /// What the backward sweep needs of a step.
  private struct Step {
    var before: [Double], slope: [Double], curvature: [Double]
    /// Q_{t-1}, W_hh Q_{t-1}, Q_t and R_t.
    var start: Matrix, carried: Matrix, q: Matrix, r: Matrix
  }

  /// - Throws: that a number is not finite, or that a direction is lost: its exponent is -∞.
  init(_ trajectory: Trajectory, count: Int) throws(LinearAlgebraError) {
    let hidden = trajectory.state.count, count = min(max(1, count), hidden)
    var steps: [Step] = []
    steps.reserveCapacity(trajectory.inputs.count)
    var h = trajectory.state, sums = [Double](repeating: 0, count: count)
    var q = Matrix(rows: hidden, columns: count)
    for i in 0..<count { q[i, i] = 1 }
    for x in trajectory.inputs {
      let step = try Self.step(trajectory, h, x, q)
      for i in 0..<count { sums[i] += log(step.r[i, i].magnitude) }
      for i in 0..<hidden {
        let a = step.activation[i]
        h[i] = trajectory.directPath * h[i] + trajectory.scale * a
      }
      steps.append(step.kept)
      q = step.kept.q
    }
    let length = Double(max(1, steps.count))
    exponents = sums.map { $0 / length }
    guard exponents.allSatisfy(\.isFinite) else { throw .failed(routine: "flossing: a direction is lost", info: 0) }
    value = exponents.reduce(0) { $0 + $1 * $1 }
    (inputWeights, recurrentWeights, bias) = Self.gradient(trajectory, steps, exponents)
  }

  private static func step(
    _ trajectory: Trajectory, _ h: [Double], _ x: [Double], _ q: Matrix
  ) throws(LinearAlgebraError) -> (kept: Step, activation: [Double], r: Matrix) {
    // a_t = W_ih x_t + W_hh h_{t-1} + b
    let byInput = trajectory.inputWeights * x, byState = trajectory.recurrentWeights * h
    let a = h.indices.map { byInput[$0] + byState[$0] + trajectory.bias[$0] }
    let slope = a.map(trajectory.activation.derivative), carried = trajectory.recurrentWeights * q
    // M = J_t Q_{t-1} = κ Q_{t-1} + s diag(φ′) W_hh Q_{t-1} = Q_t R_t
    var m = carried
    for i in 0..<m.rows {
      for j in 0..<m.columns {
        m[i, j] = trajectory.directPath * q[i, j] + trajectory.scale * slope[i] * carried[i, j]
      }
    }
    let next = try QRDecomposition(m).q, r = next.transposed * m
    let kept = Step(
      before: h, slope: slope, curvature: a.map(trajectory.activation.secondDerivative), start: q, carried: carried,
      q: next, r: r)
    return (kept, a.map(trajectory.activation.value), r)
  }

  /// The sweep back: F by the R_t, and from there by everything that they are made of.
  private static func gradient(
    _ trajectory: Trajectory, _ steps: [Step], _ exponents: [Double]
  ) -> (Matrix, Matrix, [Double]) {
    let hidden = trajectory.state.count, width = trajectory.inputWeights.columns, length = Double(max(1, steps.count))
    let (s, kappa, weights) = (trajectory.scale, trajectory.directPath, trajectory.recurrentWeights)
    var byInput = Matrix(rows: hidden, columns: width), byState = Matrix(rows: hidden, columns: hidden)
    var byBias = [Double](repeating: 0, count: hidden), byH = byBias
    var byQ = Matrix(rows: hidden, columns: exponents.count)
    for (step, x) in zip(steps, trajectory.inputs).reversed() {
      // ∂F/∂(R_t)_ii = 2 λ_i/(T (R_t)_ii)
      let byR = exponents.indices.map { 2 * exponents[$0] / (length * step.r[$0, $0]) }
      let byM = Self.throughQR(step, byQ: byQ, byDiagonal: byR)
      var byA = [Double](repeating: 0, count: hidden)
      var weighted = byM
      for i in 0..<hidden {
        // ∂F/∂a_t = φ″ ⊙ s Σ_j ∂F/∂M_ij (W_hh Q_{t-1})_ij + s φ′ ⊙ ∂F/∂h_t
        var bySlope = 0.0
        for j in exponents.indices {
          bySlope += s * byM[i, j] * step.carried[i, j]
          weighted[i, j] = s * step.slope[i] * byM[i, j]
        }
        byA[i] = step.curvature[i] * bySlope + s * step.slope[i] * byH[i]
      }
      // ∂F/∂W_hh += s diag(φ′) ∂F/∂M Q_{t-1}ᵀ + ∂F/∂a_t h_{t-1}ᵀ
      let direct = weighted * step.start.transposed
      for i in 0..<hidden {
        for j in 0..<hidden { byState[i, j] += direct[i, j] + byA[i] * step.before[j] }
        for j in 0..<width { byInput[i, j] += byA[i] * x[j] }
        byBias[i] += byA[i]
      }
      // ∂F/∂h_{t-1} = κ ∂F/∂h_t + W_hhᵀ ∂F/∂a_t;  ∂F/∂Q_{t-1} = J_tᵀ ∂F/∂M
      let transposed = weights.transposed, back = transposed * byA, backQ = transposed * weighted
      for i in 0..<hidden {
        byH[i] = kappa * byH[i] + back[i]
        for j in exponents.indices { byQ[i, j] = kappa * byM[i, j] + backQ[i, j] }
      }
    }
    return (byInput, byState, byBias)
  }

  /// ∂F/∂M of M = QR (Walter & Lehmann 2010): (∂F/∂Q + Q copyltu(R ∂F/∂Rᵀ - ∂F/∂Qᵀ Q)) R^{-T}, copyltu(X) the lower triangle of X
  /// and its mirror image.
  private static func throughQR(_ step: Step, byQ: Matrix, byDiagonal: [Double]) -> Matrix {
    let count = byDiagonal.count
    var inner = byQ.transposed * step.q
    for i in 0..<count {
      for j in 0..<count { inner[i, j] = (i <= j ? step.r[i, j] * byDiagonal[j] : 0) - inner[i, j] }
    }
    for i in 0..<count {
      for j in i + 1..<max(i + 1, count) { inner[i, j] = inner[j, i] }
    }
    var result = byQ
    let turned = step.q * inner
    for row in 0..<result.rows {
      // Each row m of the result solves R m = (∂F/∂Q + Q …) row, R upper triangular.
      for i in (0..<count).reversed() {
        var sum = byQ[row, i] + turned[row, i]
        for j in i + 1..<max(i + 1, count) { sum -= step.r[i, j] * result[row, j] }
        result[row, i] = sum / step.r[i, i]
      }
    }
    return result
  }
}

extension NetworkSpecification {
  /// Why the exponents of its states cannot be flossed; nil where they can.
  public var whyNotFlossed: String? {
    if hasOtherDelays {
      return "elman with delays or periods: flossing needs a state of h alone; delays [1] and periods [] have it"
    }
    guard cell != .fullyRecurrent, cellDescription.affineJacobian != nil, !hasUnitRates else {
      return
        "\(cell.rawValue)\(hasUnitRates ? " with rates of its units' own" : ""): flossing needs one matrix W_hh and φ; elman has"
    }
    return layers > 1 ? "\(layers) layers: flossing follows the states of one" : nil
  }
}

extension Pass {
  /// Adds λ ∂F/∂w over a window of the batch's first sequence to the gradient, and tells F; nothing where a direction is lost.
  func addFlossing(_ window: Range<Int>) {
    guard flow.flossing > 0, network.whyNotFlossed == nil, layout.copies == 1,
      let affine = network.cellDescription.affineJacobian, let input = layout["weight_ih_l0"],
      let recurrent = layout["weight_hh_l0"], let bias = layout["bias_ih_l0"]
    else { return }
    func numbers(_ entry: ParameterLayout.Entry) -> [Double] { entry.range.map { Double(parameterBase[$0]) } }
    let (hidden, width) = (network.hidden, layout.inputs)
    let trajectory = Flossing.Trajectory(
      inputWeights: Matrix(rows: hidden, columns: width, elements: numbers(input)),
      recurrentWeights: Matrix(rows: hidden, columns: hidden, elements: numbers(recurrent)), bias: numbers(bias),
      activation: network.activation, directPath: affine.directPath, scale: affine.scale,
      inputs: window.map(firstInput), state: Array(state(row: window.lowerBound, layer: 0).prefix(hidden)))
    guard let flossing = try? Flossing(trajectory, count: flow.flossedExponents) else { return }
    flossed = flossing.value
    for (entry, gradient) in [
      (input, flossing.inputWeights.elements), (recurrent, flossing.recurrentWeights.elements), (bias, flossing.bias),
    ] {
      for (index, value) in zip(entry.range, gradient) { gradientBase[index] += S(flow.flossing * value) }
    }
  }

  /// x_t of the batch's first sequence.
  private func firstInput(_ t: Int) -> [Double] {
    if hasSymbols {
      let symbol = Int(symbols[t * batch])
      return (0..<layout.inputs).map { $0 == symbol ? 1 : 0 }
    }
    let (x, _) = inputRows(layer: 0, from: t)
    return (0..<layout.inputs).map { Double(x[$0]) }
  }
}
