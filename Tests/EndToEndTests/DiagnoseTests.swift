import Foundation
import Testing

/// `diagnose` as a reader and a script meet it.
@Suite struct DiagnoseTests {
  private static let demos = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Demos/experiments").standardizedFileURL

  private struct File: Decodable {
    struct Finding: Decodable {
      struct Remedy: Decodable {
        struct Trial: Decodable { var verdict: String, updates: Int, difference: Double, standardError: Double }
        var settings: [String: String], trial: Trial?
      }
      var id: String, severity: String, sentence: String, remedies: [Remedy]
    }
    var updates: Int, findings: [Finding]
  }

  private static func file(_ arguments: [String]) throws -> File {
    let (status, output) = try runTool(Bpttop.path, ["diagnose", "--json"] + arguments)
    #expect(status == 0, "\(output)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(File.self, from: Data(output.utf8))
  }

  @Test func helpsTheBuiltInExperiment() throws {
    let file = try Self.file([])
    let first = try #require(file.findings.first)
    #expect(first.id == "gradient.vanishes" && first.severity == "serious" && file.updates == 300)
    let trial = try #require(first.remedies.compactMap(\.trial).last)
    #expect(trial.verdict == "helps" && trial.difference > 10 * trial.standardError)
  }

  @Test(
    "nothing serious is found in an experiment with a criterion",
    arguments: [
      "adding-gru", "adding", "copy", "latch", "parity", "reber", "recall", "sine", "temporal-order",
    ])
  func sound(name: String) throws {
    let path = Self.demos.appendingPathComponent(name + ".yaml").path
    let file = try Self.file([path, "--untried"])
    #expect(file.findings.filter { $0.severity == "serious" }.map(\.sentence) == [])
    #expect(file.findings.contains { $0.severity == "fine" })
  }

  @Test func refuses() throws {
    let (status, output) = try runTool(Bpttop.path, ["diagnose", "--updates", "-1"])
    #expect(status == 2 && output.contains("expected a whole number from 0"), "\(output)")
    let (other, words) = try runTool(Bpttop.path, ["diagnose", "--set", "training.k3=1"])
    #expect(other == 2 && words.contains("training.k3"), "\(words)")
  }
}
