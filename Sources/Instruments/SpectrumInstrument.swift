import GradientFlow
import RecurrentNetworks

/// Eigenvalues and singular values of W_hh and of one step's Jacobian J_t = ∂s_t/∂s_{t-1}.
public enum SpectrumInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "spectrum"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Jacobian product and This step have what one layer or place does to the gradient"
  /// It does: it is read again at another step.
  public static let followsCursor = true

  /// The spectra of one layer.
  public struct Reading: Sendable {
    /// W_hh, a square block a gate; empty where it was not computed. Where each step has its own, that of `weightStep`.
    public let weights: [MatrixSpectrum]
    /// The gates' names, and those of the state's components.
    public let gates: [String], stateComponents: [String]
    /// The step of the sequence whose W_hh it is; nil where all steps share one.
    public let weightStep: Int?
    /// J_t of sequence 0 and its step in the sequence; nil where it was not computed.
    public let jacobian: (step: Int, spectrum: MatrixSpectrum)?
    /// γ = max φ′, and whether γσ_max alone decides what a step can do: not where a path goes past W_hh.
    public let gamma: Double, hasVerdict: Bool
    /// Whether W_hh alone says little: a path goes past it.
    public let hasDirectPath: Bool

    /// W_hh of cells with one gate.
    public var recurrent: MatrixSpectrum? { weights.count == 1 ? weights.first : nil }
    /// The largest of the blocks' spectral radii.
    public var spectralRadius: Double? { weights.map(\.spectralRadius).max() }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.window, layer = pass.layer(focus)
    let cell = tape.network.cellDescription
    let hasCopies = tape.layout.copies > 1
    let direct = cell.affineJacobian?.directPath
    let reading = Reading(
      weights: weights(pass, focus, layer, budget), gates: cell.gates, stateComponents: cell.stateComponents,
      weightStep: hasCopies ? pass.index(focus) + tape.window.steps.lowerBound : nil,
      jacobian: jacobian(pass, focus, layer, budget), gamma: tape.network.activation.maximumDerivative,
      hasVerdict: !hasCopies && (direct.map { $0 < 1 } ?? false), hasDirectPath: direct != 0)
    return reading.weights.isEmpty && reading.jacobian == nil ? nil : reading
  }

  /// The most units of a matrix whose eigenvalues are computed.
  private static func most(_ budget: Budget) -> Int { budget.size(live: 128, patient: 256) }

  private static func weights(
    _ pass: PassView, _ focus: Focus, _ layer: Int, _ budget: Budget
  ) -> [MatrixSpectrum] {
    let tape = pass.window, most = most(budget)
    // What is left out is said once, of what the reader looks at.
    let isMain = tape.network.cell.gates == 1
    // A block a gate: while it trains they share what one matrix may cost.
    let blocks = budget.patience == .live ? tape.network.cell.gates : 1
    guard tape.hidden * blocks <= most else {
      if isMain { budget.leaveOut("the eigenvalues of W_hh: more than \(most) units") }
      return []
    }
    do {
      return try MatrixSpectrum.recurrentWeights(of: tape, step: pass.index(focus), layer: layer)
    } catch {
      if isMain { budget.leaveOut("the spectrum: W_hh is not finite") }
      return []
    }
  }

  private static func jacobian(
    _ pass: PassView, _ focus: Focus, _ layer: Int, _ budget: Budget
  ) -> (step: Int, spectrum: MatrixSpectrum)? {
    let tape = pass.window, most = most(budget)
    // Where a step multiplies by φ′ W_hh and no more, W_hh says enough while it trains.
    let isPlain = tape.network.cellDescription.affineJacobian?.directPath == 0
    guard tape.steps > 0, !isPlain || budget.patience != .live else { return nil }
    let isMain = tape.network.cell.gates > 1
    guard tape.hidden * tape.network.stateComponents <= most else {
      if isMain { budget.leaveOut("the eigenvalues of J_t: a state of more than \(most)") }
      return nil
    }
    let index = pass.index(focus)
    do {
      return (
        tape.window.steps.lowerBound + index, try MatrixSpectrum(jacobianOf: tape, step: index, layer: layer)
      )
    } catch {
      if isMain { budget.leaveOut("the spectrum: J_t is not finite") }
      return nil
    }
  }

  /// What is followed over training.
  public static let trendNames = ["spectral_radius"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    reading.spectralRadius.map { ["spectral_radius": $0] } ?? [:]
  }

  /// Eigenvalues as pairs of a real and an imaginary part, and singular values: of W_hh gate by gate, and of J_t.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let parts =
      zip(reading.gates, reading.weights).map { (reading.weights.count > 1 ? "weights_\($0)" : "weights", $1) }
      + (reading.jacobian.map { [("jacobian", $0.spectrum)] } ?? [])
    return parts.flatMap { name, spectrum in
      [
        ReadingArray(
          name, spectrum.eigenvalues.flatMap { [$0.real, $0.imaginary] }, shape: [spectrum.eigenvalues.count, 2]),
        ReadingArray("\(name)_singular_values", spectrum.singularValues),
      ]
    }
  }
}
