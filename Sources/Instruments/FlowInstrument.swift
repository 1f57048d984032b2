import GradientFlow
import RecurrentNetworks

/// The flow matrix ‖∂l_i/∂h_t‖ over the whole sequence, and what the truncation keeps of it.
public enum FlowInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "flow"
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// The flow of the batch's first sequence.
  public struct Reading: Sendable {
    /// The matrix, n wide.
    public let matrix: FlowMatrix
    /// Which terms the updates carry, and what share of them that is; nil where the gradient is cut in another way.
    public let mask: TruncationMask?, share: TruncationShare?
    /// The least and the largest finite log10 of the matrix; none where it has none.
    public let extent: [Double]
    /// The same as if every step had a loss: the shape of the schedule itself.
    public let schedule: TruncationMask?
    /// The truncation by its name, and how the gradient that trains goes back.
    public let truncationName: String, way: Way
    /// Whether every δ_t is clipped on its way, which the terms have part in.
    public let isClippedAtSteps: Bool
    /// The sequences of the batch.
    public let batch: Int
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// How the gradient that trains comes from the losses to the states.
  public enum Way: Sendable {
    /// Back through windows.
    case windows
    /// Back through windows that are cut at random at every update.
    case randomCuts
    /// Along the adjoint of a fixed point.
    case fixedPoint
    /// It does not go back: an influence is carried forward.
    case forward
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let length = pass.length
    guard length <= budget.size(live: 1000, patient: 2500), let graph = pass.graph(budget) else {
      budget.leaveOut("the flow matrix of \(length)×\(length) terms")
      return nil
    }
    let perStep =
      pass.width * pass.width * (pass.isRecurrent ? 0.5 : 6) + (pass.isRecurrent ? 0 : Double(length) * pass.width)
    let affordable = budget.count(milliseconds: 4, cost: Double(length) * perStep, least: 8)
    // What is followed over training may be of some losses only.
    let rows = budget.isWhole ? affordable : FlowTally.losses(batch: pass.batch)
    let layer = pass.recording?.graphLayer(pass.layer(focus)) ?? pass.layer(focus)
    guard let matrix = try? FlowMatrix(graph, layer: layer, maximumRows: rows, progress: budget.goOn) else {
      return nil
    }
    let mask = pass.snapshot.data.targetMask, batch = pass.batch
    let targets = (0..<length).count { mask[$0 * batch] != 0 }
    if matrix.rows.count < targets, budget.isWhole {
      budget.leaveOut("the flow of \(matrix.rows.count) of \(targets) losses")
    }
    // A mask is of losses that reach no later state; of two directions nothing is cut.
    let isMasked = pass.isCutByWindows && pass.snapshot.experiment.architecture.kind != .bidirectional
    let kept = isMasked ? TruncationMask(steps: length, windows: pass.windows) : nil
    return Reading(
      matrix: matrix, mask: kept, share: kept.map { TruncationShare(mask: $0, flow: matrix) },
      extent: matrix.extent,
      schedule: targets == length
        ? kept : kept.map { _ in TruncationMask(steps: length, windows: pass.snapshot.schedule.windows) },
      truncationName: pass.truncationName, way: way(pass),
      isClippedAtSteps: pass.snapshot.experiment.training.clip.kind == .step, batch: pass.batch,
      noGradientReason: pass.noGradientReason)
  }

  /// What is followed over training.
  public static let trendNames = ["mean_lag", "kept_share"]

  /// What is followed over training, of so many losses that it can be at every update, spread evenly: all where the batch has an
  /// eighth as many sequences, or more.
  public static func trend(_ reading: Reading) -> [String: Double] {
    let some = reading.matrix.ofSomeLosses(FlowTally.losses(batch: reading.batch))
    var trend = ["mean_lag": some.meanLag]
    trend["kept_share"] = reading.mask.map { TruncationShare(mask: $0, flow: some).massShare }
    return trend
  }

  /// log10 ‖∂l_i/∂h_t‖, a row a loss; and the steps i of these, counted from 1.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let matrix = reading.matrix
    return [
      ReadingArray("log10", matrix.log10, shape: [matrix.rows.count, matrix.steps]),
      ReadingArray("rows", matrix.rows.map { Double($0 + 1) }),
    ]
  }

  private static func way(_ pass: PassView) -> Way {
    if pass.snapshot.variant.fixedPoint != nil { return .fixedPoint }
    if !pass.snapshot.variant.gradientScale.isEmpty { return .randomCuts }
    return pass.snapshot.experiment.training.algorithm.description.isForward ? .forward : .windows
  }
}

extension FlowMatrix {
  /// The least and the largest finite number; none where there is none.
  fileprivate var extent: [Double] {
    let (least, most) = log10.reduce((Double.infinity, -Double.infinity)) {
      $1.isFinite ? (min($0.0, $1), max($0.1, $1)) : $0
    }
    return least <= most ? [least, most] : []
  }
}
