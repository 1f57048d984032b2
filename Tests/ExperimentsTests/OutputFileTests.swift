import Experiments
import Foundation
import Testing
import Training

@Suite struct OutputFileTests {
  private func problem(_ body: () throws(OutputError) -> Void) -> String? {
    do throws(OutputError) {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func appearsWholeAndLeavesNothingBeside() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("out.txt")
    try OutputFile.write("old", to: path)
    let file = try OutputFile(path: path, mode: .atomic)
    try file.write(String(repeating: "new", count: 100_000))
    try file.flush()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    try file.close()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == String(repeating: "new", count: 100_000))
    #expect(folder.names == ["out.txt"])
  }

  @Test func withoutCloseWhatWasThereStays() throws {
    let folder = try TemporaryFolder()
    try OutputFile.write("old", to: folder.path("a"))
    do {
      let file = try OutputFile(path: folder.path("a"), mode: .atomic)
      try file.write("new")
      try file.flush()
      #expect(folder.names.count == 2)
    }
    #expect(folder.names == ["a"])
    #expect(try String(contentsOfFile: folder.path("a"), encoding: .utf8) == "old")
  }

  @Test func keepsModeAndLinks() throws {
    let folder = try TemporaryFolder()
    try OutputFile.write("1", to: folder.path("real"))
    #expect(chmod(folder.path("real"), 0o640) == 0)
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "real")
    try OutputFile.write("2", to: folder.path("link"))
    #expect(try String(contentsOfFile: folder.path("real"), encoding: .utf8) == "2")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "real")
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path("real"))[.posixPermissions] as? Int
    #expect(mode == 0o640)
  }

  @Test func streamsGrowInPlace() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(path: folder.path("s"), mode: .stream)
    try file.write("a\n")
    try file.flush()
    #expect(try String(contentsOfFile: folder.path("s"), encoding: .utf8) == "a\n")
    try file.write("b\n")
    try file.close()
    #expect(try String(contentsOfFile: folder.path("s"), encoding: .utf8) == "a\nb\n")
  }

  @Test func aFullDiskIsOneLine() {
    #expect(
      problem { () throws(OutputError) in try OutputFile.write("x", to: "/dev/full") }
        == "cannot write /dev/full: No space left on device")
  }

  @Test func unwritablePathsAreOneLine() throws {
    let folder = try TemporaryFolder()
    let nowhere = folder.path("no/such/folder/file")
    #expect(
      problem { () throws(OutputError) in try OutputFile.write("x", to: nowhere) }
        == "cannot write \(nowhere): No such file or directory")
    #expect(
      problem { () throws(OutputError) in try OutputFile.write("x", to: folder.path("")) }
        == "cannot write \(folder.path("")): Is a directory")
    #expect(problem { () throws(OutputError) in try OutputFile.write("x", to: "") }?.hasPrefix("cannot write ") == true)
    #expect(folder.names.isEmpty)
  }

  @Test func metricsTellAFullDiskOnce() throws {
    let opened = problem { () throws(OutputError) in _ = try MetricsWriter(path: "/dev/full", format: .csv) }
    #expect(opened == "cannot write /dev/full: No space left on device")
    // The disk fills up while training runs: the error comes with the row that no longer fits, and once.
    let writer = try MetricsWriter(path: "/dev/full", format: .jsonLines)
    var failures = 0
    var rows = 0
    for update in 1...2000 {
      var record = UpdateRecord()
      record.update = update
      let told = problem { () throws(OutputError) in try writer.write(MetricsRow(record)) }
      rows += 1
      if let told {
        #expect(told == "cannot write /dev/full: No space left on device")
        failures += 1
        break
      }
    }
    #expect(failures == 1 && rows > 10)
  }
}

@Suite struct MetricsTests {
  private var row: MetricsRow {
    var record = UpdateRecord()
    record.update = 3
    record.step = 150
    record.loss = 0.1 + 0.2
    record.gradientNorm = 1e-300
    record.clipScale = 1
    record.learningRate = 0.01
    record.k1 = 10
    record.k2 = 20
    return MetricsRow(record, log10GradientFirst: -4.25, log10ProductPerStep: -.infinity)
  }

  @Test func csv() {
    #expect(
      MetricsRow.columns.joined(separator: ",")
        == "update,step,loss,grad_norm,clip_scale,learning_rate,k1,k2,log10_grad_first,log10_grad_last,log10_product_per_step"
    )
    #expect(MetricsWriter.Format.csv.line(row) == "3,150,0.30000000000000004,1e-300,1.0,0.01,10,20,-4.25,,-inf\r\n")
  }

  @Test func jsonLines() throws {
    let line = MetricsWriter.Format.jsonLines.line(row)
    #expect(line.hasSuffix("}\n"))
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    // (Foundation's own reader is an ulp off here.)
    #expect(line.contains("\"loss\": 0.30000000000000004, "))
    #expect(object["grad_norm"] as? Double == 1e-300)
    #expect(object["k2"] as? Int == 20)
    #expect(object["log10_product_per_step"] is NSNull)
    #expect(object["log10_grad_last"] is NSNull)
    #expect(Set(object.keys) == Set(MetricsRow.columns))
  }

  @Test func theEndingChoosesTheForm() throws {
    #expect(try MetricsWriter.Format(path: "a/m.csv") == .csv)
    #expect(try MetricsWriter.Format(path: "m.JSONL") == .jsonLines)
    #expect(try MetricsWriter.Format(path: "-") == .csv)
    let error = #expect(throws: InputError.self) { try MetricsWriter.Format(path: "m.txt") }
    #expect(error?.description == "m.txt: found no known ending, expected .csv or .jsonl")
  }
}
