import Foundation
import RecurrentNetworks

/// A cell's equations as the screen writes them, with the step's own subscripts.
public struct CellEquations {
  private let description: CellDescription
  private let activation: String
  private let hasUnitRates: Bool

  /// The equations of a network's cell.
  public init(_ network: NetworkSpecification) {
    description = network.cellDescription
    activation = network.activation.rawValue
    hasUnitRates = network.hasUnitRates
  }

  /// The pre-activations of layer `layer`, counted from 0; what goes into those above the lowest is h of the layer below.
  public func preactivation(_ t: Int, layer: Int = 0) -> String {
    let equation = description.preactivation
    return written(layer > 0 ? equation.replacing("W_ih x{t}", with: "W_ih h{t}[l\(layer)]") : equation, t)
  }

  /// The equations from the pre-activations to the state, a line each.
  public func stateLines(_ t: Int) -> [String] { description.state.map { written($0, t) } }

  /// What a step's gate f, or another one, is called: f₃₇.
  public func gate(_ name: String, _ t: Int) -> String { name + sub(t) }

  /// The state, all its equations in one line.
  public func state(_ t: Int) -> String { description.state.map { written($0, t) }.joined(separator: "; ") }

  /// What arrives from the step after it: J_{t+1}ᵀ δ_{t+1}.
  public func future(_ t: Int) -> String { written(description.future, t) }

  /// What arrives from the step after it at h, and at what is carried beside it, a line each.
  public func futureLines(_ t: Int) -> (state: String, beside: [String]) {
    let clauses = future(t).components(separatedBy: "; ")
    let beside = clauses.dropFirst().map { clause in
      description.stateComponents.reduce(clause) {
        $0.hasPrefix("to \($1): ") ? "∂L/∂\($1)\(sub(t)) = " + $0.dropFirst(5 + $1.count) : $0
      }
    }
    return (clauses[0], Array(beside))
  }

  /// What the step's own loss gives.
  public func local(_ t: Int) -> String { written(description.local, t) }

  /// The name of what is carried beside h: c.
  public var carriedName: String { description.memoryPath.map { description.stateComponents[$0.component] } ?? "c" }

  /// The gate of the memory path: f₃₈.
  public func memoryPathName(_ t: Int) -> String {
    guard let memoryPath = description.memoryPath else { return "" }
    let gate = description.gates[memoryPath.gate] + sub(t)
    return memoryPath.isComplement ? "(1-\(gate))" : gate
  }

  /// What stands before φ′ in the factor.
  public var gain: String { hasUnitRates ? "β" : description.affineJacobian?.scaleName ?? "" }

  private func written(_ equation: String, _ t: Int) -> String {
    equation.replacing("{t-1}", with: sub(t - 1)).replacing("{t+1}", with: sub(t + 1)).replacing("{t}", with: sub(t))
      .replacing("{φ}", with: activation)
  }
}

/// A number as a subscript: ₃₇.
public func sub(_ number: Int) -> String {
  String(
    String.UnicodeScalarView(
      "\(number)".unicodeScalars.map { digit in
        digit == "-" ? "₋" : Unicode.Scalar(0x2080 + digit.value - 0x30) ?? digit
      }))
}
