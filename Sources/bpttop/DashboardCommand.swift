import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Sources
import Terminal
import Training

/// `bpttop`: the dashboard.
struct DashboardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "Opens the dashboard; what bpttop does without a command.",
    discussion: """
      Needs a terminal of 60x20 cells or more. Colors and characters are taken from the terminal; NO_COLOR is honored.

      EXAMPLES
        bpttop
        bpttop vanishing --pace 10
        bpttop mine.yaml --paused
        bpttop text --set task.file=book.txt
        bpttop mine.yaml --weights w.safetensors
        bpttop session-update-300.bpttop
        bpttop --link "network.cell=lstm @120 training.k2=5 @300"
      """)

  @OptionGroup var options: ExperimentOptions
  @OptionGroup var given: StartOptions
  @Option(help: "A run in one line, as `bpttop link` prints it.") var link: String?
  @Option(
    help: "At most so many updates a second at the start; full for as many as the machine can make.",
    transform: Reading.pace)
  var pace: Speed?
  @Flag(help: "Opens paused, before the first update.") var paused = false
  @Option(help: .hidden) var fromSweep: String?
  @Option(help: .hidden) var sweepPlace: String?
  @OptionGroup var looks: TerminalLooks

  func run() throws {
    if let path = options.experiment, SessionFile.isSession(path: path) { try openSession(path) }
    if let link { try openLink(link) }
    var source = try options.read(given)
    if let pace { source.experiment.view.pace = pace.updatesPerSecond }
    let isPaused = paused || source.experiment.view.start == .paused
    let (start, readings) = try given.read(&source, options)
    let network = source.experiment.network
    let (experiment, given) = (source.experiment, start)
    var opening: DashboardSession.Opening
    if network.hidden * network.layers < Self.largeNetwork {
      let run = try options.run(source, start: start)
      opening = DashboardSession.Opening(
        experiment: run.experiment, showsTip: options.isBuiltIn, startsPaused: isPaused, runs: RunHandover(run))
    } else {
      // The weights of a large network take seconds to be drawn: the screen does not wait for them.
      opening = DashboardSession.Opening(experiment: experiment, startsPaused: isPaused) { () throws(TrainingError) in
        (try TrainingRun(experiment: experiment, start: given, memory: Memory.limit), nil)
      }
    }
    opening.readings = readings
    opening.opened = (source.file, ([source.head] + readings.map { "Read \($0)." }).joined(separator: "\n\n"))
    guard let fromSweep else { try looks.show(opening) }
    opening.message = "a run of the sweep: q goes back to its map"
    try looks.show(
      opening, then: ["sweep", fromSweep] + (sweepPlace.map { ["--sweep-place", $0] } ?? []) + looks.arguments)
  }

  /// From so many units on a run is made while the screen is there.
  private static let largeNetwork = 384

  /// Goes on with a session, which settings cannot change on the way.
  private func openSession(_ path: String) throws -> Never {
    guard options.settings.isEmpty, given.isEmpty, link == nil else {
      throw Failure.input(
        "\(path): found a session with --set, --weights or --link, expected it alone; keys change it once it is open")
    }
    do {
      var opening = try DashboardSession.Opening(session: SessionFile.read(path: path))
      if let pace { opening.view?.speed = pace.updatesPerSecond }
      try looks.show(opening)
    } catch let error as InputError {
      throw Failure.input(error.description)
    } catch let error as TrainingError {
      throw Failure.input("\(path): \(error)")
    }
  }

  /// Makes the run of a link again, then opens it.
  private func openLink(_ text: String) throws -> Never {
    guard options.experiment == nil, options.settings.isEmpty, given.isEmpty else {
      throw Failure.input("--link: found an experiment, --set or --weights beside it, expected the link alone")
    }
    do {
      let link = try RunLink(text)
      let run = try link.replay(memory: Memory.limit)
      var experiment = run.experiment
      if let pace { experiment.view.pace = pace.updatesPerSecond }
      try looks.show(
        DashboardSession.Opening(experiment: experiment, startsPaused: true, runs: RunHandover(run)))
    } catch let error as InputError {
      throw Failure.input(error.description)
    } catch let error as TrainingError {
      throw Failure.input("link: \(error)")
    }
  }
}
