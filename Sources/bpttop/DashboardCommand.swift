import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Terminal
import Training

/// `bpttop`: the dashboard.
struct DashboardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard", abstract: "Opens the dashboard; what bpttop does without a command.",
    discussion: """
      Needs a terminal of 60×20 cells or more. Colours and characters are taken from the terminal; NO_COLOR is honoured.

      EXAMPLES
        bpttop
        bpttop mine.yaml --paused
        bpttop --set task.name=text --set task.file=book.txt
        bpttop mine.yaml --weights w.safetensors
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(help: "Weights to begin with (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var weights: String?
  @Flag(help: "Begins before the first update, paused.") var paused = false
  @Option(help: "\(ColorTier.allCases.map(\.rawValue).joined(separator: ", ")); by default what the terminal can.")
  var colors: ColorTier?
  @Option(
    help: "\(CharacterTier.allCases.map(\.rawValue).joined(separator: ", ")); by default what the terminal can.")
  var characters: CharacterTier?

  func run() throws {
    let source = try options.read()
    var start = TrainingRun.Start()
    start.parameters = try options.weights(weights, for: source, start: start)
    let end = try show(options.run(source, start: start))
    if end.exitCode != 0 { throw ExitCode(end.exitCode) }
  }

  /// Shows the run until the user or a signal ends it; the terminal is given back before it returns.
  private func show(_ run: sending TrainingRun) throws -> TerminalEnd {
    do {
      let waker = try Waker()
      let screen = try TerminalScreen(
        environment: ProcessInfo.processInfo.environment, colors: colors, characters: characters)
      defer { screen.close() }
      var session = DashboardSession(
        run: run, screen: screen, waker: waker, showsTip: options.isBuiltIn, startsPaused: paused)
      defer { session.end() }
      var loop = TerminalLoop(screen: screen, waker: waker)
      return loop.run(&session)
    } catch {
      throw Failure.input(error.description)
    }
  }
}
