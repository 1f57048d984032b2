import LinearAlgebra

/// The simple recurrent network with connections of other delays than 1, and with units that have a clock.
///
/// - NARX shortcuts (Lin, Horne, Tiňo & Giles 1996): a_t = W_ih x_t + b + Σ_d W_d h_{t-d}, h_t = φ(a_t), the delays d from
///   `network.delays`. The gradient goes back d steps over one matrix and one φ′, so that a path over n steps may have n/d factors.
/// - Clockwork units (Koutník, Greff, Gomez & Schmidhuber 2014): units in equal blocks, the fastest first; a unit whose period does
///   not divide t keeps its value, h_t = h_{t-1}. Units read from blocks of the same period and of longer ones alone.
///
/// The state is what the next step reads: s_t = (h_t, h_{t-1}, …, h_{t-D+1}), D the longest delay. Jacobians and their products are
/// of this joint state; its first component's gradient is ∂L/∂h_t by all paths, and a truncation cuts all delays at one place.
struct DelayedCell: Cell {
  static let gates = 1
  let activation: ElementwiseFunction
  private let network: NetworkSpecification
  /// The delays beyond 1, ascending.
  private let delays: [Int]
  /// The period of each unit; empty without clocks.
  private let periods: [Int]

  init(_ network: NetworkSpecification) {
    activation = network.activation.function
    self.network = network
    delays = network.furtherDelays
    periods = network.periods.isEmpty ? [] : (0..<network.hidden).map(network.period)
  }

  var stateComponents: Int { delays.last ?? 1 }

  var description: CellDescription {
    let further = delays.map { " + W_d\($0) h{t-\($0)}" }.joined()
    let back = delays.map { " + W_d\($0)ᵀ ∂L/∂a{t+\($0)}" }.joined()
    var cell = CellDescription(
      summary: "the simple recurrent network"
        + (delays.isEmpty ? "" : " with delays \(Self.list([1] + delays)) (NARX, Lin et al. 1996)")
        + (periods.isEmpty
          ? "" : " whose units have periods \(Self.list(network.periods)) (clockwork, Koutník et al. 2014)"),
      state: ["h{t} = {φ}( a{t} )"],
      gradient: ["δ{t} = {local} + W_hhᵀ ∂L/∂a{t+1}" + back, "∂L/∂a{t} = φ′{t} ⊙ δ{t}"])
    cell.preactivation = "a{t} = W_ih x{t} + W_hh h{t-1}" + further + " + b"
    if !periods.isEmpty {
      cell.state = ["h{t} = m{t} ⊙ {φ}( a{t} ) + (1-m{t}) ⊙ h{t-1}"]
      cell.gradient[0] += " + (1-m{t+1}) ⊙ δ{t+1}"
      cell.gradient[1] = "∂L/∂a{t} = m{t} ⊙ φ′{t} ⊙ δ{t}"
    }
    let words = [delays.isEmpty ? [] : [1] + delays, network.periods].map { $0.map(String.init).joined(separator: ",") }
    cell.variant = zip(["delays ", "periods "], words).filter { !$1.isEmpty }.map(+).joined(separator: " ")
    cell.stateComponents = (0..<stateComponents).map { $0 == 0 ? "h" : "h₋" + Self.subscripted($0) }
    return cell
  }

  private static func subscripted(_ number: Int) -> String {
    String("\(number)".map { digit in digit.wholeNumberValue.map { Array("₀₁₂₃₄₅₆₇₈₉")[$0] } ?? digit })
  }

  private static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // a_t = (W_ih x_t + b) + W_hh h_{t-1} + Σ_d W_d h_{t-d}
    step.addRecurrentProduct(gates: 1)
    step.addDelayedProducts(delays)
    // h_t = φ(a_t), but h_{t-1} where it is not a unit's turn: φ′ is 0 there
    let finite = step.activate(activation)
    if !periods.isEmpty { step.keepState(periods) }
    // s_t = (h_t, h_{t-1}, …)
    step.shiftHistory(components: stateComponents)
    return finite
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // ∂L/∂a_t = φ′(a_t) ⊙ δ_t
    let sumOfSquares = step.differentiateActivation(scale: 1)
    guard step.previousGradient != nil else { return sumOfSquares }
    // What s_t holds of s_{t-1}: δ_{t-1} by h_{t-1-k} += δ_t by h_{t-(k+1)};  δ_{t-1} += δ_t of units that keep their value
    step.passHistoryBack(components: stateComponents, periods)
    // δ_{t-1} += W_hhᵀ ∂L/∂a_t;  by h_{t-d} += W_dᵀ ∂L/∂a_t
    step.addRecurrentGradient(gates: 1, begun: true)
    step.addDelayedGradients(delays)
    return sumOfSquares
  }
}

extension NetworkSpecification {
  /// Whether connections have other delays than 1, or units a clock.
  public var hasOtherDelays: Bool { cell == .elman && (delays != [1] || !periods.isEmpty) }

  /// The delays beyond 1, of the cell that has them.
  public var furtherDelays: [Int] { cell == .elman ? delays.filter { $0 > 1 } : [] }

  /// The period of a unit: units lie in equal blocks, the first of the shortest period.
  func period(unit: Int) -> Int { periods[min(unit * periods.count / max(1, hidden), periods.count - 1)] }

  /// Whether each unit is updated at step t, counted from 1 in its sequence.
  public func updatedUnits(at t: Int) -> [Bool] {
    (0..<hidden).map { cell != .elman || periods.isEmpty || t.isMultiple(of: period(unit: $0)) }
  }

  /// The blocks of a matrix between units, of so many rows, that hold its connections: all of it, but of a clockwork network for
  /// each period its units' rows, and the columns of the units that are as slow or slower.
  public func connectedBlocks(rows: Int) -> [(rows: Range<Int>, columns: Range<Int>)] {
    guard cell == .elman, !periods.isEmpty else { return [(0..<rows, 0..<outputUnits)] }
    let size = hidden / periods.count
    return periods.indices.map { ($0 * size..<($0 + 1) * size, $0 * size..<hidden) }
  }

  /// Connections that a clockwork network does not have become 0 in an array of its parameters, or of their gradient.
  func clearAbsentConnections<S: Scalar>(of layout: ParameterLayout, _ values: UnsafeMutablePointer<S>) {
    guard cell == .elman, !periods.isEmpty else { return }
    for layer in 0..<layers {
      for copy in 0..<layout.copies {
        clearAbsent(values + layout.recurrentWeights(layer: layer, step: copy).offset)
        for delayed in layout.delayedWeights(layer: layer, step: copy) { clearAbsent(values + delayed.block.offset) }
      }
    }
  }

  /// Sets the elements of a matrix [H, H] between units that are not connected to 0.
  private func clearAbsent<S: Scalar>(_ matrix: UnsafeMutablePointer<S>) {
    for (rows, columns) in connectedBlocks(rows: hidden) {
      for row in rows { (matrix + row * hidden).update(repeating: 0, count: columns.lowerBound) }
    }
  }
}

extension Pass {
  /// Connections that the network does not have become 0 among its parameters, or in its gradient.
  func clearAbsentConnections(_ values: UnsafeMutablePointer<S>) { network.clearAbsentConnections(of: layout, values) }
}

extension CellStep {
  /// Where the packed matrix of a delay lies among those of all.
  private func packed(_ matrices: UnsafeMutablePointer<S>, _ index: Int) -> UnsafeMutablePointer<S> {
    matrices + index * S.packedCount(k: hidden, n: hidden)
  }

  /// a_t += Σ_d W_d h_{t-d}.
  @inline(__always)
  fileprivate func addDelayedProducts(_ delays: [Int]) {
    guard let delayedForward else { return }
    for (index, delay) in delays.enumerated() {
      S.multiplyPacked(
        m: rows, n: hidden, k: hidden, a: previousState + (delay - 1) * componentDistance, aRowStride: stateStride,
        aColumnStride: 1, packedB: packed(delayedForward, index), c: preactivation, cRowStride: activationStride,
        accumulate: true)
    }
  }

  /// δ_{t-1} by h_{t-d} += W_dᵀ ∂L/∂a_t.
  @inline(__always)
  fileprivate func addDelayedGradients(_ delays: [Int]) {
    guard let delayedBackward, let previous = previousGradient else { return }
    for (index, delay) in delays.enumerated() {
      S.multiplyPacked(
        m: rows, n: hidden, k: hidden, a: recurrentGradient, aRowStride: preactivationGradientStride,
        aColumnStride: 1, packedB: packed(delayedBackward, index),
        c: previous + (delay - 1) * previousGradientComponentDistance, cRowStride: gradientStride, accumulate: true)
    }
  }

  /// h_t = h_{t-1} of units whose period does not divide t, and φ′ = 0 there: h_t does not follow from a_t.
  @inline(__always)
  fileprivate func keepState(_ periods: [Int]) {
    for unit in 0..<hidden where !time.isMultiple(of: periods[unit]) {
      for row in 0..<rows {
        state[row * stateStride + unit] = previousState[row * stateStride + unit]
        derivative[row * activationStride + unit] = 0
      }
    }
  }

  /// Component k of s_t is component k-1 of s_{t-1}.
  @inline(__always)
  fileprivate func shiftHistory(components: Int) {
    for component in 1..<max(1, components) {
      S.scaleAdd(
        rows: rows, columns: hidden, alpha: 1, x: previousState + (component - 1) * componentDistance,
        xStride: stateStride, beta: 0, y: state + component * componentDistance, yStride: stateStride)
    }
  }

  /// What of δ_t reaches δ_{t-1} past φ. δ_{t-1} may lie where δ_t does: each component is written once it has been read.
  @inline(__always)
  fileprivate func passHistoryBack(components: Int, _ periods: [Int]) {
    guard let previous = previousGradient else { return }
    for component in 0..<components {
      let target = previous + component * previousGradientComponentDistance
      let source = component + 1 < components ? gradient + (component + 1) * gradientComponentDistance : nil
      for row in 0..<rows {
        for unit in 0..<hidden {
          let place = row * gradientStride + unit
          let kept =
            component == 0 && !periods.isEmpty && !time.isMultiple(of: periods[unit]) ? gradient[place] : 0
          target[place] = (accumulates ? target[place] : 0) + (source.map { $0[place] } ?? 0) + kept
        }
      }
    }
  }
}
