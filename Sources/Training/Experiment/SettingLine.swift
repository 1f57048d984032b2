/// A setting as it is written by hand: `key value` or `key=value`, the key by its end if that is enough (`k2 5`).
public struct SettingLine {
  /// The key and the value as they were written; nil before a blank or `=` was.
  public let key: String, value: String?
  private let experiment: Experiment
  /// What else can be set where the line is written, by its key, and what it can be.
  private let others: [String: [String]]

  /// Reads `text`; `experiment` has the values that are offered to go on with, `others` the choices of keys that are none of its.
  public init(_ text: String, _ experiment: Experiment, others: [String: [String]] = [:]) {
    let trimmed = text.drop { $0 == " " }
    let end = trimmed.firstIndex { $0 == " " || $0 == "=" || $0 == ":" }
    key = String(trimmed[..<(end ?? trimmed.endIndex)])
    value = end.map { String(trimmed[trimmed.index(after: $0)...].drop { $0 == " " || $0 == "=" }) }
    self.experiment = experiment
    self.others = others
  }

  /// The key that is meant: its whole name, its last words, its short name on the screen, or the only one that begins so.
  ///
  /// - Throws: that no key is called so, with the nearest one.
  public func onlyKey() throws(ExperimentKeyError) -> ExperimentKey {
    if let exact = try? ExperimentKey.named(key) { return exact }
    let matches = ExperimentKey.matching(key)
    if let last = matches.first(where: { $0.name.hasSuffix("." + key) }) { return last }
    if let labeled = ExperimentKey.labeled(key) { return labeled }
    if matches.count == 1, let only = matches.first { return only }
    return try ExperimentKey.named(key)
  }

  /// What the line can go on with: whole keys, or the choices of the key that is written.
  public var candidates: [(text: String, about: String)] {
    guard let value else {
      let further = others.keys.filter { $0.hasPrefix(key) }.sorted()
      let matching = ExperimentKey.matching(key), names = matching.map(\.name)
      let called = ExperimentKey.called(key).filter { !names.contains($0.name) }
      return (matching + called).map { ($0.name, "\($0.get(experiment))  \($0.summary)") }
        + further.map { ($0, others[$0]?.joined(separator: ", ") ?? "") }
    }
    if let choices = others[key] { return choices.filter { $0.hasPrefix(value) }.map { ($0, "") } }
    guard let key = try? onlyKey() else { return [] }
    if case .choice(let names) = key.kind {
      return names.filter { $0.hasPrefix(value) }.map { ($0, "") }
    }
    return []
  }

  /// The line as Tab completes it: as far as all candidates agree.
  public var completed: String {
    let names = candidates.map(\.text)
    guard let first = names.first else { return written }
    var common = first
    for name in names { common = String(zip(common, name).prefix { $0 == $1 }.map(\.0)) }
    if names.count == 1 { return value == nil ? common + " " : "\(key) \(common)" }
    if value != nil { return "\(key) \(common)" }
    return common.count > key.count || common.hasPrefix(key) ? common : key
  }

  private var written: String { value.map { "\(key) \($0)" } ?? key }
}

extension SettingLine {
  /// The settings of a line with one or several, `key value; key value`, a choice before what depends on it.
  ///
  /// - Throws: that no key is called so, with the nearest one.
  public static func settings(_ text: String, _ experiment: Experiment) throws(ExperimentKeyError) -> [Setting] {
    var settings: [Setting] = []
    for line in lines(text, experiment) {
      settings.append(Setting(key: try line.onlyKey().name, value: line.value ?? ""))
    }
    let order = ExperimentKey.all.map(\.name)
    return settings.sorted { (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0) }
  }

  /// The lines of several in one: a semicolon parts them, and a comma where a key follows; neither does inside of quotes or
  /// brackets.
  private static func lines(_ text: String, _ experiment: Experiment) -> [SettingLine] {
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
    return parts.map { SettingLine($0, experiment) }.filter { !$0.key.isEmpty }
  }

  /// Whether `rest` begins with a key and a value for it.
  private static func startsKey(_ rest: Substring, _ experiment: Experiment) -> Bool {
    let line = SettingLine(String(rest), experiment)
    return line.value != nil && (try? line.onlyKey()) != nil
  }
}
