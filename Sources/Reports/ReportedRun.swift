import Canvas
import Experiments
import GradientFlow
import Instruments
import Sources
import Training

/// A run that is told of: what it is called, what was measured of it, and what that means.
public struct ReportedRun {
  /// Its name, and what its file says of itself.
  public let name: String, head: String
  /// The run as it stands.
  public let run: TrainingRun
  /// What was found, the gravest first, with what was tried of it.
  public let findings: [TreatedFinding]
  let evidence: Evidence
  /// What was read of it while it was trained.
  let history: RunHistory

  /// A run that was examined, with what was read of it before; `findings` without remedies that were tried where none are given.
  public init(
    _ name: String, head: String = "", _ run: TrainingRun, _ evidence: Evidence, history: RunHistory = RunHistory(),
    findings: [TreatedFinding]? = nil
  ) {
    (self.name, self.head, self.run, self.evidence, self.history) = (name, head, run, evidence, history)
    self.findings = findings ?? Diagnosis(evidence).findings.map { TreatedFinding(finding: $0, trials: []) }
  }

  /// The same with what the remedies of its findings come to.
  public func trying(_ trials: RemedyTrials) -> ReportedRun {
    ReportedRun(name, head: head, run, evidence, history: history, findings: trials.treat(Diagnosis(evidence)))
  }

  /// The run in a few words.
  var summary: String {
    let network = run.experiment.network
    let layers = network.layers > 1 ? " in \(network.layers) layers" : ""
    return
      "\(run.experiment.task.name.rawValue), n = \(run.experiment.task.length) · \(networkWords(run.experiment))\(layers) · "
      + "seed \(run.experiment.seed) · \(NumberText.grouped(run.update)) updates"
  }

  /// The findings, each with its word; under it what was tried or may help.
  var findingLines: [(word: String, text: String)] {
    findings.flatMap { treated -> [(word: String, text: String)] in
      let finding = treated.finding
      let tried = treated.trials.map { "Tried \($0.remedy.words): \($0.sentence)." }
      let named = treated.trials.isEmpty ? finding.remedies.prefix(1).map { "May help: \($0.words)." } : []
      return [(finding.severity.name, ([finding.sentence] + tried + named).joined(separator: " "))]
    }
  }

  /// The losses of the last updates, a hundred at most: their mean, their standard deviation and their number.
  var lastLosses: (mean: Double, deviation: Double, count: Int)? {
    let losses = run.history.recent.suffix(100).map(\.loss).filter(\.isFinite)
    guard !losses.isEmpty else { return nil }
    let count = Double(losses.count), mean = losses.reduce(0, +) / count
    let squares = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, losses.count > 1 ? (squares / (count - 1)).squareRoot() : 0, losses.count)
  }

  /// The run's numbers, by name.
  var numbers: [(name: String, value: String)] {
    var numbers: [(String, String)] = [("updates", NumberText.grouped(run.update))]
    if let losses = evidence.losses {
      numbers.append(("loss, first tenth of the updates", NumberText.short(losses.first, digits: 4)))
    }
    if let last = lastLosses {
      let spread = last.deviation.isFinite ? " ± \(NumberText.short(last.deviation, digits: 2))" : ""
      numbers.append(("loss, last \(last.count) updates", NumberText.short(last.mean, digits: 4) + spread))
    }
    for floor in evidence.description.floors {
      numbers.append(("loss of \(floor.name)", NumberText.short(floor.loss, digits: 4)))
    }
    if let best = run.history.bestValidation {
      numbers.append(("least held-out loss", "\(NumberText.short(best.value, digits: 4)) at update \(best.update)"))
    }
    if let largest = run.history.largestNorm {
      numbers.append(("largest gradient norm", "\(NumberText.short(largest.value)) at update \(largest.update)"))
    }
    let recent = run.history.recent
    if !recent.isEmpty {
      let clipped = Double(recent.count { $0.clipScale < 1 }) / Double(recent.count)
      numbers.append(("clipped, of the last \(recent.count) updates", NumberText.percent(clipped)))
    }
    // What instruments read of the present pass.
    let wanted = ReadingRequest(MeasuredNumber.instruments)
    let trends = Readings(PassView(run.snapshot()), wanted, budget: Budget(.patient)).trends
    return numbers
      + MeasuredNumber.all.compactMap { number in
        trends[number.key].map { (number.words, NumberText.short($0, digits: 4)) }
      }
  }

  /// What was done to the run since it began, in order; and how many runs it took the place of, of which it has nothing.
  var timeline: (events: [(update: Int, words: String)], runsBefore: Int) {
    var runs: [[TimelineEvent]] = []
    for event in run.timeline {
      switch event {
      case .begin:
        // What was done last to the run before is what began this one.
        let cause = runs.isEmpty ? nil : runs[runs.count - 1].popLast()
        runs.append([cause, event].compactMap { $0 })
      case .undo(_, _, .some) where runs.count > 1: runs.removeLast()
      default: runs.isEmpty ? runs.append([event]) : runs[runs.count - 1].append(event)
      }
    }
    return ((runs.last ?? []).map { ($0.update, $0.words) }, max(0, runs.count - 1))
  }

  /// The same without forks, which change nothing.
  var changes: [TimelineEvent] {
    run.timeline.filter { event in
      if case .fork = event { false } else { true }
    }
  }

  /// What stands out of its training.
  var marks: [(update: Int, words: String)] {
    var marks = RunSummary(run.snapshot()).marks.filter { $0.kind != .change }.map { ($0.update, $0.name) }
    if let explosion = run.explosion {
      marks.append(
        (
          explosion.update,
          "stops: \(explosion.factor) is not finite at step \(explosion.step) of update \(explosion.update)"
        ))
    }
    return marks
  }
}

extension TimelineEvent {
  /// The updates done when it happened.
  var update: Int {
    switch self {
    case .begin(let update, _), .change(let update, _, _), .undo(let update, _, _), .restart(let update, _),
      .fork(let update):
      update
    case .rewind(let from, _): from
    }
  }

  /// What happened, in words.
  var words: String {
    func list(_ settings: [Setting]) -> String { settings.map { "\($0.key) = \($0.value)" }.joined(separator: ", ") }
    switch self {
    case .begin(_, let experiment):
      return
        "begins: \(networkWords(experiment)) on \(experiment.task.name.rawValue)"
    case .change(_, let settings, let effect): return list(settings) + (effect == .newRun ? " (a new run)" : "")
    case .undo(_, let settings, let returned):
      return "undone: \(list(settings))" + (returned.map { "; the run before is back at update \($0)" } ?? "")
    case .rewind(let from, let to): return "taken back from update \(from) to \(to)"
    case .restart(_, let point):
      switch point {
      case .loaded: return "begun again as loaded"
      case .present: return "begun again with the present settings"
      case .seed(let seed): return "begun again with seed \(seed)"
      }
    case .fork: return "forked: goes on as a copy"
    }
  }
}

/// "elman of 8 units", "transformer 4 heads tanh of 8 units", and how many clients train it.
private func networkWords(_ experiment: Experiment) -> String {
  let words = experiment.architectureWords ?? experiment.network.cell.rawValue
  let clients = experiment.training.federated.clients
  return "\(words) of \(experiment.network.hidden) units" + (clients > 1 ? ", \(clients) clients" : "")
}
