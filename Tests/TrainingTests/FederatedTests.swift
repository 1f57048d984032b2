import RecurrentNetworks
import Testing

@testable import Training

/// Federated averaging against what it must come to in closed form.
@Suite struct FederatedTests {
  private func run(_ settings: [String: String]) throws -> TrainingRun {
    let common = [
      "task.length": "12", "training.batch": "12", "network.hidden": "8", "training.optimizer.name": "sgd",
      "training.optimizer.learning_rate": "0.1", "training.clip.kind": "none",
    ]
    return try TrainingRun(
      experiment: Experiment().setting(common.merging(settings) { $1 }.map { Setting(key: $0.key, value: $0.value) }))
  }

  private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) }.max() ?? .nan
  }

  @Test(
    "one local step of every client is gradient descent over all rows, however they are dealt",
    arguments: [("recurrent", "0"), ("recurrent", "1"), ("transformer", "0"), ("transformer", "0.5")])
  func oneLocalUpdate(kind: String, skew: String) throws {
    let central = try run(["network.kind": kind])
    let federated = try run([
      "network.kind": kind, "training.federated.clients": "4", "training.federated.skew": skew,
    ])
    for _ in 0..<5 {
      central.trainOnce()
      federated.trainOnce()
    }
    #expect(largestDifference(central.parameters, federated.parameters) < 1e-14)
    #expect(abs((central.newest?.loss ?? .nan) - (federated.newest?.loss ?? .nan)) < 1e-14)
    #expect(central.update == 5 && federated.update == 5)
  }

  @Test("an optimizer with memory takes the average as its gradient: the same as over all rows")
  func serverOptimizer() throws {
    let central = try run(["training.optimizer.name": "adam"])
    let federated = try run([
      "training.optimizer.name": "adam", "training.federated.clients": "3", "training.federated.rate": "0.5",
    ])
    for _ in 0..<5 {
      central.trainOnce()
      federated.trainOnce()
    }
    // A gradient near 0 is divided by its own size: what rounding moves grows there.
    #expect(largestDifference(central.parameters, federated.parameters) < 1e-9)
  }

  /// The weights after E steps of gradient descent on fixed rows, by runs that were handed them.
  private func descended(_ data: SequenceBatch, from start: [Double], steps: Int) throws -> [Double] {
    var given = TrainingRun.Start()
    (given.data, given.parameters) = (data, start)
    let settings = [
      ("task.length", "12"), ("network.hidden", "8"), ("training.optimizer.name", "sgd"),
      ("training.optimizer.learning_rate", "0.1"), ("training.clip.kind", "none"),
    ]
    let run = try TrainingRun(
      experiment: Experiment().setting(settings.map { Setting(key: $0.0, value: $0.1) }), start: given)
    for _ in 0..<steps { run.trainOnce() }
    return run.parameters
  }

  @Test("a round is the mean of what each client comes to by itself", arguments: [1, 3, 7])
  func localUpdates(steps: Int) throws {
    let run = try run([
      "training.federated.clients": "3", "training.federated.local_updates": "\(steps)",
      "training.federated.skew": "1",
    ])
    let start = run.parameters, data = run.engine.data
    let alone = try data.dealt(to: 3, skew: 1).map {
      try descended(data.only(sequences: $0), from: start, steps: steps)
    }
    run.trainOnce()
    let mean = start.indices.map { k in alone.reduce(0) { $0 + $1[k] } / 3 }
    #expect(largestDifference(run.parameters, mean) < 1e-14)
    #expect(run.parameters != start)
  }

  @Test("what a round tells of clients is what the update does with them: norms, clipping, the average")
  func clippedRound() throws {
    let run = try run([
      "training.federated.clients": "4", "training.federated.local_updates": "2", "training.federated.skew": "1",
      "training.federated.clip": "0.01",
    ])
    let round = try #require(run.snapshot().federatedRound())
    let start = run.parameters
    run.trainOnce()
    let moved = zip(run.parameters, start).map { $0 - $1 }
    #expect(abs(euclidean(moved) - round.norm) < 1e-14)
    #expect(round.norm <= 0.01 + 1e-15)
    #expect(round.clients.contains { $0.scale < 1 })
    for client in round.clients { #expect(client.norm * client.scale <= 0.01 + 1e-15) }
    for k in 0..<4 { #expect(abs(round.updateCosines[k * 4 + k] - 1) < 1e-12) }
    #expect(abs(round.updateCosines[1] - round.updateCosines[4]) < 1e-15)
  }

  private func euclidean(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test("clients with the same rows do the same: cosines of 1, no spread")
  func sameRows() throws {
    let run = try run(["training.batch": "1"])
    let one = run.engine.data
    var given = TrainingRun.Start()
    given.data = one.only(sequences: [0, 0, 0])
    let clones = try TrainingRun(
      experiment: run.experiment.setting([Setting(key: "training.batch", value: "3")]).setting([
        Setting(key: "training.federated.clients", value: "3")
      ]), start: given)
    let round = try #require(clones.snapshot().federatedRound())
    #expect(round.gradientCosines.allSatisfy { abs($0 - 1) < 1e-12 })
    #expect(round.spread < 1e-12)
  }

  @Test("rows are dealt once each, and skewed ones by their targets")
  func dealing() throws {
    let data = try run(["training.batch": "24"]).engine.data
    guard case .classes(let classes) = data.target else { return #expect(Bool(false), "classes") }
    func labels(_ rows: [Int]) -> [Int32] { rows.map { classes[(data.steps - 1) * 24 + $0] } }
    for skew in [0, 0.3, 1] {
      #expect(data.dealt(to: 4, skew: skew).flatMap { $0 }.sorted() == Array(0..<24))
    }
    let sorted = data.dealt(to: 4, skew: 1).flatMap(labels)
    #expect(sorted == sorted.sorted())
    #expect(data.dealt(to: 4, skew: 0) == (0..<4).map { Array($0 * 6..<$0 * 6 + 6) })
  }

  @Test(
    "a round with samples and noise is trained again bit for bit after a rewind, and by a session",
    arguments: Precision.allCases, ["recurrent", "tree"])
  func rewind(precision: Precision, kind: String) throws {
    let run = try run([
      "network.kind": kind, "precision": precision.rawValue, "training.federated.clients": "4",
      "training.federated.fraction": "0.5", "training.federated.local_updates": "2", "training.federated.clip": "0.5",
      "training.federated.noise": "0.3",
    ])
    for _ in 0..<4 { run.trainOnce() }
    let middle = run.checkpoint()
    for _ in 0..<4 { run.trainOnce() }
    let end = run.parameters
    run.rewind(by: 4)
    for _ in 0..<4 { run.trainOnce() }
    #expect(run.parameters == end)
    let other = try TrainingRun(resuming: RunCheckpoint(fields: middle.fields, arrays: middle.arrays))
    for _ in 0..<4 { other.trainOnce() }
    #expect(other.parameters == end)
  }

  @Test("clients come and go while it trains; undo brings back what was there")
  func changes() throws {
    let run = try run([:])
    run.trainOnce()
    _ = try run.change([Setting(key: "training.federated.clients", value: "4")])
    #expect(run.trainOnce() == .trained)
    _ = try run.change([Setting(key: "training.batch", value: "8")])
    #expect(run.trainOnce() == .trained)
    _ = try run.undo()
    _ = try run.undo()
    #expect(run.snapshot().federatedRound() == nil)
  }

  private struct Case: Decodable {
    let probability: Double, noise: Double, rounds: Double, delta: Double, epsilon: Double
    let divergences: [String: Double]
  }

  @Test("divergences and ε are those that Python computes in 30 digits; Abadi et al. 2016 have 1.26 as a bound")
  func accountant() throws {
    let cases = try fixture("privacy", as: [Case].self)
    #expect(cases.count == 5)
    for known in cases {
      for (order, expected) in known.divergences {
        let found = SampledGaussian.divergence(
          order: try #require(Double(order)), probability: known.probability, noise: known.noise)
        #expect(abs(found - expected) <= 1e-9 * expected + 1e-13, "\(known.probability) \(known.noise) \(order)")
      }
      let divergences = SampledGaussian.orders.map {
        known.rounds * SampledGaussian.divergence(order: $0, probability: known.probability, noise: known.noise)
      }
      let epsilon = SampledGaussian.epsilon(divergences, delta: known.delta)
      #expect(abs(epsilon - known.epsilon) < 1e-7 * known.epsilon)
    }
    // "Deep learning with differential privacy", section 3.2: q = 0.01, z = 4, δ = 1e-5, 10,000 steps.
    #expect(cases[0].epsilon < 1.26 && cases[0].epsilon > 1)
  }

  @Test("the budget follows the noise that each round was made with, and a round without noise has none")
  func budget() throws {
    let run = try run([
      "training.federated.clients": "4", "training.federated.clip": "0.5", "training.federated.noise": "2",
    ])
    #expect(run.snapshot().privacy?.epsilon == 0)
    for _ in 0..<3 { run.trainOnce() }
    let three = try #require(run.snapshot().privacy)
    _ = try run.change([Setting(key: "training.federated.noise", value: "1")])
    for _ in 0..<2 { run.trainOnce() }
    let five = try #require(run.snapshot().privacy)
    // Without sampling: D = 3 α/8 + 2 α/2.
    let expected = SampledGaussian.epsilon(SampledGaussian.orders.map { 3 * $0 / 8 + $0 }, delta: 1e-5)
    #expect(abs(five.epsilon - expected) < 1e-12)
    #expect(five.epsilon > three.epsilon && five.rounds == 5)
    _ = try run.change([Setting(key: "training.federated.noise", value: "0")])
    #expect(run.snapshot().privacy == nil)
    run.trainOnce()
    _ = try run.change([Setting(key: "training.federated.noise", value: "1")])
    #expect(run.snapshot().privacy?.epsilon == .infinity)
    #expect(run.snapshot().privacy?.roundsWithoutNoise == 1)
  }

  @Test("the noise has the deviation that the settings say")
  func noise() throws {
    let settings = [
      "network.hidden": "40", "training.federated.clients": "4", "training.federated.clip": "0.01",
      "training.federated.noise": "3",
    ]
    let run = try run(settings)
    let start = run.parameters
    run.trainOnce()
    // Δ̄ is at most S; the noise is z S/K on each of so many weights.
    let moved = euclidean(zip(run.parameters, start).map { $0 - $1 })
    let expected = 3 * 0.01 / 4 * Double(start.count).squareRoot()
    #expect(abs(moved - expected) < 0.1 * expected)
  }

  @Test(
    "what makes no sense says why and what to choose",
    arguments: [
      (["training.batch": "10"], "training.batch: found 10, expected a multiple of training.federated.clients 4"),
      (["training.algorithm": "rtrl"], "training.algorithm: found rtrl, expected bptt"),
      (["training.k1": "2"], "training.k1: found 2, expected full"),
      (["training.reduction": "sum"], "expected mean"),
      (["task.name": "text"], "task.carry: found state, expected reset"),
      (
        ["training.federated.noise": "1"],
        "only training.federated.clients above 1 with a training.federated.clip reads it"
      ),
      (["training.federated.clients": "1", "training.federated.skew": "1"], "only training.federated.clients above 1"),
    ])
  func refusals(settings: [String: String], words: String) throws {
    let all = ["training.batch": "8", "training.federated.clients": "4"].merging(settings) { $1 }
    let error = #expect(throws: (any Error).self) {
      var experiment = Experiment()
      for (key, value) in all.sorted(by: { $0.key > $1.key }) { try experiment.set(key, value) }
      try experiment.validate()
    }
    #expect("\(try #require(error))".contains(words), "\(String(describing: error))")
  }
}
