import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// The gradient that trains against the full one at the same weights: its angle and its relative error.
public enum BiasInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "bias"

  /// The two gradients against each other, over the whole sequence.
  public typealias Reading = TruncationBias

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> TruncationBias? {
    guard pass.isCutByWindows else { return nil }
    let windows = pass.windows
    let steps = budget.count(
      milliseconds: 5,
      cost: 2 * Double(pass.batch) * pass.width * pass.width + 4000 * Double(pass.batch).squareRoot())
    guard TruncationBias.stepsBack(windows) <= steps, pass.length <= pass.longestSequence(budget) else {
      budget.leaveOut("the truncated gradient against the full one: too many steps to go back")
      return nil
    }
    return pass.snapshot.experiment.precision == .float64
      ? bias(pass, windows, Double.self) : bias(pass, windows, Float.self)
  }

  private static func bias<S: Scalar>(_ view: PassView, _ windows: [Window], _: S.Type) -> TruncationBias {
    let pass = view.snapshot.pass(S.self)
    pass.forward(0..<view.length)
    return TruncationBias(pass, windows: windows)
  }

  /// What is followed over training.
  public static func trend(_ reading: TruncationBias) -> [String: Double] {
    ["cosine": reading.overall.cosine, "relative error": reading.overall.relativeError]
  }
}
