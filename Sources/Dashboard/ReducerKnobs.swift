import Canvas
import Instruments
import RecurrentNetworks
import Training

extension DashboardState {
  /// Sets keys of the focused lane's experiment in one change: only together they need make sense.
  ///
  /// - Parameters:
  ///   - settings: the keys and their values, in any order.
  ///   - words: what is said of it; nil to name each key with its value.
  /// - Throws: what is wrong with one of them, or with all together; then nothing is set.
  mutating func set(_ settings: [Setting], saying words: String? = nil) throws(ExperimentKeyError) -> [Effect] {
    let keys = try settings.map { setting throws(ExperimentKeyError) in try ExperimentKey.named(setting.key) }
    let changed = try experiment.setting(settings)
    try changed.validate()
    // W_hh moves on while it learns: the radius that was set once can be set again.
    let isAgain = keys.contains { $0.effect == .rescaleRecurrent && $0.get(changed) != "null" }
    guard changed != experiment || isAgain else { return [] }
    let before = experiment
    let written = keys.map { Setting(key: $0.name, value: $0.get(changed)) }
    experiment = changed
    if keys.contains(where: { $0.effect(in: before) == .newRun }) { rest() }
    hasSteppedToUpdate = false
    for setting in written {
      lane.unconfirmed[setting.key] = setting.value
      use(setting.key)
    }
    let named = written.map { "\(ExperimentKey.label(of: $0.key)) = \($0.value)" }.joined(separator: ", ")
    let beyond =
      written.first { ["training.k1", "training.k2"].contains($0.key) && Int($0.value) ?? 0 > changed.task.length }
      .map { " · beyond n = \(changed.task.length): as \(ExperimentKey.label(of: $0.key)) = full" } ?? ""
    let also = written.count == 1 ? Self.alsoChanged(with: written[0].key, from: before, to: changed) : ""
    message = Message((words ?? named + also) + beyond + consequence(of: keys, before))
    return [.source(.change(lane.id, written))]
  }

  /// What else changed with a key, as far as it means something still: " (also sets k1 = 5, k2 = full)".
  static func alsoChanged(with name: String, from before: Experiment, to after: Experiment) -> String {
    let knobs = Set(Knob.applying(to: after).map(\.name))
    let others = after.differences(from: before).filter {
      $0.key.name != name && (knobs.contains($0.key.name) || $0.key.name.hasPrefix("training."))
    }
    let words = others.map { "\(ExperimentKey.label(of: $0.key.name)) = \($0.value)" }
    return words.isEmpty ? "" : " (also sets \(words.joined(separator: ", ")))"
  }

  /// What a change does to the run, in words.
  private func consequence(of keys: [ExperimentKey], _ before: Experiment) -> String {
    let effects = keys.map { $0.effect(in: before) }
    if keys.contains(where: { $0.name == "training.clip.kind" }), experiment.training.clip.kind == .none,
      let scale = clipScale(before), scale < 0.1, scale > 0
    {
      let times = NumberText.short(1 / scale, digits: 2)
      return " · the next update is \(times) × as long as clipped: n makes it, then N takes it back"
    }
    let hint = forgetGateHint(after: keys.map(\.name))
    if !hint.isEmpty { return (lanes.count > 1 ? "" : " · a new run; u undoes it") + hint }
    if effects.contains(.newRun) {
      // A β that is trained is a weight: what is set is where it begins.
      return lanes.count > 1 ? " · new weights where it must" : " · a new run from update 0; u undoes it"
    }
    if effects.contains(.newSequence) { return " · a new sequence begins, the weights are kept" }
    return effects.contains(.rescaleRecurrent) ? " · the current W_hh was rescaled" : ""
  }

  /// What clipping by the norm multiplies the next update by, as the pass that is shown says; else what it did to the last one.
  private func clipScale(_ before: Experiment) -> Double? {
    let clip = before.training.clip
    if !isRunning, clip.kind == .norm, let update = lane[StepInstrument.self]?.update, update.raw > 0 {
      return min(1, clip.threshold / update.raw)
    }
    return newest?.history.newest?.clipScale
  }

  /// After a change to a cell whose forget gate begins at ½: else an LSTM that forgets faster than the Elman network beside it
  /// is a riddle.
  func forgetGateHint(after keys: [String]) -> String {
    guard keys.contains("network.cell"), experiment.network.cellDescription.forgetGate != nil,
      experiment.network.initialization.forgetBias == 0
    else { return "" }
    return " · its forget gate begins at ½, so its memory halves at every step: :forget_bias 3 keeps it"
  }

  /// Turns a knob by one click: a fine one, or one of those that a lecture wants.
  package mutating func turn(_ name: String, up: Bool, coarse: Bool) -> [Effect] {
    guard let key = try? ExperimentKey.named(name) else { return [] }
    guard Knob.applying(to: experiment).contains(where: { $0.name == name }) else {
      message = Message("\(ExperimentKey.label(of: name)) means nothing with \(Knob.owner(of: name, in: experiment))")
      return []
    }
    var start = experiment
    // The radius turns from the one that W_hh has, wherever learning has moved it.
    if key.effect == .rescaleRecurrent, let radius = measuredSpectralRadius {
      try? key.set(&start, formatNumber((radius * 1e6).rounded() / 1e6))
    }
    if name == "training.algorithm", let effects = turnAlgorithm(key, up: up) { return effects }
    let value = coarse ? key.coarselyStepped(start, up: up) : key.stepped(start, by: up ? 1 : -1)
    guard let value else {
      message = Message("\(ExperimentKey.label(of: name)) = \(key.get(experiment)): no further")
      return []
    }
    // β = 1 is the Elman cell number for number: one that is turned to shall show that it leaks.
    if name == "network.cell", CellKind(rawValue: value)?.has(option: "beta") == true, experiment.network.beta == 1 {
      return attempt([Setting(key: name, value: value), Setting(key: "network.beta", value: "0.2")])
    }
    return attempt([Setting(key: name, value: value)])
  }

  /// Sets keys in one change; what is wrong with it is said.
  mutating func attempt(_ settings: [Setting]) -> [Effect] {
    do {
      return try set(settings)
    } catch {
      message = Message("\(error)", isError: true)
      return []
    }
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
      let words = training.algorithm.description.isForward ? name : "truncation: \(next.title)"
      let settings = [
        Setting(key: "training.k1", value: counts.k1.text), Setting(key: "training.k2", value: counts.k2.text),
      ]
      // What the algorithm refuses is passed over, and what is so already.
      guard let effects = try? set(settings, saying: "\(words), k1 = \(counts.k1.text), k2 = \(counts.k2.text)"),
        !effects.isEmpty
      else { continue }
      return effects
    }
    message = Message("truncation: \(name) takes no other here")
    return []
  }
}
