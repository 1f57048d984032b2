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
      let settings =
        [Setting(key: key.name, value: name)]
        + wanted.differences(from: experiment).filter { $0.key.name != key.name }
        .map { Setting(key: $0.key.name, value: $0.value) }
      let words =
        "\(ExperimentKey.label(of: key.name)) = \(name)"
        + Self.alsoChanged(with: key.name, from: experiment, to: wanted)
      guard let effects = try? set(settings, saying: words) else { return nil }
      algorithmRound = AlgorithmRound(began: start, reached: experiment)
      return effects
    }
    return nil
  }
}
