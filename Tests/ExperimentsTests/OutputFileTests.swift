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

  /// A number that no process has any more: that of a child which ended and was waited for.
  private func deadProcess() throws -> pid_t {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }

  @Test func whatAKilledProcessLeftGoesAtTheNextWrite() throws {
    let folder = try TemporaryFolder()
    let dead = try deadProcess()
    let left = [".w.safetensors.bpttop.\(dead)-0.partial", ".other.bpttop.\(dead)-17.partial"]
    // A living process, another program's files, a folder and a link: none of them is ours to remove.
    let kept = [
      ".w.bpttop.\(getppid())-0.partial", ".w.\(dead)-0.partial", "w.bpttop.\(dead)-0.partial",
      ".w.bpttop.\(dead).partial", ".w.bpttop.-1-0.partial", ".w.bpttop.x-0.partial", ".w.bpttop.\(dead)-0.part",
    ]
    for name in left + kept { try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path(name))) }
    let (directory, link) = (".d.bpttop.\(dead)-0.partial", ".l.bpttop.\(dead)-0.partial")
    try FileManager.default.createDirectory(atPath: folder.path(directory), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: folder.path(link), withDestinationPath: "w")
    try OutputFile.write("new", to: folder.path("a"))
    #expect(folder.names == (kept + [directory, link, "a"]).sorted())
  }

  @Test func whatIsBeingWrittenStays() throws {
    let folder = try TemporaryFolder()
    let file = try OutputFile(path: folder.path("a"), mode: .atomic)
    try file.write("first")
    try file.flush()
    // A second write to the same place at the same time, and one beside: the last to end is what stays.
    try OutputFile.write("second", to: folder.path("a"))
    try OutputFile.write("third", to: folder.path("b"))
    #expect(folder.names.count == 3)
    try file.close()
    #expect(folder.names == ["a", "b"])
    #expect(try String(contentsOfFile: folder.path("a"), encoding: .utf8) == "first")
  }

  @Test func aLockedFileOfAnotherContainerStays() throws {
    let folder = try TemporaryFolder()
    let path = folder.path(".a.bpttop.\(try deadProcess())-0.partial")
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    #expect(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
    try OutputFile.write("x", to: folder.path("a"))
    #expect(folder.names.count == 2)
    close(descriptor)
    try OutputFile.write("x", to: folder.path("a"))
    #expect(folder.names == ["a"])
  }

  @Test func aFullDiskIsNoWrongPlace() {
    #expect(OutputError(file: "a", code: ENOSPC).isWrongPlace == false)
    #expect(OutputError(file: "a", code: EPIPE).isWrongPlace == false)
    #expect(OutputError(file: "a", code: ENOENT).isWrongPlace)
    #expect(OutputError(file: "a", code: EISDIR).isWrongPlace)
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
      MetricsRow.Column.standard.map(\.name).joined(separator: ",")
        == "update,step,loss,grad_norm,clip_scale,learning_rate,k1,k2,log10_grad_first,log10_grad_last,log10_product_per_step"
        + ",held_out_loss,seconds")
    #expect(MetricsWriter.Format.csv.line(row) == "3,150,0.30000000000000004,1e-300,1.0,0.01,10,20,-4.25,,-inf,,\r\n")
    var measured = row
    (measured.heldOutLoss, measured.seconds) = (0.5, 12.25)
    #expect(MetricsWriter.Format.csv.line(measured).hasSuffix(",-inf,0.5,12.25\r\n"))
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
    #expect(Set(object.keys) == Set(MetricsRow.Column.standard.map(\.name)))
  }

  @Test func onlyTheColumnsThatAreNamed() throws {
    let columns = try MetricsRow.Column.list("loss, update,k2")
    #expect(columns == [.loss, .update, .k2])
    #expect(MetricsWriter.Format.csv.line(row, columns: columns) == "0.30000000000000004,3,20\r\n")
    #expect(
      MetricsWriter.Format.jsonLines.line(row, columns: columns)
        == "{\"loss\": 0.30000000000000004, \"update\": 3, \"k2\": 20}\n")
    func problem(_ list: String) -> String? {
      do throws(InputError) {
        _ = try MetricsRow.Column.list(list)
        return nil
      } catch { return error.description }
    }
    #expect(problem("los")?.hasPrefix("--columns: found los, expected update, step, loss, ") == true)
    #expect(problem("los")?.hasSuffix("; nearest is loss") == true)
    #expect(problem("loss,")?.hasPrefix("--columns: found nothing, expected update, ") == true)
    #expect(problem("loss,loss") == "--columns: found loss twice, expected once")
  }

  @Test func onePlaceByTwoNames() throws {
    let folder = try TemporaryFolder()
    let (a, b) = (folder.path("a"), folder.path("b"))
    #expect(OutputFile.isOnePlace(a, a) && OutputFile.isOnePlace("-", "-"))
    #expect(OutputFile.isOnePlace(a, folder.path("./x/../a")))
    #expect(!OutputFile.isOnePlace(a, b) && !OutputFile.isOnePlace(a, "-") && !OutputFile.isOnePlace("-", a))
    #expect(!OutputFile.isOnePlace("/dev/null", "/dev/null"))
    try OutputFile.write("x", to: a)
    #expect(!OutputFile.isOnePlace(a, b))
    try FileManager.default.createSymbolicLink(atPath: b, withDestinationPath: "a")
    #expect(OutputFile.isOnePlace(a, b))
    #expect(link(a, folder.path("c")) == 0)
    #expect(OutputFile.isOnePlace(a, folder.path("c")))
  }

  @Test func theEndingChoosesTheForm() throws {
    #expect(try MetricsWriter.Format(path: "a/m.csv") == .csv)
    #expect(try MetricsWriter.Format(path: "m.JSONL") == .jsonLines)
    #expect(try MetricsWriter.Format(path: "-") == .csv)
    let error = #expect(throws: InputError.self) { try MetricsWriter.Format(path: "m.txt") }
    #expect(error?.description == "m.txt: found no known ending, expected .csv or .jsonl")
  }
}
