import GradientFlow

/// What every time step contributes to the gradient by the weights that all steps share: the norm of each step's own term before
/// the terms are summed, their running sum, and how much of them is left when they are added.
public enum ContributionsInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "contributions"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt =
    "Learning algorithm has the gradient's norm by tensor, Gradient norm what arrives at each step"

  /// The terms of the window's gradient.
  public struct Reading: Sendable {
    /// n, the window's first step, and the sequences of the batch.
    public let length: Int, firstStep: Int, batch: Int
    /// The terms of every step of the window.
    public let terms: WeightContributions
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.window
    // Outer products over the batch at every step.
    let steps = budget.count(
      milliseconds: 20, cost: 4 * Double(pass.batch) * pass.width * pass.width * Double(pass.layers))
    guard tape.steps <= steps else {
      budget.leaveOut("the contributions of \(tape.steps) steps")
      return nil
    }
    guard let terms = try? WeightContributions(tape, progress: budget.goOn) else { return nil }
    return Reading(
      length: pass.length, firstStep: tape.window.steps.lowerBound, batch: pass.batch, terms: terms,
      noGradientReason: pass.noGradientReason)
  }

  /// What is followed over training.
  public static let trendNames = ["remaining_share"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] { ["remaining_share": reading.terms.remainingShare] }

  /// log10 of each step's term, and of their running sum from the newest on.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [ReadingArray("log10_norm", reading.terms.log10Norm), ReadingArray("log10_sum", reading.terms.log10Sum)]
  }
}
