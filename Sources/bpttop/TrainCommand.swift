import ArgumentParser
import Experiments
import Foundation
import GradientFlow
import Training

/// `bpttop train`: trains without a screen.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains without a screen; writes metrics and weights.",
    discussion: """
      A progress bar is shown on standard error where that is a terminal; the last line on standard output says how it \
      ended. SIGINT and SIGTERM finish the present update, write what was asked for, and end with 130 or 143.

      EXAMPLES
        bpttop train mine.yaml --updates 1000
        bpttop train mine.yaml --updates 1000 --checkpoint w.safetensors
        bpttop train mine.yaml --updates 500 --metrics - | cut -d, -f1,3
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(parsing: .unconditional, help: "How many updates to make.", transform: Reading.count) var updates: Int
  @Option(help: "A row an update: .csv, .jsonl, or - for CSV on standard output.", completion: .file())
  var metrics: String?
  @Option(
    help: "The weights at the end, under PyTorch's names (.safetensors).",
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?
  @Option(help: "Weights to begin with (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var weights: String?

  func run() throws {
    let source = try options.read()
    var start = TrainingRun.Start()
    start.parameters = try options.weights(weights, for: source, start: start)
    let run = try options.run(source, start: start)
    let writer = try metrics.map { path in try writing { try openMetrics(path) } }
    Interruption.watch()
    var bar = ProgressBar(total: updates)
    while run.update < updates, Interruption.signalNumber == nil {
      let row = writer == nil ? nil : try InstrumentedRow(run)
      guard run.trainOnce() == .trained else { break }
      if let writer, let row, let record = run.history.recent.last { try writing { try writer.write(row.row(record)) } }
      bar.show(done: run.update, loss: run.history.recent.last?.loss ?? .nan)
    }
    bar.end()
    try writing { try writer?.close() }
    if let checkpoint { try writing { try WeightsFile.writeCheckpoint(run.snapshot(), to: checkpoint) } }
    try finish(run)
  }

  private func openMetrics(_ path: String) throws -> MetricsWriter {
    do {
      return try MetricsWriter(path: path, format: MetricsWriter.Format(path: path))
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }

  /// Says how it ended, and ends with the code for it.
  private func finish(_ run: TrainingRun) throws {
    if let explosion = run.explosion {
      throw Failure.run(
        "update \(explosion.update) exploded: \(explosion.factor) is not finite at time step \(explosion.step)")
    }
    if metrics != "-", checkpoint != "-" {
      let record = run.history.recent.last
      print(
        "update \(run.update)"
          + (record.map { "  loss \(formatted($0.loss))  gradient norm \(formatted($0.gradientNorm))" } ?? ""))
    }
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
  }
}
