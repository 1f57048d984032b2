import ArgumentParser
import Experiments
import Training

/// `bpttop keys`: every key of an experiment.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Prints an experiment whole: every key, its value and what it does.",
    discussion: """
      What is printed is itself an experiment file. Without an argument it is the built-in experiment, which the dashboard \
      opens without one.

      EXAMPLES
        bpttop keys > mine.yaml
        bpttop keys mine.yaml --set training.k2=5
      """)

  @OptionGroup var options: ExperimentOptions

  func run() throws {
    let experiment = try options.read().experiment
    try writing { try OutputFile.write(ExperimentFile.complete(experiment), to: "-") }
  }
}
