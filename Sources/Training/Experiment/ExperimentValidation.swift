import RecurrentNetworks

extension Experiment {
  /// Holds the keys against each other and refuses what makes no sense together, or would not fit in memory.
  ///
  /// - Parameters:
  ///   - memory: the bytes that a run may take; `bytesNeeded` must not be above.
  ///   - givenData: whether data are handed in with it.
  /// - Throws: the first contradiction, by the key that is most easily changed.
  public func validate(memory: Int = 16 << 30, givenData: Bool = false) throws(ExperimentKeyError) {
    for rule in rules where !rule.isOfTaskData && !(givenData && rule.isWaivedByData) { try rule.validate(self) }
    try validateSize(memory: memory)
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
    throw ExperimentKeyError(
      key: largest?.key ?? "task.length",
      problem:
        "found \(largest?.value ?? 0), expected sizes that fit in \(formatBytes(memory)): length \(task.length) × batch \(training.batch) × hidden "
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
    // What counts as solved is said of one task.
    if task.name != before.task.name { solved = SolvedSpecification() }
    for rule in rules { rule.apply(to: &self, after: before) }
    if training.optimizer.name != before.training.optimizer.name {
      training.optimizer.takeOptions(after: before.training.optimizer)
    }
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
