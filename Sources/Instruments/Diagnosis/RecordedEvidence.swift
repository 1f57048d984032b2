import Training

/// What is known of a run that was trained elsewhere: its losses, and two of its passes. It cannot be trained on, so nothing is tried.
public struct RecordedEvidence: Sendable {
  /// The first and the last pass that were published; nil where none was.
  public var first: Snapshot?, last: Snapshot?
  /// How many passes were published.
  public var passes = 0
  /// Losses and norms over the updates.
  public var history = LossHistory()
  /// The learning rate of the last update; nil where the run does not tell.
  public var learningRate: Double?

  /// Nothing yet.
  public init() {}

  /// What can be said, the gravest first; what the run lacks is said too.
  public var findings: [Finding] {
    let lacking = lacks
    guard var last else { return lacking + (losses.map(LossRules.findings) ?? []) }
    last.history = history
    let budget = Budget(.patient)
    var earlier: Evidence?
    if var first, first.update < last.update {
      first.history = history
      earlier = Evidence(PassView(first), budget: budget)
    }
    if let learningRate { last.experiment.training.optimizer.learningRate = learningRate }
    let evidence = Evidence(PassView(last), earlier: earlier, step: step, budget: budget)
    let found = Diagnosis(evidence).findings.filter { finding in
      // What rests on numbers that the run does not tell is left out: it is in what is lacking.
      if finding.id.hasPrefix("rate.") { return learningRate != nil && hasLosses }
      return finding.id != "lacks.updates" && (hasLosses || !finding.id.hasPrefix("loss."))
    }
    return (found + lacking).enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
  }

  private var hasLosses: Bool { history.recent.contains { $0.loss.isFinite } }
  private var hasNorms: Bool { history.recent.contains { $0.gradientNorm.isFinite } }
  private var losses: LossCourse? { hasLosses ? LossCourse(history, floors: []) : nil }

  /// By how much an update moves the weights, where two passes with nothing but one update between them are known.
  private var step: RelativeStep? {
    guard let first, let last, last.update == first.update + 1, first.layout == last.layout else { return nil }
    let share = Examination.relativeStep(first.parameters, last.parameters, last.layout)
    return RelativeStep(median: share, largest: share)
  }

  /// What is missing, and what cannot be told for it.
  private var lacks: [Finding] {
    func lack(_ name: String, _ sentence: String) -> Finding { Finding("lacks.\(name)", .remark, sentence) }
    var lacking: [Finding] = []
    if passes == 0 {
      lacking.append(
        lack(
          "windows",
          "No window is published, so nothing of the run's passes can be measured: bpttop_watch.py writes them."))
    } else if passes == 1 {
      lacking.append(lack("windows", "One window is published, so it cannot be told what training changes."))
    }
    if !hasLosses {
      lacking.append(
        lack(
          "losses", "No losses are recorded, so it cannot be told whether it learns: watch.step(loss=loss) writes them."
        ))
    } else if history.buckets.last.map({ $0.firstUpdate + $0.count - 1 < 20 }) == true {
      lacking.append(
        lack("losses", "Losses of fewer than 20 updates are recorded, which is too few to tell whether it learns."))
    }
    if !hasNorms {
      lacking.append(
        lack(
          "norms",
          "No gradient norms are recorded, so clipping cannot be judged: watch.step(grad_norm=norm) writes them."))
    }
    if learningRate == nil {
      lacking.append(
        lack("rate", "No learning rate is recorded, so it cannot be judged: watch.step(learning_rate=rate) writes it."))
    } else if step == nil {
      lacking.append(
        lack(
          "step", "Windows lie more than one update apart, so it cannot be told how far one update moves the weights."))
    }
    return lacking
  }
}
