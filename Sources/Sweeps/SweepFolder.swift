import Experiments
import Foundation

/// A sweep on disk: the plan, and a file for each run that is done. Every file is written beside its place and renamed, so that
/// any number of machines may write into the folder, and one that is killed loses the runs it was at.
public struct SweepFolder: Sendable {
  /// Where it is.
  public let path: String
  /// What it runs.
  public let plan: SweepPlan

  /// That the experiment beside the plan was changed since: the plan has its own, by which the runs go. Nil where it was not.
  public var remark: String? {
    let file = path + "/experiment.yaml"
    guard let text = try? InputFile.text(path: file, limit: Self.planLimit) else {
      return "\(file): found no such file, which opening a run needs; the sweep itself goes by \(path)/sweep.json"
    }
    guard text != plan.experiment else { return nil }
    return
      "\(file): found other settings than the sweep was begun with, which it goes on with: bpttop sweep \(file) --over ... "
      + "-o FOLDER begins another with these"
  }

  private static let planLimit = 1 << 20, resultLimit = 1 << 16

  /// Whether `path` holds a sweep.
  public static func isSweep(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/sweep.json") }

  /// Opens the sweep in a folder.
  ///
  /// - Throws: that there is none, or that its plan cannot be read.
  public init(_ path: String) throws(InputError) {
    self.path = path
    let file = path + "/sweep.json"
    let bytes = try InputFile.bytes(path: file, limit: Self.planLimit)
    guard let plan = try? JSONDecoder().decode(SweepPlan.self, from: Data(bytes)) else {
      throw InputError(file: file, problem: "found no plan, expected one that `bpttop sweep` wrote")
    }
    self.plan = plan
  }

  /// Begins a sweep in a folder, or goes on with it where it has the same plan.
  ///
  /// - Throws: that another sweep is there (`InputError`), or that it cannot be written (`OutputError`).
  public init(_ path: String, begin plan: SweepPlan) throws {
    (self.path, self.plan) = (path, plan)
    if Self.isSweep(path) {
      guard try SweepFolder(path).plan == plan else {
        throw InputError(file: path, problem: "found another sweep, expected an empty folder or the same sweep")
      }
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: path + "/points", withIntermediateDirectories: true)
    } catch let error as CocoaError {
      let code = (error.underlying as? POSIXError)?.code.rawValue ?? EIO
      throw OutputError(file: path, code: code)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try OutputFile.write(plan.experiment, to: path + "/experiment.yaml")
    // The plan is the last: a folder with a plan is whole.
    try OutputFile.write(String(decoding: encoder.encode(plan), as: UTF8.self) + "\n", to: path + "/sweep.json")
  }

  private func file(_ point: Int, updates: Int) -> String { "\(path)/points/\(point)-\(updates).json" }

  /// The result of a point after so many updates; nil where it is not done.
  public func result(of point: SweepPoint, updates: Int) -> SweepResult? {
    let file = file(point.index, updates: updates)
    guard FileManager.default.fileExists(atPath: file),
      let bytes = try? InputFile.bytes(path: file, limit: Self.resultLimit),
      let result = try? JSONDecoder().decode(SweepResult.self, from: Data(bytes)), result.point == point
    else { return nil }
    return result
  }

  /// Keeps a result.
  public func write(_ result: SweepResult) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try OutputFile.write(
      String(decoding: encoder.encode(result), as: UTF8.self) + "\n",
      to: file(result.point.index, updates: result.updates))
  }

  /// Writes `results.csv`: a row a run, in the plan's order.
  public func writeTable(_ table: SweepTable) throws { try OutputFile.write(table.csv, to: path + "/results.csv") }
}
