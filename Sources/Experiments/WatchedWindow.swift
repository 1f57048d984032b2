import Foundation
import RecurrentNetworks
import Training

/// One window of a run that is trained elsewhere, as `bpttop_watch.py` writes it: a safetensors file with the weights of a recurrent
/// module, its input sequence, its first state, its outputs, and what came back to them.
///
/// | tensor | shape | what |
/// |---|---|---|
/// | the weights | PyTorch's | as the pass had them; biases may be missing |
/// | x | [T, B, I] | the input sequence |
/// | state0_l{l} | [parts, B, H] | the first state (parts: h; h, c for an LSTM; of a projected h zeros behind P); 0 where it is missing |
/// | output | [T, B, H or P] | the module's h_t of the top layer, to hold the pass against; may be missing |
/// | grad_output | [T, B, H or P] | ∂L/∂h_t of the top layer from outside of the module |
/// | lengths | [B] I64 | the sequences' lengths, where they differ |
///
/// Metadata: `format` (bpttop-window-1), `cell` (elman, lstm, gru), `activation`, `layers`, `hidden`, `update`; and, where they are known,
/// `module`, `projection` (P of a projected LSTM), `batch`, `computed`, `dropout`, `direction`, `clip`, `optimizer`, `left_out`.
public struct WatchedWindow: Sendable {
  /// The updates that were done before the pass.
  public let update: Int
  /// The pass.
  public let snapshot: Snapshot
  /// The module and its sizes: "nn.LSTM H=200×2 T=35 B=20".
  public let shape: String
  /// How far the states lie from the module's outputs, max |Δh|; nil where the window has none.
  public let difference: Double?
  /// The same in words.
  public let agreement: String
  /// What is to be known of the window, a clause each, the gravest first.
  public let remarks: [String]

  /// The largest file that is read, in bytes.
  private static let limit = 1 << 30
  static let format = "bpttop-window-1"

  /// Reads the window at `path`.
  /// - Throws: what is missing, misshapen or not finite, by name; a file that is cut short or no window.
  public static func read(path: String) throws(InputError) -> WatchedWindow {
    try WatchedWindow(SafetensorsFile.read(path: path, limit: limit))
  }

  /// The window of a file that was read.
  public init(_ file: SafetensorsFile) throws(InputError) {
    let about = try WindowHeader(file)
    let tensors = WindowTensors(file: file, about: about)
    let x = try tensors.sizes()
    let (steps, batch) = (x.steps, x.batch)
    let outputs = about.network.outputUnits
    let layout = ParameterLayout(about.network, inputs: x.inputs, outputs: outputs, hasReadout: false)
    let parameters = try WeightsFile.parameters(file, layout: layout)
    let mask = try tensors.mask(steps: steps, batch: batch)
    let gradient = try tensors.numbers("grad_output", [steps, batch, outputs])
    let input = try tensors.numbers("x", [steps, batch, x.inputs])
    var data = SequenceBatch(
      steps: steps, batch: batch, inputs: x.inputs, outputs: outputs, x: input, symbols: nil,
      target: .values(gradient), targetMask: mask)
    data.givesGradients = true
    var snapshot = Snapshot(
      watched: about.experiment(steps: steps, batch: batch, precision: tensors.precision), layout: layout,
      parameters: parameters, data: data, state: try tensors.states(batch: batch), update: about.update)
    snapshot.explosion = Self.explosion(data, update: about.update)
    update = about.update
    self.snapshot = snapshot
    shape = about.shape(
      steps: steps, batch: batch, isCarried: snapshot.carriedState.contains { $0.contains { $0 != 0 } })
    let output = file["output"] == nil ? nil : try tensors.numbers("output", [steps, batch, outputs])
    difference = try? output.map { try snapshot.read(Difference(output: $0, mask: mask)) }
    agreement = about.agreement(difference, precision: tensors.precision)
    remarks = (snapshot.explosion.map { ["\($0.factor) is not finite at step \($0.step)"] } ?? []) + about.remarks
  }

  /// The first number of the window that is not finite: of the input where it is the first, of the gradient the last.
  private static func explosion(_ data: SequenceBatch, update: Int) -> Explosion? {
    func step(_ values: [Double], _ width: Int, last: Bool = false) -> Int? {
      let isBad = { (row: Int) in
        data.targetMask[row] != 0 && values[row * width..<(row + 1) * width].contains { !$0.isFinite }
      }
      let rows = 0..<data.steps * data.batch
      return (last ? rows.last(where: isBad) : rows.first(where: isBad)).map { $0 / data.batch + 1 }
    }
    if let step = step(data.x, data.inputs) { return Explosion(update: update + 1, step: step, factor: "input x") }
    guard case .values(let gradient) = data.target, let step = step(gradient, data.outputs, last: true) else {
      return nil
    }
    return Explosion(update: update + 1, step: step, factor: "∂L/∂output")
  }
}

/// max |h_t - output_t| over the steps that sequences have.
private struct Difference: PassReader {
  let output: [Double], mask: [UInt8]

  func read<S>(_ pass: Pass<S>) -> Double {
    pass.forward(0..<pass.steps)
    let (width, seen) = (pass.network.hidden, pass.network.outputUnits)
    var largest = 0.0
    for t in 0..<pass.steps {
      let states = pass.state(row: t + 1, layer: pass.network.layers - 1)
      for k in 0..<pass.batch * seen where mask[t * pass.batch + k / seen] != 0 {
        let difference = abs(states[k / seen * width + k % seen] - output[t * pass.batch * seen + k])
        // A NaN is no small difference.
        largest = difference <= largest ? largest : difference
      }
    }
    return largest
  }
}

/// What a window says of itself beside its tensors.
private struct WindowHeader {
  var network = NetworkSpecification()
  let update: Int
  private let metadata: [String: String]

  /// - Throws: a missing or bad entry, by name.
  init(_ file: SafetensorsFile) throws(InputError) {
    let metadata = file.metadata
    guard metadata["format"] == WatchedWindow.format else {
      throw InputError(
        file: file.file,
        problem: "found \(metadata["format"].map { "the format \($0)" } ?? "no window of a run"), expected "
          + "\(WatchedWindow.format), which bpttop_watch.py writes")
    }
    func refuse(_ key: String, _ expected: String) -> InputError {
      InputError(file: file.file, key: key, problem: "found \(metadata[key] ?? "nothing"), expected \(expected)")
    }
    func count(_ key: String, from least: Int) throws(InputError) -> Int {
      guard let number = metadata[key].flatMap(Int.init), (least...1_000_000_000).contains(number) else {
        throw refuse(key, "a whole number from \(least)")
      }
      return number
    }
    guard let cell = metadata["cell"].flatMap(CellKind.init), [.elman, .lstm, .gru].contains(cell) else {
      throw refuse("cell", "elman, lstm or gru")
    }
    guard let activation = Activation(rawValue: metadata["activation"] ?? "tanh") else {
      throw refuse("activation", Activation.allCases.map(\.rawValue).joined(separator: ", "))
    }
    network.cell = cell
    network.activation = activation
    network.layers = try count("layers", from: 1)
    network.hidden = try count("hidden", from: 1)
    if metadata["projection"] != nil {
      network.projection = try count("projection", from: 1)
      guard cell == .lstm, network.projection < network.hidden else {
        throw refuse("projection", "fewer than hidden, of an lstm")
      }
    }
    guard network.layers <= 64 else { throw refuse("layers", "at most 64") }
    update = try count("update", from: 0)
    self.metadata = metadata
  }

  /// The experiment that the pass is one of, as far as it is known.
  func experiment(steps: Int, batch: Int, precision: Precision) -> Experiment {
    var experiment = Experiment()
    experiment.network = network
    experiment.precision = precision
    experiment.task.length = steps
    experiment.training.batch = batch
    // What came back holds the weights of the losses already.
    experiment.training.reduction = .sum
    experiment.training.clip.kind = .none
    if let optimizer = metadata["optimizer"].flatMap(OptimizerKind.init) {
      experiment.training.optimizer.name = optimizer
    }
    if let threshold = metadata["clip"].flatMap(Double.init), threshold > 0, threshold.isFinite {
      experiment.training.clip.kind = .norm
      experiment.training.clip.threshold = threshold
    }
    return experiment
  }

  /// "nn.LSTM H=200×2 T=35 B=20", "B=8 of 64" where not all sequences were published.
  func shape(steps: Int, batch: Int, isCarried: Bool) -> String {
    let all = metadata["batch"].flatMap(Int.init) ?? batch
    let name = metadata["module"].map { "nn.\($0)" } ?? network.cell.rawValue
    let activation = network.cell == .elman ? " \(network.activation.rawValue)" : ""
    let direction = metadata["direction"].map { " \($0)" } ?? ""
    return "\(name)\(activation)\(direction) H=\(network.hidden)" + (network.layers > 1 ? "×\(network.layers)" : "")
      + (network.isProjected ? " P=\(network.projection)" : "")
      + " T=\(steps) B=\(batch)" + (all > batch ? " of \(all)" : "") + (isCarried ? ", state carried in" : "")
  }

  /// How far the states may lie from the module's in the precision in which it computed.
  private func tolerance(_ precision: Precision) -> Double {
    switch metadata["computed"] {
    case "bfloat16": 0.1
    case "float16": 0.02
    default: precision == .float64 ? 1e-10 : 1e-4
    }
  }

  /// "states agree to 3e-07".
  func agreement(_ difference: Double?, precision: Precision) -> String {
    guard let difference else { return "outputs not published" }
    let words = difference == 0 ? "exactly" : "to " + short(difference)
    let computed = metadata["computed"] ?? "float32"
    let how = ["float32", "float64"].contains(computed) ? "" : ", computed there in \(computed)"
    if difference <= tolerance(precision) { return "states agree \(words)\(how)" }
    return "states DIFFER by \(short(difference))\(how)"
      + (metadata["dropout"].map { ": dropout \($0) between the layers is not known here" } ?? "")
  }

  /// What the window leaves out.
  var remarks: [String] {
    metadata["left_out"].map { ["left out: ∂L/∂ other last states, of norm \($0)"] } ?? []
  }

  private func short(_ number: Double) -> String { String(format: "%.1e", number) }
}

/// The tensors of a window, by name and shape.
private struct WindowTensors {
  let file: SafetensorsFile, about: WindowHeader

  /// That of the weights.
  var precision: Precision { file["weight_hh_l0"]?.type == "F64" ? .float64 : .float32 }

  private func entry(_ name: String) throws(InputError) -> SafetensorsFile.Entry {
    if let entry = file[name] { return entry }
    throw InputError(
      file: file.file, key: name, problem: "found no such tensor, expected weights, x and grad_output",
      nearest: nearestName(to: name, among: file.entries.map(\.name)))
  }

  /// T, B and I.
  func sizes() throws(InputError) -> (steps: Int, batch: Int, inputs: Int) {
    let x = try entry("x")
    guard x.shape.count == 3, x.shape.allSatisfy({ $0 > 0 }) else {
      throw InputError(file: file.file, key: "x", problem: "found shape \(x.shape), expected [steps, batch, inputs]")
    }
    return (x.shape[0], x.shape[1], x.shape[2])
  }

  /// A tensor's numbers, which need not be finite.
  func numbers(_ name: String, _ shape: [Int]) throws(InputError) -> [Double] {
    let entry = try entry(name)
    guard entry.shape == shape else {
      throw InputError(file: file.file, key: name, problem: "found shape \(entry.shape), expected \(shape)")
    }
    return file.doubles(entry)
  }

  /// 1 at the steps that a sequence has, [T, B].
  func mask(steps: Int, batch: Int) throws(InputError) -> [UInt8] {
    guard let entry = file["lengths"] else { return [UInt8](repeating: 1, count: steps * batch) }
    let lengths = file.doubles(entry)
    guard entry.shape == [batch], lengths.allSatisfy({ (1...Double(steps)).contains($0) }) else {
      throw InputError(
        file: file.file, key: "lengths",
        problem: "found shape \(entry.shape), expected [\(batch)] with lengths from 1 to \(steps)")
    }
    return (0..<steps).flatMap { t in lengths.map { Double(t) < $0 ? 1 : 0 } }
  }

  /// The first state of every layer; 0 where it is missing.
  func states(batch: Int) throws(InputError) -> [[Double]] {
    var states: [[Double]] = []
    let shape = [about.network.stateComponents, batch, about.network.hidden]
    for layer in 0..<about.network.layers {
      let name = "state0_l\(layer)"
      states.append(
        file[name] == nil ? [Double](repeating: 0, count: shape.reduce(1, *)) : try numbers(name, shape))
    }
    return states
  }
}
