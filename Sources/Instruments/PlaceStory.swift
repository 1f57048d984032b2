import GradientFlow

/// The parts of a pass.
public enum PassPhase: String, Hashable, Sendable, CaseIterable {
  case forward, backward
  /// The pass is whole: the gradient is summed, clipped and taken by the optimizer.
  case update
}

/// What is said of one place of a pass, in whatever network: equations with their numbers, and in less room symbols and norms.
public protocol PlaceStory: Sendable {
  /// Where it is: "t = 7", "block 1 at t = 7".
  var placeName: String { get }
  /// The steps of the pass in their sequence.
  var window: Range<Int> { get }
  /// The units of the state, and the sequences of the batch.
  var units: Int { get }
  var batch: Int { get }
  /// The update that the pass makes, and why there is no gradient; nil where there is one.
  var update: StepInstrument.Update { get }
  var noGradientReason: String? { get }
  /// The equations of the way forward to the place, or of the way back; the update has its own.
  func equations(_ phase: PassPhase) -> [StepEquation]
  /// What is said beside them; where not `hasNumbers`, in their place.
  func text(_ phase: PassPhase, hasNumbers: Bool) -> StepText
}

extension PlaceStory {
  /// The equations of a part, the fullest form first; of the update none where there is no gradient.
  public func forms(_ phase: PassPhase) -> [[StepEquation]] {
    guard phase == .update else { return [equations(phase)] }
    return noGradientReason == nil ? update.equations : [[]]
  }
}

extension StepInstrument.Story: PlaceStory {
  /// t.
  public var placeName: String { "t = \(t)" }
  /// That of the pass.
  public var window: Range<Int> { reading.window }
  /// H.
  public var units: Int { reading.hidden }
  /// B.
  public var batch: Int { reading.batch }
  /// That of the pass.
  public var update: StepInstrument.Update { reading.update }
  /// That of the pass.
  public var noGradientReason: String? { reading.noGradientReason }

  /// The cell's own, filled in.
  public func equations(_ phase: PassPhase) -> [StepEquation] {
    switch phase {
    case .forward: equations?.forward ?? []
    case .backward: equations?.backward ?? []
    case .update: []
    }
  }

  /// In words.
  public func text(_ phase: PassPhase, hasNumbers: Bool) -> StepText {
    switch phase {
    case .forward: forward(hasNumbers: hasNumbers)
    case .backward: backward(hasNumbers: hasNumbers)
    case .update: update.text(noGradientReason)
    }
  }
}
