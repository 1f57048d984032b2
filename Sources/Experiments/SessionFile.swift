import Training
import Yams

/// A run as it was led: where it began, every change, and how far it went. Replaying it gives the same weights, bit for bit.
public struct Session: Equatable, Sendable {
  /// The experiment at update 0.
  public var experiment: Experiment
  /// Every change, in order.
  public var journal: [JournalEntry]
  /// The updates done when it was saved.
  public var updates: Int

  /// A session from its parts.
  public init(experiment: Experiment, journal: [JournalEntry], updates: Int) {
    self.experiment = experiment
    self.journal = journal
    self.updates = updates
  }
}

/// Sessions as YAML text.
public enum SessionFile {
  /// `session` as YAML: the experiment complete, the journal a line a change.
  public static func text(_ session: Session) -> String {
    let experiment = ExperimentFile.complete(session.experiment).split(separator: "\n").map { "  \($0)\n" }.joined()
    var text =
      "# a bpttop session: replayed, it gives the same weights\nupdates: \(session.updates)\nexperiment:\n\(experiment)"
    text += session.journal.isEmpty ? "journal: []\n" : "journal:\n"
    for entry in session.journal {
      text += "  - {update: \(entry.update), key: \(entry.key), value: \(entry.value)}\n"
    }
    return text
  }

  /// Reads the session at `path` (`-`: standard input).
  public static func read(path: String) throws(InputError) -> Session {
    try parse(InputFile.text(path: path, limit: 64 << 20), file: InputFile.displayName(path))
  }

  /// The session that `text` describes; every change is tried, so that a replay cannot fail half-way on a key.
  public static func parse(_ text: String, file: String) throws(InputError) -> Session {
    func refuse(_ node: Node?, _ key: String, _ problem: String) -> InputError {
      InputError(file: file, line: node?.mark?.line, key: key, problem: problem)
    }
    guard case .mapping(let root)? = try FlattenedYAML.compose(text, file: file) else {
      throw InputError(file: file, line: 1, problem: "found no mapping, expected updates, experiment, journal")
    }
    for (key, _) in root where !["updates", "experiment", "journal"].contains(key.string ?? "") {
      throw refuse(key, FlattenedYAML.describe(key), "unknown key, expected one of updates, experiment, journal")
    }
    guard let updates = root["updates"]?.int, updates >= 0 else {
      throw refuse(root["updates"], "updates", "expected a whole number from 0")
    }
    let experiment = try FlattenedYAML(root["experiment"], file: file).experiment()
    guard case .sequence(let nodes) = root["journal"] ?? .sequence([]) else {
      throw refuse(root["journal"], "journal", "expected a list of changes")
    }
    var journal: [JournalEntry] = []
    var present = experiment
    for node in nodes {
      var entry = try change(node, file: file)
      guard (journal.last?.update ?? 0)...updates ~= entry.update else {
        throw refuse(node, "journal", "found update \(entry.update), expected the updates ascending to \(updates)")
      }
      do throws(ExperimentKeyError) {
        try present.set(entry.key, entry.value)
        // As the experiment writes it, whichever quotes the file has.
        entry.value = try present.value(of: entry.key)
      } catch {
        throw InputError(file: file, line: node.mark?.line, error)
      }
      journal.append(entry)
    }
    return Session(experiment: experiment, journal: journal, updates: updates)
  }

  private static func change(_ node: Node, file: String) throws(InputError) -> JournalEntry {
    let line = node.mark?.line ?? 1
    guard case .mapping(let members) = node, members.count == 3, let update = members["update"]?.int, update >= 0,
      let key = members["key"]?.string, let value = members["value"]
    else {
      throw InputError(
        file: file, line: line, key: "journal",
        problem: "found \(FlattenedYAML.describe(node)), expected {update: NUMBER, key: KEY, value: VALUE}")
    }
    return JournalEntry(
      update: update, key: key, value: try FlattenedYAML.text(of: value, key: key, file: file, line: line))
  }
}
