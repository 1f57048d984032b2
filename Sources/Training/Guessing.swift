import RecurrentNetworks

/// Learning by guessing: weights are drawn until they solve the task (Hochreiter & Schmidhuber 1996: some tasks that were held
/// for hard are solved so). A trial is a pure function of the experiment, its seed and the trial's number.
public final class Guessing {
  private let evaluator: Evaluator
  private let range: Double
  private let seed: UInt64

  /// Guesses for the network and the task of `experiment`, by its criterion.
  ///
  /// - Throws: what is wrong with the experiment, or that it has no criterion.
  public init(_ experiment: Experiment, memory: Int = 16 << 30) throws(TrainingError) {
    evaluator = try Evaluator(experiment, memory: memory)
    range = experiment.guess.range
    seed = experiment.seed
  }

  /// The parameters of trial `index`, all uniform in ±range.
  public func parameters(trial index: Int) -> [Double] {
    var random = CounterRandom(seed: seed, for: .guesses, index: UInt64(truncatingIfNeeded: index))
    return (0..<evaluator.layout.count).map { _ in range * (2 * random.uniform() - 1) }
  }

  /// Makes trial `index`: the measure of the guess where it solves the task, else nil.
  public func trial(_ index: Int) -> Evaluation? {
    let parameters = parameters(trial: index)
    return evaluator.solves(parameters) ? evaluator.evaluate(parameters) : nil
  }
}
