import Training

/// What a remedy came to: a run with it beside a run without it, on held-out sequences.
public struct RemedyTrial: Equatable, Sendable {
  /// What it came to.
  public enum Verdict: String, Sendable {
    case helps
    case noDifference = "no_difference"
    case harms
  }

  /// What was tried.
  public let remedy: Remedy
  /// Updates that both runs made.
  public let updates: Int
  /// Whether both began anew, because the remedy changes how a run begins; otherwise both go on from the same weights.
  public let beginsAnew: Bool
  /// The mean loss over the held-out sequences, in nats or half squares a target; not finite where numbers blew up.
  public let without: Double, with: Double
  /// The mean of `without` - `with` over the sequences, and its standard error: what other sequences may change. One pair of
  /// runs was made, so what other weights or another order of the data may change is not in it.
  public let difference: Double, standardError: Double
  /// The update at which each run stopped because a number was not finite; nil where none did.
  public let explodedWithout: Int?, explodedWith: Int?

  /// The losses of both runs, sequence by sequence.
  init(
    _ remedy: Remedy, updates: Int, beginsAnew: Bool, without: [Double], with: [Double], explodedWithout: Int? = nil,
    explodedWith: Int? = nil
  ) {
    (self.remedy, self.updates, self.beginsAnew) = (remedy, updates, beginsAnew)
    (self.explodedWithout, self.explodedWith) = (explodedWithout, explodedWith)
    let pairs = zip(without, with).filter { !$0.isNaN || !$1.isNaN }
    let spread = Spread(pairs.map { $0 - $1 })
    self.without = Spread(pairs.map(\.0)).mean
    self.with = Spread(pairs.map(\.1)).mean
    (difference, standardError) = (spread.mean, spread.errorOfMean)
  }

  /// Whether it helps: the difference is over twice its standard error and a hundredth of the loss.
  public var verdict: Verdict {
    if explodedWith != nil || !with.isFinite {
      return explodedWithout != nil || !without.isFinite ? .noDifference : .harms
    }
    if explodedWithout != nil || !without.isFinite { return .helps }
    guard abs(difference) > max(2 * standardError, 0.01 * abs(without)) else { return .noDifference }
    return difference > 0 ? .helps : .harms
  }

  /// In one sentence.
  public var sentence: String {
    let verdict =
      switch verdict {
      case .helps: "it helps"
      case .noDifference: "it does not help"
      case .harms: "it makes it worse"
      }
    let begun = beginsAnew ? ", both from the beginning" : ""
    if let explodedWith { return "explodes at update \(explodedWith)\(begun): \(verdict)" }
    if let explodedWithout {
      return
        "after \(updates) updates the held-out loss is \(Wording.number(with)), and the run without it explodes at update \(explodedWithout)\(begun): \(verdict)"
    }
    let gap =
      "\(Wording.number(abs(difference))) ± \(Wording.number(standardError)) \(difference < 0 ? "more" : "less")"
    return
      "after \(updates) updates the held-out loss is \(Wording.number(with)) with it and \(Wording.number(without)) without it, \(gap)\(begun): \(verdict)"
  }
}

/// Tries remedies on a run.
///
/// Each is trained beside a run without it for the same number of updates, from the same weights or, where it changes how a
/// run begins, both from the beginning. The run itself is not trained.
public final class RemedyTrials {
  /// Held-out sequences on which both are measured.
  private static let sequences = 200
  /// Multiply-adds that all trials may take together, and one run at most: some 20 and 4 seconds of one core.
  private static let work = 1e11, workOfRun = 2e10
  /// The updates after which both are first compared, and the most that are made.
  private static let firstLook = 100, mostUpdates = 12_800

  private let run: TrainingRun
  private let memory: Int
  private let goOn: () -> Bool
  private var workOfEach = RemedyTrials.workOfRun
  private var goingOn: TrialRun?, begunAnew: TrialRun?
  private var tried: [Remedy: RemedyTrial] = [:]

  /// Trials that begin where `run` stands.
  ///
  /// - Parameters:
  ///   - run: the run that was examined.
  ///   - memory: the bytes that each run may take.
  ///   - goOn: asked after every update; where it says false, the trials end.
  public init(_ run: TrainingRun, memory: Int = 16 << 30, goOn: @escaping () -> Bool = { true }) {
    (self.run, self.memory, self.goOn) = (run, memory, goOn)
  }

  /// Tries the remedies of what is costly or grave, of each finding until one helps.
  ///
  /// - Returns: the findings with their trials: the gravest first, of equal severity those whose remedy gains most.
  public func treat(_ diagnosis: Diagnosis) -> [TreatedFinding] {
    let treatable = diagnosis.findings.filter { $0.severity >= .costly && !$0.remedies.isEmpty }
    let runs = Set(treatable.flatMap(\.remedies)).count + 2
    workOfEach = min(Self.workOfRun, Self.work / Double(runs))
    let treated = diagnosis.findings.map { finding in
      var trials: [RemedyTrial] = []
      if finding.severity >= .costly {
        for remedy in finding.remedies where trials.last?.verdict != .helps && goOn() {
          if let trial = tried[remedy] ?? (try? attempt(remedy)) {
            tried[remedy] = trial
            trials.append(trial)
          }
        }
      }
      return TreatedFinding(finding: finding, trials: trials)
    }
    return treated.enumerated().sorted {
      ($1.element.finding.severity, $1.element.gain, $0.offset) < (
        $0.element.finding.severity, $0.element.gain, $1.offset
      )
    }.map(\.element)
  }

  /// Trains a run with `remedy` and one without it until the difference is clear, or the work is done.
  ///
  /// - Throws: why the settings cannot be made.
  func attempt(_ remedy: Remedy) throws(TrainingError) -> RemedyTrial {
    let fork = try run.fork()
    let isNewRun = try fork.change(remedy.settings).effect == .newRun, beginsAnew = isNewRun || remedy.fromStart
    if beginsAnew, !isNewRun { try fork.restart(.present) }
    let with = try TrialRun(fork, sequences: Self.sequences, memory: memory),
      without = try baseline(beginsAnew: beginsAnew)
    let most = max(
      Self.firstLook, min(Self.mostUpdates, Int(workOfEach / max(1, with.workOfUpdate, without.workOfUpdate))))
    var updates = min(Self.firstLook, most)
    while true {
      let trial = RemedyTrial(
        remedy, updates: updates, beginsAnew: beginsAnew, without: without.losses(after: updates, goOn),
        with: with.losses(after: updates, goOn), explodedWithout: without.explodedAt, explodedWith: with.explodedAt)
      let isClear = abs(trial.difference) > max(4 * trial.standardError, 0.2 * abs(trial.without))
      let isEnded = with.explodedAt != nil || without.explodedAt != nil
      // Always 100, 200, 400, …: remedies that cost more or less are compared after as many updates, where they can be.
      if 2 * updates > most || isClear || isEnded || !goOn() { return trial }
      updates *= 2
    }
  }

  private func baseline(beginsAnew: Bool) throws(TrainingError) -> TrialRun {
    if let made = beginsAnew ? begunAnew : goingOn { return made }
    let fork = try run.fork()
    if beginsAnew { try fork.restart(.present) }
    let made = try TrialRun(fork, sequences: Self.sequences, memory: memory)
    if beginsAnew { begunAnew = made } else { goingOn = made }
    return made
  }
}

/// A finding and what its remedies came to.
public struct TreatedFinding: Equatable, Sendable {
  /// What was found.
  public let finding: Finding
  /// The remedies that were tried, in order; the last one helps, or none does.
  public let trials: [RemedyTrial]

  /// A finding with its trials.
  public init(finding: Finding, trials: [RemedyTrial]) { (self.finding, self.trials) = (finding, trials) }

  /// By how much of the loss the best remedy that helps is better; 0 where none does.
  var gain: Double {
    trials.filter { $0.verdict == .helps }.map { $0.explodedWithout != nil ? 1 : $0.difference / abs($0.without) }.max()
      ?? 0
  }
}

/// A run of a trial: its held-out losses after so many updates more.
private final class TrialRun {
  private let run: TrainingRun
  private let evaluator: Evaluator
  private let start: Int
  private var known: [Int: [Double]] = [:]
  private(set) var explodedAt: Int?

  init(_ run: TrainingRun, sequences: Int, memory: Int) throws(TrainingError) {
    self.run = run
    var experiment = run.experiment
    experiment.solved.measure = .loss
    experiment.solved.sequences = sequences
    evaluator = try Evaluator(experiment, memory: memory)
    start = run.update
  }

  /// About how many multiply-adds an update takes: a pass forward, one back, and the weights' gradient.
  var workOfUpdate: Double {
    let experiment = run.experiment
    return 3 * Double(run.layout.count * experiment.training.batch * experiment.task.length)
  }

  /// The loss of each held-out sequence `updates` updates after the start, or where the run stopped.
  func losses(after updates: Int, _ goOn: () -> Bool) -> [Double] {
    if let losses = known[updates] { return losses }
    while run.update < start + updates, goOn() {
      guard run.trainOnce() == .trained else {
        explodedAt = run.explosion?.update
        break
      }
    }
    let losses = evaluator.sequenceLosses(run.parameters)
    known[updates] = losses
    return losses
  }
}
