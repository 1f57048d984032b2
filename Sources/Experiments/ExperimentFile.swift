import Foundation
import Training
import Yams

/// Experiments read from YAML text: every error names file, line, key, what is expected and the nearest name.
public enum ExperimentFile {
  /// An experiment file is small; what is larger is another file.
  static let sizeLimit = 1 << 20

  /// Reads the experiment at `path` (`-`: standard input; or, where there is no such file, the demo of that name), then takes `settings`, each `KEY=VALUE`; without a path the
  /// defaults are set.
  ///
  /// A relative `task.file` in the file is looked for beside the experiment file first, then from the working folder; in a
  /// setting from the working folder.
  /// - Parameters:
  ///   - path: the file's; nil for none.
  ///   - settings: set over what the file says.
  ///   - memory: the bytes that a run may take.
  public static func read(
    path: String?, settings: [String] = [], memory: Int = 16 << 30
  ) throws(InputError) -> Experiment {
    try source(path: path, settings: settings, memory: memory).experiment
  }

  /// The same, with the place where each key was written; with `givenData`, for a run to which data are handed in.
  public static func source(
    path: String?, settings: [String] = [], memory: Int = 16 << 30, givenData: Bool = false
  ) throws(InputError) -> ExperimentSource {
    guard let path else {
      return try source("", file: "defaults", settings: settings, memory: memory, givenData: givenData)
    }
    // A file of that name comes first.
    if let demo = Demo.named(path), !FileManager.default.fileExists(atPath: path) {
      return try source(demo, settings: settings, memory: memory, givenData: givenData)
    }
    let text = try InputFile.text(path: path, limit: sizeLimit)
    let folder = path == "-" ? nil : path.lastIndex(of: "/").map { String(path[...$0]) }
    return try source(
      text, file: InputFile.displayName(path), folder: folder, settings: settings, memory: memory, givenData: givenData)
  }

  /// The experiment that ships with the program as `demo`, then `settings` over it.
  public static func source(
    _ demo: Demo, settings: [String] = [], memory: Int = 16 << 30, givenData: Bool = false
  ) throws(InputError) -> ExperimentSource {
    try source(demo.text, file: "demo \(demo.name)", settings: settings, memory: memory, givenData: givenData)
  }

  /// The experiment that `text` describes, then `settings` over it, checked as a whole.
  /// - Parameters:
  ///   - text: the experiment as YAML.
  ///   - file: what the text is called in messages.
  ///   - folder: where a relative `task.file` is looked for first, with its last slash; nil for the working folder.
  ///   - settings: each `KEY=VALUE`, set over what the text says.
  ///   - memory: the bytes that a run may take.
  public static func parse(
    _ text: String, file: String, folder: String? = nil, settings: [String] = [], memory: Int = 16 << 30
  ) throws(InputError) -> Experiment {
    try source(text, file: file, folder: folder, settings: settings, memory: memory).experiment
  }

  /// The same, with the place where each key was written; with `givenData`, for a run to which data are handed in.
  public static func source(
    _ text: String, file: String, folder: String? = nil, settings: [String] = [], memory: Int = 16 << 30,
    givenData: Bool = false
  ) throws(InputError) -> ExperimentSource {
    let entries = try FlattenedYAML(text, file: file)
    var experiment = try entries.experiment()
    if let name = experiment.task.file { experiment.task.file = place(of: name, beside: folder) }
    if case .file(let name) = experiment.task.heldOut {
      experiment.task.heldOut = .file(place(of: name, beside: folder))
    }
    let set = try take(settings, in: &experiment)
    let source = ExperimentSource(
      experiment: experiment, file: file, head: ExperimentHead.text(of: text), entries: entries, settings: set)
    do throws(ExperimentKeyError) {
      try experiment.validate(memory: memory, givenData: givenData)
    } catch {
      throw source.error(error)
    }
    try requireFile(experiment.task.file, "task.file", source)
    if case .file(let path) = experiment.task.heldOut { try requireFile(path, "task.held_out", source) }
    return source
  }

  private static func requireFile(_ path: String?, _ key: String, _ source: ExperimentSource) throws(InputError) {
    guard let path, path != TaskSpecification.shippedTable, !FileManager.default.fileExists(atPath: path) else {
      return
    }
    if let target = FileReader.brokenLink(path) {
      throw source.error(
        ExperimentKeyError(
          key: key, problem: "found \(path), a link to \(target), which is not there, expected a file"))
    }
    throw source.error(
      ExperimentKeyError(
        key: key, problem: "found \(path), which does not exist, expected a file",
        nearest: InputFile.nearestFile(to: path)))
  }

  /// Where the file `name` of an experiment is: beside the experiment file first.
  private static func place(of name: String, beside folder: String?) -> String {
    guard let folder, !name.hasPrefix("/") else { return name }
    let beside = folder + name
    let isThere = FileManager.default.fileExists(atPath: beside) || !FileManager.default.fileExists(atPath: name)
    return isThere ? shortened(beside) : name
  }

  /// `path` without "folder/.." in it, where that is the same file: a link on the way may make it another.
  private static func shortened(_ path: String) -> String {
    var words: [Substring] = []
    for word in path.split(separator: "/", omittingEmptySubsequences: false) {
      if word == "..", let last = words.last, !["", ".", ".."].contains(last) {
        words.removeLast()
      } else {
        words.append(word)
      }
    }
    let short = words.joined(separator: "/")
    var (long, other) = (stat(), stat())
    guard stat(path, &long) == 0, stat(short, &other) == 0 else { return path }
    return long.st_ino == other.st_ino && long.st_dev == other.st_dev ? short : path
  }

  /// Sets each `KEY=VALUE` of `settings` in `experiment`; gives the keys that were set.
  ///
  /// What a later choice let fall back is set again: it was asked for.
  private static func take(_ settings: [String], in experiment: inout Experiment) throws(InputError) -> Set<String> {
    var last: [String: String] = [:], order: [String] = []
    for setting in settings {
      guard let equals = setting.firstIndex(of: "=") else {
        throw InputError(file: "--set", problem: "found \(setting), expected KEY=VALUE, as in training.k2=5")
      }
      let key = setting[..<equals].trimmingCharacters(in: .whitespaces)
      if last[key] == nil { order.append(key) }
      last[key] = String(setting[setting.index(after: equals)...])
      try set(key, last[key], in: &experiment)
    }
    for key in order { try set(key, last[key], in: &experiment) }
    return Set(order)
  }

  private static func set(_ key: String, _ value: String?, in experiment: inout Experiment) throws(InputError) {
    do throws(ExperimentKeyError) {
      try experiment.set(key, value ?? "")
    } catch {
      throw InputError(file: "--set", error)
    }
  }
}
