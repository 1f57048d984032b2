import Instruments
import RecurrentNetworks
import Testing
import Training

/// How two runs that go side by side differ.
@Suite struct LaneDifferenceTests {
  private func difference(_ first: Snapshot, _ second: Snapshot) throws -> LaneDifference {
    let request = ReadingRequest()
    return try #require(Analyst.read([.a: (first, request), .b: (second, request)], .unlimited).difference)
  }

  @Test(arguments: Fixture.kinds) func aRunAndItsCopyDoNotDiffer(_ kind: [String: String]) throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(kind), updates: 3)
    let difference = try difference(snapshot, snapshot)
    #expect(abs(difference.cosine - 1) < 1e-12 && difference.ratio == 1 && difference.weightDistance == 0)
    #expect(difference.updates == [3, 3])
    #expect(difference.sharedTensors == snapshot.layout.entries.count && difference.tensors == difference.sharedTensors)
  }

  @Test(arguments: [1, 4]) func twoRunsDifferByTheirTapes(_ updates: Int) throws {
    let a = try Fixture.snapshot(Fixture.experiment(["training.k1": "5", "training.k2": "8"]), updates: updates)
    let b = try Fixture.snapshot(
      Fixture.experiment(["training.k1": "5", "training.k2": "10", "seed": "2"]), updates: updates)
    let difference = try difference(a, b)
    let (gradientA, gradientB) = (a.tape().gradient, b.tape().gradient)
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    func norm(_ x: [Double]) -> Double { dot(x, x).squareRoot() }
    #expect(abs(difference.cosine - dot(gradientA, gradientB) / (norm(gradientA) * norm(gradientB))) < 1e-12)
    #expect(abs(difference.cosine) < 0.999)
    #expect(abs(difference.ratio / (norm(gradientB) / norm(gradientA)) - 1) < 1e-12)
    let distance = norm(zip(b.parameters, a.parameters).map { $0 - $1 }) / norm(a.parameters)
    #expect(abs(difference.weightDistance / distance - 1) < 1e-12 && distance > 0.1)
  }

  /// Only tensors of the same name and shape are compared: of an Elman network and an LSTM the readout.
  @Test func otherCellsShareTheReadout() throws {
    let a = try Fixture.snapshot(Fixture.experiment()),
      b = try Fixture.snapshot(Fixture.experiment(["network.cell": "lstm"]))
    let difference = try difference(a, b)
    let shared = a.layout.entries.filter { b.layout[$0.name]?.shape == $0.shape }
    #expect(difference.sharedTensors == shared.count && shared.count < difference.tensors && !shared.isEmpty)
    let (gradientA, gradientB) = (a.tape().gradient, b.tape().gradient)
    var (product, squares) = (0.0, (0.0, 0.0))
    for entry in shared {
      let other = try #require(b.layout[entry.name])
      for (x, y) in zip(gradientA[entry.range], gradientB[other.range]) {
        product += x * y
        squares.0 += x * x
        squares.1 += y * y
      }
    }
    #expect(abs(difference.cosine - product / (squares.0 * squares.1).squareRoot()) < 1e-12)
    #expect(abs(difference.ratio - (squares.1 / squares.0).squareRoot()) < 1e-12)
  }

  /// The gradient that trains is the algorithm's, and RTRL's is BPTT's before the first update.
  @Test func algorithmsAreComparedByWhatTheyTrainWith() throws {
    let plain = try Fixture.snapshot(Fixture.experiment(["training.k1": "full"]))
    let exact = try Fixture.snapshot(Fixture.experiment(["training.algorithm": "rtrl", "training.k1": "full"]))
    let approximate = try Fixture.snapshot(Fixture.experiment(["training.algorithm": "rflo", "training.k1": "full"]))
    let same = try difference(plain, exact), other = try difference(plain, approximate)
    #expect(abs(same.cosine - 1) < 1e-9 && abs(same.ratio - 1) < 1e-9 && same.weightDistance == 0)
    #expect(other.cosine < 1 - 1e-6 && other.weightDistance == 0)
  }

  @Test func oneLaneHasNoDifference() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment())
    #expect(Analyst.read([.a: (snapshot, ReadingRequest())], .unlimited).difference == nil)
    #expect(Analyst.read([.b: (snapshot, ReadingRequest())], .unlimited).difference == nil)
  }
}
