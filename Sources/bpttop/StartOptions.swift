import ArgumentParser
import Experiments
import Foundation
import Training

/// What a run begins with in place of what its experiment would draw: weights, and sequences of the user's own.
struct StartOptions: ParsableArguments {
  @Option(
    help: "Weights to begin with (.safetensors), or a session whose weights are taken.",
    completion: .file(extensions: ["safetensors"]))
  var weights: String?
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "How the file names its weights; can be given more than once.",
      discussion: "A tensor's name (weight_hh_l0=rnn.W), or recurrent, readout or embedding and a module: readout=fc.",
      valueName: "ours=theirs"))
  var map: [String] = []
  @Option(
    help: ArgumentHelp(
      "Your own sequences instead of the task's: a .safetensors file with x [T,B,I], target and target_mask, or a folder of CSV files.",
      valueName: "data"),
    completion: .file())
  var data: String?

  /// Whether nothing is handed in.
  var isEmpty: Bool { weights == nil && data == nil && map.isEmpty }

  /// What is handed in, read; cell, units and layers that the experiment leaves open are the weights'.
  ///
  /// - Parameters:
  ///   - source: the experiment.
  ///   - options: what makes a run of it.
  /// - Returns: the start, and what of each file was read as what.
  func read(_ source: inout ExperimentSource, _ options: ExperimentOptions) throws -> (
    start: TrainingRun.Start, readings: [String]
  ) {
    var start = TrainingRun.Start()
    var readings: [String] = []
    let names = try mapped()
    do {
      let file = try weights.map { path in try SafetensorsFile.read(path: path) }
      if let file {
        if let network = TransformerInFile(file) {
          source.take(network)
        } else if let network = try NetworkInFile(file, map: names) {
          source.take(network)
        }
      }
      if let data {
        let classes = try file.flatMap { file in try WeightsFile.outputs(of: file, map: names) }
        let sequences = try SequenceFolder.read(path: data, classes: classes, task: source.experiment.task)
        start.data = sequences.batch
        readings.append(
          sequences.reading
            + "; all \(sequences.batch.batch) are one batch of \(sequences.batch.steps) steps, in place of training.batch and task.length"
        )
      }
      if let file {
        let run = try options.run(source, start: start)
        let loaded = try WeightsFile.load(file, layout: run.layout, drawn: run.parameters, map: names)
        start.parameters = loaded.parameters
        // A file has no word of the activation.
        let network = run.experiment.network
        let isPlain = network.cell == .elman && run.layout["weight_hh_l0"] != nil
        readings.append(loaded.reading + (isPlain ? "; as \(network.activation.rawValue) (network.activation)" : ""))
      }
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
    return (start, readings)
  }

  private func mapped() throws -> [String: String] {
    var names: [String: String] = [:]
    for pair in map {
      let words = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard words.count == 2, words.allSatisfy({ !$0.isEmpty }) else {
        throw Failure.input("--map: found \(pair), expected ours=theirs, as in readout=fc")
      }
      guard names.updateValue(words[1], forKey: words[0]) == nil else {
        throw Failure.input("--map: found \(words[0]) twice, expected once")
      }
    }
    guard names.isEmpty || weights != nil else {
      throw Failure.input("--map: found no --weights, expected a file whose tensors are named")
    }
    return names
  }
}
