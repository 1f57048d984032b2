import LinearAlgebra

/// The minimal gated unit that has a forget gate only, "just another network" (van der Westhuizen & Lasenby, "The
/// unreasonable effectiveness of the forget gate", 2018): f = σ(a_f), g = tanh(a_g) of
/// a_t = W_ih x_t + W_hh h_{t-1} + b; h_t = f ⊙ h_{t-1} + (1-f) ⊙ g.
///
/// It has no kernel of its own: a step goes over its units a few at a time, and back over them by taking f and g from a_t
/// anew.
struct JANETCell: Cell {
  static let gates = 2
  var stateComponents: Int { 1 }
  static let keepsPreactivation = true

  var description: CellDescription {
    var cell = CellDescription(
      summary: "a forget gate and nothing else (van der Westhuizen & Lasenby 2018)",
      state: ["h{t} = f{t} ⊙ h{t-1} + ( 1 - f{t} ) ⊙ g{t}"],
      gradient: [
        "δ{t} = {local} + f{t+1} ⊙ δ{t+1} + W_hhᵀ ∂L/∂a{t+1}", "∂L/∂a_f{t} = ( h{t-1} - g{t} ) ⊙ f′{t} ⊙ δ{t}",
        "∂L/∂a_g{t} = ( 1 - f{t} ) ⊙ g′{t} ⊙ δ{t}",
      ])
    cell.gates = ["f", "g"]
    cell.gateFunctions = [.sigmoid, .tanh]
    cell.memoryPath = .init(component: 0, gate: 0)
    cell.forgetGate = 0
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1}
    step.addRecurrentProduct(gates: 2)
    var isFinite = true
    forEachUnit(of: step) { gates, count, row, unit in
      let before = step.previousState + row * step.stateStride + unit
      let state = step.state + row * step.stateStride + unit
      isFinite = gates.isFinite && isFinite
      // h_t = f ⊙ h_{t-1} + (1-f) ⊙ g
      for i in 0..<count { state[i] = gates.f[i] * before[i] + gates.rest[i] * gates.g[i] }
    }
    return isFinite
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    var sumOfSquares: S = 0
    forEachUnit(of: step) { gates, count, row, unit in
      let before = step.previousState + row * step.stateStride + unit
      let offset = row * step.gradientStride + unit
      let delta = step.gradient + offset
      let toForget = step.preactivationGradient + row * step.preactivationGradientStride + unit
      let toCandidate = toForget + step.hidden
      let previous = step.previousGradient.map { $0 + offset }
      for i in 0..<count {
        let d = delta[i]
        sumOfSquares += d * d
        // ∂L/∂a_f = (h_{t-1} - g) ⊙ f′ ⊙ δ_t;  ∂L/∂a_g = (1-f) ⊙ g′ ⊙ δ_t
        toForget[i] = (before[i] - gates.g[i]) * gates.fSlope[i] * d
        toCandidate[i] = gates.rest[i] * gates.gSlope[i] * d
        // δ_{t-1} += f ⊙ δ_t
        if let previous { previous[i] = (step.accumulates ? previous[i] : 0) + gates.f[i] * d }
      }
    }
    // δ_{t-1} += W_hhᵀ ∂L/∂a_t
    step.addRecurrentGradient(gates: 2, begun: true)
    return sumOfSquares
  }

  /// Both gates of a few units.
  struct Gates<S: Scalar> {
    /// f, f′, g, g′, and 1-f = σ(-a), which keeps its digits where f is 1 to all of them.
    let f: UnsafeMutablePointer<S>, fSlope: UnsafeMutablePointer<S>
    let g: UnsafeMutablePointer<S>, gSlope: UnsafeMutablePointer<S>, rest: UnsafeMutablePointer<S>
    /// Whether the pre-activations are.
    let isFinite: Bool
  }

  /// Calls `body` with the gates of some units of a row, their number, the row, and the first of them; the gates of a row
  /// that serves all are taken for each again.
  @inline(__always)
  private func forEachUnit<S: Scalar>(
    of step: CellStep<S>, _ body: (_ gates: Gates<S>, _ count: Int, _ row: Int, _ unit: Int) -> Void
  ) {
    let most = 16
    // Small enough to lie on the stack: a pass allocates nothing.
    withUnsafeTemporaryAllocation(of: S.self, capacity: 7 * 16) { scratch in
      guard let f = scratch.baseAddress else { return }
      let (fSlope, g, gSlope) = (f + most, f + 2 * most, f + 3 * most)
      let (rest, restSlope, negative) = (f + 4 * most, f + 5 * most, f + 6 * most)
      for row in 0..<step.rows {
        for unit in stride(from: 0, to: step.hidden, by: most) {
          let count = min(most, step.hidden - unit)
          let a = step.preactivation + row * step.activationStride + unit
          for i in 0..<count { negative[i] = -a[i] }
          func activate(
            _ function: ElementwiseFunction, _ a: UnsafeMutablePointer<S>, _ value: UnsafeMutablePointer<S>,
            _ slope: UnsafeMutablePointer<S>
          ) -> Bool {
            S.activate(
              function, rows: 1, columns: count, a: a, aStride: 0, value: value, valueStride: 0, derivative: slope,
              derivativeStride: 0)
          }
          // f = σ(a_f), 1-f = σ(-a_f), g = tanh(a_g)
          let fIsFinite = activate(.sigmoid, a, f, fSlope) && activate(.sigmoid, negative, rest, restSlope)
          let isFinite = activate(.tanh, a + step.hidden, g, gSlope) && fIsFinite
          body(
            Gates(f: f, fSlope: fSlope, g: g, gSlope: gSlope, rest: rest, isFinite: isFinite), count, row, unit)
        }
      }
    }
  }
}
