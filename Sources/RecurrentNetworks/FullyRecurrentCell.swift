import LinearAlgebra

/// The fully recurrent network (Williams & Zipser 1989, 1995): y(t+1) = f(W [y(t); x(t)]), one matrix W of n×(n+m).
///
/// The step of delay is in the names only: step t of a tape reads x_t and the units' y_{t-1}, so its h_t is Williams &
/// Zipser's y(t+1), the first that x(t) can reach. There is no bias (a constant input is one) and no readout: targets stand on
/// the first O units themselves, on some of them at some steps.
struct FullyRecurrentCell: Cell {
  static let gates = 1
  var stateComponents: Int { 1 }
  static let isFullyRecurrent = true
  /// A step is Elman's, W_hh being the units' columns of W.
  private let units: ElmanCell

  init(_ network: NetworkSpecification) {
    units = ElmanCell(network)
  }

  var description: CellDescription {
    var cell = CellDescription(
      summary: "the fully recurrent network: one matrix, outputs are units (Williams & Zipser 1989)",
      state: ["y{t} = {φ}( s{t} )"],
      gradient: ["∂J/∂y{t} = {local} + W_yᵀ ∂J/∂s{t+1}", "∂J/∂s{t} = φ′{t} ⊙ ∂J/∂y{t}"])
    cell.gates = ["s"]
    cell.stateComponents = ["y"]
    cell.preactivation = "s{t} = W_y y{t-1} + W_x x{t}"
    (cell.inputWeights, cell.recurrentWeights) = ("W_x", "W_y")
    cell.error = "e{t} = d{t} - y{t}"
    cell.maximizesNegativeErrors = true
    cell.affineJacobian = .init(directPath: 0, scale: 1, scaleName: "")
    return cell
  }

  @inline(__always)
  func forward<S: Scalar>(_ step: CellStep<S>) -> Bool {
    // s_t = W [y_{t-1}; x_t], its input columns' part already there;  y_t = f(s_t)
    units.forward(step)
  }

  @inline(__always)
  func backward<S: Scalar>(_ step: CellStep<S>) -> S {
    // δ_t = f′(s_t) ⊙ ε_t;  ε_{t-1} += Σ_l w_lk δ_l(t)
    units.backward(step)
  }
}
