import ArgumentParser
import Experiments
import Foundation
import Training

/// `bpttop solve`: trains until the task is solved.
struct SolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve",
    abstract: "Trains until the experiment's criterion holds, on sequences it was not trained on.",
    discussion: """
      The criterion is the experiment's group `solved`: what is measured (accuracy, flawless, loss, error), what it has to \
      come to, on how many sequences, and how many updates it may take. A line an experiment says after how many updates \
      and seconds it held. Ends with 1 if one is not solved, and says the best value that was reached. With --lengths the \
      network is measured on sequences of other lengths too, as it stands at the end: what was learned at one length may not \
      hold at another.

      EXAMPLES
        bpttop solve parity.yaml
        bpttop solve Demos/experiments/*.yaml --seconds 120
        bpttop solve adding.yaml --set training.k2=20 --set solved.updates=5000
        bpttop solve parity.yaml --lengths 200,1000
      """)

  @Argument(help: "Experiment files (YAML) with a criterion.", completion: .file(extensions: ["yaml", "yml"]))
  var experiments: [String]
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Overrides a key of the experiments; can be given more than once.", valueName: "key=value"),
    completion: .list(ExperimentKey.all.map { $0.name + "=" }))
  var settings: [String] = []
  @Option(parsing: .unconditional, help: "The most seconds for an experiment.", transform: Reading.seconds)
  var seconds = 120.0
  @Option(
    help: ArgumentHelp("Lengths at which the network is measured at the end too.", valueName: "n,n"),
    transform: Reading.lengths)
  var lengths: [Int] = []

  func run() throws {
    // All are read before the first is trained: what is wrong is said at once.
    let attempts = try experiments.map { try Attempt($0, settings: settings, lengths: lengths) }
    for attempt in attempts { try ExperimentOptions().announce([attempt.reading]) }
    Interruption.watch()
    var unsolved = 0
    for attempt in attempts {
      try attempt.train(seconds: seconds)
      if !attempt.isSolved { unsolved += 1 }
      let name = attempts.count > 1 ? attempt.name.padded((attempts.map(\.name.count).max() ?? 0) + 2) : ""
      try StandardOutput.print(name + attempt.words)
      for line in attempt.wordsByLength { try StandardOutput.print("  " + line) }
      if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
    }
    if unsolved > 0 { throw ExitCode(1) }
  }
}

/// One experiment on its way to be solved.
private final class Attempt {
  let name: String
  private let run: TrainingRun
  /// What of the user's file was read as what.
  var reading: String? { run.reading }
  private let evaluator: Evaluator
  /// Of other lengths.
  private let others: [(length: Int, evaluator: Evaluator)]
  private let solved: SolvedSpecification
  private var elapsed = 0.0
  private var best = Double.nan
  private var bestUpdate = 0
  private(set) var isSolved = false

  init(_ path: String, settings: [String], lengths: [Int]) throws {
    var options = ExperimentOptions()
    options.experiment = path
    options.settings = settings
    let source = try options.read()
    name = source.file.split(separator: "/").last.map(String.init) ?? source.file
    solved = source.experiment.solved
    run = try options.run(source)
    evaluator = try options.evaluator(source)
    guard lengths.isEmpty || !source.experiment.training.untied else {
      throw Failure.input(
        "--lengths: found an experiment with training.untied, expected one whose steps share their weights")
    }
    let layout = run.layout
    others = try lengths.map { length in
      var other = source
      other.experiment.task.length = length
      // How far back the gradient goes means nothing where nothing is trained.
      (other.experiment.training.k1, other.experiment.training.k2) = (.full, .full)
      let evaluator = try options.evaluator(other)
      guard evaluator.layout == layout else {
        throw Failure.input(
          "--lengths: found a network whose weights depend on the length, expected one that takes any: "
            + "network.positions sinusoidal or rotary")
      }
      return (length, evaluator)
    }
  }

  /// Trains until the criterion holds, or time, updates or numbers run out.
  func train(seconds: Double) throws {
    let clock = ContinuousClock()
    let start = clock.now
    var bar = ProgressBar(total: solved.updates)
    while run.update < solved.updates, elapsed < seconds, Interruption.signalNumber == nil, !isSolved {
      guard run.trainOnce() == .trained else { break }
      elapsed = start.duration(to: clock.now) / .seconds(1)
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan)
      if run.update.isMultiple(of: solved.every) || run.update == solved.updates || elapsed >= seconds {
        let evaluation = evaluator.evaluate(run.parameters)
        if solved.isBetter(evaluation.value, than: best) { (best, bestUpdate) = (evaluation.value, run.update) }
        isSolved = evaluation.isSolved
        elapsed = start.duration(to: clock.now) / .seconds(1)
      }
    }
    bar.end()
  }

  /// How it ended, in a line.
  var words: String {
    let time = String(format: "%.1f s", elapsed)
    if isSolved { return "solved after \(run.update) updates, \(time): \(value(best)), \(solved.demand) is asked" }
    var line = "not solved in \(run.update) updates, \(time)"
    if bestUpdate > 0 { line += ": best \(value(best)) at update \(bestUpdate), \(solved.demand) is asked" }
    if let explosion = run.explosion {
      line += "; update \(explosion.update) exploded: \(explosion.factor) is not finite at time step \(explosion.step)"
    }
    return line
  }

  /// What the network comes to at other lengths, a line each.
  var wordsByLength: [String] {
    others.map { "at n = \($0.length): \(value($0.evaluator.evaluate(run.parameters).value))" }
  }

  private func value(_ value: Double) -> String { "\(solved.measure.rawValue) \(formatted(value))" }
}

extension ExperimentOptions {
  /// What holds the experiment's networks against its criterion.
  func evaluator(_ source: ExperimentSource) throws -> Evaluator {
    try trying(source) { () throws(TrainingError) in try Evaluator(source.experiment, memory: Memory.limit) }
  }
}
