/// A choice of panels, by a name.
struct PanelPreset {
  /// What it is called.
  let name: String
  /// The panels that are switched on.
  let panels: Set<PanelID>
  /// Those that it gives room before others, the first before the next.
  let first: [PanelID]

  /// Every panel.
  static let every = Set(Panels.all.map(\.id))

  /// For a room that follows, for looking around, and for what takes away or adds to a gradient.
  static let all = [
    PanelPreset(
      "classroom", first: [Panels.throughTime, Panels.gradientNorm, Panels.knobs, Panels.thisStep]),
    PanelPreset(name: "explore", panels: every),
    PanelPreset(
      "research",
      first: [
        Panels.decay, Panels.horizon, Panels.bias, Panels.units, Panels.clipping, Panels.knobs, Panels.gradientNorm,
        Panels.jacobianProduct, Panels.lyapunov, Panels.contributions, Panels.flow, Panels.spectrum, Panels.loss,
        Panels.thisStep, Panels.timeline,
      ]),
  ]

  init(name: String, panels: Set<PanelID>) { (self.name, self.panels, first) = (name, panels, []) }

  private init(_ name: String, first panels: [any Panel]) {
    (self.name, first) = (name, panels.map(\.id))
    self.panels = Set(first)
  }
}

/// Which panels are there, and where the keys go.
struct Arrangement: Equatable, Sendable {
  var panelsOn: Set<PanelID>, askedFor: [PanelID], focus: PanelID?, zoomed: PanelID?
}

/// A panel that was gone to by its digit, and what was there before.
struct Visit: Equatable, Sendable {
  var panel: PanelID, before: Arrangement
}
