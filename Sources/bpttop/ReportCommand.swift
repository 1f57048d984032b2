import ArgumentParser
import Experiments
import Foundation
import Instruments
import Reports
import Sweeps
import Training

/// `bpttop report`: a run, two lanes or a sweep on a page of HTML.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes a run, two of them or a sweep as one HTML page for hand-outs.",
    discussion: """
      FILE is an experiment, which is trained for --updates updates (300), a session that s has saved, or the folder of a \
      sweep. Two files, or a session with two lanes, stand side by side. The page has the diagnosis, the numbers, the panels \
      as pictures, curves over the updates that are made here, what was done, and the settings. It is one file without scripts, needs no network and prints well.

      EXAMPLES
        bpttop report mine.yaml --updates 1000 -o mine.html
        bpttop report session-update-300.bpttop -o session.html
        bpttop report vanishing clipping -o two.html
        bpttop report runs -o sweep.html
      """)

  @Argument(
    help: "Experiments, demos, sessions, or the folder of a sweep; the built-in experiment without one.",
    completion: .file())
  var files: [String] = []
  @Option(name: .shortAndLong, help: "The page, or - for standard output.", completion: .file(extensions: ["html"]))
  var output: String
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Overrides a key of every experiment; can be given more than once.", valueName: "key=value"))
  var settings: [String] = []
  @Option(
    parsing: .unconditional, help: "Updates to make: 300 of an experiment, none of a session.", transform: Reading.count
  )
  var updates: Int?
  @Flag(help: "Tries the remedies of the diagnosis too, which takes some seconds.") var diagnose = false
  @Option(help: "What ranks the settings of a sweep.") var measure: SweepMeasure = .finalLoss

  func run() throws {
    do {
      if let folder = files.first, SweepFolder.isSweep(folder) { return try write(sweep(folder)) }
      let given: [String?] = files.isEmpty ? [nil] : files
      let runs = try given.flatMap { try ReportedFile.read($0, settings: settings, updates: updates, isFollowed: true) }
      guard runs.count <= 2 else {
        throw Failure.input("report: found \(runs.count) runs, expected one, two, or the folder of a sweep")
      }
      try write(RunReport.html(diagnose ? runs.map(treated) : runs, memory: Memory.limit))
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }

  private func sweep(_ path: String) throws -> String {
    guard files.count == 1, settings.isEmpty, updates == nil else {
      throw InputError(file: path, problem: "found a sweep with other files, --set or --updates, expected it alone")
    }
    let name = URL(fileURLWithPath: path).lastPathComponent
    return SweepReport.html(try SweepTable(SweepFolder(path)), name: name, measure: measure)
  }

  /// The run with what its remedies come to.
  private func treated(_ run: ReportedRun) -> ReportedRun {
    run.trying(RemedyTrials(run.run, memory: Memory.limit) { Interruption.signalNumber == nil })
  }

  private func write(_ page: String) throws { try writing { try OutputFile.write(page, to: output) } }
}
