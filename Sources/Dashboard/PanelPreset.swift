/// A choice of panels, by a name.
public struct PanelPreset: Sendable {
  /// What it is called.
  public let name: String
  /// The panels that are switched on.
  let panels: Set<PanelID>
  /// Those that it gives room before others, the first before the next.
  let first: [PanelID]

  init(name: String, panels: Set<PanelID>) { (self.name, self.panels, first) = (name, panels, []) }

  /// These panels, the first of them before the next.
  public init(_ name: String, first panels: [any Panel]) {
    (self.name, first) = (name, panels.map(\.id))
    self.panels = Set(first)
  }

  /// All of these, none before others.
  public init(_ name: String, all panels: [any Panel]) { self.init(name: name, panels: Set(panels.map(\.id))) }
}

/// Which panels are there, and where the keys go.
struct Arrangement: Equatable, Sendable {
  var panelsOn: Set<PanelID>, askedFor: [PanelID], focus: PanelID?, zoomed: PanelID?
}

/// A panel that was gone to by its digit, and what was there before.
struct Visit: Equatable, Sendable {
  var panel: PanelID, before: Arrangement
}
