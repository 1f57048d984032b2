import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Sources
import Terminal
import Training

/// `bpttop watch`: the dashboard on a run that is trained elsewhere.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Opens the dashboard on a run that is trained elsewhere.",
    discussion: """
      RUN is the folder in which a PyTorch loop publishes: copy bpttop_watch.py (Demos/pytorch) beside your script, and

        watch = bpttop_watch.attach(model.lstm, "runs/a", every=20)     # before the loop
        watch.step(loss=loss)                                           # after each optimizer.step()

      The pass is made here from what the folder holds, so that every instrument works; the header says how far its states lie \
      from the module's. space stands still and goes on, n and N go from window to window, and a run that is over is played.

      RUN may also be a file of JSON lines, or - for standard input. A line is an update: {"update": 12, "loss": 0.31, \
      "grad_norm": 1.7, "log10_grad_steps": [-4.1, -3.2, -2.0]}. Only update must be there; panels whose numbers do not come \
      take no room. The file may still grow; `train --metrics run.jsonl` writes such lines, too.

      Two runs are drawn side by side, as two lanes: f goes to the other one, x closes one.

      EXAMPLES
        bpttop watch runs/a
        bpttop watch runs/a runs/b
        bpttop watch run.jsonl
        ssh host tail -n +1 -f run.jsonl | bpttop watch -
      """)

  @Argument(
    help: ArgumentHelp(
      "The folder, the file of JSON lines, or - for standard input; or two of them.", valueName: "run"),
    completion: .file())
  var paths: [String]
  @OptionGroup var looks: TerminalLooks

  func run() throws {
    let sources = try paths.map { path in try WatchedRun.source(path) }
    guard let first = sources.first, sources.count <= 2, Set(paths).count == paths.count else {
      let found = paths.joined(separator: " ")
      throw Failure.input("watch: found \(found), expected one run, or two that are not the same")
    }
    let source = { (wake: @escaping @Sendable () -> Void) -> any Source in
      sources.count == 1 ? first(wake) : WatchedPair(first(wake), sources[1](wake), wake: wake)
    }
    try looks.show(
      DashboardSession.Opening(experiment: WatchedRun.experiment, startsPaused: true, source: source),
      savesItself: false)
  }
}

/// What `watch` is to open.
enum WatchedRun {
  /// What stands for the experiment of such a run: what is not told is not shown, and there is no threshold.
  static var experiment: Experiment {
    var experiment = Experiment()
    experiment.training.clip.kind = .none
    experiment.view.pace = nil
    return experiment
  }

  /// Whether `path` is there and is no experiment: a folder, or a file of JSON lines by its name.
  static func isRun(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return isThere && (isFolder.boolValue || path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson"))
  }

  /// The source of the run at `path`.
  ///
  /// - Parameters:
  ///   - path: a folder, a file of lines, or - for standard input.
  ///   - follows: whether more may come behind a file's end, and a folder may be empty yet.
  /// - Throws: one line that says what was found there.
  static func source(_ path: String, follows: Bool = true) throws -> (_ wake: @escaping @Sendable () -> Void) ->
    WatchSource
  {
    let name = path.split(separator: "/").suffix(2).joined(separator: "/")
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      try checkFolder(path, mayBeEmpty: follows)
      return folder(path, name)
    }
    // The loop may not have begun: what is called like a folder is waited for.
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let isLikeFolder = path != "-" && URL(fileURLWithPath: path).pathExtension.isEmpty
    if isLikeFolder, !FileManager.default.fileExists(atPath: path), FileManager.default.fileExists(atPath: parent) {
      return folder(path, name)
    }
    if isAwaited(path) {
      return { WatchSource(awaited: path, title: name, now: { Date().timeIntervalSince1970 }, wake: $0) }
    }
    let descriptor = path == "-" ? try standardInput() : try InputFile.open(path: path)
    try refuseOther(descriptor, path)
    return {
      WatchSource(
        descriptor: descriptor, title: name, follows: follows && path != "-", now: { Date().timeIntervalSince1970 },
        wake: $0)
    }
  }

  private static func folder(_ path: String, _ name: String) -> (_ wake: @escaping @Sendable () -> Void) -> WatchSource
  {
    { WatchSource(folder: path, title: name, now: { Date().timeIntervalSince1970 }, wake: $0) }
  }

  /// Whether `path` is called like a file of lines, in a folder that is there, and is not there itself: the loop may not have begun.
  private static func isAwaited(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path)
    return ["jsonl", "ndjson"].contains(url.pathExtension.lowercased())
      && (try? url.resourceValues(forKeys: [.isSymbolicLinkKey]))?.isSymbolicLink != true
      && !FileManager.default.fileExists(atPath: path)
      && FileManager.default.fileExists(atPath: url.deletingLastPathComponent().path)
  }

  /// A window alone, a JSON array, or another file that holds no lines.
  private static func refuseOther(_ descriptor: Int32, _ path: String) throws {
    var head = [UInt8](repeating: 0, count: 64)
    // A pipe cannot be looked into.
    let count = pread(descriptor, &head, head.count, 0)
    let text = head[..<max(0, count)].drop {
      $0 == 0x20 || (0x09...0x0D).contains($0) || [0xEF, 0xBB, 0xBF].contains($0)
    }
    if text.first == UInt8(ascii: "[") {
      close(descriptor)
      throw InputError(file: path, problem: JSONArray.problem(file: path))
    }
    guard count > 0, head[..<count].contains(0) else { return }
    close(descriptor)
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().lastPathComponent
    throw InputError(
      file: path, problem: "found a binary file, expected the folder of the windows, as \(parent), or JSON lines")
  }

  /// A folder may be empty before the loop begins; one with something else in it is not what was meant.
  static func checkFolder(_ path: String, mayBeEmpty: Bool = true) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    func isRun(_ names: [String]) -> Bool { names.contains { $0.hasPrefix("window-") || $0 == "scalars.jsonl" } }
    guard !(names.isEmpty && mayBeEmpty), !isRun(names) else { return }
    let inside = names.sorted().first {
      isRun((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + $0)) ?? [])
    }
    throw InputError(
      file: path, problem: "found no window-*.safetensors and no scalars.jsonl, expected what bpttop_watch.py writes",
      nearest: inside.map { path + "/" + $0 })
  }

  /// The lines of standard input; the keys then come from the terminal itself.
  private static func standardInput() throws -> Int32 {
    guard isatty(STDIN_FILENO) == 0 else {
      throw InputError(file: "standard input", problem: "found a terminal, expected a pipe with JSON lines")
    }
    let lines = dup(STDIN_FILENO), terminal = open("/dev/tty", O_RDWR)
    guard lines >= 0, terminal >= 0 else {
      throw InputError(file: "/dev/tty", problem: "found no terminal, expected one for the keys")
    }
    dup2(terminal, STDIN_FILENO)
    close(terminal)
    return lines
  }
}
