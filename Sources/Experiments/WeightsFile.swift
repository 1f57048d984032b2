import RecurrentNetworks
import Training

/// A network's weights as safetensors under PyTorch's names, so that `torch.nn.RNN.load_state_dict` takes ours and theirs load here.
///
/// PyTorch adds two biases. Where one of them is trained here (`bias_ih`) they are summed when read, and `bias_hh` is written as zeros;
/// a network that trains both (a GRU) has both as they are.
///
/// Where each of T steps has its own weights, a tensor is [T, …] under the same name, step t's copy its row t; of a file whose tensors
/// are not, all copies take the same.
public enum WeightsFile {
  /// Reads the parameters that `layout` asks for, flat, from the file at `path` (`-`: standard input).
  ///
  /// A prefix that a module puts before the names ("rnn.weight_ih_l0") is left out; tensors of other names (a trace's) are
  /// passed over. Both biases may be missing, as with `bias=False`; then they are 0.
  /// - Throws: a missing, misshapen or additional weight, or a number that is not finite, by name.
  public static func read(path: String, layout: ParameterLayout) throws(InputError) -> [Double] {
    try parameters(SafetensorsFile.read(path: path), layout: layout)
  }

  /// The parameters that `layout` asks for, from a file that was read.
  public static func parameters(_ file: SafetensorsFile, layout: ParameterLayout) throws(InputError) -> [Double] {
    // A session holds its weights flat.
    if let parameters = SessionFile.parameters(file) {
      guard parameters.count == layout.count else {
        throw InputError(
          file: file.file, problem: "found a session with \(parameters.count) weights, expected \(layout.count)")
      }
      return parameters
    }
    var weights = try weights(of: file, names: Set(layout.entries.map(\.name)))
    var parameters = [Double](repeating: 0, count: layout.count)
    for entry in layout.entries {
      for name in names(for: entry, in: layout) {
        guard let found = weights.removeValue(forKey: name) else {
          if isBias(name) { continue }
          throw InputError(
            file: file.file, key: name, problem: "found no such tensor, expected one of shape \(entry.shape)",
            nearest: nearestName(to: name, among: file.entries.map(\.name)))
        }
        let values = try copies(of: entry, found, in: file)
        for (index, value) in zip(entry.range, values) { parameters[index] += value }
      }
    }
    // A second layer, a second direction or a projection would be another network.
    if let extra = weights.keys.sorted().first {
      let layers = layout.hasReadout ? layout.entries.count { $0.name.hasPrefix("weight_hh_l") } : 1
      throw InputError(
        file: file.file, key: extra,
        problem: "found a weight that the network has not (layers: \(layers), hidden: \(layout.hidden)), "
          + "expected \(layout.entries.map(\.name).joined(separator: ", "))")
    }
    return parameters
  }

  /// The size O of the readout, or nil where the file has none.
  public static func outputs(of file: SafetensorsFile) throws(InputError) -> Int? {
    let weights = try weights(of: file)
    return weights["readout.weight"]?.shape.first ?? weights["readout.bias"]?.shape.first
  }

  /// Writes `parameters` to `path` (`-`: standard output), whole or not at all.
  public static func write(
    _ parameters: [Double], layout: ParameterLayout, precision: Precision = .float64,
    metadata: [String: String] = [:], to path: String
  ) throws(OutputError) {
    try Safetensors.write(tensors(parameters, layout: layout, precision: precision), metadata: metadata, to: path)
  }

  /// Writes a checkpoint: the weights, and in the metadata the experiment and the updates done.
  public static func writeCheckpoint(_ snapshot: Snapshot, to path: String) throws(OutputError) {
    let experiment = snapshot.experiment
    try write(
      snapshot.parameters, layout: snapshot.layout, precision: experiment.precision,
      metadata: [
        "format": "pt", "cell": experiment.network.cell.rawValue, "activation": experiment.network.activation.rawValue,
        "experiment": ExperimentFile.complete(experiment), "update": "\(snapshot.update)",
      ], to: path)
  }

  /// The named tensors of `parameters`, `bias_hh` of zeros beside each `bias_ih` that stands alone.
  public static func tensors(
    _ parameters: [Double], layout: ParameterLayout, precision: Precision = .float64
  ) -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    for entry in layout.entries {
      let values = Array(parameters[entry.range])
      for name in names(for: entry, in: layout) {
        let written = name == entry.name ? values : [Double](repeating: 0, count: entry.count)
        switch precision {
        case .float64: tensors.append(NamedTensor(name, entry.shape, .float64(written)))
        case .float32: tensors.append(NamedTensor(name, entry.shape, .float32(written.map { Float($0) })))
        }
      }
    }
    return tensors
  }

  /// The file's names of a parameter: a bias that is trained alone stands for PyTorch's two.
  static func names(for entry: ParameterLayout.Entry, in layout: ParameterLayout) -> [String] {
    guard entry.name.hasPrefix("bias_ih_l") else { return [entry.name] }
    let other = "bias_hh_l" + entry.name.dropFirst("bias_ih_l".count)
    return layout[other] == nil ? [entry.name, other] : [entry.name]
  }

  private static func isBias(_ name: String) -> Bool { name.hasPrefix("bias_") || name == "readout.bias" }

  /// The file's entries that are a network's weights, by PyTorch's name of each, or by one of `names`.
  private static func weights(
    of file: SafetensorsFile, names: Set<String> = []
  ) throws(InputError) -> [String: SafetensorsFile.Entry] {
    var weights: [String: SafetensorsFile.Entry] = [:]
    for entry in file.entries where !entry.name.hasPrefix("grad.") {
      let words = entry.name.split(separator: ".")
      guard let last = words.last else { continue }
      let name: String
      if words.count >= 2, words[words.count - 2] == "readout" {
        name = "readout.\(last)"
      } else if last.hasPrefix("weight_") || last.hasPrefix("bias_") || last.hasPrefix("beta_logit_")
        || names.contains(String(last))
      {
        name = String(last)
      } else {
        continue
      }
      if let other = weights.updateValue(entry, forKey: name) {
        throw InputError(
          file: file.file, key: name, problem: "found \(other.name) and \(entry.name), expected one of them")
      }
    }
    return weights
  }

  /// The numbers of all steps' copies: each step's from a tensor [T, …], or the same for all.
  private static func copies(
    of entry: ParameterLayout.Entry, _ found: SafetensorsFile.Entry, in file: SafetensorsFile
  ) throws(InputError) -> [Double] {
    let one = entry.copy(0).shape
    if entry.copies > 1, found.shape == one {
      let values = try numbers(found, in: file, shape: one)
      return (0..<entry.copies).flatMap { _ in values }
    }
    if found.shape != entry.shape, found.shape.count == one.count + 1, Array(found.shape.dropFirst()) == one {
      let wanted = entry.copies > 1 ? "a copy for each of task.length \(entry.copies)" : "\(one), or training.untied"
      throw InputError(
        file: file.file, key: found.name,
        problem: "found shape \(found.shape), a copy for each of \(found.shape[0]) steps, expected \(wanted)")
    }
    return try numbers(found, in: file, shape: entry.shape)
  }

  private static func numbers(
    _ entry: SafetensorsFile.Entry, in file: SafetensorsFile, shape: [Int]
  ) throws(InputError) -> [Double] {
    guard !SafetensorsFile.isWhole(entry) else {
      throw InputError(
        file: file.file, key: entry.name, problem: "found whole numbers (\(entry.type)), expected F32 or F64")
    }
    guard entry.shape == shape else {
      throw InputError(file: file.file, key: entry.name, problem: "found shape \(entry.shape), expected \(shape)")
    }
    let values = file.doubles(entry)
    try checkFinite(values, of: entry, in: file)
    return values
  }

  /// Refuses the first number that is not finite, by its index.
  static func checkFinite(
    _ values: [Double], of entry: SafetensorsFile.Entry, in file: SafetensorsFile
  ) throws(InputError) {
    guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return }
    var index: [Int] = []
    var rest = bad
    for size in entry.shape.reversed() {
      index.insert(rest % size, at: 0)
      rest /= size
    }
    throw InputError(
      file: file.file, key: entry.name, problem: "found \(values[bad]) at \(index), expected finite numbers")
  }
}

extension ParameterLayout {
  /// H, read off the recurrent weights.
  fileprivate var hidden: Int { recurrentWeights(layer: 0).columns }
}
