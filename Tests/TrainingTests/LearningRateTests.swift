import RecurrentNetworks
import Testing

@testable import Training

private struct ScheduleFixture: Decodable {
  struct Case: Decodable {
    struct Settings: Decodable {
      var kind: String, warmup: Int
      var every: Int?, factor: Double?, updates: Int?, final: Double?
    }
    var settings: Settings
    var rates: [Double]
  }
  var cases: [Case]
}

@Suite("Learning rates, noise and clipped weights")
struct LearningRateTests {
  @Test("schedules are PyTorch's schedulers", arguments: 0..<12)
  func pytorch(index: Int) throws {
    let expected = try fixture("schedules", as: ScheduleFixture.self).cases[index]
    var schedule = LearningRateSchedule()
    schedule.kind = try #require(ScheduleKind(rawValue: expected.settings.kind))
    schedule.warmup = expected.settings.warmup
    schedule.every = expected.settings.every ?? schedule.every
    schedule.factor = expected.settings.factor ?? schedule.factor
    schedule.updates = expected.settings.updates ?? schedule.updates
    schedule.final = expected.settings.final ?? schedule.final
    #expect(relativeError(expected.rates.indices.map(schedule.share), expected.rates) < 1e-12)
    // Behind the end of the cosine nothing moves any more.
    if schedule.kind == .cosine { #expect(schedule.share(after: 1_000_000) == schedule.final) }
  }

  private func run(_ changes: [String: String]) throws -> TrainingRun {
    var experiment = Experiment()
    experiment.network.hidden = 6
    experiment.training.batch = 2
    experiment.training.optimizer.learningRate = 0.5
    for (key, value) in changes { try experiment.set(key, value) }
    return try TrainingRun(experiment: experiment)
  }

  @Test("the rate that was used is in the records, is what moves the weights, and is the same after going back")
  func records() throws {
    let run = try run([
      "training.schedule.kind": "cosine", "training.schedule.updates": "20", "training.schedule.warmup": "4",
    ])
    var moved: [Double] = []
    for update in 0..<30 {
      let before = run.parameters
      run.trainOnce()
      let step = zip(run.parameters, before).map { $0 - $1 }
      moved.append(step.reduce(0) { $0 + $1 * $1 }.squareRoot())
      let record = try #require(run.history.newest)
      #expect(record.learningRate == run.experiment.training.learningRate(after: update))
      // ‖Δw‖ = η ‖g clipped‖ of plain descent
      let expected = record.learningRate * record.gradientNorm * record.clipScale
      #expect(abs(moved[update] - expected) <= 1e-9 * max(expected, 1e-6))
    }
    #expect(moved[29] == 0 && run.history.recent[3].learningRate == 0.5 * 0.8)
    let (rates, parameters) = (run.history.recent.map(\.learningRate), run.parameters)
    run.rewind(by: 25)
    for _ in 0..<25 { run.trainOnce() }
    #expect(run.history.recent.map(\.learningRate) == rates && run.parameters == parameters)
  }

  @Test("noise has the variance η/(1+t)^γ, is the same again by seed and update, and comes back by rewinding")
  func noise() throws {
    let count = 20_000
    let gradient = UnsafeMutableBufferPointer<Double>.allocate(capacity: count)
    defer { gradient.deallocate() }
    func drawn(_ seed: UInt64, _ update: Int) -> [Double] {
      gradient.initialize(repeating: 0)
      _ = GradientNoise(variance: 0.3, decay: 0.55, seed: seed).add(to: gradient, after: update)
      return Array(gradient)
    }
    let all = [drawn(1, 0), drawn(1, 1), drawn(1, 999), drawn(2, 0)]
    for (noise, variance) in zip(all, [0.3, 0.20490, 0.3 * 0.022387, 0.3]) {
      // Mean 0 and variance σ² within five standard errors.
      let mean = noise.reduce(0, +) / Double(count)
      let square = noise.reduce(0) { $0 + $1 * $1 } / Double(count)
      #expect(abs(mean) < 5 * (variance / Double(count)).squareRoot())
      #expect(abs(square - variance) < 5 * variance * (2 / Double(count)).squareRoot())
      let fourth = noise.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(count)
      #expect(abs(fourth - 3 * variance * variance) < 5 * variance * variance * (96 / Double(count)).squareRoot())
    }
    // Between seeds and updates there is no likeness.
    for (a, b) in [(0, 1), (0, 3), (1, 2)] {
      let product = zip(all[a], all[b]).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
      #expect(abs(product) < 5 * 0.3 / Double(count).squareRoot())
    }
    #expect(drawn(1, 999) == all[2])

    let run = try run(["training.regularizer.noise": "0.01", "training.optimizer.name": "momentum"])
    let still = try self.run(["training.optimizer.name": "momentum"])
    for _ in 0..<40 {
      run.trainOnce()
      still.trainOnce()
    }
    let parameters = run.parameters
    #expect(parameters != still.parameters && parameters.allSatisfy(\.isFinite))
    run.rewind(by: 33)
    for _ in 0..<33 { run.trainOnce() }
    #expect(run.parameters == parameters)
  }

  @Test("clipped weights stay within the threshold, and the record says by how much they were clipped")
  func weights() throws {
    let run = try run(["training.clip.kind": "weight", "training.clip.threshold": "0.2"])
    for _ in 0..<20 {
      run.trainOnce()
      #expect(run.parameters.allSatisfy { abs($0) <= 0.2 })
    }
    #expect(run.history.recent.first.map { $0.clipScale < 1 } == true)
    let wide = try self.run(["training.clip.kind": "weight", "training.clip.threshold": "100"])
    let free = try self.run(["training.clip.kind": "none"])
    for _ in 0..<20 {
      wide.trainOnce()
      free.trainOnce()
    }
    #expect(wide.parameters == free.parameters && wide.history.recent.allSatisfy { $0.clipScale == 1 })
  }
}
