import Experiments
import Foundation
import Instruments
import Training

/// A run that was trained elsewhere, as far as it was recorded: all its lines, its first window and its last.
public struct RecordedRun: Sendable {
  /// What is known of it.
  public private(set) var evidence = RecordedEvidence()
  /// What could not be read, a line each.
  public private(set) var faults: [String] = []

  /// Reads a folder of windows with `scalars.jsonl`, or a file of JSON lines.
  /// - Throws: that the file cannot be read, or that no window of the folder can.
  public init(path: String) throws(InputError) {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isFolder.boolValue else {
      try readLines(path)
      return
    }
    let scalars = path + "/scalars.jsonl"
    if FileManager.default.fileExists(atPath: scalars) { try readLines(scalars) }
    let windows = RunFolder.windows(in: path).sorted { $0.key < $1.key }.map(\.value)
    evidence.passes = windows.count
    evidence.first = read(windows)
    evidence.last = read(windows.reversed())
    if evidence.last == nil, let fault = faults.first, evidence.history.newest == nil {
      throw InputError(file: path, problem: "found no window that can be read, expected one: \(fault)")
    }
  }

  /// The first of some windows that can be read.
  private mutating func read(_ paths: [String]) -> Snapshot? {
    for path in paths {
      do throws(InputError) {
        return try WatchedWindow.read(path: path).snapshot
      } catch {
        if !faults.contains(error.description) { faults.append(error.description) }
      }
    }
    return nil
  }

  private mutating func readLines(_ path: String) throws(InputError) {
    let text = try InputFile.text(path: path, limit: 1 << 30)
    var cutter = RunLines()
    let cut = cutter.take(text.utf8), rest = cutter.end()
    for line in cut.lines + rest.lines {
      guard let update = line.update else { continue }
      // A run that was begun again counts from its beginning.
      if let newest = evidence.history.newest, update <= newest.update { evidence.history = LossHistory() }
      evidence.history.append(line.record(update))
      evidence.learningRate = line.learningRate ?? evidence.learningRate
    }
    faults += (cut.remarks + rest.remarks).filter { $0.key != RunRemark.noLine }.map { "\(path): \($0.words)" }
    let unreadable = cut.unreadable + rest.unreadable
    if unreadable > 0 {
      faults.append("\(path): \(unreadable) line\(unreadable == 1 ? " is" : "s are") no update, left out")
    }
  }
}
