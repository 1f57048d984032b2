import Canvas
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
    case .tab: mode = .prompt(PromptLine(editor.text, experiment).completed)
    case .up: mode = .prompt(history(editor, older: true))
    case .down: mode = .prompt(history(editor, older: false))
    default: if editor.edit(key) { mode = .prompt(editor) }
    }
    return []
  }

  private mutating func enterPrompt(_ editor: LineEditor) -> [Effect] {
    var editor = editor
    let line = PromptLine(editor.text, experiment)
    guard !line.key.isEmpty else {
      mode = .panels
      return []
    }
    if let command = PlaceCommand(line) {
      mode = .panels
      remember(editor.text)
      return go(to: command)
    }
    do {
      let key = try line.onlyKey()
      guard line.value != nil else {
        // A key alone: its value is there to be changed.
        mode = .prompt(LineEditor("\(key.name) \(key.get(experiment))"))
        return []
      }
      var settings: [Setting] = []
      for part in PromptLine.parts(editor.text, experiment) {
        settings.append(Setting(key: try part.onlyKey().name, value: part.value ?? ""))
      }
      let order = ExperimentKey.all.map(\.name)
      settings.sort { (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0) }
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

  /// A key while the name of a knob or a panel is written.
  mutating func find(_ editor: LineEditor, _ key: Key) -> [Effect] {
    var editor = editor
    let found = findings(editor.text)
    switch key {
    case .escape: mode = .panels
    case .backspace where editor.text.isEmpty: mode = .panels
    case .enter:
      mode = .panels
      if let first = found.first, !editor.text.isEmpty { return take(first) }
    case .tab: if let first = found.first { mode = .find(LineEditor(first.name)) }
    default: if editor.edit(key) { mode = .find(editor) }
    }
    return []
  }
}

/// Something that can be found by its name.
enum Finding: Sendable {
  case knob(Knob)
  case panel(any Panel)
  /// A place in training: "largest norm", with its update.
  case mark(TimelineMark)

  /// What it is called, and more about it.
  var name: String {
    switch self {
    case .knob(let knob): knob.label
    case .panel(let panel): panel.title
    case .mark(let mark): mark.name
    }
  }

  var about: String {
    switch self {
    case .knob(let knob): knob.name
    case .panel(let panel): "panel" + (panel.digit.map { " \($0)" } ?? "")
    case .mark(let mark): "update \(NumberText.grouped(mark.update))"
    }
  }
}

extension DashboardState {
  /// What a search finds: panels and marks by their names, knobs by all they are called.
  func findings(_ text: String) -> [Finding] {
    let words = text.lowercased()
    let panels = Panels.all.filter {
      $0.applies(to: self) && ($0.title + " " + $0.id.name).lowercased().contains(words)
    }
    let marks = TimelineMark.all(of: lane).filter { $0.name.lowercased().contains(words) }
    let knobs = Knob.matching(text, in: experiment)
    if words.isEmpty { return knobs.map(Finding.knob) + panels.map(Finding.panel) + marks.map(Finding.mark) }
    let byLabel = knobs.filter { $0.label.lowercased().hasPrefix(words) }
    let others = knobs.filter { knob in !byLabel.contains { $0.name == knob.name } }
    return byLabel.map(Finding.knob) + panels.map(Finding.panel) + marks.map(Finding.mark) + others.map(Finding.knob)
  }

  /// Goes to what was found.
  fileprivate mutating func take(_ finding: Finding) -> [Effect] {
    switch finding {
    case .knob(let found):
      knob = found.name
      show(Panels.knobs.id)
    case .panel(let panel): show(panel.id)
    case .mark(let mark): return go(toUpdate: mark.update)
    }
    return []
  }
}

/// A place to go to, written at the prompt: `t 50`, `update 300`, `n 100`, `N 100`.
enum PlaceCommand: Equatable {
  /// A step of the pass, counted from 1.
  case step(Int)
  /// The state after so many updates.
  case update(Int)
  /// So many updates on, or back.
  case forward(Int), back(Int)

  init?(_ line: PromptLine) {
    guard let value = line.value.flatMap({ Int($0.filter { $0 != "," && $0 != " " }) }), value >= 0 else { return nil }
    switch line.key {
    case "t", "step": self = .step(value)
    case "update", "u": self = .update(value)
    case "n": self = .forward(value)
    case "N": self = .back(value)
    default: return nil
    }
  }
}

extension PromptLine {
  /// The settings of a line with several, `key value; key value`: a semicolon parts them, and a comma where a key follows;
  /// neither does inside of quotes or brackets.
  static func parts(_ text: String, _ experiment: Experiment) -> [PromptLine] {
    var parts = [""]
    var quote: Character?
    var depth = 0
    for (index, character) in zip(text.indices, text) {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == "[" || character == "]" {
        depth += character == "[" ? 1 : -1
      } else if depth == 0, character == ";" || character == "," && startsKey(text[index...].dropFirst(), experiment) {
        parts.append("")
        continue
      }
      parts[parts.count - 1].append(character)
    }
    return parts.map { PromptLine($0, experiment) }.filter { !$0.key.isEmpty }
  }

  /// Whether `rest` begins with a key and a value for it.
  private static func startsKey(_ rest: Substring, _ experiment: Experiment) -> Bool {
    let line = PromptLine(String(rest), experiment)
    return line.value != nil && (try? line.onlyKey()) != nil
  }
}

/// A line of the prompt, read: `key value` or `key=value`, the key by its end if that is enough (`k2 5`).
struct PromptLine {
  /// The key and the value as they were written; nil before a blank or `=` was.
  let key: String, value: String?
  private let experiment: Experiment

  init(_ text: String, _ experiment: Experiment) {
    let trimmed = text.drop { $0 == " " }
    let end = trimmed.firstIndex { $0 == " " || $0 == "=" || $0 == ":" }
    key = String(trimmed[..<(end ?? trimmed.endIndex)])
    value = end.map { String(trimmed[trimmed.index(after: $0)...].drop { $0 == " " || $0 == "=" }) }
    self.experiment = experiment
  }

  /// The key that is meant: its whole name, its last words, or the only one that begins so.
  func onlyKey() throws(ExperimentKeyError) -> ExperimentKey {
    if let exact = try? ExperimentKey.named(key) { return exact }
    let matches = ExperimentKey.matching(key)
    if let last = matches.first(where: { $0.name.hasSuffix("." + key) }) { return last }
    if matches.count == 1, let only = matches.first { return only }
    return try ExperimentKey.named(key)
  }

  /// What the line can go on with: whole keys, or the choices of the key that is written.
  var candidates: [(text: String, about: String)] {
    guard let value else {
      return ExperimentKey.matching(key).map { ($0.name, "\($0.get(experiment))  \($0.summary)") }
    }
    guard let key = try? onlyKey() else { return [] }
    if case .choice(let names) = key.kind {
      return names.filter { $0.hasPrefix(value) }.map { ($0, "") }
    }
    return []
  }

  /// The line as Tab completes it: as far as all candidates agree.
  var completed: LineEditor {
    let names = candidates.map(\.text)
    guard let first = names.first else { return LineEditor(written) }
    var common = first
    for name in names { common = String(zip(common, name).prefix { $0 == $1 }.map(\.0)) }
    if names.count == 1 { return LineEditor(value == nil ? common + " " : "\(key) \(common)") }
    if value != nil { return LineEditor("\(key) \(common)") }
    return LineEditor(common.count > key.count || common.hasPrefix(key) ? common : key)
  }

  private var written: String { value.map { "\(key) \($0)" } ?? key }
}
