import ArgumentParser
import Experiments
import Foundation
import Instruments
import Reports
import Training

/// The runs of a file that a report or a comparison is made of.
enum ReportedFile {
  /// The runs of a session, or the run of an experiment after some updates; without a path the built-in experiment's.
  ///
  /// - Parameters:
  ///   - path: a session, which `FILE:b` asks for its second lane alone; an experiment file; a demo's name.
  ///   - settings: what is set over an experiment, `KEY=VALUE`.
  ///   - updates: how many updates are made; nil for 300 of an experiment and none of a session.
  ///   - isFollowed: whether instruments read the run while it is trained.
  static func read(
    _ path: String?, settings: [String], updates: Int?, isFollowed: Bool = false
  ) throws -> [ReportedRun] {
    if let path, let session = try session(path, settings: settings) {
      return try session.map { name, checkpoint in
        let run = try trying(name) { () throws(TrainingError) in
          try TrainingRun(resuming: checkpoint, memory: Memory.limit)
        }
        return try examined(name, run, updates: updates ?? 0, isFollowed: isFollowed)
      }
    }
    var options = ExperimentOptions()
    (options.experiment, options.settings) = (path, settings)
    let source = try options.read()
    return [
      try examined(
        path ?? "built-in experiment", head: source.head, options.run(source), updates: updates ?? 300,
        isFollowed: isFollowed)
    ]
  }

  /// The lanes of a session by their names; nil where `path` is none.
  private static func session(_ path: String, settings: [String]) throws -> [(String, RunCheckpoint)]? {
    var file = path, wanted: LaneID?
    if let end = path.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: path) {
      wanted = LaneID(rawValue: String(path[path.index(after: end)...]))
      if wanted != nil { file = String(path[..<end]) }
    }
    guard SessionFile.isSession(path: file) else { return nil }
    guard settings.isEmpty else {
      throw Failure.input("\(file): found a session with --set, expected it alone; its settings are in it")
    }
    do {
      let lanes = try SessionFile.read(path: file).lanes.sorted { $0.key < $1.key }
      guard let wanted else { return lanes.map { (lanes.count > 1 ? "\(file):\($0.key.rawValue)" : file, $0.value) } }
      guard let lane = lanes.first(where: { $0.key == wanted }) else {
        throw Failure.input(
          "\(path): found no lane \(wanted.rawValue), expected \(lanes.map(\.key.rawValue).joined(separator: " or "))")
      }
      return [(path, lane.value)]
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }

  private static func trying<T>(_ name: String, _ body: () throws(TrainingError) -> T) throws -> T {
    do { return try body() } catch { throw Failure.input("\(name): \(error)") }
  }

  private static func examined(
    _ name: String, head: String = "", _ run: TrainingRun, updates: Int, isFollowed: Bool
  ) throws -> ReportedRun {
    Interruption.watch()
    let end = run.update + updates
    var bar = ProgressBar(total: end), history = RunHistory(updates: updates)
    let evidence = Examination.examine(run, updates: updates) { run in
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan)
      if isFollowed { history.follow(run) }
      return Interruption.signalNumber == nil
    }
    bar.end()
    if let number = Interruption.signalNumber { throw Failure.ended(by: number) }
    return ReportedRun(name, head: head, run, evidence, history: history)
  }
}

extension Failure {
  /// What ends the process as a signal does.
  static func ended(by signal: Int32) -> any Error { ExitCode(128 + signal) }
}
