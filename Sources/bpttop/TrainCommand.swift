import ArgumentParser
import Experiments
import Foundation
import GradientFlow
import Instruments
import Training

/// `bpttop train`: trains without a screen.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains without a screen; writes metrics and weights.",
    discussion: """
      A progress bar is shown on standard error where that is a terminal; the last line on standard output says how it \
      ended: the mean loss of the last 100 updates with its standard deviation. With task.held_out the loss on held-out data is \
      measured every validation.every updates, validation.patience ends training early, and --checkpoint keeps the weights \
      with the least of them.

      --metrics has a row an update: update, step, loss, grad_norm, clip_scale, learning_rate, k1, k2, \
      log10_grad_first and log10_grad_last (log10 of the gradient's norm at the window's first and last step), \
      log10_product_per_step (slope of log10 of the norm of the product of Jacobians over the lag, from 8 lags), \
      held_out_loss, where it was measured, and seconds since training began. The product \
      takes time of the order of H^3 a step; --columns leaves out what it does not name, and does not compute \
      it. It may also name what an instrument reads of the pass before each update, as in bias.relative_error: \
      \(Instruments.trends.map { "\($0.instrument).\($0.name)" }.joined(separator: ", ")). \
      An instrument that has nothing to read leaves its field empty. Those of bias and flow (where nothing is cut), clipping, decay and units are \
      read in the update's own pass; the others take passes of their own. Those of flow are of the batch's first sequence, as the panel's matrix is: of all its losses, or, where those \
      are more than \(FlowTally.losses(batch: 1)) times the batch's sequences, of so many, spread evenly. \
      decay.departure needs eigenvalues, which may take longer than many updates: it is measured at the first update and at \
      every 2^N-th after it, N such that a twentieth of the time goes there, and the field is empty in between. SIGINT and SIGTERM finish the present update, write what was asked for, and end with 130 or 143.

      A --checkpoint that ends in .bpttop holds the whole run, which the dashboard opens too; with --resume the run goes on \
      from it where it is there, with the same numbers as if it had never stopped.

      EXAMPLES
        bpttop train mine.yaml --updates 1000
        bpttop train mine.yaml --updates 1000 --checkpoint w.safetensors
        bpttop train mine.yaml --updates 500 --metrics - --columns update,loss
        bpttop train mine.yaml --updates 1000000 --checkpoint run.bpttop --every 10000 --resume
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(
    parsing: .unconditional, help: "How many updates in all, those before a --resume included.",
    transform: Reading.count)
  var updates: Int
  @Option(help: "A row an update: .csv, .jsonl, or - for CSV on standard output.", completion: .file())
  var metrics: String?
  @Option(
    help: ArgumentHelp(
      "The metrics' columns, separated by commas, in their order; by default all but the instruments'.",
      valueName: "names"),
    completion: .list(MetricsRow.Column.all.map(\.name)))
  var columns: String?
  @Option(
    help: "The weights at the end, or the best, under PyTorch's names (.safetensors); or the whole run (.bpttop).",
    completion: .file(extensions: ["safetensors", "bpttop"]))
  var checkpoint: String?
  @Option(help: "Also writes the checkpoint every so many updates.", transform: Reading.positive) var every: Int?
  @Option(
    help:
      "For a table: the held-out rows, or all rows, beside the network's predictions at the end, in the file's units (.csv).",
    completion: .file(extensions: ["csv"]))
  var forecast: String?
  @Flag(help: "Goes on from --checkpoint FILE.bpttop where it is there.") var resume = false
  @OptionGroup var given: StartOptions

  @Option(
    help: "If training explodes: the last 50 updates before it, complete (.safetensors).",
    completion: .file(extensions: ["safetensors"]))
  var blackBox: String?

  func run() throws {
    try refuseOnePlaceForTwo()
    let columns = try chosenColumns()
    let source = try options.read(given)
    let resumed = try resumedRun(source)
    let (run, readings) = try resumed.map { ($0, []) } ?? newRun(source)
    try options.announce(readings + [run.reading, run.experiment.foresight], outputs: [metrics, checkpoint])
    if resumed != nil, metrics != "-" { try StandardOutput.print("goes on at update \(run.update)") }
    if forecast != nil, run.forecastNames == nil {
      let found =
        run.predictsClasses
        ? "classes as the target (task.targets), expected columns of numbers; the accuracy is printed at the end"
        : "the task \(run.experiment.task.name.rawValue), expected csv, without --data"
      throw Failure.input("--forecast: found \(found)")
    }
    let kept = try metrics.map { path in try keptLines(path, columns: columns, of: resumed) }
    let writer = try metrics.map { path in try writing { try openMetrics(path, columns: columns, kept: kept ?? "") } }
    let keeper = checkpoint.map { CheckpointKeeper(path: $0, experiment: run.experiment) }
    try train(run, writer: writer, columns: writer == nil ? [] : columns, keeper)
    try writing { try writer?.close() }
    try keeper?.write(run)
    try finish(run)
  }

  private func newRun(_ source: ExperimentSource) throws -> (TrainingRun, [String]) {
    var source = source
    let (start, readings) = try given.read(&source, options)
    return (try options.run(source, start: start), readings)
  }

  private func train(
    _ run: TrainingRun, writer: MetricsWriter?, columns: [MetricsRow.Column], _ keeper: CheckpointKeeper?
  ) throws {
    var meter = UpdateMeter(columns: columns)
    Interruption.watch()
    var bar = ProgressBar(total: updates, first: run.update)
    let clock = ContinuousClock()
    let start = clock.now
    while run.update < updates, Interruption.signalNumber == nil, !run.isOverfitting {
      guard meter.trainOnce(run) == .trained else { break }
      if let writer, var row = meter.row(run) {
        row.seconds = (1000 * (start.duration(to: clock.now) / .seconds(1))).rounded() / 1000
        try writing { try writer.write(row) }
      }
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan, heldOut: run.history.validations.last?.value)
      if let every, run.update.isMultiple(of: every), run.update < updates {
        // What was made since the last checkpoint is on the disk before it is.
        try writing { try writer?.flush() }
        try keeper?.write(run)
      }
    }
    bar.end()
  }

  // MARK: Going on

  /// The run that --checkpoint holds; nil where it is to be begun.
  private func resumedRun(_ source: ExperimentSource) throws -> TrainingRun? {
    guard resume else { return nil }
    guard let checkpoint, checkpoint.hasSuffix(".bpttop") else {
      throw Failure.input("--resume: found no --checkpoint FILE.bpttop, expected the file to go on from")
    }
    guard given.isEmpty else {
      throw Failure.input(
        "--resume: found --weights, --map or --data beside it, expected the checkpoint alone to begin with")
    }
    guard FileManager.default.fileExists(atPath: checkpoint) else { return nil }
    do {
      guard let lane = try SessionFile.read(path: checkpoint).lanes.min(by: { $0.key < $1.key })?.value else {
        return nil
      }
      let run = try TrainingRun(resuming: lane, memory: Memory.limit)
      if let difference = source.experiment.differences(from: run.initialExperiment).first(where: { $0.key.isOfRun }) {
        throw Failure.input(
          "\(checkpoint): found a run with \(difference.key.name) \(difference.key.get(run.initialExperiment)), expected "
            + "\(difference.value) as now; without --resume it begins anew")
      }
      return run
    } catch let error as InputError {
      throw Failure.input(error.description)
    } catch let error as TrainingError {
      throw Failure.input("\(checkpoint): \(error)")
    }
  }

  /// The rows of metrics that were written up to the checkpoint; those behind it are made again.
  private func keptLines(_ path: String, columns: [MetricsRow.Column], of run: TrainingRun?) throws -> String {
    guard let run, path != "-" else { return "" }
    do {
      return try MetricsWriter.lines(
        of: path, upTo: run.update, format: MetricsWriter.Format(path: path), columns: columns)
    } catch {
      throw Failure.input(error.description)
    }
  }

  // MARK: Files

  /// Metrics and weights in one file would overwrite each other.
  private func refuseOnePlaceForTwo() throws {
    try refuseForeignKinds()
    if every != nil, checkpoint == nil { throw Failure.input("--every: found no --checkpoint, expected a file for it") }
    guard let metrics, let checkpoint, OutputFile.isOnePlace(metrics, checkpoint) else { return }
    let place = metrics == "-" ? "standard output" : metrics
    throw Failure.input("--checkpoint: found \(place), where --metrics goes, expected another file")
  }

  /// A file that is called as one of another kind would not be what its name says.
  private func refuseForeignKinds() throws {
    func refuse(_ option: String, _ path: String?, _ foreign: [String], _ expected: String) throws {
      guard let path, let kind = foreign.first(where: { path.lowercased().hasSuffix("." + $0) }) else { return }
      throw Failure.input("\(option): found \(path), expected \(expected); .\(kind) is another format")
    }
    try refuse(
      "--forecast", forecast, ["xlsx", "xls", "ods", "parquet", "feather", "json", "jsonl", "npz", "npy", "h5", "tsv"],
      "a name that ends in .csv")
    try refuse(
      "--checkpoint", checkpoint,
      ["pt", "pth", "bin", "ckpt", "npz", "npy", "h5", "hdf5", "keras", "onnx", "pkl", "csv"],
      "a name that ends in .safetensors (the weights) or .bpttop (the whole run)")
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

  private func openMetrics(_ path: String, columns: [MetricsRow.Column], kept: String) throws -> MetricsWriter {
    do {
      return try MetricsWriter(path: path, format: MetricsWriter.Format(path: path), columns: columns, kept: kept)
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }

  // MARK: The end

  /// Says how it ended, and ends with the code for it.
  private func finish(_ run: TrainingRun) throws {
    if let explosion = run.explosion {
      var without = ""
      if let blackBox {
        run.keepBlackBox()
        if let box = run.blackBox {
          try writing { try BlackBoxFile.write(box, to: blackBox) }
        } else {
          without = "; \(blackBox) was not written: only runs of network.kind recurrent keep a black box"
        }
      }
      let culprit = BlackBox.Culprit(explosion, run.snapshot())
      let whose = culprit.map { " of \($0.words(layers: run.experiment.network.layers))," } ?? ""
      throw Failure.run(
        "update \(explosion.update) exploded: \(explosion.factor)\(whose) is not finite at time step \(explosion.step)"
          + without)
    }
    if metrics != "-", checkpoint != "-" { try StandardOutput.print(summary(run) + accuracy(run)) }
    if let forecast {
      let words = try writeForecasts(run, to: forecast)
      if metrics != "-", checkpoint != "-", forecast != "-" { try StandardOutput.print(words) }
    }
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
  }

  /// Writes what the best weights say of the rows held out; says how good it is beside repeating the last row.
  private func writeForecasts(_ run: TrainingRun, to path: String) throws -> String {
    let names = run.forecastNames ?? []
    return try writing {
      let file = try OutputFile(path: path, mode: .atomic)
      try file.write("row," + names.flatMap { [$0, $0 + " forecast"] }.map(Self.field).joined(separator: ",") + "\r\n")
      var missing = 0
      let scores = try run.forecasts(parameters: run.bestWeights?.parameters) { forecast in
        missing += forecast.truth.count(where: \.isNaN)
        let numbers = zip(forecast.truth, forecast.predicted).flatMap { [$0.isNaN ? "" : "\($0)", "\($1)"] }
        try file.write(([String(forecast.row)] + numbers).joined(separator: ",") + "\r\n")
      }
      try file.close()
      let words = (scores ?? []).prefix(8).map { score in
        "\(score.name) off by \(formatted(score.error))"
          + (score.errorOfLastRow.map { ", the last row repeated by \(formatted($0))" } ?? "")
      }
      let note = missing > 0 ? "; \(missing) missing \(missing == 1 ? "cell is" : "cells are") no truth" : ""
      return "\(path): root mean squared errors: " + words.joined(separator: "; ") + note
    }
  }

  /// A name as a field of a CSV file.
  private static func field(_ name: String) -> String {
    name.contains { ",\"\n\r".contains($0) } ? "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : name
  }

  /// "  held-out accuracy 0.93"; nothing where no classes are asked for or none are held out.
  private func accuracy(_ run: TrainingRun) -> String {
    guard run.update > 0, let accuracy = try? run.heldOutAccuracy() else { return "" }
    return "  held-out accuracy \(formatted(accuracy))"
  }

  /// "update 1000  loss 0.0182 ± 0.0031 over the last 100 updates  gradient norm 0.12  held-out loss 0.02, least 0.019 at update 800".
  private func summary(_ run: TrainingRun) -> String {
    var pieces = ["update \(run.update)"]
    let last = run.history.recent.suffix(100).map(\.loss)
    if let newest = run.newest {
      let mean = last.reduce(0, +) / Double(last.count)
      let spread = (last.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, last.count - 1))).squareRoot()
      pieces.append(
        last.count > 1
          ? "loss \(formatted(mean)) ± \(String(format: "%.2g", spread)) over the last \(last.count) updates"
          : "loss \(formatted(newest.loss))")
      pieces.append("gradient norm \(formatted(newest.gradientNorm))")
    }
    if let heldOut = run.history.validations.last {
      let best = run.history.bestValidation.map { ", least \(formatted($0.value)) at update \($0.update)" } ?? ""
      pieces.append("held-out loss \(formatted(heldOut.value))\(best)")
      if run.isOverfitting { pieces.append("stopped: \(run.history.validationsSinceBest) in a row were no better") }
    }
    return pieces.joined(separator: "  ")
  }
}

extension ExperimentKey {
  /// Whether the key says what a run is, and not how a screen opens it.
  fileprivate var isOfRun: Bool { !name.hasPrefix("view.") && !name.hasPrefix("solved.") && !name.hasPrefix("guess.") }
}

/// Writes a run's checkpoint again and again: the weights, or all of it.
private struct CheckpointKeeper {
  let path: String
  /// The files that the task reads, looked at once: they do not change while they are trained on.
  let files: [Session.FileMark]

  init(path: String, experiment: Experiment) {
    self.path = path
    files = path.hasSuffix(".bpttop") ? Session.marks(of: [experiment]) : []
  }

  func write(_ run: TrainingRun) throws {
    try writing {
      if path.hasSuffix(".bpttop") {
        try SessionFile.write(Session(lanes: [.a: run.checkpoint()], view: "", files: files), to: path)
      } else {
        try WeightsFile.writeCheckpoint(run.snapshot(), best: run.bestWeights, to: path)
      }
    }
  }
}
