import GradientFlow

/// The Lyapunov exponents of the layer's state along its trajectory, with their errors and the Kaplan–Yorke dimension.
public enum LyapunovInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "lyapunov"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Jacobian product has how the gradient grows or falls from layer to layer"

  /// The spectrum.
  public typealias Reading = LyapunovSpectrum

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> LyapunovSpectrum? {
    let tape = pass.sequenceOrWindow(budget), width = pass.width
    // A step takes some 2 W²k for J Q and 4 W k² for the decomposition, k directions, at a third of the speed of a plain
    // product: all of them where that is quick, then fewer sequences, then fewer directions.
    func steps(_ directions: Double) -> Int {
      let cost = 3 * (2 * width * width * directions + 6 * width * directions * directions + width * width)
      return budget.count(milliseconds: 15, cost: cost, least: 0)
    }
    let count = [width, min(width, 16), min(width, 4), 1].first { steps($0) >= tape.steps }
    guard let count else {
      budget.leaveOut("the Lyapunov exponents over \(tape.steps) steps")
      return nil
    }
    if count < width { budget.leaveOut("Lyapunov exponents after the \(Int(count)) largest") }
    do {
      return try LyapunovSpectrum(
        tape, layer: pass.layer(focus), count: Int(count), sequences: max(1, steps(count) / max(1, tape.steps)),
        progress: budget.goOn)
    } catch is CancellationError {
      return nil
    } catch {
      budget.leaveOut("the Lyapunov exponents: a Jacobian is not finite")
      return nil
    }
  }

  /// What is followed over training.
  public static let trendNames = ["largest", "dimension"]

  /// What is followed over training.
  public static func trend(_ reading: LyapunovSpectrum) -> [String: Double] {
    ["largest": reading.exponents.first ?? .nan, "dimension": reading.dimension ?? .nan]
  }

  /// The exponents, their errors, and the largest as it settles.
  public static func arrays(_ reading: LyapunovSpectrum) -> [ReadingArray] {
    [
      ReadingArray("exponents", reading.exponents), ReadingArray("standard_errors", reading.standardErrors),
      ReadingArray("convergence", reading.convergence),
    ]
  }
}
