import Canvas
import Lessons

/// Draws the state: a pure function into a buffer of its size.
public func render(_ state: DashboardState) -> Buffer {
  var buffer = Buffer(width: state.size.width, height: state.size.height, fill: state.theme.blank)
  let layout = ScreenLayout(state)
  if layout.isTooSmall {
    drawTooSmall(state, in: layout.header, &buffer)
  } else {
    drawScreen(state, layout, &buffer)
  }
  buffer.reduce(to: state.theme.characters)
  return buffer
}

private func drawTooSmall(_ state: DashboardState, in line: Rect, _ buffer: inout Buffer) {
  let least = "\(ScreenLayout.minimumSize.width)×\(ScreenLayout.minimumSize.height)"
  let forms = [
    "bpttop needs \(least), this is \(buffer.width)×\(buffer.height) · q quits", "needs \(least) · q quits",
    "needs \(least)", "q quits", "q",
  ]
  buffer.put(String.fitting(buffer.width, forms) ?? "", in: line, style: state.theme[.text])
}

private func drawScreen(_ state: DashboardState, _ layout: ScreenLayout, _ buffer: inout Buffer) {
  // Blocks are heavier than dots of braille.
  let theme = state.isBig ? state.theme.withHeavyLines : state.theme
  if let numbers = layout.numbers { BigNumbers.draw(state, in: numbers, &buffer) }
  for place in layout.places { draw(place, state, &buffer, theme, isFocused: place.panel.id == state.focus) }
  if let lesson = state.lesson, let rect = layout.lesson {
    LessonCard.draw(
      lesson, in: rect, isBig: state.isBig, isAlone: layout.places.isEmpty, theme: state.theme, into: &buffer)
  }
  HeaderLine.draw(state, in: layout.header, &buffer)
  if let line = layout.difference { DifferenceLine.draw(state, in: line, &buffer) }
  FooterLine.draw(state.ofFooter, layout, &buffer)
  switch state.mode {
  case .panels: break
  case .help(let line): Help.draw(state, from: line, &buffer)
  case .prompt(let editor): PromptOverlay.draw(prompt: editor, state, &buffer)
  case .find(let editor): PromptOverlay.draw(find: editor, state, &buffer)
  case .demos(let editor): PromptOverlay.draw(demos: editor, state, &buffer)
  }
}

/// Draws a panel with its frame.
private func draw(
  _ place: ScreenLayout.Place, _ state: DashboardState, _ buffer: inout Buffer, _ theme: Theme, isFocused: Bool
) {
  let panel = place.panel, state = panel.seen(state)
  guard place.isFramed else { return panel.draw(state, in: place.frame, &buffer, theme: theme) }
  let inside = buffer.box(
    place.frame, title: [panel.title, panel.shortTitle].map { $0.words(theme) },
    note: panel.notes(state).map { $0.words(theme) }, key: state.panels.digit(of: panel).map(String.init),
    focused: isFocused,
    theme: theme)
  guard panel.applies(to: state) else {
    buffer.paragraph("\(panel.title): \(state.absence(of: panel))", in: inside, style: theme[.dimText])
    return
  }
  panel.draw(state, in: inside, &buffer, theme: theme)
}

/// Draws one panel alone, at the size of the screen; what it draws must have been read.
public func render(_ panel: any Panel, _ state: DashboardState) -> Buffer {
  var buffer = Buffer(width: state.size.width, height: state.size.height, fill: state.theme.blank)
  draw(ScreenLayout.Place(panel, buffer.bounds, isZoomed: true), state, &buffer, state.theme, isFocused: false)
  buffer.reduce(to: state.theme.characters)
  return buffer
}

/// Draws the state at another size than its own.
public func render(_ state: DashboardState, size: Size) -> Buffer {
  var state = state
  state.size = size
  return render(state)
}
