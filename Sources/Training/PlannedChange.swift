import RecurrentNetworks

/// Settings held against an experiment.
struct PlannedChange {
  /// The experiment that they make.
  var experiment: Experiment
  /// What the settings, and what changes with them, do to a run.
  var effects: Set<ChangeEffect>

  /// The strongest of the effects.
  var effect: ChangeEffect {
    [.newRun, .newSequence, .rescaleRecurrent].first(where: effects.contains) ?? .nextUpdate
  }
}

extension TrainingRun {
  /// What `settings` would make of the experiment; nothing is changed.
  func plan(_ settings: [Setting]) throws(TrainingError) -> PlannedChange {
    guard !settings.isEmpty else { throw .misfit("settings: found none, expected at least one") }
    let changed: Experiment, keys: [ExperimentKey]
    do throws(ExperimentKeyError) {
      keys = try settings.map { setting throws(ExperimentKeyError) in try ExperimentKey.named(setting.key) }
      changed = try experiment.setting(settings)
    } catch {
      throw .key(error)
    }
    var effects = Set(keys.map { $0.effect(in: experiment) })
    for difference in changed.differences(from: experiment) {
      let effect = difference.key.effect(in: experiment)
      if effect != .rescaleRecurrent { effects.insert(effect) }
    }
    let data = course.beginning.start.data
    try validate(changed, givenData: data != nil, memory: memory)
    if data != nil, let key = keys.first(where: \.choosesData)?.name {
      throw .misfit("\(key): found data handed in, expected a task of the program's to change it in")
    }
    return PlannedChange(experiment: changed, effects: effects)
  }
}

extension Experiment {
  /// The experiment with `settings`, whatever their order: what the choice of one lets fall back is set again.
  ///
  /// - Throws: what is wrong with a key or a value, or that two of them do not go together.
  public func setting(_ settings: [Setting]) throws(ExperimentKeyError) -> Experiment {
    var changed = self
    var wanted: [(key: ExperimentKey, value: String)] = []
    for setting in settings {
      let key = try ExperimentKey.named(setting.key)
      try key.set(&changed, setting.value)
      wanted.append((key, key.get(changed)))
    }
    for _ in settings {
      let fallen = wanted.filter { $0.key.get(changed) != $0.value }
      if fallen.isEmpty { break }
      for (key, value) in fallen { try key.set(&changed, value) }
    }
    return changed
  }
}

extension ExperimentKey {
  /// Whether it chooses the data, which data that were handed in replace.
  fileprivate var choosesData: Bool { name == "training.batch" || name.hasPrefix("task.") }
}

extension ParameterLayout {
  /// `drawn` with the tensors of `former` whose name and shape are the same, and their names; what all steps share is where
  /// each step's copy begins.
  func taking(
    _ former: [Double], of formerLayout: ParameterLayout, into drawn: [Double]
  ) -> (parameters: [Double], kept: [String]) {
    var parameters = drawn
    var kept: [String] = []
    for entry in entries {
      guard let other = formerLayout[entry.name] else { continue }
      if other.shape == entry.shape {
        parameters.replaceSubrange(entry.range, with: former[other.range])
      } else if other.copies == 1, entry.copies > 1, Array(entry.shape.dropFirst()) == other.shape {
        for copy in 0..<entry.copies { parameters.replaceSubrange(entry.copy(copy).range, with: former[other.range]) }
      } else {
        continue
      }
      kept.append(entry.name)
    }
    return (parameters, kept)
  }
}
