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
  /// The settings under which alone it is read, in words, where it is refused under others: "solved.measure loss or error".
  let readers: String?
  private let isRead: @Sendable (Experiment) -> Bool

  /// The kind and range of its values.
  public var kind: ExperimentValueKind { field.kind }
  /// The default, as the experiment file writes it.
  public var defaultValue: String { self.get(Experiment()) }

  init(
    _ name: String, _ field: Field, _ summary: String, _ effect: ChangeEffect = .nextUpdate, steps: KnobSteps = .none,
    readWith readers: String? = nil, isRead: @escaping @Sendable (Experiment) -> Bool = { _ in true }
  ) {
    self.name = name
    self.field = field
    self.summary = summary
    self.effect = effect
    self.steps = steps
    self.readers = readers
    self.isRead = isRead
  }

  /// Whether the key means something beside the others: a momentum does not with an optimizer that has none.
  public func hasMeaning(in experiment: Experiment) -> Bool {
    isRead(experiment) && ExperimentRule.isRead(name, by: experiment.architecture.kind)
  }

  /// The value in `experiment`, as the experiment file writes it.
  public func get(_ experiment: Experiment) -> String { field.get(experiment) }

  /// Sets the value in `experiment` from `text`, written as in the experiment file.
  ///
  /// Keys that have no meaning under a new choice fall back: a momentum goes to 0 with an optimizer that has none (and to
  /// 0.9 where `momentum` is chosen without one), β and α to 1 with a cell that has none, the file with a task that reads none.
  /// - Throws: an error that names the key, what was found, what is expected, and the nearest choice; then nothing is set.
  public func set(_ experiment: inout Experiment, _ text: String) throws(ExperimentKeyError) {
    let before = experiment
    try field.set(&experiment, text, name)
    experiment.dropMeaningless(comparedWith: before)
  }

  /// Sets the default in `experiment`.
  func reset(_ experiment: inout Experiment) {
    // A default is a value that its key takes.
    try? field.set(&experiment, defaultValue, name)
  }

  /// Those of the network; how it starts comes last, for a group of the file is written once.
  private static let allNetworkKeys: [ExperimentKey] = {
    let keys = networkKeys + architectureKeys
    return keys.filter { !$0.name.hasPrefix("network.init.") } + keys.filter { $0.name.hasPrefix("network.init.") }
  }()

  /// Every key, in the order of the experiment file.
  public static let all: [ExperimentKey] =
    taskKeys + allNetworkKeys + trainingKeys + optimizerKeys + scheduleKeys + clipKeys + regularizerKeys + federatedKeys
    + runKeys + validationKeys + solvedKeys + viewKeys

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
}

/// A key and a value for it, as the experiment file would write it.
public struct Setting: Hashable, Sendable {
  /// The dotted key.
  public var key: String
  /// Its value.
  public var value: String

  /// `key` is to be `value`.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
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
