import Experiments
import Foundation
import Instruments
import Testing

@testable import Sources

/// A diagnosis of what another program recorded.
@Suite struct RecordedRunTests {
  /// A folder with some windows, and lines.
  private func inFolder(_ windows: [String], _ lines: String, _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("recorded-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (number, fixture) in windows.enumerated() {
      try FileManager.default.copyItem(
        atPath: WatchedWindowTests.path(fixture),
        toPath: folder.appendingPathComponent("window-00000000\(number).safetensors").path)
    }
    if !lines.isEmpty {
      try lines.write(to: folder.appendingPathComponent("scalars.jsonl"), atomically: true, encoding: .utf8)
    }
    try body(folder.path)
  }

  private func lines(_ count: Int, from first: Double, to last: Double, more: String = "") -> String {
    (1...count).map { update in
      let loss = first + (last - first) * Double(update) / Double(count) + 0.001 * Double(update % 3)
      return "{\"update\": \(update), \"loss\": \(loss)\(more)}\n"
    }.joined()
  }

  @Test func lossesAndPassesAreTold() throws {
    try inFolder(["gru_1_40", "gru_1_40"], lines(100, from: 2, to: 1, more: ", \"grad_norm\": 0.5")) { folder in
      let run = try RecordedRun(path: folder)
      let findings = run.evidence.findings, ids = findings.map(\.id)
      #expect(run.faults.isEmpty && run.evidence.passes == 2)
      let falls = try #require(findings.first { $0.id == "loss.falls" })
      // The first tenth is 2 - 0.055 on average, the last quarter 1 + 0.12.
      #expect(
        falls.severity == .sound && falls.sentence.hasPrefix("The loss falls: from 1.95 to 1.12 in 100"),
        "\(falls.sentence)")
      let pass = try #require(run.evidence.last)
      let readings = Readings(PassView(pass), ReadingRequest(["horizon"]), budget: Budget(.patient))
      let horizon = try #require(readings[HorizonInstrument.self])
      if let ten = horizon.under10 {
        let fades = try #require(findings.first { $0.id == "gradient.fades" })
        #expect(fades.sentence.contains("10 % of the gradient is left after \(ten) step"))
      }
      // What was not recorded is said, and nothing is made of it.
      #expect(ids.contains("lacks.rate") && !ids.contains("lacks.norms") && !ids.contains("lacks.losses"))
      #expect(!ids.contains { $0.hasPrefix("rate.") })
      #expect(findings.sorted { $0.severity > $1.severity }.map(\.severity) == findings.map(\.severity))
    }
  }

  @Test func whatIsLackingIsSaid() throws {
    try inFolder(["lstm_1_13"], "") { folder in
      let ids = try RecordedRun(path: folder).evidence.findings.map(\.id)
      #expect(Set(["lacks.windows", "lacks.losses", "lacks.norms", "lacks.rate"]).isSubset(of: ids), "\(ids)")
      #expect(
        !ids.contains { $0.hasPrefix("loss.") || $0.hasPrefix("rate.") } && ids.contains { $0.hasPrefix("units.") })
    }
    try inFolder([], lines(50, from: 1, to: 1)) { folder in
      let findings = try RecordedRun(path: folder + "/scalars.jsonl").evidence.findings
      #expect(findings.map(\.id).contains("loss.stands") && findings.map(\.id).contains("lacks.windows"))
    }
    // A learning rate that the lines tell is the one that is spoken of.
    let rises = lines(100, from: 1, to: 9, more: ", \"learning_rate\": 0.25")
    try inFolder(["gru_1_13", "gru_1_13"], rises) { folder in
      let found = try RecordedRun(path: folder).evidence.findings.first { $0.id == "rate.large" }
      #expect(try #require(found).sentence.contains("0.25"))
    }
  }

  @Test func aWindowThatCannotBeReadIsPassedOverAndTold() throws {
    try inFolder(["gru_1_13", "gru_1_13"], lines(30, from: 2, to: 1)) { folder in
      try Data("nothing".utf8).write(to: URL(fileURLWithPath: folder + "/window-000000001.safetensors"))
      let run = try RecordedRun(path: folder)
      #expect(run.evidence.last != nil && run.faults.count == 1 && run.faults[0].contains("window-000000001"))
    }
    try inFolder([], "") { folder in
      try Data("nothing".utf8).write(to: URL(fileURLWithPath: folder + "/window-000000001.safetensors"))
      #expect(throws: InputError.self) { try RecordedRun(path: folder) }
    }
  }
}
