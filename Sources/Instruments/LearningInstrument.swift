import GradientFlow
import LinearAlgebra
import Training

/// What the learning algorithm makes of the pass, how near its gradient comes to the exact one, how far the next update moves each
/// tensor, and what every algorithm, or every kind of network, would cost here.
public enum LearningInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "learning"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It does: it is read again at another step.
  public static let followsCursor = true
  /// It reads networks of every kind.
  public static let readsAnyNetwork = true

  /// The algorithm's gradient, its influence matrix, and the costs.
  public struct Reading: Sendable {
    /// n.
    public let length: Int
    /// The gradient that trains against that of the whole batch by backpropagation to the sequence's start.
    public let report: AlgorithmReport
    /// What the algorithm is.
    public let description: AlgorithmDescription
    /// Whose costs are told, and what each of them holds and computes for an update.
    public let own: CostSubject, costs: [Cost]
    /// What the next update does to each tensor, in the layout's order.
    public let tensors: [TensorUpdate]
    /// Whether clients make the gradient.
    public let isFederated: Bool
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// What an algorithm, or a kind of network, holds, and its multiply-adds an update.
  public struct Cost: Equatable, Sendable {
    public let subject: CostSubject, floats: Double, multiplyAdds: Double

    /// So many numbers and multiply-adds.
    public init(_ subject: CostSubject, floats: Double, multiplyAdds: Double) {
      (self.subject, self.floats, self.multiplyAdds) = (subject, floats, multiplyAdds)
    }
  }

  /// How far the next update moves a tensor.
  public struct TensorUpdate: Equatable, Sendable {
    /// PyTorch's name.
    public let name: String
    /// ‖w‖₂, and ‖∂L/∂w‖₂ before clipping.
    public let norm: Double, gradientNorm: Double
    /// ‖Δw‖₂ of the update as it is made, clipped and by the optimizer; NaN where noise decides it, or it is made elsewhere.
    public let updateNorm: Double
    /// ‖Δw‖/‖w‖; infinite for a tensor of zeros that moves.
    public var ratio: Double { updateNorm == 0 ? 0 : updateNorm / norm }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let longest = pass.longestSequence(budget)
    guard !pass.isRecurrent || pass.length <= longest else {
      budget.leaveOut("the algorithm's gradient against the exact one: too many steps")
      return nil
    }
    let report = report(pass, focus, longest)
    let experiment = pass.snapshot.experiment
    return Reading(
      length: pass.length, report: report,
      description: pass.isRecurrent ? experiment.training.algorithm.description : .backpropagation,
      own: CostSubject(experiment), costs: costs(pass.snapshot), tensors: tensors(pass, report.gradient),
      isFederated: pass.federated != nil, noGradientReason: pass.noGradientReason)
  }

  /// The gradient that trains against the exact one.
  private static func report(_ pass: PassView, _ focus: Focus, _ longest: Int) -> AlgorithmReport {
    let snapshot = pass.snapshot
    if let recording = pass.recording {
      return .compare(pass.updateGradient(), to: recording.gradient, in: snapshot)
    }
    let report = AlgorithmReport.compute(snapshot, step: focus.step, longest: longest)
    return pass.federated.map { .compare($0.gradient, to: report.exact, in: snapshot) } ?? report
  }

  private static func costs(_ snapshot: Snapshot) -> [Cost] {
    let sizes = snapshot.updateSizes, experiment = snapshot.experiment
    return CostSubject.all(experiment).compactMap { subject in
      if case .algorithm(let kind) = subject {
        // Of the next update, whose window may be short.
        let cost = kind.cost(sizes)
        return Cost(subject, floats: cost.floats, multiplyAdds: cost.multiplyAdds * Double(sizes.k1))
      }
      return subject.cost(experiment, snapshot.data).map { cost, steps in
        Cost(subject, floats: cost.floats, multiplyAdds: cost.multiplyAdds * Double(steps))
      }
    }
  }

  /// ‖w‖, ‖∂L/∂w‖ and ‖Δw‖ by tensor.
  private static func tensors(_ pass: PassView, _ gradient: [Double]) -> [TensorUpdate] {
    let snapshot = pass.snapshot, parameters = snapshot.parameters
    let landing = snapshot.data.givesGradients ? nil : Landing.all(pass, gradient: gradient).first
    return snapshot.layout.entries.map { entry in
      let moved = landing.map { landing in
        euclideanNorm(zip(landing.parameters[entry.range], parameters[entry.range]).map { $0 - $1 })
      }
      return TensorUpdate(
        name: entry.name, norm: euclideanNorm(Array(parameters[entry.range])),
        gradientNorm: euclideanNorm(Array(gradient[entry.range])), updateNorm: moved ?? .nan)
    }
  }

  /// What is followed over training.
  public static let trendNames = ["cosine"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] { ["cosine": reading.report.overall.cosine] }

  /// Numbers held and multiply-adds of an update, of each algorithm or kind; and by tensor, in the order of the parameters.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("floats", reading.costs.map(\.floats)),
      ReadingArray("multiply_adds", reading.costs.map(\.multiplyAdds)),
      ReadingArray("tensor_norm", reading.tensors.map(\.norm)),
      ReadingArray("tensor_gradient_norm", reading.tensors.map(\.gradientNorm)),
      ReadingArray("tensor_update_norm", reading.tensors.map(\.updateNorm)),
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
