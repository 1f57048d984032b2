import ArgumentParser
import Experiments
import Foundation
import Instruments
import Sources
import Training

/// `bpttop diagnose`: what is wrong with a run, and what helps.
struct DiagnoseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose", abstract: "Says what is wrong with a run and what is fine, and tries what may help.",
    discussion: """
      Trains for --updates updates and measures the gradient's way back, losses, clipping, windows, units and the learning \
      rate. Each finding is a sentence with its numbers: serious (while it stays so, the task is not learned), costly, a \
      remark, or fine; the worst first. What may help is tried: a run with it is trained beside one without it, for the \
      same number of updates, from the same weights or, where it changes how a run begins, both from the beginning. Both \
      are compared on 200 sequences that training never sees, and the difference of their losses is told with its standard \
      error over the sequences; one pair of runs is made. A trial ends when the difference is clear or its share of the time is \
      used: the sentence says after how many updates. A remedy that does not help is said not to.

      Of a run that is trained elsewhere, RUN is what `bpttop watch` opens: a folder of windows, or a file of JSON lines. What \
      was recorded is measured, what is lacking is said, and nothing is trained or tried.

      EXAMPLES
        bpttop diagnose
        bpttop diagnose runs/a
        bpttop diagnose mine.yaml --updates 1000 --weights w.safetensors
        bpttop diagnose mine.yaml --set training.k2=5 --json
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(parsing: .unconditional, help: "How many updates to make first.", transform: Reading.count)
  var updates = 300
  @OptionGroup var given: StartOptions
  @Flag(help: "Names remedies and does not try them.") var untried = false
  @Flag(help: "Writes JSON.") var json = false

  func run() throws {
    if let path = options.experiment, try diagnoseRecorded(path) { return }
    var source = try options.read(given)
    let (start, readings) = try given.read(&source, options)
    let run = try options.run(source, start: start)
    guard run.experiment.isRecurrent else {
      throw Failure.input(
        "network.kind: found \(run.experiment.architecture.kind.rawValue), expected recurrent: what is diagnosed are "
          + "products of Jacobians along time")
    }
    try options.announce(readings + [run.reading], outputs: json ? ["-"] : [])
    Interruption.watch()
    var bar = ProgressBar(total: updates)
    let evidence = Examination.examine(run, updates: updates) { run in
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan)
      return Interruption.signalNumber == nil
    }
    bar.end()
    let diagnosis = Diagnosis(evidence)
    let treated =
      untried
      ? diagnosis.findings.map { TreatedFinding(finding: $0, trials: []) }
      : RemedyTrials(run, memory: Memory.limit) { Interruption.signalNumber == nil }.treat(diagnosis)
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
    try StandardOutput.print(json ? try DiagnosisFile(source.file, run.update, treated).text : words(treated))
  }

  /// Says what can be said of a run that is trained elsewhere; false where `path` is none.
  private func diagnoseRecorded(_ path: String) throws -> Bool {
    guard WatchedRun.isRun(path) else { return false }
    guard options.settings.isEmpty, given.isEmpty else {
      throw Failure.input("\(path): found a run that is trained elsewhere with --set or --weights, expected it alone")
    }
    do {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        try WatchedRun.checkFolder(path)
      }
      let run = try RecordedRun(path: path)
      let treated = run.evidence.findings.map { TreatedFinding(finding: $0, trials: []) }
      for fault in run.faults { FileHandle.standardError.write(Data("bpttop: \(fault)\n".utf8)) }
      let update = max(run.evidence.last?.update ?? 0, run.evidence.history.newest?.update ?? 0)
      try StandardOutput.print(json ? try DiagnosisFile(path, update, treated).text : words(treated))
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
    return true
  }

  /// A line a finding, and under it one for each remedy.
  private func words(_ treated: [TreatedFinding]) -> String {
    treated.flatMap { treated in
      let finding = treated.finding
      let tried = treated.trials.map { "tried \($0.remedy.words): \($0.sentence)" }
      let named = treated.trials.isEmpty ? finding.remedies.prefix(1).map { "may help: \($0.words)" } : []
      return ["\(finding.severity.name.padded(8))\(finding.sentence)"]
        + (tried + named).map { String(repeating: " ", count: 8) + $0 }
    }.joined(separator: "\n")
  }
}

/// A diagnosis as JSON.
private struct DiagnosisFile: Encodable {
  struct Finding: Encodable {
    var id: String, severity: String, sentence: String, remedies: [Remedy]
  }

  struct Remedy: Encodable {
    var settings: [String: String]
    var trial: Trial?
  }

  struct Trial: Encodable {
    var verdict: String, updates: Int, beginsAnew: Bool
    /// Left out where a number is not finite.
    var lossWithout: Double?, lossWith: Double?, difference: Double?, standardError: Double?
    var explodedWithoutAt: Int?, explodedWithAt: Int?
  }

  var experiment: String, updates: Int, findings: [Finding]

  init(_ experiment: String, _ updates: Int, _ treated: [TreatedFinding]) {
    (self.experiment, self.updates) = (experiment, updates)
    findings = treated.map { treated in
      let trials = Dictionary(treated.trials.map { ($0.remedy, $0) }, uniquingKeysWith: { first, _ in first })
      return Finding(
        id: treated.finding.id, severity: treated.finding.severity.name, sentence: treated.finding.sentence,
        remedies: treated.finding.remedies.map { remedy in
          Remedy(
            settings: Dictionary(remedy.settings.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }),
            trial: trials[remedy].map(Trial.init))
        })
    }
  }

  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension DiagnosisFile.Trial {
  init(_ trial: RemedyTrial) {
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    self.init(
      verdict: trial.verdict.rawValue, updates: trial.updates, beginsAnew: trial.beginsAnew,
      lossWithout: finite(trial.without), lossWith: finite(trial.with), difference: finite(trial.difference),
      standardError: finite(trial.standardError), explodedWithoutAt: trial.explodedWithout,
      explodedWithAt: trial.explodedWith)
  }
}
