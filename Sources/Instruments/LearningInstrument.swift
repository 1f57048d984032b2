import GradientFlow
import Training

/// What the learning algorithm makes of the pass, how near its gradient comes to the exact one, and what every algorithm would
/// cost here.
public enum LearningInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "learning"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It does: it is read again at another step.
  public static let followsCursor = true

  /// The algorithm's gradient, its influence matrix, and the costs.
  public struct Reading: Sendable {
    /// n.
    public let length: Int
    /// The algorithm's gradient against backpropagation's to the sequence's start.
    public let report: AlgorithmReport
    /// What the algorithm is.
    public let description: AlgorithmDescription
    /// What each algorithm holds and computes for an update.
    public let costs: [Cost]
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// What an algorithm holds, and its multiply-adds an update.
  public struct Cost: Equatable, Sendable {
    public let kind: AlgorithmKind, floats: Double, multiplyAdds: Double

    /// So many numbers and multiply-adds.
    public init(kind: AlgorithmKind, floats: Double, multiplyAdds: Double) {
      self.kind = kind
      self.floats = floats
      self.multiplyAdds = multiplyAdds
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let longest = pass.longestSequence(budget)
    guard pass.length <= longest else {
      budget.leaveOut("the algorithm's gradient against the exact one: too many steps")
      return nil
    }
    let sizes = pass.snapshot.updateSizes
    return Reading(
      length: pass.length, report: AlgorithmReport.compute(pass.snapshot, step: focus.step, longest: longest),
      description: pass.snapshot.experiment.training.algorithm.description,
      costs: AlgorithmKind.allCases.map { kind in
        let cost = kind.cost(sizes)
        return Cost(kind: kind, floats: cost.floats, multiplyAdds: cost.multiplyAdds * Double(sizes.k1))
      }, noGradientReason: pass.noGradientReason)
  }

  /// What is followed over training.
  public static let trendNames = ["cosine"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] { ["cosine": reading.report.overall.cosine] }

  /// Numbers held and multiply-adds of an update, of each algorithm.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("floats", reading.costs.map(\.floats)),
      ReadingArray("multiply_adds", reading.costs.map(\.multiplyAdds)),
    ]
  }
}

extension Snapshot {
  /// The sizes of the next update: a window as long as it is, at a sequence's start shorter than k2, where the gradient goes
  /// back over it; k1 as many steps as are left, where it is carried forward.
  var updateSizes: AlgorithmSizes {
    var sizes = AlgorithmSizes(experiment, inputs: data.inputs, outputs: data.outputs)
    if experiment.training.algorithm.description.isForward {
      sizes.k1 = window.steps.count
    } else {
      sizes.k2 = window.steps.count
    }
    return sizes
  }
}
