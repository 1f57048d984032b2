import Foundation
import Testing

/// `solve` and `guess` as a script meets them.
@Suite struct SolveTests {
  private static let latch = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Demos/experiments/latch.yaml").standardizedFileURL.path
  private static let small = [latch, "--set", "task.length=20", "--set", "solved.sequences=100"]

  @Test func solves() throws {
    let (status, output) = try runTool(Bpttop.path, ["solve"] + Self.small)
    #expect(status == 0)
    #expect(
      output.contains(/^solved after \d+ updates, [\d.]+ s: accuracy (1|0\.99\d*), at least 0\.99 is asked\n$/),
      "\(output)")
  }

  @Test func saysHowFarItCame() throws {
    let (status, output) = try runTool(
      Bpttop.path,
      ["solve"] + Self.small + ["--set", "solved.updates=1", "--set", "training.optimizer.learning_rate=0"])
    #expect(status == 1)
    #expect(output.hasPrefix("not solved in 1 updates"), "\(output)")
    #expect(output.contains("best accuracy 0.") && output.contains("at update 1, at least 0.99 is asked"), "\(output)")
  }

  @Test func measuresAtOtherLengths() throws {
    let (status, output) = try runTool(Bpttop.path, ["solve"] + Self.small + ["--lengths", "20,200"])
    #expect(status == 0)
    let found = try #require(
      output.firstMatch(of: /: accuracy ([\d.]+),.*\n  at n = 20: accuracy ([\d.]+)\n/), "\(output)")
    // The same sequences at the same length.
    #expect(found.output.1 == found.output.2)
    #expect(output.contains(/\n  at n = 200: accuracy [\d.]+\n$/), "\(output)")
    let (wrong, words) = try runTool(Bpttop.path, ["solve"] + Self.small + ["--lengths", "20,none"])
    #expect(wrong == 2 && words.contains("expected lengths from 1, as in 50,200"), "\(words)")
  }

  @Test func refusesWithoutACriterion() throws {
    let (status, output) = try runTool(Bpttop.path, ["solve"] + Self.small + ["--set", "solved.measure=none"])
    #expect(status == 2)
    #expect(output.contains("solved.measure: found none, expected one of accuracy, flawless, loss, error"), "\(output)")
  }

  @Test func guessesTheSameEveryTime() throws {
    let outputs = try (0..<2).map { _ in
      let (status, output) = try runTool(Bpttop.path, ["guess"] + Self.small + ["--set", "network.hidden=2"])
      #expect(status == 0, "\(output)")
      return try #require(output.firstMatch(of: /solved by guess (\d+), .* s: (accuracy [\d.]+)/)).output
    }
    #expect(outputs[0].1 == outputs[1].1 && outputs[0].2 == outputs[1].2)
    let (status, output) = try runTool(Bpttop.path, ["guess"] + Self.small + ["--trials", "1", "--seconds", "5"])
    #expect(status == 1)
    #expect(output.hasPrefix("bpttop: not solved by 1 guesses"), "\(output)")
  }
}
