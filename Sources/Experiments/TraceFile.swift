import GradientFlow
import RecurrentNetworks
import Training

/// One window's pass as a safetensors file that other tools can hold against their own computation.
public enum TraceFile {
  /// A tensor that would need more memory than there is for it, and was left out.
  public struct Omission: Equatable, Sendable, CustomStringConvertible {
    /// Its name, and its shape.
    public let name: String, shape: [Int]
    /// The bytes that it would need, and those that it may take.
    public let needed: Int, limit: Int

    /// "flow [100000, 100000] is left out: it needs 80 GB, and 2.1 GB are allowed"
    public var description: String {
      "\(name) \(shape) is left out: it needs \(formatBytes(needed)), and \(formatBytes(limit)) are allowed"
    }
  }

  /// The most bytes that one tensor of a trace takes, with what it is computed in.
  public static let tensorLimit = 2 << 30

  /// Writes the trace of `tape` to `path` (`-`: standard output), whole or not at all.
  /// - Parameters:
  ///   - tape: the pass.
  ///   - experiment: the experiment as it stands.
  ///   - update: the number of updates done.
  ///   - readings: what instruments read of the pass, as tensors.
  ///   - path: where it is written.
  ///   - memory: the most bytes that a tensor may take; what needs more is left out.
  ///   - progress: called again and again with the share that is done; false ends the writing, and nothing is written.
  /// - Returns: what was left out.
  /// - Throws: `OutputError`; `LinearAlgebraError` where a Jacobian is not finite; `CancellationError`.
  @discardableResult
  public static func write(
    _ tape: Tape, experiment: Experiment, update: Int, readings: [NamedTensor] = [], to path: String,
    memory: Int = tensorLimit,
    progress: (Double) -> Bool = { _ in true }
  ) throws -> [Omission] {
    let omissions = omissions(tape, memory: memory)
    func isKept(_ name: String) -> Bool { !omissions.contains { $0.name == name } }
    func report(_ share: Double) throws { if !progress(share) { throw CancellationError() } }
    // The flow takes the first half of the work, the products the second.
    let flow = isKept("flow") ? try FlowMatrix(tape) { try report(0.5 * $0) } : nil
    let spectra = isKept("product") ? try products(tape) { try report(0.5 + 0.5 * $0) } : nil
    var streamed = (tensors(tape) + readings).map { StreamedTensor($0) }
    if let flow { streamed.append(flowTensor(flow, tape)) }
    if let spectra { streamed.append(productTensor(spectra, tape)) }
    try report(1)
    try Safetensors.stream(streamed, metadata: metadata(tape, experiment: experiment, update: update), to: path)
    return omissions
  }

  /// What of a trace needs more than `memory` bytes: the flow, T², and the products, T and the square of a state's size.
  static func omissions(_ tape: Tape, memory: Int) -> [Omission] {
    let width = jointWidth(tape), t = tape.steps
    // The flow's rows are carried back together, a state each in every layer; a product is computed in six matrices.
    let sizes = [
      ("flow", [t, t], Saturating(t) * Saturating(t + width)),
      ("product", [t, width], Saturating(t + 6 * width) * Saturating(width)),
    ]
    return sizes.compactMap { name, shape, numbers in
      let needed = (numbers * Saturating(8)).value
      return needed > memory ? Omission(name: name, shape: shape, needed: needed, limit: memory) : nil
    }
  }

  private static func jointWidth(_ tape: Tape) -> Int {
    tape.layers.reduce(0) { $0 + $1.stateComponents * tape.hidden }
  }

  /// log10 of all singular values by lag, of the state of all layers together.
  private static func products(_ tape: Tape, _ progress: (Double) throws -> Void) throws -> [[Double]] {
    guard tape.layers.count == 1 else { return try JointProduct(tape, progress: progress).log10 }
    return try ProductByLag(tape, progress: progress).spectra.map(\.log10)
  }

  /// Row i, column t; row by row, since the whole would be in memory twice.
  private static func flowTensor(_ flow: FlowMatrix, _ tape: Tape) -> StreamedTensor {
    let t = tape.steps
    return StreamedTensor("flow", [t, t]) { body in
      var next = 0
      let empty = [Double](repeating: -.infinity, count: t)
      for i in 0..<t {
        // A loss that has no target flows nowhere.
        let isThere = next < flow.rows.count && flow.rows[next] == i
        try body(isThere ? Array(flow.log10[next * t..<(next + 1) * t]) : empty)
        if isThere { next += 1 }
      }
    }
  }

  /// Row k holds the singular values at lag T - k, so the longest product comes first.
  private static func productTensor(_ spectra: [[Double]], _ tape: Tape) -> StreamedTensor {
    StreamedTensor("product", [tape.steps, jointWidth(tape)]) { body in
      for spectrum in spectra.reversed() { try body(spectrum) }
    }
  }

  /// The trace's tensors, but for the flow and the products.
  public static func tensors(_ tape: Tape) -> [NamedTensor] {
    let t = tape.steps, b = tape.batch, h = tape.hidden
    var tensors = [NamedTensor("x", [t, b, tape.inputs], .float64(tape.x))]
    switch tape.target {
    case .classes(let classes): tensors.append(NamedTensor("target", [t, b], .int64(classes.map(Int64.init))))
    case .values(let values): tensors.append(NamedTensor("target", [t, b, tape.outputs], .float64(values)))
    }
    tensors.append(NamedTensor("target_mask", [t, b], .float64(tape.targetMask.map(Double.init))))
    tensors.append(NamedTensor("mask", [t, b], .float64(tape.mask.map(Double.init))))
    if let outputMask = tape.outputMask {
      tensors.append(NamedTensor("output_mask", [t, b, tape.outputs], .float64(outputMask.map(Double.init))))
    }
    if !tape.gradientScale.isEmpty { tensors.append(NamedTensor("gradient_scale", [t], .float64(tape.gradientScale))) }
    for (index, layer) in tape.layers.enumerated() {
      let carried = Array(layer.state.prefix(layer.stateComponents * b * h))
      tensors.append(NamedTensor("state0_l\(index)", [layer.stateComponents, b, h], .float64(carried)))
    }
    tensors += WeightsFile.tensors(tape.parameters, layout: tape.layout)
    tensors += gradients(tape)
    tensors += states(tape)
    tensors += layers(tape)
    return tensors
  }

  /// What a reader needs to compute the trace again.
  public static func metadata(_ tape: Tape, experiment: Experiment, update: Int) -> [String: String] {
    let network = tape.network
    // β of every unit, one list or one for each layer, in place of β and its spread.
    var options = network.cellDescription.options.filter { $0.name != "beta_spread" }
      .map { "\"\($0.name)\": \(formatNumber($0.value))" }
    let rates = tape.layers.indices.compactMap { layer in
      tape.rates(layer: layer).map { "[" + $0.map(formatNumber).joined(separator: ", ") + "]" }
    }
    if let first = rates.first {
      let isSame = rates.allSatisfy { $0 == first }
      options = ["\"beta\": " + (isSame ? first : "[" + rates.joined(separator: ", ") + "]")]
    }
    return [
      "cell": network.cell.rawValue, "cell_options": "{" + options.joined(separator: ", ") + "}",
      "activation": network.activation.rawValue,
      "layers": "\(network.layers)", "loss": tape.lossKind.rawValue, "reduction": tape.reduction.rawValue,
      "experiment": ExperimentFile.complete(experiment), "update": "\(update)",
      "first_step": "\(tape.window.steps.lowerBound + 1)",
    ]
  }

  /// grad.NAME of each weight. Where both of PyTorch's biases are added to a_t, one gradient is the other's too.
  private static func gradients(_ tape: Tape) -> [NamedTensor] {
    tape.layout.entries.flatMap { entry in
      WeightsFile.names(for: entry, in: tape.layout).map {
        NamedTensor("grad." + $0, entry.shape, .float64(Array(tape.gradient[entry.range])))
      }
    }
  }

  /// h, loss and grad_h of the top layer.
  private static func states(_ tape: Tape) -> [NamedTensor] {
    guard let top = tape.layers.last else { return [] }
    let t = tape.steps, b = tape.batch, h = tape.hidden
    // [T, components, B, H]: h is the first part of each step.
    func firstComponent(_ values: ArraySlice<Double>) -> [Double] {
      top.stateComponents == 1
        ? Array(values)
        : stride(from: values.startIndex, to: values.endIndex, by: top.stateComponents * b * h)
          .flatMap { values[$0..<$0 + b * h] }
    }
    return [
      NamedTensor("h", [t, b, h], .float64(firstComponent(top.state.dropFirst(top.stateComponents * b * h)))),
      NamedTensor("loss", [t, b], .float64(tape.loss)),
      NamedTensor("grad_h", [t, b, h], .float64(firstComponent(top.gradient[...]))),
    ]
  }

  /// Where the state is more than the top layer's h: every layer's s_1 … s_T with what of ∂L/∂s_t the pass carried, and the
  /// pre-activations of gates.
  private static func layers(_ tape: Tape) -> [NamedTensor] {
    let t = tape.steps, b = tape.batch, h = tape.hidden, gates = tape.network.cell.gates
    return tape.layers.enumerated().flatMap { index, layer -> [NamedTensor] in
      let shape = [t, layer.stateComponents, b, h]
      var tensors: [NamedTensor] = []
      if tape.layers.count > 1 || layer.stateComponents > 1 {
        tensors = [
          NamedTensor("state_l\(index)", shape, .float64(Array(layer.state.dropFirst(layer.stateComponents * b * h)))),
          NamedTensor("grad_state_l\(index)", shape, .float64(layer.gradient)),
        ]
      }
      if gates > 1 { tensors.append(NamedTensor("a_l\(index)", [t, b, gates * h], .float64(layer.preactivation))) }
      return tensors
    }
  }
}
