import Architectures
import GradientFlow
import RecurrentNetworks
import Training

extension TraceFile {
  /// Writes the pass of a network that is no recurrent one to `path` (`-`: standard output): inputs, weights, gradients, losses, and
  /// of each layer l that a reader can look into `state_lL`, `grad_state_lL` [T,B,H] and `flow_lL` [T,T], log10 of the norms.
  ///
  /// - Throws: `OutputError`.
  public static func write(
    _ recording: GraphRecording, of snapshot: Snapshot, readings: [NamedTensor] = [], to path: String
  ) throws {
    let data = snapshot.data, shape = [recording.steps, recording.batch, recording.width]
    var tensors = [NamedTensor("x", [data.steps, data.batch, data.inputs], .float64(data.x))]
    switch data.target {
    case .classes(let classes):
      tensors.append(NamedTensor("target", [data.steps, data.batch], .int64(classes.map(Int64.init))))
    case .values(let values):
      tensors.append(NamedTensor("target", [data.steps, data.batch, data.outputs], .float64(values)))
    }
    tensors.append(NamedTensor("mask", [data.steps, data.batch], .float64(data.targetMask.map(Double.init))))
    for entry in snapshot.layout.entries {
      tensors.append(NamedTensor(entry.name, entry.shape, .float64(Array(snapshot.parameters[entry.range]))))
      tensors.append(NamedTensor("grad." + entry.name, entry.shape, .float64(Array(recording.gradient[entry.range]))))
    }
    tensors.append(NamedTensor("loss", [data.steps, data.batch], .float64(recording.loss)))
    for layer in 0..<recording.layers {
      tensors.append(NamedTensor("state_l\(layer)", shape, .float64(recording.states(layer: layer))))
      tensors.append(NamedTensor("grad_state_l\(layer)", shape, .float64(recording.stateGradients(layer: layer))))
      tensors.append(NamedTensor("flow_l\(layer)", [data.steps, data.steps], .float64(flow(recording, layer))))
    }
    let metadata = [
      "kind": snapshot.experiment.architecture.kind.rawValue,
      "experiment": ExperimentFile.complete(snapshot.experiment), "update": "\(snapshot.update)",
    ]
    try Safetensors.stream((tensors + readings).map { StreamedTensor($0) }, metadata: metadata, to: path)
  }

  /// Row i, column t; -infinity in rows without a loss.
  private static func flow(_ recording: GraphRecording, _ layer: Int) -> [Double] {
    let steps = recording.steps
    var dense = [Double](repeating: -.infinity, count: steps * steps)
    let flow = FlowMatrix(recording.graph(), layer: recording.graphLayer(layer))
    for (row, i) in flow.rows.enumerated() {
      dense.replaceSubrange(i * steps..<(i + 1) * steps, with: flow.log10[row * steps..<(row + 1) * steps])
    }
    return dense
  }
}
