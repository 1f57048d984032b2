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

  /// A panel on or off by its digit; one that is on but found no room comes before the others. In the zoom another
  /// panel takes the screen.
  mutating func toggle(digit: Int) {
    guard let panel = Panels.panel(digit: digit) else { return }
    guard panel.applies(to: self) else {
      message = Message("\(digit) \(panel.title): nothing to show in this task")
      return
    }
    let places = ScreenLayout(self).places
    askedFor.removeAll { $0 == panel.id }
    if zoomed != nil {
      (zoomed, focus) = (panel.id, panel.id)
      panelsOn.insert(panel.id)
    } else if places.contains(where: { $0.panel.id == panel.id }) {
      if places.count == 1 {
        message = Message("the last panel stays")
      } else {
        panelsOn.remove(panel.id)
      }
    } else {
      panelsOn.insert(panel.id)
      askedFor.insert(panel.id, at: 0)
      focus = panel.id
    }
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
