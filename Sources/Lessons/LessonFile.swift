import Canvas
import Experiments
import Training
import Yams

/// Reads lesson files. What is wrong in one is told by its file and line, with what was expected and the nearest name.
public enum LessonFile {
  /// Reads the lesson in `text`.
  ///
  /// - Parameters:
  ///   - text: the YAML.
  ///   - name: the lesson's name.
  ///   - file: what the text is called in messages.
  ///   - panels: the panels that a lesson can point at.
  public static func read(_ text: String, name: String, file: String, panels: [String]) throws(InputError) -> Lesson {
    guard let root = try YAMLDocument.compose(text, file: file) else {
      throw InputError(file: file, line: 1, problem: "found nothing, expected a lesson")
    }
    let fields = try Fields(
      root, file: file, known: ["title", "minutes", "after", "experiment", "hide", "teacher", "steps"])
    let reader = StepReader(file: file, panels: panels)
    let minutes = try fields.number("minutes", line: fields.line)
    guard minutes == minutes.rounded(), (1...300).contains(minutes) else {
      throw fields.fault("minutes", "found \(NumberText.trimmed(minutes)), expected a whole number from 1 to 300")
    }
    var lesson = Lesson(
      name: name, title: try fields.string("title"), minutes: Int(minutes), after: try fields.strings("after"),
      file: file,
      experiment: try ExperimentFile.experiment(fields.node("experiment"), file: file), teacher: TeacherNotes(),
      steps: [])
    lesson.afterLine = fields.line("after")
    for name in try fields.strings("hide") {
      let rows = PassRow.allCases.map(\.rawValue)
      guard let row = PassRow(rawValue: name) else {
        throw fields.fault(
          "hide", "found \(name), expected a row of the panel Through time: \(rows.joined(separator: ", "))",
          nearest: nearestName(to: name, among: rows))
      }
      lesson.hidden.insert(row)
    }
    guard let node = fields.node("teacher") else {
      throw fields.fault("teacher", "found nothing, expected aim, ahead and behind")
    }
    let teacher = try Fields(node, file: file, known: ["aim", "ahead", "behind"])
    lesson.teacher = TeacherNotes(
      aim: try teacher.string("aim"), ahead: try teacher.string("ahead"), behind: try teacher.string("behind"))
    for node in try fields.nodes("steps") { lesson.steps.append(try reader.step(node)) }
    guard !lesson.steps.isEmpty else {
      throw InputError(file: file, line: fields.line, key: "steps", problem: "found none, expected a step at least")
    }
    return lesson
  }
}

/// The fields of a mapping, each known.
struct Fields {
  let file: String, line: Int
  private let values: [String: (node: Node, line: Int)]

  init(_ node: Node, file: String, known: [String]) throws(InputError) {
    self.file = file
    line = node.mark?.line ?? 1
    guard case .mapping(let mapping) = node else {
      throw InputError(
        file: file, line: line,
        problem: "found \(YAMLDocument.describe(node)), expected some of: \(known.joined(separator: ", "))")
    }
    var values: [String: (node: Node, line: Int)] = [:]
    for (key, value) in mapping {
      let name = key.string ?? YAMLDocument.describe(key)
      guard known.contains(name) else {
        throw InputError(
          file: file, line: key.mark?.line, key: name,
          problem: "unknown key, expected one of: \(known.joined(separator: ", "))",
          nearest: nearestName(to: name, among: known))
      }
      values[name] = (value, key.mark?.line ?? line)
    }
    self.values = values
  }

  func node(_ name: String) -> Node? { values[name]?.node }
  func line(_ name: String) -> Int { values[name]?.line ?? line }
  /// The line on which the text of a value begins: a block scalar begins below its key.
  private func textLine(_ name: String) -> Int {
    guard let value = values[name] else { return line }
    return max(value.line, value.node.mark?.line ?? value.line)
  }

  func fault(_ name: String, _ problem: String, nearest: String? = nil) -> InputError {
    InputError(file: file, line: line(name), key: name, problem: problem, nearest: nearest)
  }

  /// A text; empty where there is none.
  func optionalString(_ name: String) throws(InputError) -> String? {
    guard let node = node(name) else { return nil }
    guard case .scalar(let scalar) = node else {
      throw fault(name, "found \(YAMLDocument.describe(node)), expected a text")
    }
    return scalar.string.trimmingSpaces
  }

  func string(_ name: String) throws(InputError) -> String {
    guard let text = try optionalString(name), !text.isEmpty else {
      throw fault(name, "found nothing, expected a text")
    }
    return text
  }

  func number(_ name: String, line: Int) throws(InputError) -> Double {
    let text = try string(name)
    guard let number = Double(text), number >= 0, number.isFinite else {
      throw fault(name, "found \(text), expected a number from 0")
    }
    return number
  }

  /// The nodes of a list; a single value is a list of one.
  func nodes(_ name: String) throws(InputError) -> [Node] {
    guard let node = node(name) else { return [] }
    if case .sequence(let sequence) = node { return Array(sequence) }
    return [node]
  }

  func strings(_ name: String) throws(InputError) -> [String] {
    var strings: [String] = []
    for node in try nodes(name) {
      guard case .scalar(let scalar) = node else {
        throw fault(name, "found \(YAMLDocument.describe(node)), expected names")
      }
      strings.append(scalar.string)
    }
    return strings
  }

  func formula(_ name: String) throws(InputError) -> Formula {
    let text = try string(name)
    do {
      return try Formula(text, line: textLine(name))
    } catch {
      throw InputError(file: file, line: line(name), key: name, problem: error.problem, nearest: error.nearest)
    }
  }

  func formulas(_ name: String) throws(InputError) -> [Formula] {
    var formulas: [Formula] = []
    for node in try nodes(name) {
      let line = node.mark?.line ?? line(name)
      do {
        formulas.append(try Formula(node.string ?? YAMLDocument.describe(node), line: line))
      } catch {
        throw InputError(file: file, line: line, key: name, problem: error.problem, nearest: error.nearest)
      }
    }
    return formulas
  }

  func text(_ name: String) throws(InputError) -> LessonText? {
    guard let text = try optionalString(name) else { return nil }
    do {
      return try LessonText(text, line: line(name))
    } catch {
      throw InputError(file: file, line: line(name), key: name, problem: error.problem, nearest: error.nearest)
    }
  }

  func neededText(_ name: String) throws(InputError) -> LessonText {
    guard let text = try text(name), !text.source.isEmpty else { throw fault(name, "found nothing, expected a text") }
    return text
  }
}

extension String {
  /// Without blanks and line ends around it.
  fileprivate var trimmingSpaces: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
