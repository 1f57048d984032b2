import Foundation
import GradientFlow
import RecurrentNetworks

/// A cell's equations, out of what the cell says of itself: as symbols to be read, and as lines to be filled in.
public struct CellEquations: Sendable {
  private let description: CellDescription
  private let activation: String
  private let hasUnitRates: Bool
  /// Whether h_{t-1} goes into the pre-activations.
  let hasRecurrentWeights: Bool
  /// The gates whose recurrent input is added to the others: but for the last of a GRU, all.
  private let plainGates: Int
  /// Whether what comes from outside of the network is given, and no loss of its own.
  let givesGradients: Bool

  /// The equations of a network's cell; `givesGradients` where ∂L/∂h_t is given from outside of the network.
  public init(_ network: NetworkSpecification, givesGradients: Bool = false) {
    self.givesGradients = givesGradients
    description = network.cellDescription
    activation = network.activation.rawValue
    hasUnitRates = network.hasUnitRates
    hasRecurrentWeights = network.cell.hasRecurrentWeights
    plainGates = description.gates.count - network.cell.resetGatedInputs
  }

  // MARK: Lines to be filled in

  /// The way forward, every gate for itself, with {t} for subscripts.
  var forwardLines: [String] {
    guard isGated else { return [description.preactivation] + stateTemplates }
    let gates = description.gates.prefix(plainGates)
    let activations = gates.enumerated().map { index, gate in
      let a = "a_\(gate){t}"
      return "\(gate){t} = " + (isIdentity(index) ? a : "\(function(index))( \(a) )")
    }
    let sums = gates.map { gate in
      Self.line(description.preactivation, of: gate) + (description.gateTerms[gate].map { " + " + $0 } ?? "")
    }
    return sums + activations + stateTemplates
  }

  /// The way back: the gradient by h, by what else is carried, and by every pre-activation.
  var gradientLines: [String] {
    let recurrent = "W_hhᵀ ∂L/∂a{t+1}"
    guard isGated else { return description.gradient }
    let sum = description.gates.enumerated().map { index, gate in
      index < plainGates ? Self.line(recurrent, of: gate) : "W_h\(gate)ᵀ ∂L/∂q{t+1}"
    }
    return description.gradient.map { $0.replacingOccurrences(of: recurrent, with: sum.joined(separator: " + ")) }
  }

  /// What a layer receives from the layer above, at the same step.
  func linesFromAbove(_ mark: String) -> [String] {
    let line = "\(description.inputWeights)\(mark)ᵀ ∂L/∂a{t}\(mark)"
    return isGated ? description.gates.map { Self.line(line, of: $0) } : [line]
  }

  /// A line as it is for one gate: a is a_f, W_ih is W_if, W_hh is W_hf, b is b_f.
  private static func line(_ line: String, of gate: String) -> String {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map {
      $0 == "b" ? "b_\(gate)" : String($0)
    }
    return words.joined(separator: " ").replacingOccurrences(of: "a{t", with: "a_\(gate){t").replacingOccurrences(
      of: "W_ih", with: "W_i\(gate)"
    )
    .replacingOccurrences(of: "W_hh", with: "W_h\(gate)")
  }

  private var isGated: Bool { description.gates.count > 1 }
  private var stateTemplates: [String] {
    description.state.map { $0.replacingOccurrences(of: "{φ}", with: activation) }
  }

  /// The function of a gate as its equation writes it; σ is a singular value on this screen.
  private func function(_ gate: Int) -> String { description.gateFunctions.map { $0[gate].rawValue } ?? activation }

  private func isIdentity(_ gate: Int) -> Bool { description.gateFunctions?[gate] == .identity }

  // MARK: Symbols to be read

  /// The pre-activations of layer `layer`, counted from 0, and the gates that are made of them; what goes into the layers above the
  /// lowest is h of the layer below.
  public func preactivation(_ t: Int, layer: Int = 0) -> String {
    let read = layer > 0 ? "h{t}[l\(layer)]" : "x{t}"
    var sum = description.preactivation.replacingOccurrences(of: "x{t}", with: read)
    if !description.gateTerms.isEmpty { sum += " + w_c ⊙ c" }
    guard isGated else { return written(sum, t) }
    // i, f, o = σ(a), g = tanh(a)
    var functions: [String] = []
    for gate in 0..<plainGates where !functions.contains(function(gate)) { functions.append(function(gate)) }
    let gates = functions.map { name in
      let all = (0..<plainGates).filter { function($0) == name }.map { description.gates[$0] + "{t}" }
      return all.joined(separator: ", ") + (name == Activation.identity.rawValue ? " = a{t}" : " = \(name)(a{t})")
    }
    return written(gates.joined(separator: ", ") + "; " + sum, t)
  }

  /// The equations from the pre-activations to the state, a line each.
  public func stateLines(_ t: Int) -> [String] { stateTemplates.map { written($0, t) } }

  /// The state, all its equations in one line.
  public func state(_ t: Int) -> String { stateLines(t).joined(separator: "; ") }

  /// The name of the gradient by h, and of that by the pre-activations: δ₃₇ and ∂L/∂a₃₇.
  public func gradientName(_ t: Int) -> String { written(Self.sides(description.gradient[0]).left, t) }

  /// What arrives from the step after it, J_{t+1}ᵀ δ_{t+1}; where there is one pre-activation its own gradient is written out.
  public func future(_ t: Int) -> String {
    var text = Self.sides(description.gradient[0]).right.replacingOccurrences(of: "{local} + ", with: "")
    if !isGated, let last = description.gradient.last.map(Self.sides) {
      let next = last.left.replacingOccurrences(of: "{t}", with: "{t+1}")
      text = text.replacingOccurrences(
        of: " " + next, with: "( " + last.right.replacingOccurrences(of: "{t}", with: "{t+1}") + " )")
    }
    return written(text, t)
  }

  /// The gradient by what is carried beside h, a line each; at the last step without what comes from after it.
  public func carriedLines(_ t: Int, isLast: Bool) -> [String] {
    description.gradient.dropFirst().filter { line in
      description.stateComponents.dropFirst().contains { line.hasPrefix("∂L/∂\($0){t}") }
    }.map { line in
      let (left, right) = Self.sides(line)
      let terms = right.components(separatedBy: " + ").filter { !isLast || !$0.contains("{t+1}") }
      return written(left + " = " + terms.joined(separator: " + "), t)
    }
  }

  /// The gradient by the pre-activations, where there is one for all units: ∂L/∂aₜ = φ′ₜ ⊙ δₜ.
  public var preactivationGradient: String? {
    isGated ? nil : description.gradient.last.map { Self.clean($0.replacingOccurrences(of: "{t}", with: "ₜ")) }
  }

  /// The name of the gradient by the pre-activations, at t: ∂L/∂aₜ.
  public var preactivationGradientName: String {
    isGated ? "∂L/∂aₜ" : Self.sides(description.gradient.last ?? "").left.replacingOccurrences(of: "{t}", with: "ₜ")
  }

  /// What the step's own loss gives, of `count` that the objective is the mean of.
  public func local(_ t: Int, count: Int) -> String {
    if givesGradients { return "∂L/∂output" + sub(t) }
    return description.error.map { _ in "e" + sub(t) } ?? "W_outᵀ(ŷ\(sub(t)) - y\(sub(t)))"
      + (count > 1 ? "/\(count)" : "")
  }

  /// What a step's gate f, or another one, is called: f₃₇.
  public func gate(_ name: String, _ t: Int) -> String { name + sub(t) }

  /// The name of what is carried beside h: c.
  public var carriedName: String { description.memoryPath.map { description.stateComponents[$0.component] } ?? "c" }

  /// The recurrent weights of the first gate, W_hi or W_hh, or the input's where there are none.
  public var firstWeights: String {
    let letter = hasRecurrentWeights ? "h" : "i"
    if isGated { return "W_\(letter)" + description.gates[0] }
    return hasRecurrentWeights ? description.recurrentWeights : description.inputWeights
  }

  /// How the state, the pre-activations, the input's and the recurrent weights are called: h, a, W_ih, W_hh.
  public var names: (state: String, preactivation: String, input: String, recurrent: String) {
    (
      description.stateComponents[0], isGated ? "a" : description.gates[0], description.inputWeights,
      description.recurrentWeights
    )
  }

  /// The gate of the memory path: f₃₈.
  public func memoryPathName(_ t: Int) -> String {
    guard let memoryPath = description.memoryPath else { return "" }
    let gate = description.gates[memoryPath.gate] + sub(t)
    return memoryPath.isComplement ? "(1-\(gate))" : gate
  }

  /// What stands before φ′ in the factor.
  public var gain: String { hasUnitRates ? "β" : description.affineJacobian?.scaleName ?? "" }

  private func written(_ equation: String, _ t: Int) -> String {
    Self.clean(equation.replacing(/\{t([+-]\d+)?\}/) { sub(t + ($0.1.flatMap { Int($0) } ?? 0)) })
  }

  /// Without the spaces inside of parentheses that set the pieces apart.
  static func clean(_ equation: String) -> String {
    equation.replacingOccurrences(of: "( ", with: "(").replacingOccurrences(of: " )", with: ")").replacingOccurrences(
      of: " /", with: "/")
  }

  /// What stands left and right of =.
  static func sides(_ line: String) -> (left: String, right: String) {
    let parts = line.components(separatedBy: " = ")
    return (parts[0], parts.dropFirst().joined(separator: " = "))
  }
}
