import Training

/// A walk through the learning algorithms, one after the other.
struct AlgorithmRound: Equatable, Sendable {
  /// The experiment that it began from, and the one that it has come to.
  var began: Experiment, reached: Experiment
}

extension DashboardState {
  /// The next learning algorithm. Each is taken with the settings that the round of turns began with, as far as it can do
  /// with them, so that all the way round everything is as it was.
  /// - Returns: nil where that cannot be, and the algorithm is to be turned like any other key.
  mutating func turnAlgorithm(_ key: ExperimentKey, up: Bool) -> [Effect]? {
    let start = algorithmRound.flatMap { $0.reached == experiment ? $0.began : nil } ?? experiment
    guard case .choice(let names) = key.kind, let here = names.firstIndex(of: key.get(experiment)) else { return nil }
    for turn in 1..<max(1, names.count) {
      let name = names[(here + (up ? turn : names.count - turn)) % names.count]
      var wanted = start
      guard (try? key.set(&wanted, name)) != nil, (try? wanted.validate()) != nil else { continue }
      var changed = self
      guard let effects = try? changed.take(wanted, choosing: key, name) else { return nil }
      changed.message = Message(
        "\(Knob.label(of: key.name)) = \(name)" + Self.company(of: key.name, from: experiment, to: wanted))
      changed.algorithmRound = AlgorithmRound(began: start, reached: wanted)
      self = changed
      return effects
    }
    return nil
  }

  /// Sets `key`, and then what else makes the experiment `wanted`.
  private mutating func take(
    _ wanted: Experiment, choosing key: ExperimentKey, _ value: String
  ) throws(ExperimentKeyError) -> [Effect] {
    var effects = try apply(key.name, value)
    for (other, value) in wanted.differences(from: experiment) { effects += try apply(other.name, value) }
    return effects
  }
}
