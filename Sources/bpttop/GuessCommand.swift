import ArgumentParser
import Experiments
import Foundation
import Training

/// `bpttop guess`: random weights, until the task is solved.
struct GuessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guess", abstract: "Draws random weights until the experiment's criterion holds; nothing is trained.",
    discussion: """
      A baseline: a task that guessing solves in a few thousand trials says little about a learning algorithm (Hochreiter \
      & Schmidhuber 1996). All weights and biases are uniform in +-`guess.range`, drawn anew in every trial, and held \
      against the experiment's group `solved`. The same seed, the same trials. Ends with 1 if no guess solved it.

      EXAMPLES
        bpttop guess latch.yaml
        bpttop guess parity.yaml --trials 1000000 --seconds 60 --set guess.range=30
        bpttop guess parity.yaml --checkpoint w.safetensors
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(parsing: .unconditional, help: "The most trials.", transform: Reading.count) var trials = 1_000_000
  @Option(parsing: .unconditional, help: "The most seconds.", transform: Reading.seconds) var seconds = 120.0
  @Option(
    help: "The weights that solved it, under PyTorch's names (.safetensors).",
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?

  func run() throws {
    let source = try options.read()
    let guessing = try options.trying(source) { () throws(TrainingError) in
      try Guessing(source.experiment, memory: Memory.limit)
    }
    Interruption.watch()
    let clock = ContinuousClock()
    let start = clock.now
    var elapsed = 0.0
    var trial = 0
    while trial < trials, elapsed < seconds, Interruption.signalNumber == nil {
      let found = guessing.trial(trial)
      trial += 1
      elapsed = start.duration(to: clock.now) / .seconds(1)
      guard let found else { continue }
      let solved = source.experiment.solved
      if checkpoint != "-" {
        try StandardOutput.print(
          "solved by guess \(trial), \(Self.time(elapsed)): \(solved.measure.rawValue) \(formatted(found.value)), \(solved.demand) is asked"
        )
      }
      try write(guessing.parameters(trial: trial - 1), source)
      return
    }
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
    throw Failure.run("not solved by \(trial) guesses, \(Self.time(elapsed))")
  }

  private static func time(_ seconds: Double) -> String { String(format: "%.1f s", seconds) }

  private func write(_ parameters: [Double], _ source: ExperimentSource) throws {
    guard let checkpoint else { return }
    var start = TrainingRun.Start()
    start.parameters = parameters
    let run = try options.run(source, start: start)
    try writing { try WeightsFile.writeCheckpoint(run.snapshot(), to: checkpoint) }
  }
}
