import Foundation
import Testing

/// What is written where there is no more room.
@Suite struct FullDiskTests {
  private static let full = "bpttop: cannot write standard output: No space left on device\n"

  @Test(arguments: [
    "help", "help train", "--help", "--version", "check", "train --updates 1", "keys", "bench W1 --json", "bench W1",
    "train --updates 1 --metrics -", "train --updates 1 --checkpoint -", "trace -o -", "screen -o -",
    "--generate-completion-script bash", "report --updates 1 -o -", "compare vanishing clipping --updates 1",
  ])
  func aFullStandardOutputIsTold(_ command: String) throws {
    let (status, output) = try runTool("/bin/sh", ["-c", "\(Bpttop.path) \(command) > /dev/full"])
    #expect(status == 1)
    #expect(output == Self.full)
  }

  /// `bpttop lesson | head -1` says nothing: the reader has what it wanted.
  @Test(arguments: [
    "help train", "--version", "check", "lesson", "lesson unrolling --teacher", "lesson --quantities",
    "train --updates 1 --metrics -", "keys", "bench W1", "screen -o -", "trace -o -",
    "--generate-completion-script bash",
  ])
  func aReaderThatIsGoneEndsItQuietly(_ command: String) throws {
    let (status, output) = try runTool(
      "/bin/bash", ["-c", "(sleep 0.2; exec \(Bpttop.path) \(command)) | :; exit ${PIPESTATUS[0]}"])
    #expect(status == 1)
    #expect(output == "")
  }

  @Test func whatArrivesIsWhole() throws {
    let (status, output) = try runTool(Bpttop.path, ["help", "train"])
    #expect(status == 0)
    #expect(output.hasPrefix("OVERVIEW: Trains without a screen") && output.contains("--checkpoint"))
    #expect(output.hasSuffix("\n"))
  }

  /// A file that may not grow beyond a size is a disk that is full in the middle of a row.
  @Test(arguments: [("m.csv", 8), ("m.jsonl", 9), ("m.csv", 70)])
  func metricsEndWithAWholeRow(_ name: String, _ kibibytes: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent(name).path
    let settings = "--set network.hidden=2 --set task.length=10 --set training.batch=1"
    // The shell counts in blocks of 512 bytes.
    let (status, output) = try runTool(
      "/bin/sh",
      ["-c", "ulimit -f \(2 * kibibytes); exec \(Bpttop.path) train --updates 4000 \(settings) --metrics \(path)"])
    #expect(status == 1)
    #expect(output == "bpttop: cannot write \(path): File too large\n")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.utf8.count <= kibibytes << 10 && text.utf8.count > (kibibytes << 10) - 400)
    #expect(text.utf8.last == UInt8(ascii: "\n"))
    let rows = text.split(whereSeparator: \.isNewline)
    let fields = name.hasSuffix("csv") ? rows[0].count { $0 == "," } : rows[0].count { $0 == ":" }
    for row in rows { #expect(row.count { $0 == (name.hasSuffix("csv") ? "," : ":") } == fields) }
    let last = try #require(rows.last?.firstMatch(of: /\d+/)).output
    #expect(Int(last) == rows.count - (name.hasSuffix("csv") ? 1 : 0))
  }
}
