import Training

/// The updates before an explosion as a safetensors file: numbers by update, and everything from which each pass can be made
/// again.
public enum BlackBoxFile {
  /// Writes a black box to `path` (`-`: standard output), whole or not at all.
  public static func write(_ box: BlackBox, to path: String) throws(OutputError) {
    try Safetensors.write(tensors(box), metadata: metadata(box), to: path)
  }

  /// Its tensors. The first axis is the updates, the oldest first; the last one is the update that exploded. Where the sequences
  /// changed their shape on the way, those before are left out.
  public static func tensors(_ box: BlackBox) -> [NamedTensor] {
    guard let last = box.entries.last else { return [] }
    func shape(_ entry: BlackBox.Entry) -> [Int] {
      [entry.snapshot.data.steps, entry.snapshot.data.batch] + entry.snapshot.carriedState.map(\.count)
    }
    let entries = Array(box.entries.reversed().prefix { shape($0) == shape(last) }.reversed())
    return numbers(entries) + states(entries, last.snapshot)
      + last.snapshot.layout.entries.map { entry in
        NamedTensor(
          entry.name, [entries.count] + entry.shape, .float64(entries.flatMap { $0.snapshot.parameters[entry.range] }))
      }
  }

  /// What each update was like; NaN for what the last one did not come to.
  private static func numbers(_ entries: [BlackBox.Entry]) -> [NamedTensor] {
    let longest = entries.reduce(0) { max($0, $1.gradientNorms.count) }
    func column(_ name: String, _ value: (BlackBox.Entry) -> Double?) -> NamedTensor {
      NamedTensor(name, [entries.count], .float64(entries.map { value($0) ?? .nan }))
    }
    func whole(_ name: String, _ value: (Snapshot) -> Int) -> NamedTensor {
      NamedTensor(name, [entries.count], .int64(entries.map { Int64(value($0.snapshot)) }))
    }
    return [
      whole("update") { $0.update + 1 }, whole("first_step") { $0.window.steps.lowerBound + 1 },
      whole("last_step") { $0.window.steps.upperBound },
      column("loss") { $0.record?.loss }, column("grad_norm") { $0.record?.gradientNorm },
      column("clip_scale") { $0.record?.clipScale }, column("learning_rate") { $0.record?.learningRate },
      column("largest_state", \.largestState), column("largest_weight", \.largestWeight),
      column("factor_per_step", \.factorPerStep),
      NamedTensor(
        "norm_grad_h", [entries.count, longest],
        .float64(
          entries.flatMap {
            $0.gradientNorms + [Double](repeating: .nan, count: longest - $0.gradientNorms.count)
          })),
    ]
  }

  /// The sequences, and the state carried into each window.
  private static func states(_ entries: [BlackBox.Entry], _ last: Snapshot) -> [NamedTensor] {
    let (data, network, n) = (last.data, last.experiment.network, entries.count)
    let (steps, batch) = (data.steps, data.batch)
    var tensors = [
      NamedTensor("x", [n, steps, batch, data.inputs], .float64(entries.flatMap(\.snapshot.data.x))),
      NamedTensor(
        "target_mask", [n, steps, batch], .uint8(entries.flatMap(\.snapshot.data.targetMask))),
    ]
    switch data.target {
    case .classes:
      let classes = entries.flatMap { entry in
        if case .classes(let classes) = entry.snapshot.data.target { classes.map(Int64.init) } else { [Int64]() }
      }
      tensors.append(NamedTensor("target", [n, steps, batch], .int64(classes)))
    case .values:
      let values = entries.flatMap { entry in
        if case .values(let values) = entry.snapshot.data.target { values } else { [Double]() }
      }
      tensors.append(NamedTensor("target", [n, steps, batch, data.outputs], .float64(values)))
    }
    for layer in last.carriedState.indices {
      tensors.append(
        NamedTensor(
          "state0_l\(layer)", [n, network.stateComponents, batch, network.hidden],
          .float64(entries.flatMap { $0.snapshot.carriedState[layer] })))
    }
    return tensors
  }

  /// What exploded, and the experiment as it stood.
  private static func metadata(_ box: BlackBox) -> [String: String] {
    let explosion = box.explosion
    var metadata = [
      "update": "\(explosion.update)", "step": "\(explosion.step)", "factor": explosion.factor,
    ]
    guard let last = box.entries.last?.snapshot else { return metadata }
    metadata["unit"] = box.culprit?.words(layers: last.experiment.network.layers)
    metadata["experiment"] = ExperimentFile.complete(last.experiment)
    return metadata
  }
}
