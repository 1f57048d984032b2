import Canvas

extension DashboardState {
  /// The focused panel over the whole screen, or back.
  mutating func zoom() {
    if zoomed != nil {
      zoomed = nil
    } else {
      let places = ScreenLayout(self).places
      zoomed = places.first { $0.panel.id == focus }?.panel.id ?? places.first?.panel.id
      focus = zoomed
    }
  }

  /// The next panel on the screen takes the keys.
  mutating func moveFocus(by step: Int) {
    let wasZoomed = zoomed != nil
    zoomed = nil
    let ids = ScreenLayout(self).places.map(\.panel.id)
    guard !ids.isEmpty else { return }
    let here = focus.flatMap(ids.firstIndex)
    focus = ids[here.map { ($0 + step + ids.count) % ids.count } ?? (step > 0 ? 0 : ids.count - 1)]
    if wasZoomed { zoomed = focus }
  }

  /// Goes to a panel by its digit: it is shown and has the focus. Once more, and all is as it was before; a panel that was gone
  /// to by other ways is hidden.
  mutating func go(toDigit digit: Int) {
    guard let panel = panels.panel(digit: digit) else { return }
    guard panel.applies(to: self) else {
      message = Message("\(digit) \(panel.title): \(absence(of: panel))")
      return
    }
    let places = ScreenLayout(self).places
    if focus == panel.id, places.contains(where: { $0.panel.id == panel.id }) {
      if let visit, visit.panel == panel.id {
        arrangement = visit.before
        message = Message("\(digit) \(panel.title): the panels are as they were before")
      } else if places.count > 1 {
        panelsOn.remove(panel.id)
        askedFor.removeAll { $0 == panel.id }
        message = Message("\(digit) \(panel.title) hidden; \(digit) shows it again")
      } else {
        message = Message("the last panel stays")
      }
      visit = nil
    } else {
      visit = Visit(panel: panel.id, before: arrangement)
      show(panel.id)
    }
    typedPanel = panel.id
  }

  /// Why a panel that does not apply has nothing to show.
  func absence(of panel: any Panel) -> String {
    guard isOurs, !experiment.isRecurrent, let first = panel.reads.first, !first.readsAnyNetwork else {
      return "nothing to show here, it needs \(panel.needs)"
    }
    return first.absence(experiment.architecture.kind)
  }

  /// Which panels are there, and where the keys go.
  private var arrangement: Arrangement {
    get { Arrangement(panelsOn: panelsOn, askedFor: askedFor, focus: focus, zoomed: zoomed) }
    set {
      (panelsOn, askedFor, focus, zoomed) = (newValue.panelsOn, newValue.askedFor, newValue.focus, newValue.zoomed)
    }
  }

  /// The next choice of panels. One that the reader has made is kept, and comes after the presets.
  mutating func nextPreset() {
    let present = panels.presets.firstIndex { $0.panels == panelsOn }
    if present == nil { ownPanels = panelsOn }
    let presets = presets
    show(presets[((presets.firstIndex { $0.panels == panelsOn } ?? presets.count - 1) + 1) % presets.count])
  }

  /// The choices of panels, the reader's own last.
  var presets: [PanelPreset] { panels.presets + (ownPanels.map { [PanelPreset(name: "own", panels: $0)] } ?? []) }

  /// Shows a choice of panels.
  mutating func show(_ next: PanelPreset) {
    (panelsOn, zoomed, visit) = (next.panels, nil, nil)
    askedFor =
      next.first.isEmpty && next.panels != Set(panels.all.map(\.id))
      ? panels.priority.map(\.id).filter(next.panels.contains) : next.first
    let shown = ScreenLayout(self).places.map(\.panel.id)
    if let focus, !shown.contains(focus) { self.focus = shown.first }
    message = Message("panels: \(next.name) (\(presets.map(\.name).joined(separator: ", ")))")
  }

  /// Shows the panel called `id`, if it must before others, and gives it the keys.
  mutating func show(_ id: PanelID) {
    if zoomed != nil { zoomed = id }
    panelsOn.insert(id)
    focus = id
    if ScreenLayout(self).frame(of: id) == nil {
      askedFor.removeAll { $0 == id }
      askedFor.insert(id, at: 0)
    }
  }

  /// A key while the help is shown.
  mutating func help(_ line: Int, _ key: Key) -> [Effect] {
    let page = max(1, size.height - 4)
    let last = max(0, Help.rows(self).count - page)
    func scroll(_ to: Int) -> Mode { .help(line: min(max(0, to), last)) }
    switch key {
    case .down, .character("j"): mode = scroll(line + 1)
    case .up, .character("k"): mode = scroll(line - 1)
    case .pageDown, .character(" "): mode = scroll(line + page)
    case .pageUp: mode = scroll(line - page)
    case .home: mode = scroll(0)
    case .end: mode = scroll(last)
    case .escape, .enter, .character("?"), .character("q"): mode = .panels
    default: break
    }
    return []
  }
}
