/// The panels, in reading order.
public enum Panels {
  static let throughTime: any Panel = ThroughTimePanel()
  static let gradientNorm: any Panel = GradientNormPanel()
  static let jacobianProduct: any Panel = JacobianProductPanel()
  static let flow: any Panel = FlowPanel()
  static let spectrum: any Panel = SpectrumPanel()
  static let loss: any Panel = LossPanel()
  static let knobs: any Panel = KnobsPanel()
  static let thisStep: any Panel = ThisStepPanel()
  static let file: any Panel = FilePanel()
  static let learner: any Panel = LearnerPanel()

  /// The rows of the screen, and in each the panels from left to right.
  public static let rows: [[any Panel]] = [
    [throughTime],
    [gradientNorm, jacobianProduct],
    [learner, flow, spectrum, loss],
    [knobs, thisStep, file],
  ]

  /// All panels, in reading order.
  public static let all: [any Panel] = rows.flatMap { $0 }

  /// Which panels stay where there is not room for all, the first of them before the others.
  static let priority: [any Panel] = [
    throughTime, gradientNorm, thisStep, jacobianProduct, knobs, file, loss, learner, flow, spectrum,
  ]

  /// The panel called `id`.
  public static func named(_ id: PanelID) -> (any Panel)? { all.first { $0.id == id } }
}
