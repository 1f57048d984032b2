import GradientFlow
import RecurrentNetworks
import Training

/// One term of the flow matrix, written out: loss i at state t, and the updates that carry it.
public enum TermInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "term"
  /// It does.
  public static let followsCursor = true

  /// The term.
  public struct Reading: Sendable {
    /// ∂l_i/∂h_t step by step.
    public let term: FlowTerm
    /// The windows of the updates that carry it, by the schedule; nil where the gradient is cut in another way.
    public let carriedBy: [Window]?
    /// The updates of a sequence like this one.
    public let updates: Int
    /// Whether every step has the same weights: then the terms are summed.
    public let sharesWeights: Bool
    /// Whether the cell has a W_hh, of whose gradient the term is a part.
    public let hasRecurrentWeights: Bool
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard pass.length <= budget.count(milliseconds: 10, cost: pass.width * pass.width, least: 200),
      let tape = pass.sequence(budget), let loss = pass.loss(focus)
    else { return nil }
    let step = min(max(0, focus.term?.step ?? focus.step ?? pass.snapshot.window.steps.lowerBound), pass.length - 1)
    guard let term = FlowTerm(tape, loss: loss, step: step, layer: pass.layer(focus)) else { return nil }
    let windows = pass.isCutByWindows ? pass.windows : nil
    return Reading(
      term: term, carriedBy: windows?.filter { step <= loss && $0.injected.contains(loss) && $0.steps.contains(step) },
      updates: windows?.count ?? 0, sharesWeights: tape.layout.copies == 1,
      hasRecurrentWeights: tape.recurrentWeights(layer: pass.layer(focus), step: 0) != nil)
  }

  /// The term's norms from loss i back to state t.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("loss_and_step", [reading.term.loss, reading.term.step].map { Double($0 + 1) }),
      ReadingArray("log10_norms", reading.term.log10Norms),
    ]
  }
}

extension TermInstrument.Reading {
  /// Which updates carry the term: "carried by update 3 of 5, steps 11 … 30"; nil where nothing is cut by windows.
  public var fate: String? {
    guard let carriedBy else { return nil }
    if term.step > term.loss { return "a loss reaches no later state" }
    guard let first = carriedBy.first else { return "cut off: no update has both in its window" }
    let window = "steps \(first.steps.lowerBound + 1) … \(first.steps.upperBound)"
    return carriedBy.count == 1
      ? "carried by one update, \(window)" : "carried by \(carriedBy.count) updates, first \(window)"
  }
}

extension TermInstrument.Reading {
  /// The term written out: ∂l_i/∂h_t as a product of Jacobians with its numbers, its part of ∂L/∂W_hh where there is one, and which updates carry it.
  ///
  /// - Parameter power: writes a number of which the decimal logarithm is given.
  public func lines(power: (_ log10: Double) -> String) -> [String] {
    let (i, t) = (term.loss + 1, term.step + 1)
    let name = "∂l\(sub(i))/∂h\(sub(t))", start = "∂l\(sub(i))/∂h\(sub(i))"
    guard t <= i else { return ["\(name) = 0: a loss reaches no later state"] }
    let jacobians = (t..<i).reversed().map { "J\(sub($0 + 1))" }
    let shown =
      jacobians.count > 4 ? jacobians.prefix(2) + ["…"] + jacobians.suffix(1) : jacobians[...]
    var lines = [
      jacobians.isEmpty ? "\(name), the loss's own step" : "\(name) = \(start) \(shown.joined(separator: " "))"
    ]
    let norm = power(term.log10Norm), first = power(term.log10Norms.last ?? -.infinity)
    lines.append(
      term.log10Factor.map { factor in
        "‖\(name)‖ = \(norm) ≈ \(first) × \(power(factor))^\(i - t): the loss's own gradient, and the "
          + "mean factor of \(i - t) \(i - t == 1 ? "Jacobian" : "Jacobians")"
      } ?? "‖\(name)‖ = \(norm)")
    if !term.gradient.isEmpty, term.log10Norm.isFinite {
      let elements = term.gradient.prefix(4).map { ($0 < 0 ? "-" : "") + power(Log10.of(abs($0)) + term.log10Scale) }
      lines.append("\(name) = (\(elements.joined(separator: ", "))\(term.gradient.count > 4 ? ", …" : ""))")
    }
    guard hasRecurrentWeights else { return lines + (fate.map { ["the term is \($0)"] } ?? []) }
    let sum = sharesWeights ? "its term of ∂L/∂W_hh" : "its term of the step's own ∂L/∂W_hh"
    lines.append(
      "\(sum), (\(name))(∂⁺h\(sub(t))/∂W_hh), has the norm \(power(term.log10Contribution))"
        + (fate.map { "; \($0)" } ?? ""))
    return lines
  }
}
