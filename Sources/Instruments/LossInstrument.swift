import RecurrentNetworks
import Training

/// The loss and the gradient's norm over the updates, with what is known of the loss beforehand.
public enum LossInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "loss"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = .history
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// The history of a run.
  public struct Reading: Sendable {
    /// Updates done.
    public let update: Int
    /// Losses and norms over the updates.
    public let history: LossHistory
    /// Losses that are known of the task, that the objective can be compared with.
    public let floors: [TaskDescription.Floor]
    /// The unit of the loss, and how gradients are clipped; nil where a source does not tell.
    public let kind: LossKind?, clip: ClipSpecification?

    /// A history, and what is known of it.
    public init(
      update: Int, history: LossHistory, floors: [TaskDescription.Floor] = [], kind: LossKind? = nil,
      clip: ClipSpecification? = nil
    ) {
      self.update = update
      self.history = history
      self.floors = floors
      self.kind = kind
      self.clip = clip
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let snapshot = pass.snapshot
    // A floor is a loss a step: a sum over steps cannot be compared with it.
    let isMean = snapshot.experiment.training.reduction == .mean
    return Reading(
      update: snapshot.update, history: snapshot.history, floors: isMean ? snapshot.description.floors : [],
      // What comes back from another program's model is no loss of this one.
      kind: snapshot.data.givesGradients ? nil : snapshot.description.loss, clip: snapshot.experiment.training.clip)
  }

  /// The first update of each bucket of the history, and its loss, gradient norm before clipping and clipped updates; and the
  /// losses on held-out data.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let buckets = reading.history.buckets, heldOut = reading.history.validations
    let arrays = [
      ReadingArray("update", buckets.map { Double($0.firstUpdate) }), ReadingArray("loss", buckets.map(\.lossMean)),
      ReadingArray("gradient_norm", buckets.map(\.normMean)),
      ReadingArray("clipped", buckets.map { Double($0.clippedCount) }),
    ]
    guard !heldOut.isEmpty else { return arrays }
    return arrays + [
      ReadingArray("held_out_update", heldOut.map { Double($0.update) }),
      ReadingArray("held_out_loss", heldOut.map(\.value)),
    ]
  }
}
