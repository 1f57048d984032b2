import Glibc
import RecurrentNetworks
import Testing

@testable import Training

private func experiment(_ settings: [String: String]) throws -> Experiment {
  var experiment = Experiment()
  // As a file is read: in the order of the keys.
  for key in ExperimentKey.all {
    if let value = settings[key.name] { try key.set(&experiment, value) }
  }
  return experiment
}

/// The parameters of a network, tensor by tensor; what is not named is 0.
private func parameters(_ layout: ParameterLayout, _ tensors: [String: [[Double]]]) throws -> [Double] {
  var parameters = [Double](repeating: 0, count: layout.count)
  for (name, rows) in tensors {
    let entry = try #require(layout[name])
    let values = rows.flatMap { $0 }
    try #require(values.count == entry.count)
    parameters.replaceSubrange(entry.range, with: values)
  }
  return parameters
}

@Suite("The criterion, on networks whose weights are set by hand")
struct EvaluatorTests {
  /// h = (parity ∧ …): two threshold units, x∨p and x∧p of the bit x and the parity p = h₁ - h₂ before, so that their
  /// difference is x ⊕ p.
  private func parityNetwork(_ layout: ParameterLayout) throws -> [Double] {
    let k = 100.0
    return try parameters(
      layout,
      [
        // Symbols 0 and 1 one-hot: x is the second input. σ(k (x + p - ½)) and σ(k (x + p - 1½)).
        "weight_ih_l0": [[0, k], [0, k]], "weight_hh_l0": [[k, -k], [k, -k]], "bias_ih_l0": [[-k / 2, -3 * k / 2]],
        // odd where h₁ - h₂ > ½
        "readout.weight": [[0, 0], [1, -1]], "readout.bias": [[0.5, 0]],
      ])
  }

  @Test("a network that computes parity answers everything right, and its mirror image everything wrong")
  func parity() throws {
    let experiment = try experiment([
      "task.name": "parity", "task.length": "300", "network.hidden": "2", "network.activation": "sigmoid",
      "solved.measure": "accuracy", "solved.sequences": "120",
    ])
    let evaluator = try Evaluator(experiment)
    let weights = try parityNetwork(evaluator.layout)
    #expect(evaluator.evaluate(weights) == Evaluation(value: 1, isSolved: true))
    #expect(evaluator.solves(weights))
    var mirrored = weights
    for index in try #require(evaluator.layout["readout.weight"]).range { mirrored[index] = -weights[index] }
    for index in try #require(evaluator.layout["readout.bias"]).range { mirrored[index] = -weights[index] }
    #expect(evaluator.evaluate(mirrored) == Evaluation(value: 0, isSolved: false))
    #expect(!evaluator.solves(mirrored))
    // Two outputs that are the same are no answer; nor is one that is not a number.
    #expect(evaluator.evaluate([Double](repeating: 0, count: weights.count)).value == 0)
    #expect(!evaluator.solves([Double](repeating: .nan, count: weights.count)))
  }

  /// Linear units of which unit s begins as 1 where the first symbol is s, and keeps that.
  private func recallNetwork(_ layout: ParameterLayout, forgotten: Int? = nil) throws -> [Double] {
    func row(_ at: Int, _ count: Int) -> [Double] { (0..<count).map { $0 == at ? 1 : 0 } }
    return try parameters(
      layout,
      [
        "weight_ih_l0": (0..<8).map { $0 == forgotten ? row(-1, 10) : row($0, 10) },
        "weight_hh_l0": (0..<8).map { row($0, 8) }, "readout.weight": (0..<8).map { row($0, 8) },
      ])
  }

  @Test("recall: accuracy and flawless are the share of symbols kept, the loss is softmax's of one against seven")
  func recall() throws {
    var settings = [
      "task.name": "recall", "task.length": "40", "network.hidden": "8", "network.activation": "identity",
      "solved.measure": "accuracy", "solved.sequences": "777",
    ]
    for measure in ["accuracy", "flawless"] {
      settings["solved.measure"] = measure
      let evaluator = try Evaluator(experiment(settings))
      #expect(try evaluator.evaluate(recallNetwork(evaluator.layout)).value == 1)
      // Symbol 3 is not kept: counted in the data of the sequences themselves.
      var specification = TaskSpecification()
      specification.name = .recall
      specification.length = 40
      let task = try specification.makeTask(seed: 1)
      let firsts = (0..<16).flatMap { index -> [Int32] in
        Array((task.sequences(index: 1 << 31 + index, batch: 50, length: 40).symbols ?? [])[..<50])
      }
      let kept = firsts.prefix(777).count { $0 != 3 }
      let forgetful = try recallNetwork(evaluator.layout, forgotten: 3)
      #expect(evaluator.evaluate(forgetful) == Evaluation(value: Double(kept) / 777, isSolved: false))
      #expect(!evaluator.solves(forgetful))
      settings["solved.at_least"] = "0.8"
      let easier = try Evaluator(experiment(settings))
      #expect(easier.evaluate(forgetful).isSolved && easier.solves(forgetful))
      settings["solved.at_least"] = nil
    }
    settings["solved.measure"] = "loss"
    let loss: Double = log(exp(1.0) + 7) - 1
    for (most, isSolved) in [(loss + 1e-9, true), (loss - 1e-9, false)] {
      settings["solved.at_most"] = "\(most)"
      let evaluator = try Evaluator(experiment(settings))
      let weights = try recallNetwork(evaluator.layout)
      let found = evaluator.evaluate(weights)
      #expect(abs(found.value - loss) < 1e-12)
      #expect(found.isSolved == isSolved && evaluator.solves(weights) == isSolved)
    }
  }

  @Test("adding: always ½ has an error of 1/24 and is right where the mean is near ½; the mean of the marked is exact")
  func adding() throws {
    var settings = [
      "task.name": "adding", "task.length": "50", "network.hidden": "2", "network.activation": "relu",
      "solved.measure": "error", "solved.sequences": "4000", "solved.at_most": "0.0001",
    ]
    let error = try Evaluator(experiment(settings))
    var half = [Double](repeating: 0, count: error.layout.count)
    half[try #require(error.layout["readout.bias"]).offset] = 0.5
    // Standard error of the mean of 4,000 squares of variance 1/24: 1/24 · √(0.4·… )/√4000 < 0.001.
    #expect(abs(error.evaluate(half).value - 1 / 24) < 0.003)
    #expect(!error.evaluate(half).isSolved && !error.solves(half))
    // relu(u + m - 1) is u at the marks and 0 elsewhere; a second unit sums it up.
    settings["network.layers"] = "2"
    let stacked = try Evaluator(experiment(settings))
    let adder = try parameters(
      stacked.layout,
      [
        "weight_ih_l0": [[1, 1], [0, 0]], "bias_ih_l0": [[-1, 0]], "weight_ih_l1": [[1, 0], [0, 0]],
        "weight_hh_l1": [[1, 0], [0, 0]], "readout.weight": [[0.5, 0]],
      ])
    let found = stacked.evaluate(adder)
    #expect(found.value < 1e-30 && found.isSolved && stacked.solves(adder))
    // |mean of two - ½| < 0.04: 1 - (1 - 0.08)² of the triangular density.
    settings["network.layers"] = nil
    settings["solved.measure"] = "accuracy"
    settings["solved.at_most"] = nil
    let accuracy = try Evaluator(experiment(settings))
    #expect(abs(accuracy.evaluate(half).value - (1 - 0.92 * 0.92)) < 0.025)
  }

  @Test("reber: outputs that order the symbols wrongly in one place only are wrong there, whatever may come is right")
  func reber() throws {
    // A network that knows nothing but the symbol before: after B (inner or outer) T and P may follow, after T …; right
    // only where the legal ones are above all others, counted here by hand.
    let experiment = try experiment([
      "task.name": "reber", "task.length": "60", "network.hidden": "7", "network.activation": "identity",
      "solved.measure": "accuracy", "solved.sequences": "100",
    ])
    let evaluator = try Evaluator(experiment)
    func row(_ at: Int) -> [Double] { (0..<7).map { $0 == at ? 1 : 0 } }
    // y = what followed the symbol most: B → T P, T → …, by symbol B T P S X V E.
    let table: [Set<Int>] = [[1, 2], [1, 5], [1, 5], [3, 4], [3, 4], [2, 5], [0]]
    let weights = try parameters(
      evaluator.layout,
      [
        "weight_ih_l0": (0..<7).map(row),
        "readout.weight": (0..<7).map { symbol in (0..<7).map { table[$0].contains(symbol) ? 1 : 0 } },
      ])
    var specification = experiment.task
    specification.length = 60
    let task = try specification.makeTask(seed: 1)
    var right = 0, count = 0
    for index in 0..<2 {
      let data = task.sequences(index: 1 << 31 + index, batch: 50, length: 60)
      let legal = try #require(task.rightClasses(in: data)), symbols = try #require(data.symbols)
      for position in symbols.indices {
        let followers = Set((0..<7).filter { legal[position] >> UInt64($0) & 1 == 1 })
        count += 1
        right += table[Int(symbols[position])] == followers ? 1 : 0
      }
    }
    #expect(right > 1000 && right < count)
    #expect(evaluator.evaluate(weights).value == Double(right) / Double(count))
  }

  @Test("copy: only the ten recalled symbols are judged")
  func copy() throws {
    let experiment = try experiment([
      "task.name": "copy", "task.length": "40", "network.hidden": "1", "solved.measure": "accuracy",
    ])
    let evaluator = try Evaluator(experiment)
    // Always symbol 5: right in one of eight of what is recalled, and never at a blank.
    var constant = [Double](repeating: 0, count: evaluator.layout.count)
    constant[try #require(evaluator.layout["readout.bias"]).offset + 5] = 1
    #expect(abs(evaluator.evaluate(constant).value - 0.125) < 0.015)
    var blank = [Double](repeating: 0, count: evaluator.layout.count)
    blank[try #require(evaluator.layout["readout.bias"]).offset + 8] = 1
    #expect(evaluator.evaluate(blank).value == 0)
  }

  @Test("coin, a stream: knowing neither lag costs the entropy of 5/8, also over many sequences")
  func coin() throws {
    let experiment = try experiment([
      "task.name": "coin", "task.length": "20", "network.hidden": "1", "solved.measure": "loss",
      "solved.sequences": "5000", "solved.at_most": "0.6",
    ])
    let evaluator = try Evaluator(experiment)
    var constant = [Double](repeating: 0, count: evaluator.layout.count)
    constant[try #require(evaluator.layout["readout.bias"]).offset + 1] = log(5.0 / 3)
    // 100,000 answers: standard error of the mean 0.0008.
    #expect(abs(evaluator.evaluate(constant).value - 0.66156) < 0.004)
  }

  @Test("a fully recurrent network answers by its units: a constant answer is right for one symbol of eight")
  func classesOnUnits() throws {
    var settings = [
      "network.cell": "fully_recurrent", "network.activation": "sigmoid", "network.hidden": "9", "task.name": "recall",
      "task.length": "8", "solved.measure": "accuracy",
    ]
    let evaluator = try Evaluator(experiment(settings))
    // Without weights every unit is ½, and none the largest; one that the cue, symbol 9, drives is: W [9, 9 + 10].
    var parameters = [Double](repeating: 0, count: evaluator.layout.count)
    #expect(evaluator.evaluate(parameters).value == 0)
    parameters[try #require(evaluator.layout["weight"]).offset + 3 * 19 + 9 + 9] = 1
    #expect(abs(evaluator.evaluate(parameters).value - 0.125) < 0.04)
    // Every output ½: ½ · 8 · ¼, of which the loss is the mean.
    settings["solved.measure"] = "loss"
    let loss = try Evaluator(experiment(settings))
    #expect(abs(loss.evaluate([Double](repeating: 0, count: loss.layout.count)).value - 1) < 1e-12)
  }

  @Test("outputs that are not asked for at a step do not count")
  func someOutputs() throws {
    let experiment = try experiment([
      "network.cell": "fully_recurrent", "network.activation": "sigmoid", "network.hidden": "3",
      "task.name": "delayed-xor", "task.length": "31", "solved.measure": "error", "solved.at_most": "0.25001",
    ])
    let evaluator = try Evaluator(experiment)
    // Every unit ½, every target 0 or 1.
    let parameters = [Double](repeating: 0, count: evaluator.layout.count)
    #expect(evaluator.evaluate(parameters) == Evaluation(value: 0.25, isSolved: true))
    #expect(evaluator.solves(parameters))
  }

  @Test("what is asked is not what was trained on, and asking changes nothing")
  func fresh() throws {
    let experiment = try experiment([
      "task.name": "recall", "task.length": "10", "network.hidden": "8", "solved.measure": "loss",
    ])
    let (asked, unasked) = (try TrainingRun(experiment: experiment), try TrainingRun(experiment: experiment))
    let evaluator = try Evaluator(experiment)
    for _ in 0..<5 {
      asked.trainOnce()
      unasked.trainOnce()
      #expect(evaluator.evaluate(asked.parameters) == evaluator.evaluate(asked.parameters))
    }
    #expect(asked.parameters == unasked.parameters)
  }

  @Test("a criterion that makes no sense is refused, with what to choose")
  func refused() throws {
    func problem(_ settings: [String: String]) throws -> String? {
      let experiment = try experiment(settings)
      let error = #expect(throws: TrainingError.self) { _ = try Evaluator(experiment) }
      return error?.description
    }
    #expect(
      try problem([:]) == "solved.measure: found none, expected one of accuracy, flawless, loss, error")
    #expect(
      try problem(["solved.measure": "error"])
        == "solved.measure: found error, expected accuracy, flawless or loss with temporal-order, which is answered by classes"
    )
    #expect(
      try problem(["task.name": "text", "solved.measure": "loss"])
        == "solved.measure: found loss, expected none with text, which trains on its whole file: task.held_out keeps some of it to test on"
    )
    var changed = try experiment(["task.name": "adding", "solved.measure": "error"])
    try changed.set("task.name", "copy")
    #expect(changed.solved == SolvedSpecification())
  }
}

@Suite("Guessing")
struct GuessingTests {
  private func latch() throws -> Experiment {
    try experiment([
      "task.name": "latch", "task.length": "20", "network.hidden": "2", "solved.measure": "accuracy",
      "solved.at_least": "0.95", "solved.sequences": "200",
    ])
  }

  @Test("a trial is a function of the seed and its number; what solves the task does so by the criterion")
  func solves() throws {
    let experiment = try latch()
    let guessing = try Guessing(experiment), evaluator = try Evaluator(experiment)
    let found = try #require((0..<5000).first { guessing.trial($0) != nil })
    let weights = guessing.parameters(trial: found)
    #expect(evaluator.evaluate(weights) == guessing.trial(found))
    #expect(evaluator.evaluate(weights).isSolved)
    for trial in 0..<min(found, 200) {
      #expect(!evaluator.evaluate(guessing.parameters(trial: trial)).isSolved)
    }
    #expect(try Guessing(experiment).parameters(trial: found) == weights)
    var other = experiment
    other.seed = 2
    #expect(try Guessing(other).parameters(trial: found) != weights)
  }

  @Test("weights are uniform in ±range")
  func uniform() throws {
    var experiment = try latch()
    experiment.guess.range = 3
    let guessing = try Guessing(experiment)
    let all = (0..<500).flatMap { guessing.parameters(trial: $0) }
    #expect(all.allSatisfy { abs($0) <= 3 })
    // Variance range²/3 = 3, of 7,000 numbers; standard errors 0.021 and 0.032.
    let count = Double(all.count)
    #expect(abs(all.reduce(0, +) / count) < 0.1)
    #expect(abs(all.reduce(0) { $0 + $1 * $1 } / count - 3) < 0.15)
  }
}
