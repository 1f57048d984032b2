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
    public let reading: String
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
    if isThere, ["csv", "tsv", "txt"].contains(URL(fileURLWithPath: path).pathExtension.lowercased()) {
      return try sequences([path], named: path, task)
    }
    let batch = try SequenceFile.batch(SafetensorsFile.read(path: path), classes: classes)
    let name = InputFile.displayName(path)
    return Sequences(
      batch: batch,
      reading:
        "\(name): \(batch.batch) sequences of \(batch.steps) steps; \(batch.inputs) inputs, \(batch.outputs) outputs")
  }

  private static func tables(in folder: String, _ task: TaskSpecification) throws(InputError) -> Sequences {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { name in
        !name.hasPrefix(".")
          && ["csv", "tsv", "txt"].contains(URL(fileURLWithPath: name).pathExtension.lowercased())
      }.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
    guard !names.isEmpty else {
      throw InputError(
        file: folder, problem: "found a folder without .csv, .tsv or .txt files, expected a sequence a file")
    }
    guard names.count <= fileLimit else {
      throw InputError(file: folder, problem: "found \(names.count) files, expected at most \(fileLimit)")
    }
    return try sequences(names.map { (folder as NSString).appendingPathComponent($0) }, named: folder, task)
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
