import Experiments
import RecurrentNetworks
import Training

/// What a sweep runs: an experiment, the keys that vary, the seeds and the updates of each run.
public struct SweepPlan: Codable, Equatable, Sendable {
  /// What the experiment was read from, for messages.
  public var file: String
  /// The experiment as YAML.
  public var experiment: String
  /// The keys that vary, the slowest first.
  public var axes: [SweepAxis]
  /// How many seeds each setting is run with, counted up from the experiment's.
  public var seeds: Int
  /// The updates of a run.
  public var updates: Int
  /// How many settings are drawn at random; nil for the whole grid.
  public var random: Int?
  /// By what the settings are divided after each rung of successive halving; nil for none.
  public var halving: Int?

  /// The most runs of one sweep.
  public static let limit = 1_000_000

  /// A plan for an experiment.
  ///
  /// - Throws: that there are no runs or too many, or that a value cannot be set.
  public init(
    _ source: ExperimentSource, over axes: [SweepAxis], seeds: Int, updates: Int, random: Int? = nil,
    halving: Int? = nil, memory: Int
  ) throws(InputError) {
    file = source.file
    experiment = ExperimentFile.differences(source.experiment)
    (self.axes, self.seeds, self.updates, self.random, self.halving) = (axes, seeds, updates, random, halving)
    if let twice = Dictionary(grouping: axes, by: \.key).first(where: { $1.count > 1 }) {
      throw InputError(file: "--over", key: twice.key, problem: "found it twice, expected each key once")
    }
    let settings = random ?? axes.reduce(1) { $0.multipliedReportingOverflow(by: $1.values.count).partialValue }
    let (runs, overflow) = settings.multipliedReportingOverflow(by: seeds)
    guard !overflow, (1...Self.limit).contains(runs), axes.allSatisfy({ $0.values.count <= Self.limit }) else {
      throw InputError(file: "--over", problem: "found \(settings) settings, expected at most \(Self.limit) runs")
    }
    // A word that a key never takes is told before anything runs; what only does not go together is a point's own result.
    let base = source.experiment
    for axis in axes {
      for value in axis.values {
        var changed = base
        do throws(ExperimentKeyError) {
          try changed.set(axis.key, value)
        } catch {
          throw InputError(file: "--over", error)
        }
      }
    }
    // What nothing varies is checked here, so that not every point says the same.
    _ = try self.source(of: SweepPoint(index: 0, values: [], seed: base.seed), memory: memory)
  }

  /// How many settings there are.
  public var settingCount: Int { random ?? axes.reduce(1) { $0 * $1.values.count } }

  /// All points: the settings in order, and each with every seed.
  public func points() throws(InputError) -> [SweepPoint] {
    let first = try ExperimentFile.parse(experiment, file: file).seed
    return (0..<settingCount).flatMap { setting in
      let values = values(ofSetting: setting)
      return (0..<seeds).map { seed in
        SweepPoint(index: setting * seeds + seed, values: values, seed: first &+ UInt64(seed))
      }
    }
  }

  /// The values of the axes in a setting: a pure function of the plan.
  private func values(ofSetting setting: Int) -> [String] {
    if random != nil {
      var stream = CounterRandom(seed: 0, stream: UInt64(setting))
      return axes.map { $0.drawn(&stream) }
    }
    var rest = setting
    return axes.reversed().map { axis in
      defer { rest /= axis.values.count }
      return axis.values[rest % axis.values.count]
    }.reversed()
  }

  /// The settings of a point, each `KEY=VALUE`, its seed the last.
  public func settings(of point: SweepPoint) -> [String] {
    zip(axes, point.values).map { "\($0.key)=\($1)" } + ["seed=\(point.seed)"]
  }

  /// The experiment of a point.
  ///
  /// - Throws: what does not go together.
  public func source(of point: SweepPoint, memory: Int) throws(InputError) -> ExperimentSource {
    try ExperimentFile.source(experiment, file: file, settings: settings(of: point), memory: memory)
  }

  /// The updates of the rungs, the last one with all of them: one without halving.
  ///
  /// Source: K. Jamieson and A. Talwalkar, Non-stochastic best arm identification and hyperparameter optimization (2016).
  public var rungs: [Int] {
    guard let halving, halving > 1 else { return [updates] }
    var rungs = [updates], settings = settingCount
    while settings > halving, rungs[0] / halving >= 10, rungs.count < 6 {
      rungs.insert(rungs[0] / halving, at: 0)
      settings /= halving
    }
    return rungs
  }
}

/// One run of a sweep.
public struct SweepPoint: Codable, Equatable, Sendable {
  /// Its place in the plan, from 0.
  public let index: Int
  /// The values of the plan's axes.
  public let values: [String]
  /// The experiment's seed.
  public let seed: UInt64
}
