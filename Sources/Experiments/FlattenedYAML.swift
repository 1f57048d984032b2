import Training
import Yams

/// The values of a YAML text by their dotted keys, each with its line; scalars keep their quotes, so that `"5"` is no number.
struct FlattenedYAML: Sendable {
  /// A value, as the text writes it, and the line of its key.
  struct Entry: Sendable {
    var text: String
    var line: Int
  }

  private let file: String
  private var entries: [String: Entry] = [:]
  private var groupLines: [String: Int] = [:]

  /// The value of `key`.
  subscript(key: String) -> Entry? { entries[key] }

  /// The line of `key`, or else of the nearest group around it that the text has.
  func line(of key: String) -> Int? {
    var name = Substring(key)
    while true {
      if let line = entries[String(name)]?.line ?? groupLines[String(name)] { return line }
      guard let dot = name.lastIndex(of: ".") else { return nil }
      name = name[..<dot]
    }
  }

  /// Parses `text`; nothing but comments is no value at all.
  /// - Throws: syntax errors, unknown and duplicate keys, lists and values where a group is expected, by line.
  init(_ text: String, file: String) throws(InputError) {
    try self.init(Self.compose(text, file: file), file: file)
  }

  /// The values of an experiment that stands in another document; nil is no value at all.
  init(_ root: Node?, file: String) throws(InputError) {
    self.file = file
    guard let root, !Self.isNull(root) else { return }
    guard case .mapping(let mapping) = root else {
      throw InputError(
        file: file, line: root.mark?.line ?? 1,
        problem: "found \(Self.describe(root)), expected a mapping of "
          + ExperimentKey.members(of: "").joined(separator: ", "))
    }
    try add(mapping, prefix: "")
  }

  /// The experiment with these values, the others by default; keys are not checked against each other.
  ///
  /// Taken twice, in the table's order whatever the file's: what one choice lets fall back, another line may have set.
  func experiment() throws(InputError) -> Experiment {
    var experiment = Experiment()
    for _ in 0..<2 {
      for key in ExperimentKey.all {
        guard let entry = entries[key.name] else { continue }
        do throws(ExperimentKeyError) {
          try key.set(&experiment, entry.text)
        } catch {
          throw InputError(file: file, line: entry.line, error)
        }
      }
    }
    return experiment
  }

  private mutating func add(_ mapping: Node.Mapping, prefix: String) throws(InputError) {
    for (keyNode, value) in mapping {
      let line = keyNode.mark?.line ?? value.mark?.line ?? 1
      guard case .scalar(let scalar) = keyNode else {
        throw InputError(file: file, line: line, problem: "found \(Self.describe(keyNode)), expected a key")
      }
      let name = prefix + scalar.string
      if entries[name] != nil || groupLines[name] != nil {
        throw InputError(file: file, line: line, key: name, problem: "found twice, expected once")
      }
      if ExperimentKey.groups.contains(name) {
        groupLines[name] = line
        try addGroup(value, name: name, line: line)
      } else {
        do throws(ExperimentKeyError) {
          _ = try ExperimentKey.named(name)
        } catch {
          throw InputError(file: file, line: line, error)
        }
        entries[name] = Entry(text: try Self.text(of: value, key: name, file: file, line: line), line: line)
      }
    }
  }

  private mutating func addGroup(_ value: Node, name: String, line: Int) throws(InputError) {
    if case .mapping(let members) = value { return try add(members, prefix: name + ".") }
    // `network:` with nothing below leaves the defaults.
    if Self.isNull(value) { return }
    throw InputError(
      file: file, line: value.mark?.line ?? line, key: name,
      problem:
        "found \(Self.describe(value)), expected a group of \(ExperimentKey.members(of: name).joined(separator: ", "))")
  }

  /// A scalar or a list as `ExperimentKey.set` reads it.
  static func text(of value: Node, key: String, file: String, line: Int) throws(InputError) -> String {
    switch value {
    case .scalar(let scalar):
      return scalar.style == .plain || scalar.style == .any ? scalar.string : quoted(scalar.string)
    case .sequence(let sequence):
      var names: [String] = []
      for element in sequence {
        guard case .scalar(let scalar) = element else {
          throw InputError(
            file: file, line: element.mark?.line ?? line, key: key,
            problem: "found \(describe(element)) in the list, expected names")
        }
        names.append(quoted(scalar.string))
      }
      return "[" + names.joined(separator: ", ") + "]"
    case .mapping, .alias:
      throw InputError(
        file: file, line: value.mark?.line ?? line, key: key, problem: "found \(describe(value)), expected one value")
    }
  }

  private static func isNull(_ node: Node) -> Bool {
    guard case .scalar(let scalar) = node else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }

  static func describe(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : String(scalar.string.prefix(60))
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  /// The document's root, or nil for an empty one; the parser's errors in one line.
  static func compose(_ text: String, file: String) throws(InputError) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw syntaxError(error, text: text, file: file)
    } catch {
      throw InputError(file: file, problem: "not YAML: \(error)")
    }
  }

  private static func syntaxError(_ error: YamlError, text: String, file: String) -> InputError {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = [context?.text, problem].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ", ")
      // Where a bracket or a quote is not closed, the parser notices at the end: the line of its beginning is the one to mend.
      let line = problem.contains("end of stream") ? context?.mark.line ?? mark.line : mark.line
      return InputError(file: file, line: line, problem: "not YAML: \(detail)")
    case .reader(let problem, let offset, _, _):
      let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
      return InputError(file: file, line: line, problem: "not YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.sorted().first ?? "?"
      return InputError(
        file: file, line: lineOfSecond(key, in: text, from: context.mark.line), key: key,
        problem: "found twice, expected once")
    default:
      return InputError(file: file, problem: "not YAML: \(error)")
    }
  }

  /// The line on which `key` stands for the second time, from `line` on.
  private static func lineOfSecond(_ key: String, in text: String, from line: Int) -> Int {
    var seen = 0
    for (index, content) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().dropFirst(
      line - 1)
    {
      seen += content.ranges(of: key + ":").count
      if seen >= 2 { return index + 1 }
    }
    return line
  }
}
