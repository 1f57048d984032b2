import Canvas
import RecurrentNetworks
import Training

/// Takes what happened into the state.
/// - Returns: what the program has to do for it, in order.
public func reduce(into state: inout DashboardState, _ action: Action) -> [Effect] {
  switch action {
  case .key(let key):
    return state.take(key)
  case .command(let command):
    return state.perform(command)
  case .resize(let size):
    state.size = size
  case .snapshot(let snapshot):
    state.receive(snapshot)
  case .analysis(let analysis):
    state.receive(analysis)
  case .message(let text):
    state.message = Message(text)
  case .failure(let text):
    state.message = Message(text, isError: true)
  case .refused(let key, let reason):
    state.unconfirmed.removeValue(forKey: key)
    state.layChangesOnTop()
    state.message = Message(reason, isError: true)
  }
  return []
}

extension DashboardState {
  /// Takes a key as the present mode understands it.
  mutating func take(_ key: Key) -> [Effect] {
    message = nil
    // These mean the same wherever one is.
    switch key {
    case .control("c"): return perform(.quit)
    case .control("z"): return perform(.suspend)
    case .control("l"): return perform(.repaint)
    default: break
    }
    let layout = Layout(self)
    // On a screen too small to show a mode there is none.
    if layout.isTooSmall { return key == .character("q") ? perform(.quit) : [] }
    switch mode {
    case .prompt(let editor): return prompt(editor, key)
    case .find(let editor): return find(editor, key)
    case .help(let line): return help(line, key)
    case .panels: break
    }
    if let focus, layout.frame(of: focus) != nil, let effects = Panels.named(focus)?.handle(key, &self) {
      return effects
    }
    return Keymap.command(for: key).map { perform($0) } ?? []
  }

  /// Does what a command asks for.
  mutating func perform(_ command: Command) -> [Effect] {
    switch command {
    case .quit: return [.quit]
    case .suspend: return [.suspend]
    case .repaint: return [.repaint]
    case .saveScreen: return [.saveScreen]
    case .exportTrace: return [.exportTrace]
    case .help: mode = .help(line: 0)
    case .escape: escape()
    case .zoom: zoom()
    case .focusNext: moveFocus(by: 1)
    case .focusPrevious: moveFocus(by: -1)
    case .panel(let digit): toggle(digit: digit)
    case .prompt: mode = .prompt(LineEditor())
    case .find: mode = .find(LineEditor())
    case .runOrPause: return runOrPause()
    case .stepForward: return stepForward()
    case .stepBack: return stepBack()
    case .updateForward: return updateForward()
    case .updateBack: return updateBack()
    case .faster, .slower: return changeSpeed(faster: command == .faster)
    case .turn(let key, let up): return turn(key, up: up, coarse: true)
    case .nextTruncation: return nextTruncation()
    case .layerUp, .layerDown: moveLayer(up: command == .layerUp)
    case .nextProductView: nextProductView()
    case .restart:
      runningWish = nil
      hasSteppedToUpdate = false
      message = Message("restarted from the same weights at update 0")
      return [.restart]
    case .newSeed: return turn("seed", up: true, coarse: false)
    }
    return []
  }

  /// Back: from the zoom, or the newcomer's line.
  private mutating func escape() {
    if zoomed != nil { zoomed = nil } else { tip = [] }
  }

  private mutating func changeSpeed(faster: Bool) -> [Effect] {
    let next = speed.next(faster: faster)
    let words =
      next.updatesPerSecond.map { "at most \(Int($0)) \($0 == 1 ? "update" : "updates") a second" }
      ?? "as fast as it can"
    message = Message("speed: \(words)")
    guard next != speed else { return [] }
    speed = next
    tip.removeAll { $0 == .faster }
    return [.speed(next.updatesPerSecond)]
  }
}
