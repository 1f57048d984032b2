import Foundation
import Testing

/// What the commands say of the user's files, and what they leave.
@Suite struct FilesTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  private func table(_ name: String) throws -> [String] {
    let rows = (0..<300).map { "2031-01-01;\($0 % 7),5;\(($0 * $0) % 11)\n" }.joined()
    try ("day;u;v\n" + rows).write(toFile: path(name), atomically: true, encoding: .utf8)
    return ["--set", "task.name=csv", "--set", "task.file=\(path(name))", "--set", "task.length=20"]
  }

  @Test func trainingSaysWhatItReadAndHowItEnded() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try runTool(
      Bpttop.path, ["train", "--updates", "150"] + table("t.csv") + ["--set", "task.held_out=0.2"])
    let lines = run.output.split(separator: "\n")
    #expect(run.status == 0 && lines.count == 2, "\(run.output)")
    let said =
      "read t.csv: 300 rows, “;” between cells, decimal comma; day is that of a row before in 299 rows: read as they stand; "
      + "reads u, v and predicts them a row ahead; "
      + "held out: the last 60 rows; left out: day (dates)"
    #expect(lines.first.map { String($0) } == said)
    #expect(lines.last?.contains(" over the last 100 updates  gradient norm ") == true)
    #expect(lines.last?.contains("  held-out loss ") == true && lines.last?.contains(" at update 100") == true)
  }

  /// Own sequences with a label each need no task of tables.
  @Test func aFolderOfSequencesWithLabels() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, label) in [("a", "up"), ("b", "down")] {
      try "u,label\n1,\n\(name == "a" ? 5 : 2),\n3,\(label)\n".write(
        toFile: path("\(name).csv"), atomically: true, encoding: .utf8)
    }
    try "x".write(toFile: path("notes.md"), atomically: true, encoding: .utf8)
    let run = try runTool(
      Bpttop.path, ["train", "--updates", "3", "--data", folder.path, "--set", "task.targets=[label]"])
    #expect(run.status == 0)
    for piece in ["predicts label, 2 classes (down, up); targets in 2 of 6 rows", "not read, for they are no .csv"] {
      #expect(run.output.contains(piece), "\(run.output)")
    }
  }

  /// A sweep that is there has its plan: what would change it is not ignored.
  @Test func aSweepIsOpenedAlone() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let runs = path("runs")
    let begun = try runTool(
      Bpttop.path, ["sweep", "coin", "--over", "training.k2=2,4", "--updates", "2", "-o", runs])
    #expect(begun.status == 0, "\(begun.output)")
    let changed = try runTool(Bpttop.path, ["sweep", runs, "--updates", "9"])
    #expect(changed.status == 2 && changed.output.contains("found a sweep with --updates"), "\(changed.output)")
  }

  /// Stopped after 70 updates and gone on with, a run writes the same metrics, clocks aside, and the same checkpoint.
  @Test func aRunGoesOnFromItsCheckpointWithTheSameNumbers() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = try table("t.csv") + ["--set", "task.held_out=0.2", "--set", "validation.every=20"]
    func train(_ updates: String, _ name: String) throws {
      let run = try runTool(
        Bpttop.path,
        [
          "train", "--updates", updates, "--metrics", path(name + ".csv"), "--checkpoint", path(name + ".bpttop"),
          "--every", "50", "--resume",
        ]
          + task)
      #expect(run.status == 0, "\(run.output)")
    }
    try train("130", "whole")
    try train("70", "parts")
    // As if it had been killed later: rows behind the checkpoint are made again.
    let rest = try String(contentsOfFile: path("whole.csv"), encoding: .utf8).split(separator: "\r\n")[71..<90]
    let metrics = try FileHandle(forWritingTo: URL(fileURLWithPath: path("parts.csv")))
    try metrics.seekToEnd()
    try metrics.write(contentsOf: Data(rest.map { $0 + "\r\n" }.joined().utf8))
    try metrics.close()
    try train("130", "parts")
    func rows(_ name: String) throws -> [String] {
      try String(contentsOfFile: path(name), encoding: .utf8).split(whereSeparator: \.isNewline).map { line in
        line.split(separator: ",", omittingEmptySubsequences: false).dropLast().joined(separator: ",")
      }
    }
    #expect(try rows("parts.csv") == rows("whole.csv"))
    #expect(try rows("parts.csv").count == 131)
    #expect(FileManager.default.contentsEqual(atPath: path("parts.bpttop"), andPath: path("whole.bpttop")))
  }

  @Test func aForecastIsInTheFilesUnits() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try runTool(
      Bpttop.path,
      ["train", "--updates", "50", "--forecast", path("f.csv")] + table("t.csv") + ["--set", "task.held_out=60"])
    #expect(run.status == 0 && run.output.contains("the last row repeated by"), "\(run.output)")
    let lines = try String(contentsOfFile: path("f.csv"), encoding: .utf8).split(whereSeparator: \.isNewline)
    #expect(lines.first == "row,u,u forecast,v,v forecast" && lines.count == 60)
    let first = lines[1].split(separator: ",")
    // Made at the 241st row of data, which is row 242 of the file, of the one after it: u = 241 % 7 and a half, v = 241 squared modulo 11.
    #expect(first[0] == "242")
    #expect(abs((Double(first[1]) ?? 0) - (Double(241 % 7) + 0.5)) < 1e-9)
    #expect(abs((Double(first[3]) ?? 0) - Double((241 * 241) % 11)) < 1e-9)
  }
}
