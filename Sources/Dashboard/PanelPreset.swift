/// A choice of panels, by a name.
struct PanelPreset {
  /// What it is called.
  let name: String
  /// The panels that are switched on.
  let panels: Set<PanelID>

  /// Every panel.
  static let every = Set(Panels.all.map(\.id))

  /// For a room that follows, for looking around, and for what takes away or adds to a gradient.
  static let all = [
    PanelPreset("classroom", [Panels.throughTime, Panels.gradientNorm, Panels.knobs, Panels.thisStep]),
    PanelPreset(name: "explore", panels: every),
    PanelPreset(
      "research",
      [
        Panels.gradientNorm, Panels.contributions, Panels.decay, Panels.jacobianProduct, Panels.horizon,
        Panels.lyapunov,
        Panels.flow, Panels.bias, Panels.spectrum, Panels.units, Panels.loss, Panels.clipping, Panels.knobs,
        Panels.thisStep, Panels.timeline,
      ]),
  ]

  init(name: String, panels: Set<PanelID>) { (self.name, self.panels) = (name, panels) }

  private init(_ name: String, _ panels: [any Panel]) { self.init(name: name, panels: Set(panels.map(\.id))) }
}

/// Which panels are there, and where the keys go.
struct Arrangement: Equatable, Sendable {
  var panelsOn: Set<PanelID>, askedFor: [PanelID], focus: PanelID?, zoomed: PanelID?
}

/// A panel that was gone to by its digit, and what was there before.
struct Visit: Equatable, Sendable {
  var panel: PanelID, before: Arrangement
}
