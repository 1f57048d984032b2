import ArgumentParser
import Experiments
import Foundation
import Training

/// The experiment that a command works on.
struct ExperimentOptions: ParsableArguments {
  @Argument(
    help:
      "An experiment file (YAML), - for standard input, or a demo's name, such as vanishing. Without one, the built-in experiment.",
    completion: .file(extensions: ["yaml", "yml"]))
  var experiment: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Overrides a key of the experiment; can be given more than once.",
      discussion: "--set training.k2=5 --set task.name=text --set task.file=book.txt; `bpttop keys` lists all keys.",
      valueName: "key=value"),
    completion: .list(ExperimentKey.all.map { $0.name + "=" }))
  var settings: [String] = []

  /// Whether the experiment is the built-in one, untouched.
  var isBuiltIn: Bool { experiment == nil && settings.isEmpty }

  /// Reads the experiment, with its settings over it.
  /// - Parameter start: what is handed in beside it.
  func read(_ start: StartOptions? = nil) throws -> ExperimentSource {
    let givenData = start?.data != nil
    do {
      guard experiment != nil else {
        return try ExperimentFile.source(
          ExperimentFile.differences(.opening), file: "built-in experiment", settings: settings, memory: Memory.limit,
          givenData: givenData)
      }
      return try ExperimentFile.source(
        path: experiment, settings: settings, memory: Memory.limit, givenData: givenData)
    } catch {
      throw Failure.input(naming(error).description)
    }
  }

  /// A mistyped command or demo is taken for a file; then the nearest name is told.
  private func naming(_ error: InputError) -> InputError {
    guard let name = experiment, error.file == name, error.line == nil, !name.contains(/[\/.]/) else { return error }
    let names = Bpttop.configuration.subcommands.map { $0._commandName } + Demo.all.map(\.name)
    var error = error
    error.problem += ", command or demo"
    error.nearest = nearestName(to: name, among: names + [error.nearest].compactMap { $0 })
    return error
  }

  /// A run of the experiment, not begun yet.
  func run(_ source: ExperimentSource, start: TrainingRun.Start = .init()) throws -> TrainingRun {
    try trying(source) { () throws(TrainingError) in
      try TrainingRun(experiment: source.experiment, start: start, memory: Memory.limit)
    }
  }

  /// Says in a line each what of the user's files was read as what: on standard output, or on standard error where that is taken.
  func announce(_ readings: [String?], outputs: [String?] = []) throws {
    for reading in readings.compactMap({ $0 }) {
      let line = "read \(oneLine(reading))"
      if outputs.contains("-") {
        FileHandle.standardError.write(Data("bpttop: \(line)\n".utf8))
      } else {
        try StandardOutput.print(line)
      }
    }
  }

  /// Runs `body`; what is wrong with the experiment is told by its file and line.
  func trying<T>(_ source: ExperimentSource, _ body: () throws(TrainingError) -> T) throws -> T {
    do {
      return try body()
    } catch .key(let error) {
      throw Failure.input(source.error(error).description)
    } catch .task(let error) {
      throw Failure.input(source.error(error).description)
    } catch {
      throw Failure.input("\(source.file): \(error)")
    }
  }
}

/// Reads the experiment of a demo.
@Sendable func readDemo(_ demo: Demo) throws -> Experiment {
  try ExperimentFile.source(demo, memory: Memory.limit).experiment
}

/// What a run may take of the machine's memory.
enum Memory {
  /// In bytes.
  static var limit: Int { MemoryLimit.bytes }
}

/// Runs `body`; what cannot be written is the input's fault (a wrong path) or the run's (a full disk): one line either way.
func writing<T>(_ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as OutputError {
    throw Failure.writing(error)
  }
}
