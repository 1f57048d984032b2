import ArgumentParser
import Experiments
import Foundation
import Training

/// The program: a dashboard by default, and commands for everything that the dashboard shows.
@main
struct Bpttop: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "bpttop",
    abstract: "htop for backpropagation through time: train a small recurrent network and see where its gradient goes.",
    discussion: """
      Without a command, the dashboard opens: the built-in experiment, the one in a file, or a demo by its name, trains at once.

      EXAMPLES
        bpttop
        bpttop lesson unrolling
        bpttop vanishing --pace 10
        bpttop my.yaml --set training.k2=5
        bpttop text --set task.file=book.txt
        bpttop train my.yaml --updates 1000 --metrics m.csv
        bpttop trace my.yaml --updates 1000 -o window.safetensors
        bpttop screen my.yaml --size 120x36 --updates 200 -o screen.svg
        bpttop check my.yaml
        bpttop solve my.yaml --seconds 60
        bpttop diagnose my.yaml
        bpttop sweep my.yaml --over training.k2=5,10,20 --seeds 3 -o runs
        bpttop report my.yaml --updates 1000 -o my.html
        bpttop contrast -o contrast.svg
        bpttop bench W1 W6
        bpttop keys > mine.yaml
        bpttop config > ~/.config/bpttop/config.yaml

      `bpttop help COMMAND` has more of each.
      In the dashboard ? shows the keys, q quits.
      Exit codes: 0 done; 1 a check or the run failed, or (without a word) nobody reads the output any more; 2 the input is wrong; 130, 143, 129 ended by SIGINT, SIGTERM, SIGHUP.
      """,
    version: version,
    subcommands: [
      DashboardCommand.self, TrainCommand.self, TraceCommand.self, ScreenCommand.self, CheckCommand.self,
      SolveCommand.self, DiagnoseCommand.self, SweepCommand.self, ReportCommand.self, CompareCommand.self,
      ContrastCommand.self, GuessCommand.self, SampleCommand.self, WatchCommand.self, LinkCommand.self,
      LessonCommand.self,
      BenchCommand.self, KeysCommand.self, ConfigCommand.self,
    ],
    defaultSubcommand: DashboardCommand.self)

  static func main() {
    // A reader that goes away (`bpttop … | head`) is an error of that write, not a signal that kills: terminal and files are
    // left in order.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that grows beyond the shell's limit.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      end(with: error)
    }
  }

  /// Says what ended the program, and ends it.
  private static func end(with error: any Error) -> Never {
    if let failure = error as? Failure { failure.exit() }
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    // Help and versions end with 0; whatever the parser refuses is wrong input: one line, exit code 2.
    guard exitCode(for: error) == .success else { Failure.input(message(for: error)).exit() }
    do {
      try StandardOutput.print(fullMessage(for: error))
      Foundation.exit(0)
    } catch {
      end(with: error)
    }
  }
}

/// A way to end with one line on standard error.
enum Failure: Error {
  /// What was given is wrong: exit code 2.
  case input(String)
  /// The run, or a check, failed: exit code 1.
  case run(String)

  /// How the program ends where something cannot be written: as a run that failed, and without a word where who read
  /// it has gone away.
  static func writing(_ error: OutputError) -> any Error {
    if error.isReaderGone { return ExitCode(1) }
    return error.isWrongPlace ? Failure.input(error.description) : Failure.run(error.description)
  }

  /// Says the line and ends the process.
  func exit() -> Never {
    let (line, code): (String, Int32) =
      switch self {
      case .input(let line): (line, 2)
      case .run(let line): (line, 1)
      }
    let oneLine = shortened(line.split(whereSeparator: \.isNewline).joined(separator: " "), to: 900)
    FileHandle.standardError.write(Data("bpttop: \(oneLine)\n".utf8))
    Foundation.exit(code)
  }
}
