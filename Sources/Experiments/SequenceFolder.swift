import Foundation
import RecurrentNetworks
import Training

/// A user's own sequences: a safetensors file, one table, or a folder of tables with a sequence each, of whatever lengths.
///
/// Of tables, `task.columns` and `task.targets` name inputs and targets as they do for a table that is a task; a target that is an input
/// is asked for `task.horizon` rows ahead. Columns are normalized over all sequences together. Shorter sequences are padded, and no
/// target stands in the padding.
public enum SequenceFolder {
  /// Sequences, with what was read as what in one line.
  public struct Sequences: Sendable {
    /// The sequences.
    public let batch: SequenceBatch
    /// What was read as what.
    public fileprivate(set) var reading: String
  }

  /// The most files of a folder.
  static let fileLimit = 10_000

  /// Reads the sequences at `path`.
  /// - Parameters:
  ///   - path: a .safetensors file (`-`: standard input), a table, or a folder of tables.
  ///   - classes: how many classes there are, where targets are classes.
  ///   - task: which columns are read, and what is done about missing cells.
  public static func read(path: String, classes: Int?, task: TaskSpecification) throws(InputError) -> Sequences {
    var isFolder: ObjCBool = false
    let isThere = path != "-" && FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isThere, isFolder.boolValue { return try tables(in: path, task) }
    if isThere, isTable(path) {
      return try sequences([path], named: path, task)
    }
    let file = try SafetensorsFile.read(path: path)
    let batch = try SequenceFile.batch(file, classes: classes)
    return Sequences(batch: batch, reading: "\(InputFile.displayName(path)): \(words(batch, of: file))")
  }

  /// "3 sequences of 9 steps; 4 inputs, 5 classes; targets at 20 of 27 steps; left out: lengths".
  private static func words(_ batch: SequenceBatch, of file: SafetensorsFile) -> String {
    let steps = batch.steps * batch.batch, filled = batch.targetMask.count { $0 == 1 }
    let answers = batch.loss == .crossEntropy ? "classes" : "outputs"
    var pieces = [
      "\(batch.batch) sequences of \(batch.steps) steps", "\(batch.inputs) inputs, \(batch.outputs) \(answers)",
    ]
    if filled < steps { pieces.append("targets at \(filled) of \(steps) steps") }
    let leftOut = file.entries.map(\.name).filter { !SequenceFile.names.contains($0) }
    if !leftOut.isEmpty { pieces.append("left out: \(some(leftOut))") }
    return pieces.joined(separator: "; ")
  }

  private static func tables(in folder: String, _ task: TaskSpecification) throws(InputError) -> Sequences {
    let all = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }
      .sorted { $0.localizedStandardCompare($1) == .orderedAscending }
    let names = all.filter(isTable)
    guard !names.isEmpty else {
      throw InputError(
        file: folder, problem: "found a folder without .csv, .tsv or .txt files, expected a sequence a file")
    }
    guard names.count <= fileLimit else {
      throw InputError(file: folder, problem: "found \(names.count) files, expected at most \(fileLimit)")
    }
    var found = try sequences(names.map { (folder as NSString).appendingPathComponent($0) }, named: folder, task)
    let others = all.filter { !isTable($0) }
    if !others.isEmpty { found.reading += "; not read, for they are no .csv, .tsv or .txt: \(some(others))" }
    return found
  }

  private static func isTable(_ name: String) -> Bool {
    ["csv", "tsv", "txt"].contains(URL(fileURLWithPath: name).pathExtension.lowercased())
  }

  private static func sequences(
    _ paths: [String], named name: String, _ task: TaskSpecification
  ) throws(InputError) -> Sequences {
    do {
      let tables = try TableSequences(paths: paths, task)
      return Sequences(batch: tables.batch, reading: "\(name): \(tables.reading)")
    } catch {
      throw InputError(
        file: error.file ?? name, line: error.line, key: error.column.map { "column \($0)" } ?? error.key,
        problem: "found \(error.found), expected \(error.expected)", nearest: error.nearest)
    }
  }
}
