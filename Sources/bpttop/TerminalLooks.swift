import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Sources
import Synchronization
import Terminal
import Training

/// How the dashboard looks on the terminal, and its way onto it.
struct TerminalLooks: ParsableArguments {
  @Option(help: "\(ColorTier.allCases.map(\.rawValue).joined(separator: ", ")); by default what the terminal can.")
  var colors: ColorTier?
  @Option(
    help: "\(CharacterTier.allCases.map(\.rawValue).joined(separator: ", ")); by default what the terminal can.")
  var characters: CharacterTier?
  @Option(
    help:
      "\(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")); by default dark, or light on a light terminal.")
  var theme: ThemeName?
  @Option(
    help: ArgumentHelp("Records what is drawn, for `asciinema play`.", valueName: "file.cast"), completion: .file())
  var record: String?
  @Flag(name: .customLong("no-mouse"), help: "Leaves the mouse to the terminal.") var leavesMouse = false

  /// The recording that was asked for, into a file that is there line by line.
  func startRecording() throws -> TerminalRecording? {
    guard let path = record else { return nil }
    guard path != "-" else { throw Failure.input("--record: found -, expected a file, as in --record x.cast") }
    let file = try writing { try OutputFile(path: path, mode: .stream) }
    let lines = Mutex(file), start = ContinuousClock.now
    return TerminalRecording(now: { start.duration(to: .now) }) { line in
      try lines.withLock { file in
        try file.write(line)
        try file.flush()
      }
    }
  }

  /// The options that give another command of this program the same looks.
  var arguments: [String] {
    let given = [("--colors", colors?.rawValue), ("--characters", characters?.rawValue), ("--theme", theme?.rawValue)]
    return given.flatMap { name, value in value.map { [name, $0] } ?? [] } + (leavesMouse ? ["--no-mouse"] : [])
  }

  /// Shows what is opened until the user or a signal ends it, then ends the process; the terminal is given back before.
  ///
  /// - Parameters:
  ///   - opening: what is opened.
  ///   - savesItself: whether the session is saved from time to time.
  ///   - next: the command that the process becomes where the user quits; empty for none.
  func show(_ opening: DashboardSession.Opening, savesItself: Bool = true, then next: [String] = []) throws -> Never {
    let environment = ProcessInfo.processInfo.environment
    let configuration = UserConfiguration.read(environment: environment)
    let theme = theme ?? configuration.theme.flatMap(ThemeName.init)
    let end: TerminalEnd
    let recording = try startRecording()
    do {
      let waker = try Waker()
      let screen = try TerminalScreen(
        environment: environment, colors: colors, characters: characters, asksGround: theme == nil,
        mouse: !leavesMouse && configuration.mouse ?? true, recording: recording)
      let left = savesItself ? Autosave.left(environment: environment) : nil
      let autosave = savesItself ? Autosave(environment: environment) : nil
      var session = DashboardSession(
        opening, theme: theme, configuration, screen: screen, waker: waker, autosave: autosave, left: left)
      var loop = TerminalLoop(screen: screen, waker: waker)
      end = loop.run(&session)
      screen.close()
      session.end()
      var remarks = configuration.faults.map(\.description)
      if let standIn = screen.standIn {
        let type = environment["TERM"] ?? ""
        remarks.append("TERM: terminfo on this machine does not know '\(type)'; the terminal was taken as \(standIn)")
      }
      if let failure = recording?.finish() { remarks.append("--record: \(failure)") }
      for remark in remarks { FileHandle.standardError.write(Data("bpttop: \(remark)\n".utf8)) }
    } catch {
      throw Failure.input(error.description)
    }
    if end == .quit, !next.isEmpty { try OtherCommand.become(next) }
    // Threads under way in a large pass are not waited for.
    fflush(nil)
    _exit(end.exitCode)
  }
}
