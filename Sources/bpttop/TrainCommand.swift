import ArgumentParser
import Experiments
import Foundation
import Instruments
import Training

/// `bpttop train`: trains without a screen.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains without a screen; writes metrics and weights.",
    discussion: """
      A progress bar is shown on standard error where that is a terminal; the last line on standard output says how it \
      ended. --metrics has a row an update: update, step, loss, grad_norm, clip_scale, learning_rate, k1, k2, \
      log10_grad_first and log10_grad_last (log10 of the gradient's norm at the window's first and last step), and \
      log10_product_per_step (slope of log10 of the norm of the product of Jacobians over the lag, from 8 lags). The \
      last one takes time of the order of H^3 a step; --columns leaves out what it does not name, and does not compute \
      it. It may also name what an instrument reads of the pass before each update, as in bias.relative_error: \
      \(Instruments.trends.map { "\($0.instrument).\($0.name)" }.joined(separator: ", ")). \
      An instrument that has nothing to read leaves its field empty. SIGINT and SIGTERM finish the present update, write what was asked for, and end with 130 or 143.

      EXAMPLES
        bpttop train mine.yaml --updates 1000
        bpttop train mine.yaml --updates 1000 --checkpoint w.safetensors
        bpttop train mine.yaml --updates 500 --metrics - --columns update,loss
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(parsing: .unconditional, help: "How many updates to make.", transform: Reading.count) var updates: Int
  @Option(help: "A row an update: .csv, .jsonl, or - for CSV on standard output.", completion: .file())
  var metrics: String?
  @Option(
    help: ArgumentHelp(
      "The metrics' columns, separated by commas, in their order; by default all but the instruments'.",
      valueName: "names"),
    completion: .list(MetricsRow.Column.all.map(\.name)))
  var columns: String?
  @Option(
    help: "The weights at the end, under PyTorch's names (.safetensors).",
    completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?
  @Option(help: "Weights to begin with (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var weights: String?

  func run() throws {
    try refuseOnePlaceForTwo()
    let columns = try chosenColumns()
    let source = try options.read()
    var start = TrainingRun.Start()
    start.parameters = try options.weights(weights, for: source, start: start)
    let run = try options.run(source, start: start)
    try options.announce(run.reading, outputs: [metrics, checkpoint])
    let writer = try metrics.map { path in try writing { try openMetrics(path, columns: columns) } }
    var meter = UpdateMeter(columns: writer == nil ? [] : columns)
    Interruption.watch()
    var bar = ProgressBar(total: updates)
    while run.update < updates, Interruption.signalNumber == nil {
      meter.prepare(run)
      guard run.trainOnce() == .trained else { break }
      if let writer, let row = meter.row(run) { try writing { try writer.write(row) } }
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan)
    }
    bar.end()
    try writing { try writer?.close() }
    if let checkpoint { try writing { try WeightsFile.writeCheckpoint(run.snapshot(), to: checkpoint) } }
    try finish(run)
  }

  /// Metrics and weights in one file would overwrite each other.
  private func refuseOnePlaceForTwo() throws {
    guard let metrics, let checkpoint, OutputFile.isOnePlace(metrics, checkpoint) else { return }
    let place = metrics == "-" ? "standard output" : metrics
    throw Failure.input("--checkpoint: found \(place), where --metrics goes, expected another file")
  }

  private func chosenColumns() throws -> [MetricsRow.Column] {
    guard let columns else { return MetricsRow.Column.standard }
    guard metrics != nil else { throw Failure.input("--columns: found no --metrics, expected a file for the columns") }
    do {
      return try MetricsRow.Column.list(columns)
    } catch {
      throw Failure.input(error.description)
    }
  }

  private func openMetrics(_ path: String, columns: [MetricsRow.Column]) throws -> MetricsWriter {
    do {
      return try MetricsWriter(path: path, format: MetricsWriter.Format(path: path), columns: columns)
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
      let record = run.newest
      try StandardOutput.print(
        "update \(run.update)"
          + (record.map { "  loss \(formatted($0.loss))  gradient norm \(formatted($0.gradientNorm))" } ?? ""))
    }
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
  }
}
