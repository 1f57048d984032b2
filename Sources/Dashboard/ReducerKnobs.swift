import Canvas
import RecurrentNetworks
import Training

extension DashboardState {
  /// Sets a key of the experiment to a value that is known to be right in form.
  /// - Throws: what is wrong with it beside the other keys; then nothing is set.
  mutating func apply(_ name: String, _ value: String) throws(ExperimentKeyError) -> [Effect] {
    let key = try ExperimentKey.named(name)
    var changed = experiment
    try key.set(&changed, value)
    try changed.validate()
    let written = key.get(changed)
    // W_hh moves on while it learns: the radius that was set once can be set again.
    guard changed != experiment || key.effect == .rescaleRecurrent && value != "null" else { return [] }
    let before = experiment
    experiment = changed
    hasSteppedToUpdate = false
    unconfirmed[name] = written
    use(name)
    // A β that is trained is a weight: what is set is where it begins.
    let isStart = name.hasPrefix("network.beta") && experiment.network.learnsBeta
    message = Message(
      "\(Knob.label(of: name)) = \(written)" + Self.company(of: name, from: before, to: experiment)
        + (isStart ? " · where the trained β begin: r begins anew" : Self.consequence(key.effect(in: before))))
    return [.apply(key: name, value: written)]
  }

  /// Sets several keys: in one change where it begins a new run, so that only together they need make sense; else one
  /// after the other, a choice before what depends on it.
  /// - Throws: what is wrong with one of them; then nothing is set.
  mutating func apply(_ settings: [Setting]) throws(ExperimentKeyError) -> [Effect] {
    var changed = self
    var keys: [ExperimentKey] = []
    for setting in settings { keys.append(try ExperimentKey.named(setting.key)) }
    guard settings.count > 1, keys.contains(where: { $0.effect(in: experiment) == .newRun }) else {
      var effects: [Effect] = []
      for setting in settings { effects += try changed.apply(setting.key, setting.value) }
      self = changed
      return effects
    }
    for setting in settings { try changed.experiment.set(setting.key, setting.value) }
    try changed.experiment.validate()
    guard changed.experiment != experiment else { return [] }
    changed.hasSteppedToUpdate = false
    let written = keys.map { Setting(key: $0.name, value: $0.get(changed.experiment)) }
    for setting in written {
      changed.unconfirmed[setting.key] = setting.value
      changed.use(setting.key)
    }
    let words = written.map { "\(Knob.label(of: $0.key)) = \($0.value)" }.joined(separator: ", ")
    changed.message = Message(words + Self.consequence(.newRun))
    self = changed
    return [.begin(written)]
  }

  /// What else changed with a key, as far as it means something still: " (k1 = 5, k2 = full with it)".
  static func company(of name: String, from before: Experiment, to after: Experiment) -> String {
    let knobs = Set(Knob.applying(to: after).map(\.name))
    let others = after.differences(from: before).filter {
      $0.key.name != name && (knobs.contains($0.key.name) || $0.key.name.hasPrefix("training."))
    }
    let words = others.map { "\(Knob.label(of: $0.key.name)) = \($0.value)" }
    return words.isEmpty ? "" : " (\(words.joined(separator: ", ")) with it)"
  }

  private static func consequence(_ effect: ChangeEffect) -> String {
    switch effect {
    case .nextUpdate: ""
    case .newSequence: " · a new sequence begins, the weights are kept"
    case .rescaleRecurrent: " · W_hh is rescaled where it stands"
    case .newRun: " · a new run from update 0; N cannot go back over it"
    }
  }

  /// Turns a knob by one click: a fine one, or one of those that a lecture wants.
  mutating func turn(_ name: String, up: Bool, coarse: Bool) -> [Effect] {
    guard let key = try? ExperimentKey.named(name) else { return [] }
    guard Knob.applying(to: experiment).contains(where: { $0.name == name }) else {
      message = Message("\(Knob.label(of: name)) means nothing with \(Knob.owner(of: name, in: experiment))")
      return []
    }
    var start = experiment
    // The radius turns from the one that W_hh has, wherever learning has moved it.
    if key.effect == .rescaleRecurrent, let radius = measuredSpectralRadius {
      try? key.set(&start, formatNumber((radius * 1e6).rounded() / 1e6))
    }
    if name == "training.algorithm", let effects = turnAlgorithm(key, up: up) { return effects }
    let value = (coarse ? coarseStep(key, start, up: up) : nil) ?? key.stepped(start, by: up ? 1 : -1)
    guard let value else {
      message = Message("\(Knob.label(of: name)) = \(key.get(experiment)): no further")
      return []
    }
    do {
      // β = 1 is the Elman cell number for number: one that is turned to shall show that it leaks.
      if name == "network.cell", CellKind(rawValue: value)?.has(option: "beta") == true, experiment.network.beta == 1 {
        return try apply([Setting(key: name, value: value), Setting(key: "network.beta", value: "0.2")])
      }
      return try apply(name, value)
    } catch {
      message = Message("\(error)", isError: true)
      return []
    }
  }

  /// The next of the values that a lecture wants: round numbers of steps (1 … 10, 12, 15, 20, 25, 30, 40, …), a spectral
  /// radius that in a few clicks is far beyond 1, or a clip threshold, around.
  private func coarseStep(_ key: ExperimentKey, _ start: Experiment, up: Bool) -> String? {
    if key.name == "network.init.spectral_radius" {
      let value = Double(key.get(start)) ?? experiment.network.initialization.scale
      let ladder = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10]
      let next = up ? ladder.first { $0 > value * 1.01 } : ladder.last { $0 < value * 0.99 }
      // Beyond the ladder, by half as much again, in two digits.
      return next.map(formatNumber)
        ?? (up ? Double(NumberText.scientific(value * 1.5, digits: 2)).map(formatNumber) : nil)
    }
    if key.name == "training.clip.threshold" {
      let thresholds = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
      return formatNumber(thresholds.first { $0 < experiment.training.clip.threshold * 0.99 } ?? 10)
    }
    guard case .stepCount = key.kind else { return nil }
    let length = experiment.task.length
    let value = Int(key.get(experiment)) ?? length
    let decades = [10, 100, 1000, 10_000, 100_000, 1_000_000]
    let round = Array(1..<10) + decades.flatMap { d in [10, 12, 15, 20, 25, 30, 40, 50, 60, 80].map { $0 * d / 10 } }
    guard up else { return round.last { $0 < value }.map(String.init) }
    guard key.get(experiment) != "full" else { return nil }
    return round.first { $0 > value && $0 < length }.map(String.init) ?? "full"
  }

  /// The usual truncations, in turn.
  mutating func nextTruncation() -> [Effect] {
    let training = experiment.training
    let here = TruncationPreset(k1: training.k1, k2: training.k2, length: experiment.task.length)
    let presets = TruncationPreset.allCases
    let index = here.flatMap(presets.firstIndex).map { $0 + 1 } ?? 0
    let name = training.algorithm.rawValue
    for turn in 0..<presets.count {
      let next = presets[(index + turn) % presets.count]
      let counts = next.counts(length: experiment.task.length)
      // What the algorithm refuses is passed over, and what is so already.
      guard let effects = truncate(to: counts), !effects.isEmpty else { continue }
      let words = experiment.training.algorithm.description.isForward ? name : "truncation: \(next.words)"
      message = Message("\(words), k1 = \(counts.k1.text), k2 = \(counts.k2.text)")
      return effects
    }
    message = Message("truncation: \(name) takes no other here")
    return []
  }

  /// Sets k1 and k2, in the order in which each is taken; nil where they are refused.
  private mutating func truncate(to counts: (k1: StepCount, k2: StepCount)) -> [Effect]? {
    let settings = [("training.k1", counts.k1.text), ("training.k2", counts.k2.text)]
    for order in [settings, settings.reversed()] {
      var changed = self
      var effects: [Effect] = []
      do {
        for (name, value) in order { effects += try changed.apply(name, value) }
      } catch {
        continue
      }
      self = changed
      return effects
    }
    return nil
  }
}

extension TruncationPreset {
  /// The name and the counts, as a reader knows them.
  var words: String {
    switch self {
    case .full: "full BPTT (n, n)"
    case .realTime: "real-time BPTT (1, n)"
    case .oneStep: "one-step (k1, 1)"
    case .overlapping: "overlapping k1 < k2 < n"
    case .chunked: "chunked k1 = k2"
    case .bpttH: "BPTT(h) = (1, h)"
    }
  }

  /// k1 and k2 for sequences of `length` steps: windows of a fifth of it, overlapping ones of two.
  func counts(length: Int) -> (k1: StepCount, k2: StepCount) {
    counts(h: max(2, self == .overlapping ? 2 * length / 5 : length / 5))
  }
}

extension StepCount {
  /// As the experiment file writes it.
  var text: String {
    switch self {
    case .full: "full"
    case .steps(let count): "\(count)"
    }
  }
}
