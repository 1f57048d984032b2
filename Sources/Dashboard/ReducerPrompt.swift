import Canvas
import Sources
import Training

extension DashboardState {
  /// A key while a line `key value` is written.
  mutating func prompt(_ editor: LineEditor, _ key: Key) -> [Effect] {
    var editor = editor
    mode = .prompt(editor)
    switch key {
    case .escape: mode = .panels
    case .backspace where editor.text.isEmpty: mode = .panels
    case .enter: return enterPrompt(editor)
    case .tab: mode = .prompt(LineEditor(SettingLine(editor.text, experiment, others: screenSettings).completed))
    case .up: mode = .prompt(history(editor, older: true))
    case .down: mode = .prompt(history(editor, older: false))
    default: if editor.edit(key) { mode = .prompt(editor) }
    }
    return []
  }

  private mutating func enterPrompt(_ editor: LineEditor) -> [Effect] {
    var editor = editor
    let line = SettingLine(editor.text, experiment)
    guard !line.key.isEmpty else {
      mode = .panels
      return []
    }
    if PlaceCommand.names.contains(line.key) {
      guard let command = PlaceCommand(line) else {
        let wanted = line.key.hasSuffix("pace") ? "updates a second, or full" : "a whole number"
        editor.problem = "\(line.key): found \(line.value ?? "nothing"), expected \(wanted), as in :\(line.key) 50"
        mode = .prompt(editor)
        return []
      }
      mode = .panels
      remember(editor.text)
      return go(to: command)
    }
    do {
      if let effects = try setScreen(line) {
        remember(editor.text)
        mode = .panels
        return effects
      }
      let key = try line.onlyKey()
      guard line.value != nil else {
        // A key alone: its value is there to be changed.
        mode = .prompt(LineEditor("\(key.name) \(key.get(experiment))"))
        return []
      }
      let settings = try SettingLine.settings(editor.text, experiment)
      let effects = try set(settings)
      remember(editor.text)
      knob = Knob.applying(to: experiment).contains { $0.name == key.name } ? key.name : knob
      mode = .panels
      if effects.isEmpty {
        message = Message(settings.count > 1 ? "all is so already" : "\(key.name) is \(key.get(experiment)) already")
      }
      return effects
    } catch {
      editor.problem = "\(error)"
      mode = .prompt(editor)
      return []
    }
  }

  private mutating func remember(_ text: String) {
    promptHistory.removeAll { $0 == text }
    promptHistory.append(text)
  }

  /// To a place in the pass or in training.
  private mutating func go(to command: PlaceCommand) -> [Effect] {
    switch command {
    case .step(let t): go(toStep: t)
    case .update(let update): return go(toUpdate: update)
    case .forward(let count): return updateForward(count)
    case .back(let count): return updateBack(count)
    case .pace(let pace): return take(speed: Speed(pace))
    }
    return []
  }

  private func history(_ editor: LineEditor, older: Bool) -> LineEditor {
    let index = (editor.historyIndex ?? -1) + (older ? 1 : -1)
    guard index >= 0, !promptHistory.isEmpty else { return older ? editor : LineEditor() }
    let bounded = min(index, promptHistory.count - 1)
    var line = LineEditor(promptHistory[promptHistory.count - 1 - bounded])
    line.historyIndex = bounded
    return line
  }

  /// A key while the name of something is written, which is `mode` of the line.
  mutating func find(_ editor: LineEditor, _ key: Key, _ mode: (LineEditor) -> Mode) -> [Effect] {
    var editor = editor
    let found = findings(editor.text)
    let last = max(0, found.count - 1)
    switch key {
    case .escape: self.mode = .panels
    case .backspace where editor.text.isEmpty: self.mode = .panels
    case .up, .down:
      editor.chosen = min(max(0, editor.chosen + (key == .down ? 1 : -1)), last)
      self.mode = mode(editor)
    case .enter:
      let isChosen = !editor.text.isEmpty || editor.chosen > 0 || mode(editor) == .demos(editor)
      self.mode = .panels
      if isChosen, !found.isEmpty { return take(found[min(editor.chosen, last)]) }
    case .tab: if let first = found.first { self.mode = mode(LineEditor(first.name)) }
    default: if editor.edit(key) { self.mode = mode(editor) }
    }
    return []
  }

  /// Trains a demo in the focused lane, from its beginning; undo brings back what was there.
  mutating func open(_ demo: Demo, _ wanted: Experiment) -> [Effect] {
    var effects = beginAnew(wanted)
    guard message?.isError != true else { return effects }
    effects += take(speed: Speed(wanted.view.pace))
    if wanted.view.start == .paused, isRunning { effects.insert(contentsOf: pause(), at: 0) }
    let settings = effects.lazy.compactMap { effect -> [Setting]? in
      if case .source(.begin(_, let settings)) = effect { settings } else { nil }
    }.first
    if let settings { closed.append(ClosedExperiment(name: opened.name, head: opened.head, settings: settings)) }
    opened = (demo.name, demo.head)
    // The help begins with what the demo says, not with a panel.
    focus = .knobs
    tip = []
    message = Message("\(demo.name): ? says what to look at and which keys to press; u brings back what was there")
    return effects
  }
}

extension DashboardState {
  /// Takes back that a demo was opened, where `settings` began its run.
  /// - Returns: its name; nil where the last demo began otherwise.
  mutating func closeDemo(begunWith settings: [Setting]) -> String? {
    guard let last = closed.last, last.settings == settings else { return nil }
    defer { opened = (last.name, last.head) }
    closed.removeLast()
    return opened.name
  }
}

/// What was open before a demo, and the settings that began the demo's run.
struct ClosedExperiment: Equatable, Sendable {
  let name: String, head: String, settings: [Setting]
}

/// Something that can be found by its name.
enum Finding: Sendable {
  case knob(Knob)
  /// A knob that means nothing with the present settings.
  case idleKnob(Knob)
  /// A panel, and the digit that goes to it.
  case panel(any Panel, digit: Int?)
  case demo(Demo)
  /// A place in training: "largest norm", with its update.
  case mark(TimelineMark)

  /// What it is called, and more about it.
  var name: String {
    switch self {
    case .knob(let knob), .idleKnob(let knob): knob.label
    case .panel(let panel, _): panel.title
    case .demo(let demo): demo.name
    case .mark(let mark): mark.name
    }
  }

  var about: String {
    switch self {
    case .knob(let knob), .idleKnob(let knob): knob.name
    case .panel(_, let digit): "panel" + (digit.map { " \($0)" } ?? "")
    case .demo(let demo): demo.summary
    case .mark(let mark): "update \(NumberText.grouped(mark.update))"
    }
  }
}

extension DashboardState {
  /// What a search finds: panels and marks by their names, knobs by all they are called, demos by what they show.
  func findings(_ text: String) -> [Finding] {
    let words = text.lowercased()
    let canOpen = isOurs
    let named = canOpen ? Demo.all.filter { words.isEmpty || $0.name.contains(words) } : []
    let others = canOpen ? Demo.all.filter { !named.contains($0) && $0.head.lowercased().contains(words) } : []
    let demos = (named + others).map(Finding.demo)
    if case .demos = mode { return demos }
    // Those of recurrent networks are found with others too: it is said what to look at in place of them.
    let panels = panels.all.filter {
      ($0.applies(to: self) || !words.isEmpty && isOurs && $0.reads.first?.readsAnyNetwork == false)
        && ($0.title + " " + $0.id.name).lowercased().contains(words)
    }.map { Finding.panel($0, digit: self.panels.digit(of: $0)) }
    let marks = lane.marks.filter { $0.name.lowercased().contains(words) }
    let knobs = Knob.matching(text, in: experiment)
    if words.isEmpty { return knobs.map(Finding.knob) + panels + marks.map(Finding.mark) + demos }
    let byLabel = knobs.filter { $0.isCalled(words) }
    let byWords = knobs.filter { knob in !byLabel.contains { $0.name == knob.name } }
    // What is asked for by its name and means nothing here is said to, before a demo whose text has the word is opened.
    let idle = Knob.all.filter { knob in
      (knob.isCalled(words) || knob.name.contains(words)) && !knobs.contains { $0.name == knob.name }
    }
    // README and help name panels by `/tree`: a panel of that very name comes before a knob.
    let exact = panels.filter { isPanel($0, called: words) }, further = panels.filter { !isPanel($0, called: words) }
    return exact + byLabel.map(Finding.knob) + further + marks.map(Finding.mark)
      + named.map(Finding.demo) + byWords.map(Finding.knob) + idle.map(Finding.idleKnob)
      + others.map(Finding.demo)
  }

  /// Whether it is a panel that is called so and has something to draw.
  private func isPanel(_ finding: Finding, called words: String) -> Bool {
    guard case .panel(let panel, _) = finding else { return false }
    return [panel.title.lowercased(), panel.id.name].contains(words) && panel.applies(to: self)
  }

  /// Goes to what was found.
  fileprivate mutating func take(_ finding: Finding) -> [Effect] {
    switch finding {
    case .knob(let found):
      knob = found.name
      show(.knobs)
    case .idleKnob(let found):
      message = Message("\(found.label) means nothing with \(Knob.owner(of: found.name, in: experiment))")
    case .panel(let panel, _) where !panel.applies(to: self): message = Message("\(panel.title): \(absence(of: panel))")
    case .panel(let panel, _): show(panel.id)
    case .demo(let demo): return [.read(demo)]
    case .mark(let mark): return go(toUpdate: mark.update)
    }
    return []
  }
}
