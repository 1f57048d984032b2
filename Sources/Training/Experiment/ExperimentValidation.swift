import LinearAlgebra
import RecurrentNetworks

extension Experiment {
  /// Holds the keys against each other and refuses what makes no sense together, or would not fit in memory.
  ///
  /// - Parameter memory: the bytes that a run may take; `bytesNeeded` must not be above.
  /// - Throws: the first contradiction, by the key that is most easily changed.
  public func validate(memory: Int = 16 << 30) throws(ExperimentKeyError) {
    try validateTask()
    try validateNetwork()
    try validateTraining()
    try validateSolved()
    try validateReaders()
    try validateSize(memory: memory)
  }

  /// What nothing reads beside the other keys is not set: it would be ignored.
  private func validateReaders() throws(ExperimentKeyError) {
    for key in ExperimentKey.all {
      guard let readers = key.readers, !key.hasMeaning(in: self), key.get(self) != key.defaultValue else { continue }
      throw .contradiction(key.name, key.get(self), "\(key.defaultValue): only \(readers) reads it")
    }
  }

  private func validateTask() throws(ExperimentKeyError) {
    if task.length < task.name.minimumLength {
      throw .contradiction(
        "task.length", "\(task.length)", "a whole number from \(task.name.minimumLength) for \(task.name.rawValue)")
    }
    let name = task.name.rawValue
    switch (task.name.kind.source, task.file) {
    case (.table, nil): throw .contradiction("task.file", "no file", "the path of the CSV file that \(name) reads")
    case (.table, _), (.text, _), (.drawn, nil): break
    case (.drawn, let file?):
      let readers = TaskName.list("read", where: \.readsFile)
      throw .contradiction("task.file", quotedIfNeeded(file), "none with \(name): \(readers) files")
    }
    guard !task.name.readsColumns else { return }
    for (key, names) in [("task.columns", task.columns), ("task.targets", task.targets)] where !names.isEmpty {
      let readers = TaskName.list("read", where: \.readsColumns)
      throw .contradiction(key, "\(names.count) columns", "[] with \(name): only \(readers) columns")
    }
  }

  private func validateNetwork() throws(ExperimentKeyError) {
    let cell = network.cellDescription
    for (name, value) in network.cellOptions where value != 1 && !cell.options.contains(where: { $0.name == name }) {
      let owners = CellKind.allCases.filter { $0.has(option: name) }.map(\.rawValue).joined(separator: " or ")
      throw .contradiction(
        "network.\(name)", formatNumber(value), "1 with \(network.cell.rawValue): only \(owners) has one")
    }
    if network.learnsBeta {
      guard cell.options.contains(where: { $0.name == "beta" }) else {
        throw .contradiction("network.learn_beta", "true", "false with \(network.cell.rawValue), which has no β")
      }
      if network.beta == 1 {
        throw .contradiction("network.beta", "1", "below 1 with learn_beta: β = 1/(1 + exp(-ρ)) reaches 1 nowhere")
      }
      if training.algorithm != .bptt {
        throw .contradiction(
          "network.learn_beta", "true", "false with \(training.algorithm.rawValue): only bptt trains β of the units")
      }
    }
    if !cell.takesActivation, network.activation != NetworkSpecification().activation {
      throw .contradiction(
        "network.activation", network.activation.rawValue,
        "\(NetworkSpecification().activation.rawValue) with \(network.cell.rawValue): its gates have functions of their own; "
          + "elman, leaky and residual take any")
    }
    if cell.forgetGate == nil, network.initialization.forgetBias != 0 {
      let owners = CellKind.allCases.filter(\.hasForgetGate).map(\.rawValue).joined(separator: " or ")
      throw .contradiction(
        "network.init.forget_bias", formatNumber(network.initialization.forgetBias),
        "0 with \(network.cell.rawValue), which has no forget gate: only \(owners) has one")
    }
    if network.cell.isFullyRecurrent, network.layers != 1 {
      throw .contradiction(
        "network.layers", "\(network.layers)", "1 with \(network.cell.rawValue): all its units are one layer")
    }
    if network.initialization.recurrent != .antisymmetric, network.initialization.diffusion != 0 {
      throw .contradiction(
        "network.init.diffusion", formatNumber(network.initialization.diffusion),
        "0 with \(network.initialization.recurrent.rawValue): only antisymmetric has a diffusion")
    }
    guard let radius = network.initialization.spectralRadius else { return }
    if network.initialization.recurrent == .zero || network.initialization.scale == 0 {
      throw .contradiction(
        "network.init.spectral_radius", formatNumber(radius), "null with weights of zero, which no factor rescales")
    }
  }

  private func validateTraining() throws(ExperimentKeyError) {
    try training.algorithm.type(Double.self).validate(self)
    try validateStoredPast()
    try validateUntied()
    try training.validateFlow()
    let optimizer = training.optimizer
    if let option = optimizer.meaninglessOption {
      let neutral = OptimizerSpecification()[keyPath: option.path]
      let names = OptimizerKind.allCases.filter { $0.rule.options[option] != nil }.map(\.rawValue)
      throw .contradiction(
        option.key, formatNumber(optimizer[keyPath: option.path]),
        "\(formatPlainNumber(neutral)) with \(optimizer.name.rawValue): only \(names.joined(separator: ", ")) "
          + "\(names.count == 1 ? "reads" : "read") it")
    }
  }

  /// A stored past, whole or in checkpoints, is plain backpropagation's; it has one of the two.
  private func validateStoredPast() throws(ExperimentKeyError) {
    let (history, checkpoints) = (training.history, training.checkpoints)
    if training.algorithm != .bptt {
      let name = training.algorithm.rawValue
      let why =
        training.algorithm.description.isForward
        ? "it carries what it needs forward" : "it runs its window forward anew"
      if history != .recompute {
        throw .contradiction(
          "training.history", history.rawValue, "recompute with \(name): \(why), only bptt keeps a past")
      }
      if checkpoints != .none {
        throw .contradiction(
          "training.checkpoints", checkpoints.rawValue, "none with \(name): \(why), only bptt keeps a past")
      }
    }
    guard checkpoints == .sqrt else { return }
    if history == .stale {
      throw .contradiction(
        "training.checkpoints", "sqrt", "none with history stale: what is run forward again is not what was kept")
    }
    let (k1, k2) = (training.k1.resolved(length: task.length), training.k2.resolved(length: task.length))
    if min(k1, k2) < task.length {
      throw .contradiction(
        "training.checkpoints", "sqrt",
        "none with k1 = \(k1) and k2 = \(k2): a truncated window is short already; or k1 and k2 full")
    }
    if training.inject == .last {
      throw .contradiction("training.checkpoints", "sqrt", "none with inject last, or inject newest")
    }
  }

  private func validateSolved() throws(ExperimentKeyError) {
    let name = task.name.rawValue
    guard solved.measure != .none else {
      if solved == SolvedSpecification() { return }
      let names = SolvedMeasure.allCases.filter { $0 != .none }.map(\.rawValue).joined(separator: ", ")
      throw .contradiction("solved.measure", "none", "one of \(names), as other keys of solved are set")
    }
    if task.name.readsFile {
      throw .contradiction(
        "solved.measure", solved.measure.rawValue,
        "none with \(name): it trains on its whole file and keeps no data to test on")
    }
    let loss = (try? task.makeTask(seed: seed))?.description.loss
    if solved.measure == .error, loss == .crossEntropy {
      throw .contradiction(
        "solved.measure", "error", "accuracy, flawless or loss with \(name), which is answered by classes")
    }
    if solved.tolerance != SolvedSpecification().tolerance, loss == .crossEntropy {
      throw .contradiction(
        "solved.tolerance", formatNumber(solved.tolerance),
        "\(formatNumber(SolvedSpecification().tolerance)) with \(name), which is answered by classes: only numbers have a tolerance"
      )
    }
  }

  private func validateSize(memory: Int) throws(ExperimentKeyError) {
    let bytes = bytesNeeded
    guard bytes > memory else { return }
    // The size that lies furthest above its default is the one to name.
    let standard = Experiment()
    let sizes: [(key: String, value: Int, standard: Int)] = [
      ("task.length", task.length, standard.task.length),
      ("network.hidden", network.hidden, standard.network.hidden),
      ("network.layers", network.layers, standard.network.layers),
      ("training.batch", training.batch, standard.training.batch),
    ]
    let largest = sizes.max { Double($0.value) / Double($0.standard) < Double($1.value) / Double($1.standard) }
    throw .contradiction(
      largest?.key ?? "task.length", "\(largest?.value ?? 0)",
      "sizes that fit in \(formatBytes(memory)): length \(task.length) × batch \(training.batch) × hidden "
        + "\(network.hidden) × layers \(network.layers) would need "
        + (bytes == .max ? "more than can be counted" : formatBytes(bytes)))
  }

  /// The memory that a run needs, in bytes; `Int.max` where it cannot be counted. The width of what a file brings is a guess.
  public var bytesNeeded: Int {
    let width = task.name.kind.widthEstimate
    return MemoryEstimate(self, inputs: width, outputs: width).bytes
  }

  /// Lets what has no meaning under a choice just made fall back to its default, so that a turn of one knob is not
  /// refused because of another that is not on the screen any more.
  mutating func dropMeaningless(comparedWith before: Experiment) {
    if network.cell != before.network.cell {
      if !network.cell.has(option: "beta") { (network.beta, network.betaSpread, network.learnsBeta) = (1, 1, false) }
      if !network.cell.has(option: "alpha") { network.alpha = 1 }
      if network.cellDescription.forgetGate == nil { network.initialization.forgetBias = 0 }
      if !network.cellDescription.takesActivation { network.activation = NetworkSpecification().activation }
    }
    if training.algorithm != before.training.algorithm {
      training.algorithm.type(Double.self).adapt(&self)
      if training.algorithm != .bptt {
        training.history = .recompute
        training.checkpoints = .none
      }
      training.dropFlow()
    }
    if training.optimizer.name != before.training.optimizer.name {
      training.optimizer.takeOptions(after: before.training.optimizer)
    }
    for key in ExperimentKey.all where key.readers != nil && key.hasMeaning(in: before) && !key.hasMeaning(in: self) {
      key.reset(&self)
    }
    if task.name != before.task.name {
      solved = SolvedSpecification()
      if !task.name.readsColumns { (task.columns, task.targets) = ([], []) }
      if !task.name.readsFile { task.file = nil }
    }
    if network.initialization.recurrent != .antisymmetric, before.network.initialization.recurrent == .antisymmetric {
      network.initialization.diffusion = 0
    }
    if network.initialization != before.network.initialization,
      network.initialization.spectralRadius == before.network.initialization.spectralRadius,
      network.initialization.recurrent == .zero || network.initialization.scale == 0
    {
      network.initialization.spectralRadius = nil
    }
  }
}

extension CellKind {
  /// Whether the cell has a forget gate.
  fileprivate var hasForgetGate: Bool {
    var network = NetworkSpecification()
    network.cell = self
    return network.cellDescription.forgetGate != nil
  }
}

extension CellKind {
  /// Whether the cell has the setting `name` of the network group: "beta".
  public func has(option name: String) -> Bool {
    var network = NetworkSpecification()
    network.cell = self
    return network.cellDescription.options.contains { $0.name == name }
  }
}

extension NetworkSpecification {
  /// The settings that only some cells have, 1 where they have no meaning.
  fileprivate var cellOptions: [(name: String, value: Double)] {
    [("beta", beta), ("beta_spread", betaSpread), ("alpha", alpha)]
  }
}

extension ExperimentKeyError {
  /// A value that makes no sense beside the others.
  static func contradiction(_ key: String, _ found: String, _ expected: String) -> ExperimentKeyError {
    ExperimentKeyError(key: key, problem: "found \(found), expected \(expected)")
  }
}

/// `bytes` with a unit, three digits at most: 3.2 TB.
public func formatBytes(_ bytes: Int) -> String {
  var value = Double(bytes)
  var unit = 0
  let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
  while value >= 999.5, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  let rounded = value >= 10 || unit == 0 ? value.rounded() : (value * 10).rounded() / 10
  return "\(formatPlainNumber(rounded)) \(units[unit])"
}
