import Foundation
import Training
import Yams

/// What the user's own file sets for every session: how the screen looks, the mouse, the pace, the panels, the keys.
public struct UserConfiguration: Equatable, Sendable {
  /// The names that the program knows, to check a file by.
  public struct Vocabulary: Sendable {
    /// The themes, the panels, and the keys that have a name of more than one character.
    public var themes: [String], panels: [String], keyNames: [String]
    /// Whether a text is a key, and whether that key does something as the program comes.
    public var isKey: @Sendable (String) -> Bool, hasMeaning: @Sendable (String) -> Bool

    /// Names and keys.
    public init(
      themes: [String], panels: [String], keyNames: [String], isKey: @escaping @Sendable (String) -> Bool,
      hasMeaning: @escaping @Sendable (String) -> Bool
    ) {
      (self.themes, self.panels, self.keyNames) = (themes, panels, keyNames)
      (self.isKey, self.hasMeaning) = (isKey, hasMeaning)
    }
  }

  /// The theme's name; nil for the one that the terminal's background decides.
  public var theme: String?
  /// Whether the mouse is used; nil where the file does not say.
  public var mouse: Bool?
  /// Updates a second at the start, at most; nil where the file does not say.
  public var pace: Double?
  /// The panels that are switched on; nil for all.
  public var panels: [String]?
  /// Keys, and the key as which each is taken.
  public var keys: [String: String] = [:]
  /// What is wrong with the file, in the order of its lines; the rest of it holds.
  public private(set) var faults: [InputError] = []

  private let file: String
  private static let names = ["theme", "mouse", "pace", "panels", "keys"]

  /// The file's place: `$XDG_CONFIG_HOME/bpttop/config.yaml`, or `~/.config/bpttop/config.yaml`; nil without a home.
  public static func path(environment: [String: String]) -> String? {
    // The XDG specification has relative paths ignored.
    if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/bpttop/config.yaml" }
    return environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config/bpttop/config.yaml" }
  }

  /// Reads the file at `path`; one that is not there sets nothing.
  public init(path: String, _ vocabulary: Vocabulary) {
    // Nobody has to have one.
    guard FileManager.default.fileExists(atPath: path) else {
      self.init("", file: path, vocabulary)
      return
    }
    do throws(InputError) {
      self.init(try InputFile.text(path: path, limit: ExperimentFile.sizeLimit), file: path, vocabulary)
    } catch {
      self.init("", file: path, vocabulary)
      faults.append(error)
    }
  }

  /// Reads a file's text.
  public init(_ text: String, file: String, _ vocabulary: Vocabulary) {
    self.file = file
    do throws(InputError) {
      guard let root = try FlattenedYAML.compose(text, file: file) else { return }
      guard case .mapping(let mapping) = root else {
        // Only comments, or nothing.
        if case .scalar(let scalar) = root, scalar.string.isEmpty { return }
        throw InputError(
          file: file, line: root.mark?.line,
          problem: "found \(FlattenedYAML.describe(root)), expected a mapping of \(Self.names.joined(separator: ", "))")
      }
      for (key, value) in mapping { take(key, value, vocabulary) }
    } catch {
      faults.append(error)
    }
  }

  private mutating func take(_ key: Node, _ value: Node, _ vocabulary: Vocabulary) {
    let name = key.string ?? FlattenedYAML.describe(key)
    let line = key.mark?.line
    switch name {
    case "theme": theme = choice(value, name, line, among: vocabulary.themes)
    case "mouse": mouse = choice(value, name, line, among: ["true", "false"]).map { $0 == "true" }
    case "pace": pace = number(value, name, line)
    case "panels": panels = list(value, name, line, among: vocabulary.panels)
    case "keys": takeKeys(value, line, vocabulary)
    default:
      faults.append(
        InputError(
          file: file, line: line, key: name,
          problem: "unknown key, expected one of: \(Self.names.joined(separator: ", "))",
          nearest: nearestName(to: name, among: Self.names)))
    }
  }

  /// Notes that `found` was not what was expected.
  private mutating func fault(_ key: String, _ line: Int?, found: String, expected: String, nearest: String? = nil) {
    faults.append(
      InputError(
        file: file, line: line, key: key, problem: "found \(found.isEmpty ? "nothing" : found), expected \(expected)",
        nearest: nearest))
  }

  private mutating func choice(_ value: Node, _ key: String, _ line: Int?, among names: [String]) -> String? {
    let found = FlattenedYAML.describe(value)
    if case .scalar = value, names.contains(found) { return found }
    fault(
      key, value.mark?.line ?? line, found: found, expected: "one of: \(names.joined(separator: ", "))",
      nearest: nearestName(to: found, among: names))
    return nil
  }

  private mutating func number(_ value: Node, _ key: String, _ line: Int?) -> Double? {
    let found = FlattenedYAML.describe(value)
    if case .scalar(let scalar) = value, let number = Double(scalar.string), number > 0, number.isFinite {
      return number
    }
    fault(key, value.mark?.line ?? line, found: found, expected: "a number of updates a second above 0")
    return nil
  }

  /// A list of names, those left out that are none; nil where none is left.
  private mutating func list(_ value: Node, _ key: String, _ line: Int?, among names: [String]) -> [String]? {
    guard case .sequence(let sequence) = value, !sequence.isEmpty else {
      fault(
        key, value.mark?.line ?? line, found: FlattenedYAML.describe(value),
        expected: "a list of some of: \(names.joined(separator: ", "))")
      return nil
    }
    let known = sequence.compactMap { choice($0, key, line, among: names) }
    return known.isEmpty ? nil : known
  }

  private mutating func takeKeys(_ value: Node, _ line: Int?, _ vocabulary: Vocabulary) {
    guard case .mapping(let mapping) = value else {
      fault(
        "keys", value.mark?.line ?? line, found: FlattenedYAML.describe(value),
        expected: "a mapping of keys, such as {w: S}: w does what S does")
      return
    }
    for (key, value) in mapping {
      let (name, other) = (FlattenedYAML.describe(key), FlattenedYAML.describe(value))
      let line = key.mark?.line ?? line
      let wrong = [name, other].first { !vocabulary.isKey($0) }
      if let wrong {
        fault(
          "keys", line, found: wrong,
          expected: "one character, or one of: \(vocabulary.keyNames.joined(separator: " "))",
          nearest: nearestName(to: wrong, among: vocabulary.keyNames))
      } else if !vocabulary.hasMeaning(other) {
        fault("keys.\(name)", line, found: other, expected: "a key that does something; ? in the program lists them")
      } else {
        keys[name] = other
      }
    }
  }
}

extension UserConfiguration {
  /// A file's text with other panels switched on: all else stays as it is written, comments too. Nil for a file that is one
  /// mapping in braces, into which no line can be put.
  public static func text(_ text: String, panels: [String]) -> String? {
    let setting = "panels: [\(panels.joined(separator: ", "))]"
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard !lines.contains(where: { $0.hasPrefix("{") }) else { return nil }
    guard let first = lines.firstIndex(where: { $0.hasPrefix("panels:") }) else {
      return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + setting + "\n"
    }
    // A list may go on over lines, further in or with a dash.
    let last = lines[(first + 1)...].firstIndex { line in ![" ", "- ", "]"].contains { line.hasPrefix($0) } }
    lines.replaceSubrange(first..<(last ?? lines.endIndex), with: [setting])
    return lines.joined(separator: "\n")
  }

  /// A file with every key, its default and what it does.
  public static func example(_ vocabulary: Vocabulary) -> String {
    """
    # bpttop reads this file from $XDG_CONFIG_HOME/bpttop/config.yaml, or ~/.config/bpttop/config.yaml.
    # What is left out keeps its default. Options of the command line go before it.

    # \(vocabulary.themes.joined(separator: ", ")).
    # Without it: dark, or light where the terminal says that its background is light.
    # theme: dark

    # Whether the mouse is used; with it, hold Shift to select text as usual.
    mouse: true

    # Updates a second at the start, at most.
    # pace: 100

    # The panels that are switched on.
    panels: [\(vocabulary.panels.joined(separator: ", "))]

    # Each key does what the other one does as the program comes: {w: S, <f1>: "?"}. Keys with names:
    # \(vocabulary.keyNames.joined(separator: " ")).
    keys: {}

    """
  }
}
