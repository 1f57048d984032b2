import Canvas
import Training

/// What of the screen is the reader's own: which panels, where the keys go, and where the cursor stands. A session keeps it.
public struct DashboardView: Codable, Hashable, Sendable {
  /// The panels that are switched on, those that were asked for, the one with the focus and the one with the whole screen.
  public var panels: [String], askedFor: [String], focus: String?, zoomed: String?
  /// The lane with the focus, the layer (nil: the top one), the view of the products, and the chosen knob.
  public var lane: String, layer: Int?, productView: String?, knob: String
  /// Where the pass stands: forward, backward or update, and the step.
  public var phase: String, step: Int
  /// Updates a second at most; nil for as many as the machine makes.
  public var speed: Double?
  /// The lines of the prompt, the latest last.
  public var history: [String]
}

extension DashboardState {
  /// What of the screen is the reader's own.
  public var view: DashboardView {
    DashboardView(
      panels: panelsOn.map(\.name).sorted(), askedFor: askedFor.map(\.name), focus: focus?.name, zoomed: zoomed?.name,
      lane: focusedLane.letter, layer: layer, productView: productView?.rawValue, knob: knob,
      phase: cursor.phase.rawValue,
      step: cursor.step, speed: speed.updatesPerSecond, history: Array(promptHistory.suffix(100)))
  }

  /// Brings back what a session has kept. Names that this version does not know are left out.
  public mutating func restore(_ view: DashboardView) {
    func panel(_ name: String) -> PanelID? { self.panels.named(name)?.id }
    let panels = Set(view.panels.compactMap(panel))
    if !panels.isEmpty { panelsOn = panels }
    askedFor = view.askedFor.compactMap(panel)
    focus = view.focus.flatMap(panel)
    zoomed = view.zoomed.flatMap(panel)
    if let lane = lanes.first(where: { $0.id.letter == view.lane }) { focusedLane = lane.id }
    layer = view.layer
    productView = view.productView.flatMap(ProductView.init)
    knob = view.knob
    speed = Speed(view.speed)
    promptHistory = view.history
    tip = []
    pendingView = Cursor(Cursor.Phase(rawValue: view.phase) ?? .update, step: view.step)
  }

  /// Whether there is a run that a session can hold.
  public var canBeSaved: Bool { isOurs && (newest?.update ?? 0) > 0 }
}
