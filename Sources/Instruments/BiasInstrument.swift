import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// The gradient that trains against the full one at the same weights: its angle and its relative error.
public enum BiasInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "bias"
  /// It does, and says that nothing is truncated in networks that are no recurrent ones.
  public static let readsAnyNetwork = true

  /// The two gradients against each other, over the whole sequence.
  public typealias Reading = TruncationBias

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> TruncationBias? {
    guard pass.isCutByWindows(budget) else { return nil }
    if let reason = pass.noGradientReason {
      budget.leaveOut(reason)
      return nil
    }
    let windows = pass.windows
    let steps = budget.count(
      milliseconds: 5,
      cost: 2 * Double(pass.batch) * pass.width * pass.width + 4000 * Double(pass.batch).squareRoot())
    guard TruncationBias.stepsBack(windows) <= steps, pass.length <= pass.longestSequence(budget) else {
      budget.leaveOut("the truncated gradient against the full one: too many steps to go back")
      return nil
    }
    return try? pass.snapshot.read(Reader(windows: windows, hasTensors: budget.isWhole))
  }

  private struct Reader: PassReader {
    let windows: [Window], hasTensors: Bool

    func read<S: Scalar>(_ pass: Pass<S>) -> TruncationBias {
      pass.forward(0..<pass.steps)
      return TruncationBias(pass, windows: windows, hasTensors: hasTensors)
    }
  }

  /// What is followed over training.
  public static let trendNames = ["cosine", "relative_error"]

  /// What is followed over training.
  public static func trend(_ reading: TruncationBias) -> [String: Double] {
    ["cosine": reading.overall.cosine, "relative_error": reading.overall.relativeError]
  }

  /// The cosine and the relative error of each tensor, in the order of the parameters.
  public static func arrays(_ reading: TruncationBias) -> [ReadingArray] {
    [
      ReadingArray("tensor_cosine", reading.tensors.map(\.cosine)),
      ReadingArray("tensor_relative_error", reading.tensors.map(\.relativeError)),
    ]
  }
}
