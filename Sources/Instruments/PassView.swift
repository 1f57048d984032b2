import Architectures
import GradientFlow
import RecurrentNetworks
import Training

/// One pass as instruments see it: the next window of a run, the whole sequence around it, and the settings it trains under.
///
/// The tapes are made when they are first asked for, once for all instruments. Used by one thread at a time.
public final class PassView {
  /// The run's state before the pass.
  let snapshot: Snapshot
  /// Which pass it is.
  public let identity: PassIdentity
  /// The next window's pass, as the trainer is about to make it. Its step 0 is the window's first.
  lazy var window: Tape = snapshot.tape()
  /// The pass of a network that is no recurrent one, which has no tape; nil for a recurrent one.
  lazy var recording: GraphRecording? = snapshot.recording()
  private lazy var whole: Tape = isWindowWhole ? window : snapshot.wholeTape()

  /// The pass that `snapshot` stands before.
  public init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    identity = PassIdentity(snapshot)
  }

  /// The round of the clients that comes next; nil where there are none.
  lazy var federated: FederatedRound? = snapshot.federatedRound()

  /// Whether the network's states follow one another, so that its pass has a tape.
  public var isRecurrent: Bool { snapshot.experiment.isRecurrent }
  /// The kind of the network.
  var kind: NetworkKind { snapshot.experiment.architecture.kind }
  /// n, the length of the sequence.
  var length: Int { snapshot.data.steps }
  /// The number of layers.
  public var layers: Int { recordingLayers ?? snapshot.experiment.network.layers }
  private var recordingLayers: Int? { isRecurrent ? nil : recording?.layers }
  /// The width of a layer's state.
  var width: Double { Double(snapshot.experiment.network.hidden * snapshot.experiment.network.stateComponents) }
  /// The sequences of the batch.
  var batch: Int { snapshot.data.batch }

  /// The layer that a focus means, counted from 0.
  public func layer(_ focus: Focus) -> Int { min(max(0, focus.layer ?? layers - 1), layers - 1) }

  /// Where a focus' step lies in the window, counted from the window's first.
  func index(_ focus: Focus) -> Int {
    focus.step.map { min(max(0, $0 - window.window.steps.lowerBound), window.steps - 1) } ?? window.steps - 1
  }

  /// Whether the window is the whole sequence with all its losses, and its pass plain.
  private var isWindowWhole: Bool {
    snapshot.window == Window(steps: 0..<length, injected: 0..<length) && snapshot.variant == PassVariant()
  }

  /// The whole sequence at the present weights, from its first state, all losses injected; nil where it is too long to be run.
  func sequence(_ budget: Budget) -> Tape? {
    guard isWindowWhole || length <= longestSequence(budget) else { return nil }
    return whole
  }

  /// The whole sequence of the batch's first row as its gradient sees it; nil where it is too long to be run.
  func graph(_ budget: Budget) -> (any GradientGraph)? {
    isRecurrent ? sequence(budget)?.graph() : recording?.graph()
  }

  /// The same, or the window's pass where the sequence is too long.
  func sequenceOrWindow(_ budget: Budget) -> Tape {
    if let tape = sequence(budget) { return tape }
    budget.leaveOut("the sequence's \(length) steps were not run whole: the window stands for them")
    return window
  }

  /// The longest sequence that is run whole.
  func longestSequence(_ budget: Budget) -> Int {
    budget.count(milliseconds: 40, cost: 8 * Double(batch) * width * width, least: 200)
  }

  /// Whether the gradient that trains is backpropagation through windows, of which nothing is cut in another way.
  var isCutByWindows: Bool {
    snapshot.experiment.training.algorithm.description.isTape && snapshot.variant.gradientScale.isEmpty
      && snapshot.variant.fixedPoint == nil
  }

  /// Whether the gradient that trains is cut by windows; the budget is told why not.
  func isCutByWindows(_ budget: Budget) -> Bool {
    guard isRecurrent else {
      budget.hasNothing(
        because: "The gradient of network.kind \(kind.rawValue) goes through the whole sequence "
          + "at every update: nothing is truncated. How far it reaches is in Flow and in Gradient norm; network.kind recurrent "
          + "with training.k2 has windows.")
      return false
    }
    if isCutByWindows { return true }
    let algorithm = snapshot.experiment.training.algorithm
    budget.hasNothing(
      because: snapshot.variant.fixedPoint != nil
        ? "The gradient is that of a fixed point: no window cuts it."
        : algorithm.description.isTape
          ? "The gradient is cut at random at every update, and weighted so that its mean is the full one."
          : "training.algorithm \(algorithm.rawValue) carries its gradient forward: no window cuts it. With bptt one does."
    )
    return false
  }

  /// The windows of all updates of a sequence like this one.
  var windows: [Window] { windows(k2: snapshot.schedule.k2) }

  /// The same with windows of another length.
  func windows(k2: Int) -> [Window] {
    let mask = snapshot.data.targetMask, batch = batch
    let schedule = snapshot.schedule
    return TruncationSchedule(length: length, k1: schedule.k1, k2: k2, inject: schedule.inject)
      .windows { t in mask[t * batch..<(t + 1) * batch].contains { $0 != 0 } }
  }

  /// Whether a step of the sequence has a target in any sequence of the batch.
  func hasTarget(_ step: Int) -> Bool {
    snapshot.data.targetMask[step * batch..<(step + 1) * batch].contains { $0 != 0 }
  }

  /// The gradient that the update uses, before clipping, in the layout's order: the pass's own, or what the learning algorithm
  /// gets; the pass's own too where the sequence is too long to ask it.
  func updateGradient(_ budget: Budget? = nil) -> [Double] {
    if let federated { return federated.gradient }
    if let recording { return recording.gradient }
    let isOwn = snapshot.experiment.training.algorithm.description.isTape
    let isLong = budget.map { length > longestSequence($0) } ?? false
    return isOwn || isLong ? window.gradient : AlgorithmReport.gradient(of: snapshot)
  }

  /// Why the pass has no gradient: it blew up before; nil where it has one.
  var noGradientReason: String? {
    guard let explosion = snapshot.explosion, explosion.update == snapshot.update + 1 else { return nil }
    return "no gradient: \(explosion.factor) is not finite at step \(explosion.step) of this pass"
  }

  /// The truncation as the field calls it: "TBPTT(10,20) newest".
  var truncationName: String {
    if !isRecurrent { return "whole sequence" }
    return recurrentTruncationName
  }

  private var recurrentTruncationName: String {
    snapshot.experiment.training.algorithm.heading(snapshot.experiment, snapshot.schedule)
  }
}
