import RecurrentNetworks

/// A cell's equations as the screen writes them, with the step's own subscripts.
struct CellEquations {
  private let network: NetworkSpecification

  /// The equations of a network's cell.
  init(_ network: NetworkSpecification) { self.network = network }

  /// The pre-activation: all cells of this family share it.
  func preactivation(_ t: Int) -> String { "a\(sub(t)) = W_ih x\(sub(t)) + W_hh h\(sub(t - 1)) + b" }

  /// The state.
  func state(_ t: Int) -> String {
    let phi = "\(network.activation.rawValue)(a\(sub(t)))"
    return switch network.cell {
    case .elman: "h\(sub(t)) = \(phi)"
    case .leaky: "h\(sub(t)) = (1-β) h\(sub(t - 1)) + β \(phi)"
    case .residual: "h\(sub(t)) = h\(sub(t - 1)) + α \(phi)"
    }
  }

  /// What arrives from the step after it: J_{t+1}ᵀ δ_{t+1}.
  func future(_ t: Int) -> String {
    let next = sub(t + 1)
    return switch network.cell {
    case .elman: "W_hhᵀ(φ′\(next) ⊙ δ\(next))"
    case .leaky: "(1-β) δ\(next) + W_hhᵀ(βφ′\(next) ⊙ δ\(next))"
    case .residual: "δ\(next) + W_hhᵀ(αφ′\(next) ⊙ δ\(next))"
    }
  }

  /// What the step's own loss gives: both losses have this gradient.
  func local(_ t: Int) -> String { "W_hoᵀ(ŷ\(sub(t)) - y\(sub(t)))" }

  /// κ, the share of δ_{t+1} that goes past φ and W_hh: 0 where there is no such path.
  var keep: Double {
    switch network.cell {
    case .elman: 0
    case .leaky: 1 - network.beta
    case .residual: 1
    }
  }

  /// What stands before φ′ in the factor.
  var gain: String {
    switch network.cell {
    case .elman: ""
    case .leaky: "β"
    case .residual: "α"
    }
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
