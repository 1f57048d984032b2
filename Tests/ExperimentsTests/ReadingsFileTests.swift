import Foundation
import GradientFlow
import Instruments
import Testing

@testable import Experiments
@testable import Training

/// The numbers on the screen as CSV and as JSON, read back by other means.
@Suite struct ReadingsFileTests {
  private func file(_ cell: String) throws -> (file: ReadingsFile, snapshot: Snapshot) {
    var experiment = Experiment()
    (experiment.task.name, experiment.task.length, experiment.network.hidden) = (.coin, 12, 3)
    try experiment.set("network.cell", cell)
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<3 { run.trainOnce() }
    let snapshot = run.snapshot()
    let request = ReadingRequest(["gradient-norm", "flow", "horizon", "loss", "spectrum", "time"])
    let readings = Readings(PassView(snapshot), request, budget: Budget(.unlimited))
    return (ReadingsFile([ReadingsFile.Lane("a", readings, experiment: experiment, steps: 1...12)]), snapshot)
  }

  @Test(arguments: ["elman", "lstm"]) func tablesHaveEveryNumber(_ cell: String) throws {
    let (file, snapshot) = try file(cell)
    let rows = file.csv.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(rows.first == ["lane", "update", "reading", "i", "j", "k", "value"])
    #expect(rows.allSatisfy { $0.count == 7 } && rows.dropFirst().allSatisfy { $0[0] == "a" && $0[1] == "3" })
    let flow = FlowMatrix(snapshot.tape())
    let cells = rows.filter { $0[2] == "flow.log10" }
    #expect(cells.count == flow.rows.count * 12 && cells.count > 12)
    for cell in cells {
      let row = try #require(Int(cell[3])) - 1, step = try #require(Int(cell[4])) - 1
      let value = flow[row, step]
      #expect(cell[5].isEmpty && (value.isFinite ? Double(cell[6]) == value : cell[6] == "-inf"))
    }
    let horizon = try #require(rows.first { $0[2] == "horizon.k2" })
    #expect(horizon[3...5].allSatisfy(\.isEmpty) && Double(horizon[6]) == 12)
  }

  @Test(arguments: ["elman", "lstm"]) func listsAreNested(_ cell: String) throws {
    let (file, snapshot) = try file(cell)
    let whole = try #require(try JSONSerialization.jsonObject(with: Data(file.json.utf8)) as? [String: Any])
    let lane = try #require((whole["lanes"] as? [[String: Any]])?.first)
    #expect(lane["lane"] as? String == "a" && lane["update"] as? Int == 3 && lane["last_step"] as? Int == 12)
    let settings = try ExperimentFile.parse(lane["experiment"] as? String ?? "", file: "json")
    #expect(settings == snapshot.experiment)
    let arrays = try #require(lane["arrays"] as? [String: Any])
    let norms = try #require(arrays["gradient-norm.log10_norm"] as? [[Any]])
    #expect(norms.count == 1 && norms[0].count == 12)
    for (value, expected) in zip(norms[0], GradientNorms.log10(snapshot.tape(), layer: 0)) {
      // There is no infinity in JSON.
      guard expected.isFinite else {
        #expect(value is NSNull)
        continue
      }
      let number = try #require(value as? Double)
      #expect(abs(number - expected) <= 1e-14 * abs(expected), "\(number) \(expected)")
    }
    #expect((arrays["loss.loss"] as? [Double])?.count == 3)
    #expect((arrays["time.h_l0"] as? [[Double]])?.map(\.count) == Array(repeating: 3, count: 12))
    #expect((lane["numbers"] as? [String: Double])?["horizon.k2"] == 12)
  }
}
