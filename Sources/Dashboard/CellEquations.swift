import RecurrentNetworks

/// A cell's equations as the screen writes them, with the step's own subscripts.
struct CellEquations {
  private let description: CellDescription
  private let activation: String

  /// The equations of a network's cell.
  init(_ network: NetworkSpecification) {
    description = network.cellDescription
    activation = network.activation.rawValue
  }

  /// The pre-activations.
  func preactivation(_ t: Int) -> String { written(description.preactivation, t) }

  /// The state, all its equations in one line.
  func state(_ t: Int) -> String { description.state.map { written($0, t) }.joined(separator: "; ") }

  /// What arrives from the step after it: J_{t+1}ᵀ δ_{t+1}.
  func future(_ t: Int) -> String { written(description.future, t) }

  /// What the step's own loss gives.
  func local(_ t: Int) -> String { written(description.local, t) }

  /// κ, the share of δ_{t+1} that goes past φ and W_hh: 0 where there is no such path.
  var keep: Double { description.affineJacobian?.directPath ?? 0 }

  /// What stands before φ′ in the factor.
  var gain: String { description.affineJacobian?.scaleName ?? "" }

  private func written(_ equation: String, _ t: Int) -> String {
    equation.replacing("{t-1}", with: sub(t - 1)).replacing("{t+1}", with: sub(t + 1)).replacing("{t}", with: sub(t))
      .replacing("{φ}", with: activation)
  }
}

/// A number as a subscript: ₃₇.
func sub(_ number: Int) -> String {
  String(
    String.UnicodeScalarView(
      "\(number)".unicodeScalars.map { digit in
        digit == "-" ? "₋" : Unicode.Scalar(0x2080 + digit.value - 0x30) ?? digit
      }))
}
