import Experiments
import Foundation
import Testing
import Training

/// The experiments that ship with the program.
@Suite struct DemoTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Demos/experiments").standardizedFileURL.path
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
    $0.hasSuffix(".yaml")
  }.sorted()

  @Test func thereAreEnough() { #expect(Self.names.count >= 8) }

  /// Each loads, says what to look at and what to press, and trains its first updates; `exploding` is true to its name.
  @Test(arguments: names)
  func loadsAndTrains(name: String) throws {
    let path = Self.folder + "/" + name
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("# Look at:") && text.contains("# Press:"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    let run = try TrainingRun(experiment: ExperimentFile.read(path: path))
    for _ in 0..<3 where run.trainOnce() == .exploded { break }
    #expect((run.explosion != nil) == (name == "exploding.yaml"))
  }
}
