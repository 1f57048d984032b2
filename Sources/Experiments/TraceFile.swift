import GradientFlow
import RecurrentNetworks
import Training

/// One window's pass as a safetensors file that other tools can hold against their own computation.
public enum TraceFile {
  /// Writes `tape` to `path` (`-`: standard output), whole or not at all.
  /// - Parameters:
  ///   - tape: the pass.
  ///   - flow: log10 ‖∂l_i/∂h_t‖ of sequence 0, every row.
  ///   - product: all singular values of ∂s_T/∂s_k of sequence 0 at every lag; nil leaves the tensor out, as several layers do.
  ///   - experiment: the experiment as it stands.
  ///   - update: the number of updates done.
  ///   - path: where it is written.
  public static func write(
    _ tape: Tape, flow: FlowMatrix?, product: ProductByLag?, experiment: Experiment, update: Int, to path: String
  ) throws(OutputError) {
    try Safetensors.write(
      tensors(tape, flow: flow, product: product), metadata: metadata(tape, experiment: experiment, update: update),
      to: path)
  }

  /// The trace's tensors.
  public static func tensors(_ tape: Tape, flow: FlowMatrix?, product: ProductByLag?) -> [NamedTensor] {
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
    if !tape.passage.isEmpty { tensors.append(NamedTensor("passage", [t], .float64(tape.passage))) }
    for (index, layer) in tape.layers.enumerated() {
      let carried = Array(layer.state.prefix(layer.parts * b * h))
      tensors.append(NamedTensor("state0_l\(index)", [layer.parts, b, h], .float64(carried)))
    }
    tensors += WeightsFile.tensors(tape.parameters, layout: tape.layout)
    tensors += gradients(tape)
    tensors += states(tape)
    tensors += layers(tape)
    if let flow { tensors.append(NamedTensor("flow", [t, t], .float64(flow.dense(tape)))) }
    if let product, tape.layers.count == 1 { tensors.append(spectra(product, width: tape.layers[0].parts * h)) }
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
    // [T, parts, B, H]: h is the first part of each step.
    func firstPart(_ values: ArraySlice<Double>) -> [Double] {
      top.parts == 1
        ? Array(values)
        : stride(from: values.startIndex, to: values.endIndex, by: top.parts * b * h)
          .flatMap { values[$0..<$0 + b * h] }
    }
    return [
      NamedTensor("h", [t, b, h], .float64(firstPart(top.state.dropFirst(top.parts * b * h)))),
      NamedTensor("loss", [t, b], .float64(tape.loss)),
      NamedTensor("grad_h", [t, b, h], .float64(firstPart(top.gradient[...]))),
    ]
  }

  /// Where the state is more than the top layer's h: every layer's s_1 … s_T with what of ∂L/∂s_t the pass carried, and the
  /// pre-activations of gates.
  private static func layers(_ tape: Tape) -> [NamedTensor] {
    let t = tape.steps, b = tape.batch, h = tape.hidden, gates = tape.network.cell.gates
    return tape.layers.enumerated().flatMap { index, layer -> [NamedTensor] in
      let shape = [t, layer.parts, b, h]
      var tensors: [NamedTensor] = []
      if tape.layers.count > 1 || layer.parts > 1 {
        tensors = [
          NamedTensor("state_l\(index)", shape, .float64(Array(layer.state.dropFirst(layer.parts * b * h)))),
          NamedTensor("grad_state_l\(index)", shape, .float64(layer.gradient)),
        ]
      }
      if gates > 1 { tensors.append(NamedTensor("a_l\(index)", [t, b, gates * h], .float64(layer.preactivation))) }
      return tensors
    }
  }

  /// Row k holds the singular values at lag T - k, so the longest product comes first.
  private static func spectra(_ product: ProductByLag, width: Int) -> NamedTensor {
    precondition(product.spectra.count == product.steps, "a trace wants the spectrum at every lag")
    let rows = product.spectra.sorted { $0.lag > $1.lag }.flatMap(\.log10)
    return NamedTensor("product", [product.steps, width], .float64(rows))
  }
}
