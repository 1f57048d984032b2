import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Instruments
@testable import Training

@Suite("The flow matrix of an update's own pass") struct FlowTallyTests {
  /// Keeps the matrix of each update.
  private final class Follower: UpdateObserver {
    let tally: FlowTally
    var matrix: FlowMatrix?

    init(_ network: NetworkSpecification) { tally = FlowTally(network) }

    func begin<S: Scalar>(_ pass: Pass<S>, window: Range<Int>) {}
    func see<S: Scalar>(_ block: BackwardBlock<S>) {}
    func seeGradient<S: Scalar>(of pass: Pass<S>, norm: Double) {
      tally.follow(pass)
      matrix = tally.matrix
    }
  }

  private static let cells: [[String: String]] = [
    [:], ["network.layers": "2"], ["network.cell": "lstm"], ["network.cell": "lstm", "network.layers": "2"],
    ["network.cell": "gru"], ["network.cell": "gru", "network.layers": "2"], ["network.cell": "janet"],
    ["network.cell": "leaky", "network.beta": "0.4"], ["network.activation": "relu"],
    ["network.activation": "sigmoid", "network.init.scale": "1e-3"], ["precision": "float32"],
    ["precision": "float32", "network.cell": "lstm"], ["task.name": "sine"], ["task.name": "adding"],
    ["task.name": "temporal-order"],
  ]

  /// Of sequences of 24 steps, 3 have all their losses followed, and of 1 eight are.
  @Test("it is the flow instrument's, term by term", arguments: cells, [1, 3])
  func agree(_ settings: [String: String], _ batch: Int) throws {
    let sizes = [
      "task.name": "copy", "task.length": "24", "network.hidden": "6", "training.batch": String(batch),
    ]
    let run = try TrainingRun(experiment: Fixture.experiment(sizes.merging(settings) { $1 }))
    let follower = Follower(run.experiment.network)
    // Of single precision the update's own numbers are the tape's to rounding.
    let tolerance = run.experiment.precision == .float64 ? 1e-12 : 1e-5
    for _ in 0..<3 {
      let whole = FlowMatrix(run.snapshot().tape())
      let expected = whole.ofSomeLosses(FlowTally.losses(batch: batch))
      #expect(run.trainOnce(observer: follower) == .trained)
      let found = try #require(follower.matrix)
      #expect(found.rows == expected.rows && found.steps == expected.steps)
      #expect(batch == 1 || found.rows == whole.rows)
      for (found, expected) in zip(found.log10, expected.log10) {
        #expect(found == expected || (found - expected).magnitude <= tolerance * max(1, expected.magnitude))
      }
    }
  }

  @Test("a batch that grows and shrinks has its own losses followed")
  func sizesChange() throws {
    var experiment = try Fixture.experiment(["task.name": "copy", "task.length": "30", "training.batch": "1"])
    let follower = Follower(experiment.network)
    for batch in [1, 4, 2, 1] {
      experiment.training.batch = batch
      let run = try TrainingRun(experiment: experiment)
      let expected = FlowMatrix(run.snapshot().tape()).ofSomeLosses(8 * batch)
      #expect(run.trainOnce(observer: follower) == .trained)
      let found = try #require(follower.matrix)
      #expect(found.rows == expected.rows && found.rows.count == min(8 * batch, found.steps))
      #expect((found.meanLag - expected.meanLag).magnitude <= 1e-12 * expected.meanLag)
    }
  }
}
