import GradientFlow
import RecurrentNetworks
import Testing
import Training

@testable import Instruments

/// The gradient over space and time, and a round of clients, as instruments read them.
@Suite struct SpaceTimeTests {
  private func pass(_ settings: [String: String], updates: Int = 3) throws -> PassView {
    let run = try TrainingRun(experiment: Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) }))
    for _ in 0..<updates { run.trainOnce() }
    return PassView(run.snapshot())
  }

  private func reading(kernel: Int, step: Int? = nil) throws -> (SpaceTimeInstrument.Reading, PassView) {
    let pass = try pass([
      "task.name": "bar", "task.length": "12", "training.batch": "2", "network.kind": "convolutional",
      "network.hidden": "32", "network.kernel": "\(kernel)",
    ])
    let budget = Budget(.unlimited)
    return (try #require(SpaceTimeInstrument.read(pass, Focus(step: step), budget)), pass)
  }

  @Test(
    "the loss of a cell reaches a cone of (k - 1)/2 cells a step, and exactly nothing outside", arguments: [1, 3, 5])
  func cone(kernel: Int) throws {
    let (reading, _) = try reading(kernel: kernel)
    let reach = (kernel - 1) / 2
    #expect(reading.lossStep == 11)
    for cell in 0..<16 {
      for step in 0..<12 {
        let isInside = abs(cell - reading.lossCell) <= reach * (11 - step)
        #expect((reading.one[cell * 12 + step] > -.infinity) == isInside, "cell \(cell), step \(step)")
      }
    }
    #expect(reading.speed == Double(reach))
  }

  @Test("nothing comes from a loss to later steps; the frames are the task's, the expected ones the network's answer")
  func earlierLoss() throws {
    let (reading, pass) = try reading(kernel: 3, step: 5)
    #expect(reading.lossStep == 5)
    for cell in 0..<16 { #expect(reading.one[cell * 12 + 6] == -.infinity) }
    let data = pass.snapshot.data
    #expect(reading.frames[3 * 12 + 7] == data.x[7 * 2 * 16 + 3])
    // ½ Σ (y - d)² of sequence 1 is the loss that the pass has of it.
    guard case .values(let targets) = data.target else { return #expect(Bool(false), "values") }
    let loss = try #require(pass.recording).loss
    for step in 0..<12 {
      let sum = (0..<16).reduce(0.0) {
        let error = reading.predicted[$1 * 12 + step] - targets[step * 2 * 16 + $1]
        return $0 + error * error / 2
      }
      #expect(abs(sum - loss[step * 2]) < 1e-12 * sum)
    }
  }

  @Test("all losses together are the pass's own gradient")
  func allLosses() throws {
    let (reading, pass) = try reading(kernel: 3)
    let gradient = try #require(pass.recording).stateGradients(layer: 0)
    for cell in 0..<16 {
      for step in 0..<12 {
        let start = (step * 2 * 16 + cell) * 2
        let norm = gradient[start..<start + 2].reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(Log10.of(norm) - reading.all[cell * 12 + step]) < 1e-9)
      }
    }
  }

  @Test("the round that is read is the update that comes: its gradient, its trends, its arrays")
  func round() throws {
    let pass = try pass([
      "task.length": "12", "training.batch": "8", "network.hidden": "6", "training.federated.clients": "4",
      "training.federated.local_updates": "3", "training.federated.skew": "1",
    ])
    let reading = try #require(FederatedInstrument.read(pass, Focus(), Budget(.unlimited)))
    #expect(pass.updateGradient() == reading.round.gradient)
    let trend = FederatedInstrument.trend(reading)
    #expect(Set(trend.keys).union(["epsilon"]) == Set(FederatedInstrument.trendNames))
    #expect(trend["clipped"] == 0)
    #expect(FederatedInstrument.arrays(reading).first { $0.name == "update_cosines" }?.shape == [4, 4])
    // Triangle inequality: the mean is no longer than what it is the mean of.
    #expect(reading.round.norm <= reading.meanNorm * (1 + 1e-12))
    #expect(reading.gradientCosine < 1 && reading.round.spread > 0)
  }

  @Test("where all data are in one place there is no round, and it is said why")
  func noClients() throws {
    let budget = Budget(.unlimited)
    #expect(FederatedInstrument.read(try pass(["task.length": "12"]), Focus(), budget) == nil)
    #expect(budget.reason?.contains("training.federated.clients above 1") == true)
  }
}
