import RecurrentNetworks

/// One dotted key of an experiment: what it is called, what it takes, how it is read and written, and what a change of
/// it does to a running network.
public struct ExperimentKey: Sendable {
  /// The dotted name, as in `--set training.k2=5`.
  public let name: String
  /// One line on what it does.
  public let summary: String
  /// What a change does while the network trains.
  public let effect: ChangeEffect
  /// The values that a knob walks through.
  public let steps: KnobSteps
  let field: Field

  /// The kind and range of its values.
  public var kind: ExperimentValueKind { field.kind }
  /// The default, as the experiment file writes it.
  public var defaultValue: String { self.get(Experiment()) }

  init(
    _ name: String, _ field: Field, _ summary: String, _ effect: ChangeEffect = .nextUpdate, steps: KnobSteps = .none
  ) {
    self.name = name
    self.field = field
    self.summary = summary
    self.effect = effect
    self.steps = steps
  }

  /// The value in `experiment`, as the experiment file writes it.
  public func get(_ experiment: Experiment) -> String { field.get(experiment) }

  /// Sets the value in `experiment` from `text`, written as in the experiment file.
  ///
  /// Keys that have no meaning under a new choice fall back: a momentum goes to 0 with another optimiser (and to 0.9
  /// where `momentum` is chosen without one), β and α to 1 with a cell that has none, the file with a task that reads none.
  /// - Throws: an error that names the key, what was found, what is expected, and the nearest choice; then nothing is set.
  public func set(_ experiment: inout Experiment, _ text: String) throws(ExperimentKeyError) {
    let before = experiment
    try field.set(&experiment, text, name)
    experiment.dropMeaningless(comparedWith: before)
  }

  /// Every key, in the order of the experiment file.
  public static let all: [ExperimentKey] = taskKeys + networkKeys + trainingKeys + runKeys

  /// The key called `name`.
  /// - Throws: an error that lists the keys of its group and names the nearest.
  public static func named(_ name: String) throws(ExperimentKeyError) -> ExperimentKey {
    if let key = all.first(where: { $0.name == name }) { return key }
    throw .unknown(name)
  }

  /// The keys that `prefix` may be completed to: those that begin with it, or else those whose last words do.
  public static func matching(_ prefix: String) -> [ExperimentKey] {
    let whole = all.filter { $0.name.hasPrefix(prefix) }
    guard whole.isEmpty else { return whole }
    return all.filter { key in
      key.name.split(separator: ".").indices.contains { index in
        key.name.split(separator: ".")[index...].joined(separator: ".").hasPrefix(prefix)
      }
    }
  }

  /// The groups that keys lie in: task, network, network.init, ….
  public static let groups: [String] = all.reduce(into: []) { groups, key in
    let words = key.name.split(separator: ".").dropLast()
    for depth in 0..<words.count {
      let group = words[...depth].joined(separator: ".")
      if !groups.contains(group) { groups.append(group) }
    }
  }

  /// The words that may follow `group` ("" for the top).
  public static func members(of group: String) -> [String] {
    let prefix = group.isEmpty ? "" : group + "."
    var members: [String] = []
    for key in all where key.name.hasPrefix(prefix) {
      let word = String(key.name.dropFirst(prefix.count).prefix { $0 != "." })
      if !members.contains(word) { members.append(word) }
    }
    return members
  }

  private static let taskKeys: [ExperimentKey] = [
    ExperimentKey("task.name", .choice(\.task.name), "what the network is to learn", .newRun, steps: .choices),
    ExperimentKey(
      "task.length", .integer(\.task.length, 1...1_000_000_000), "n, the steps of a sequence", .newSequence,
      steps: .tenth),
    ExperimentKey("task.file", .path(\.task.file), "the file of text and csv; null for the text that ships", .newRun),
    ExperimentKey("task.columns", .names(\.task.columns), "csv: the columns read; [] for all numeric ones", .newRun),
    ExperimentKey(
      "task.targets", .names(\.task.targets), "csv: the columns predicted; [] for all, one step ahead", .newRun),
  ]

  private static let networkKeys: [ExperimentKey] = [
    ExperimentKey("network.cell", .choice(\.network.cell), "the recurrent cell", .newRun, steps: .choices),
    ExperimentKey(
      "network.hidden", .integer(\.network.hidden, 1...1_000_000), "H, the hidden units of a layer", .newRun,
      steps: .halfDoublings),
    ExperimentKey(
      "network.layers", .integer(\.network.layers, 1...1000), "the stacked layers", .newRun, steps: .linear(1)),
    ExperimentKey("network.activation", .choice(\.network.activation), "φ", steps: .choices),
    ExperimentKey(
      "network.beta", .number(\.network.beta, NumberRange(above: 0, to: 1)),
      "leaky: β in h = (1-β) h + β φ(a)", steps: .linear(0.05)),
    ExperimentKey(
      "network.alpha", .number(\.network.alpha, NumberRange()), "residual: α in h = h + α φ(a)", steps: .linear(0.05)),
    ExperimentKey(
      "network.init.recurrent", .choice(\.network.initialization.recurrent), "how weight_hh is drawn", .newRun,
      steps: .choices),
    ExperimentKey(
      "network.init.scale", .number(\.network.initialization.scale, NumberRange(from: 0)),
      "weight_hh: scale·Q, scale·I, N(0, scale²/H) or ±scale/√H", .newRun, steps: .linear(0.05)),
    ExperimentKey(
      "network.init.input", .number(\.network.initialization.input, NumberRange(from: 0)),
      "weight_ih: N(0, input²/I)", .newRun, steps: .linear(0.05)),
    ExperimentKey(
      "network.init.readout", .number(\.network.initialization.readout, NumberRange(from: 0)),
      "readout.weight: N(0, readout²/H)", .newRun, steps: .linear(0.05)),
    ExperimentKey(
      "network.init.spectral_radius",
      .optionalNumber(\.network.initialization.spectralRadius, NumberRange(above: 0)),
      "rescales weight_hh to this spectral radius; null leaves it as drawn", .rescaleRecurrent, steps: .linear(0.05)),
  ]

  private static let trainingKeys: [ExperimentKey] = [
    ExperimentKey(
      "training.batch", .integer(\.training.batch, 1...100_000_000), "B, the sequences trained at once", .newSequence,
      steps: .halfDoublings),
    ExperimentKey(
      "training.k1", .stepCount(\.training.k1), "an update every k1 steps; full is the sequence", steps: .linear(1)),
    ExperimentKey(
      "training.k2", .stepCount(\.training.k2), "the window's steps: how far back the gradient goes",
      steps: .linear(1)),
    ExperimentKey(
      "training.inject", .choice(\.training.inject), "the losses in an update: the newest k1, the last, the window's",
      steps: .choices),
    ExperimentKey(
      "training.history", .choice(\.training.history), "the window's past: run again under the present weights",
      steps: .choices),
    ExperimentKey("training.algorithm", .choice(\.training.algorithm), "the learning algorithm", steps: .choices),
    ExperimentKey(
      "training.reduction", .choice(\.training.reduction), "the objective: mean or sum of the injected losses",
      steps: .choices),
    ExperimentKey("training.optimizer.name", .choice(\.training.optimizer.name), "the optimiser", steps: .choices),
    ExperimentKey(
      "training.optimizer.learning_rate", .number(\.training.optimizer.learningRate, NumberRange(from: 0)),
      "η, the learning rate", steps: .tenth),
    ExperimentKey(
      "training.optimizer.momentum", .number(\.training.optimizer.momentum, NumberRange(from: 0, below: 1)),
      "momentum: μ in v = μ v + g", steps: .linear(0.05)),
    ExperimentKey(
      "training.optimizer.beta1", .number(\.training.optimizer.beta1, NumberRange(from: 0, below: 1)),
      "adam: decay of the mean of g", steps: .linear(0.05)),
    ExperimentKey(
      "training.optimizer.beta2", .number(\.training.optimizer.beta2, NumberRange(from: 0, below: 1)),
      "adam: decay of the mean of g²", steps: .linear(0.001)),
    ExperimentKey(
      "training.optimizer.epsilon", .number(\.training.optimizer.epsilon, NumberRange(above: 0)),
      "adam: added to the root of the mean of g²", steps: .tenth),
    ExperimentKey("training.clip.kind", .choice(\.training.clip.kind), "how a gradient is clipped", steps: .choices),
    ExperimentKey(
      "training.clip.threshold", .number(\.training.clip.threshold, NumberRange(above: 0)),
      "the largest norm (norm) or component (value) that is left alone", steps: .tenth),
  ]

  private static let runKeys: [ExperimentKey] = [
    ExperimentKey("precision", .choice(\.precision), "the precision of a pass", .newRun, steps: .choices),
    ExperimentKey(
      "seed", .seed(\.seed), "of weights and data: the same seed, the same numbers", .newRun, steps: .linear(1)),
  ]
}

/// What a change of a key does to a running network.
public enum ChangeEffect: Sendable {
  /// Taken at the next update; weights and sequence go on.
  case nextUpdate
  /// Begins a new sequence (batch, length); the weights are kept.
  case newSequence
  /// Rescales weight_hh where it stands.
  case rescaleRecurrent
  /// Begins a new run at update 0, with weights newly drawn.
  case newRun
}

extension Experiment {
  /// Sets `key` to `value`, both written as in the experiment file: `set("training.k2", "5")`.
  ///
  /// Does not hold keys against each other; `validate` does.
  public mutating func set(_ key: String, _ value: String) throws(ExperimentKeyError) {
    try ExperimentKey.named(key).set(&self, value)
  }

  /// The value of `key`, as the experiment file writes it.
  public func value(of key: String) throws(ExperimentKeyError) -> String {
    try ExperimentKey.named(key).get(self)
  }

  /// The keys whose values differ from `other`'s, with the values here.
  public func differences(from other: Experiment) -> [(key: ExperimentKey, value: String)] {
    ExperimentKey.all.compactMap { key in
      let value = key.get(self)
      return value == key.get(other) ? nil : (key, value)
    }
  }
}
