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
  /// Weights as they were read of a file.
  public struct Loaded: Sendable {
    /// The parameters, flat, as the layout says.
    public let parameters: [Double]
    /// What of the file was read as what, and what was left out, in one line.
    public let reading: String
  }

  /// Reads the parameters that `layout` asks for, flat, from the file at `path` (`-`: standard input).
  ///
  /// Names are found by their ends and shapes, whatever module stands before them ("encoder.rnn.weight_ih_l0"). Both biases may be
  /// missing, as with `bias=False`; then they are 0.
  /// - Throws: a missing, misshapen or additional weight, or a number that is not finite, by name.
  public static func read(path: String, layout: ParameterLayout) throws(InputError) -> [Double] {
    try parameters(SafetensorsFile.read(path: path), layout: layout)
  }

  /// The parameters that `layout` asks for, from a file that was read.
  public static func parameters(_ file: SafetensorsFile, layout: ParameterLayout) throws(InputError) -> [Double] {
    try load(file, layout: layout).parameters
  }

  /// The same, with what was read as what.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - layout: the parameters that are wanted.
  ///   - drawn: parameters that stand where the file has no readout; nil to refuse such a file.
  ///   - map: our names, or `recurrent`, `readout` and `embedding`, with what they are called in the file.
  public static func load(
    _ file: SafetensorsFile, layout: ParameterLayout, drawn: [Double]? = nil, map: [String: String] = [:]
  ) throws(InputError) -> Loaded {
    // A session holds its weights flat.
    if let parameters = SessionFile.parameters(file) {
      guard parameters.count == layout.count else {
        throw InputError(
          file: file.file, problem: "found a session with \(parameters.count) weights, expected \(layout.count)")
      }
      return Loaded(parameters: parameters, reading: "\(file.file): the weights of a session")
    }
    // What has recurrent layers within has their tensors, with two biases that are added.
    guard layout["weight_ih_l0"] != nil || layout.isRecurrent else {
      return try GraphWeights.load(file, layout: layout, drawn: drawn, map: map)
    }
    let names = try WeightNames(file, layout: layout, map: map)
    var weights = names.tensors
    var parameters = [Double](repeating: 0, count: layout.count), absent: [String] = []
    for entry in layout.entries {
      if entry.name.hasPrefix("readout."), names.readout == nil, let drawn {
        parameters.replaceSubrange(entry.range, with: drawn[entry.range])
        continue
      }
      for name in Self.names(for: entry, in: layout) {
        guard let found = weights.removeValue(forKey: name) else {
          if isZeroWithout(name) {
            absent.append(name)
            continue
          }
          if let other = file.entries.first(where: { $0.name.hasSuffix("self_attn.in_proj_weight") }) {
            throw InputError(
              file: file.file, key: other.name,
              problem:
                "found a Transformer's weights, expected a recurrent network's: network.kind transformer reads them")
          }
          throw InputError(
            file: file.file, key: name,
            problem: names.tensors.isEmpty
              ? "found \(some(file.entries.map(\.name))), expected PyTorch's names, or theirs told one by one: --map \(name)=NAME"
              : "found no such tensor, expected one of shape \(entry.shape)" + Self.alike(entry, names.leftOut, file),
            nearest: nearestName(to: name, among: file.entries.map(\.name)))
        }
        let isEmbedded = name == "weight_ih_l0" && names.embedding != nil
        let values =
          if isEmbedded, let table = names.embedding {
            try embedded(entry, found, table, in: file)
          } else {
            try copies(of: entry, found, in: file)
          }
        for (index, value) in zip(entry.range, values) { parameters[index] += value }
      }
    }
    // A second layer, a second direction or a projection would be another network.
    if let extra = weights.keys.sorted().first {
      let layers = layout.hasReadout ? layout.entries.count { $0.name.hasPrefix("weight_ih_l") } : 1
      throw InputError(
        file: file.file, key: extra,
        problem: "found a weight that the network has not (layers: \(layers), hidden: \(layout.hidden)), "
          + "expected \(layout.entries.map(\.name).joined(separator: ", "))")
    }
    return Loaded(parameters: parameters, reading: words(names, layout, absent, of: file))
  }

  /// Names a tensor that has the shape of one that is not there, where it is the only one.
  private static func alike(
    _ entry: ParameterLayout.Entry, _ leftOut: [String], _ file: SafetensorsFile
  ) -> String {
    let others = leftOut.filter { file[$0]?.shape == entry.shape }
    return others.count == 1 ? ", as \(others[0]) is: --map \(entry.name)=\(others[0]) takes that" : ""
  }

  /// "model.safetensors: encoder.rnn as the network, fc as its readout; left out: epoch".
  private static func words(
    _ names: WeightNames, _ layout: ParameterLayout, _ absent: [String], of file: SafetensorsFile
  ) -> String {
    var pieces = ["\(names.module.isEmpty ? "its weights" : names.module) as the network of \(layout.hidden) units"]
    if let readout = names.readout { pieces[0] += ", \(readout) as its readout" }
    if layout.hasReadout, names.readout == nil { pieces.append("no readout: it is drawn") }
    if let table = names.embedding {
      pieces.append("\(table.name) multiplied into weight_ih_l0, which reads symbols here")
    }
    // A network without biases has none at all.
    let biases = absent.filter { $0.hasPrefix("bias_") }
    if !biases.isEmpty, names.tensors.keys.contains(where: { $0.hasPrefix("bias_") }) {
      pieces.append("not there, and 0: \(some(biases))")
    }
    if let readout = names.readout, absent.contains("readout.bias"), biases.isEmpty {
      pieces.append("no bias in \(readout): it is 0")
    }
    if !names.leftOut.isEmpty { pieces.append("left out: \(some(names.leftOut))") }
    return "\(file.file): " + pieces.joined(separator: "; ")
  }

  /// W_ih E\u{1D40}: what a table E [V, E] and W_ih [G·H, E] do to a symbol, as one matrix [G·H, V].
  private static func embedded(
    _ entry: ParameterLayout.Entry, _ found: SafetensorsFile.Entry, _ table: SafetensorsFile.Entry,
    in file: SafetensorsFile
  ) throws(InputError) -> [Double] {
    let (symbols, size) = (table.shape[0], table.shape[1])
    let rows = entry.copy(0).shape[0]
    let weights = try numbers(found, in: file, shape: [rows, size])
    let vectors = try numbers(table, in: file, shape: [symbols, size])
    var product: [Double] = []
    product.reserveCapacity(rows * symbols)
    for row in 0..<rows {
      for symbol in 0..<symbols {
        product.append((0..<size).reduce(0) { $0 + weights[row * size + $1] * vectors[symbol * size + $1] })
      }
    }
    return (0..<entry.copies).flatMap { _ in product }
  }

  /// The size O of the readout, or nil where the file has none.
  public static func outputs(of file: SafetensorsFile, map: [String: String] = [:]) throws(InputError) -> Int? {
    try NetworkInFile(file, map: map)?.outputs
  }

  /// Writes `parameters` to `path` (`-`: standard output), whole or not at all.
  public static func write(
    _ parameters: [Double], layout: ParameterLayout, precision: Precision = .float64,
    metadata: [String: String] = [:], to path: String
  ) throws(OutputError) {
    try Safetensors.write(tensors(parameters, layout: layout, precision: precision), metadata: metadata, to: path)
  }

  /// Writes a checkpoint: the weights, and in the metadata the experiment and the updates done.
  ///
  /// - Parameters:
  ///   - snapshot: the run.
  ///   - best: the weights that are written in place of the present ones; nil for those.
  ///   - path: where they go.
  public static func writeCheckpoint(
    _ snapshot: Snapshot, best: TrainingRun.BestWeights? = nil, to path: String
  ) throws(OutputError) {
    let experiment = snapshot.experiment
    try write(
      best?.parameters ?? snapshot.parameters, layout: snapshot.layout, precision: experiment.precision,
      metadata: [
        "format": "pt", "cell": experiment.network.cell.rawValue, "activation": experiment.network.activation.rawValue,
        "experiment": ExperimentFile.complete(experiment), "update": "\(best?.update ?? snapshot.update)",
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
    // Where nothing recurrent is added there is no second bias.
    let place = entry.name.dropFirst("bias_ih".count), other = "bias_hh" + place
    guard entry.name.hasPrefix("bias_ih_l"), layout["weight_hh" + place] != nil else { return [entry.name] }
    return layout[other] == nil ? [entry.name, other] : [entry.name]
  }

  /// Whether a network that has no such tensor computes as one in which it is 0.
  private static func isZeroWithout(_ name: String) -> Bool {
    name.hasPrefix("bias_") || ["readout.bias", "readout.direct"].contains(name) || name.hasPrefix("initial_state_")
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

  static func numbers(
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
  /// H, read off W_hr of a projected LSTM, or the recurrent weights, or the readout where there are none.
  fileprivate var hidden: Int {
    self["weight_hr_l0"]?.shape.last ?? self["weight_hh_l0"]?.shape.last ?? self["weight"]?.shape.first
      ?? self["readout.weight"]?.shape.last ?? 0
  }
}
