import Canvas
import Dashboard
import Training

/// The panels, in reading order.
public enum Panels {
  static let throughTime: any Panel = ThroughTimePanel()
  static let gradientNorm: any Panel = GradientNormPanel()
  static let jacobianProduct: any Panel = JacobianProductPanel()
  static let flow: any Panel = FlowPanel()
  static let attention: any Panel = AttentionPanel()
  static let tree: any Panel = TreePanel()
  static let spaceTime: any Panel = SpaceTimePanel()
  static let clients: any Panel = ClientsPanel()
  static let spectrum: any Panel = SpectrumPanel()
  static let loss: any Panel = LossPanel()
  static let knobs: any Panel = KnobsPanel()
  static let thisStep: any Panel = ThisStepPanel()
  static let file: any Panel = FilePanel()
  static let learning: any Panel = LearningPanel()
  static let timeline: any Panel = TimelinePanel()
  static let horizon: any Panel = HorizonPanel()
  static let contributions: any Panel = ContributionsPanel()
  static let bias: any Panel = BiasPanel()
  static let clipping: any Panel = ClippingPanel()
  static let decay: any Panel = DecayPanel()
  static let lyapunov: any Panel = LyapunovPanel()
  static let units: any Panel = UnitsPanel()
  static let attribution: any Panel = AttributionPanel()
  static let cost: any Panel = CostPanel()
  static let blackBox: any Panel = BlackBoxPanel()
  static let eigenvalues: any Panel = EigenvaluesPanel()
  static let fixedPoints: any Panel = FixedPointsPanel()
  static let lossSlice: any Panel = LossSlicePanel()
  static let lossPlane: any Panel = LossPlanePanel()
  static let diagnosis: any Panel = DiagnosisPanel()

  /// The rows of the screen, and in each the panels from left to right.
  public static let rows: [[any Panel]] = [
    [throughTime],
    [gradientNorm, contributions, decay, jacobianProduct, horizon, lyapunov],
    [
      learning, attention, tree, spaceTime, clients, flow, bias, spectrum, eigenvalues, fixedPoints, units, loss,
      clipping,
      lossSlice, lossPlane,
    ],
    [attribution, blackBox, cost],
    [knobs, thisStep, diagnosis, file],
    [timeline],
  ]

  /// All panels, in reading order.
  public static let all: [any Panel] = rows.flatMap { $0 }

  /// Which panels stay where there is not room for all, the first of them before the others.
  private static let priority: [any Panel] = [
    throughTime, gradientNorm, spaceTime, clients, thisStep, jacobianProduct, knobs, file, loss, learning, flow,
    attention, tree, spectrum, timeline, horizon, contributions, bias, decay, lyapunov, clipping, units, attribution,
    blackBox, cost, eigenvalues,
    fixedPoints, lossSlice, lossPlane, diagnosis,
  ]

  /// The panels with a digit, from 0 to 9.
  private static let digits: [any Panel] = [
    learning, throughTime, gradientNorm, jacobianProduct, flow, spectrum, loss, knobs, thisStep, file,
  ]

  /// For a room that follows, for looking around, and for what takes away or adds to a gradient.
  private static let presets = [
    PanelPreset("classroom", first: [throughTime, gradientNorm, knobs, thisStep]),
    PanelPreset("explore", all: all),
    PanelPreset(
      "research",
      first: [
        decay, horizon, bias, units, clipping, knobs, gradientNorm, jacobianProduct, lyapunov, contributions, flow,
        spectrum, loss, thisStep, timeline,
      ]),
  ]

  /// All of it, for a dashboard.
  public static let catalogue = PanelCatalogue(rows: rows, priority: priority, digits: digits, presets: presets)

  /// The panel called `id`.
  public static func named(_ id: PanelID) -> (any Panel)? { catalogue.named(id) }
}

extension DashboardState {
  /// The dashboard of `experiment` with all panels, before anything has arrived; `showsTip` for the line that tells a newcomer
  /// what to press.
  public init(experiment: Experiment, size: Size, theme: Theme, showsTip: Bool = false) {
    self.init(experiment: experiment, size: size, theme: theme, showsTip: showsTip, panels: Panels.catalogue)
  }
}
