import Training

/// An experiment with the place where each of its keys was written, for errors that come to light later: when a task
/// reads its file, or sizes are added up.
public struct ExperimentSource: Sendable {
  /// The experiment.
  public var experiment: Experiment
  /// The file as the user named it; "defaults" without one.
  public let file: String
  /// The comment at the file's head; empty without one.
  public let head: String
  let entries: FlattenedYAML
  /// The keys that were set over the file.
  let settings: Set<String>

  /// An error in a key of the experiment, by file and line, or as a setting's.
  public func error(_ error: ExperimentKeyError) -> InputError {
    if settings.contains(error.key) { return InputError(file: "--set", error) }
    return InputError(file: file, line: entries.line(of: error.key), error)
  }

  /// A task's error: in the file that the task reads, by line or row and column, or in a key of the experiment.
  public func error(_ error: TaskError) -> InputError {
    let problem = "found \(error.found), expected \(error.expected)"
    guard let taskFile = error.file else {
      return self.error(ExperimentKeyError(key: error.key, problem: problem, nearest: error.nearest))
    }
    var key = error.column.map { "column \($0)" }
    if error.isTable, let row = error.line { key = "row \(row)" + (key.map { ", \($0)" } ?? "") }
    return InputError(file: taskFile, line: error.line, key: key, problem: problem, nearest: error.nearest)
  }
}
