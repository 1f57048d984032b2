import Training
import Yams

/// YAML documents of other kinds than experiments, with the same messages.
public enum YAMLDocument {
  /// The document's root, or nil for an empty one.
  ///
  /// - Throws: what is no YAML, by file and line.
  public static func compose(_ text: String, file: String) throws(InputError) -> Node? {
    try FlattenedYAML.compose(text, file: file)
  }

  /// What a node is, for a message.
  public static func describe(_ node: Node) -> String { FlattenedYAML.describe(node) }
}

extension ExperimentFile {
  /// The experiment that stands in another document, checked as a whole; nil is the defaults.
  ///
  /// - Throws: what is wrong with it, by file and line.
  public static func experiment(_ node: Node?, file: String) throws(InputError) -> Experiment {
    let entries = try FlattenedYAML(node, file: file)
    let experiment = try entries.experiment()
    do throws(ExperimentKeyError) {
      try experiment.validate()
    } catch {
      throw InputError(file: file, line: entries.line(of: error.key), error)
    }
    return experiment
  }
}
