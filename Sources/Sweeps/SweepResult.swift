import Experiments
import Foundation
import GradientFlow
import Instruments
import Training

/// What is measured of every run of a sweep.
public enum SweepMeasure: String, CaseIterable, Codable, Sendable {
  /// The mean of the last tenth of the losses, at most a hundred, and its standard deviation.
  case finalLoss = "final_loss", lossSpread = "loss_spread"
  /// The loss on sequences that training never sees.
  case heldOutLoss = "held_out_loss"
  /// The mean gradient norm before clipping and the share of clipped updates, over the same updates.
  case gradientNorm = "grad_norm", clippedShare = "clipped_share"
  /// The lag at which the product of Jacobians falls under 10 % at the end, the longest lag where it never does, and its
  /// mean factor a step.
  case horizon = "lag_10_percent", factor = "product_per_step"
  /// The update after which the experiment's criterion was met first.
  case solvedAt = "solved_at"

  /// Whether less is better.
  public var isCost: Bool { ![.horizon, .factor].contains(self) }

  /// What it is, in a few words.
  public var words: String {
    switch self {
    case .finalLoss: "final loss"
    case .lossSpread: "spread of the final loss"
    case .heldOutLoss: "held-out loss"
    case .gradientNorm: "gradient norm"
    case .clippedShare: "share of clipped updates"
    case .horizon: "lag where the product falls under 10 %, or the longest lag"
    case .factor: "factor of the product a step"
    case .solvedAt: "update at which it is solved"
    }
  }
}

/// What became of one run of a sweep.
public struct SweepResult: Codable, Equatable, Sendable {
  /// How a run ended.
  public enum Ending: String, Codable, Sendable { case done, exploded, refused }

  /// The run.
  public var point: SweepPoint
  /// The updates that were asked for, and those that were made.
  public var updates: Int, made = 0
  /// How it ended, and why where it was not done.
  public var ending = Ending.done, reason: String?
  /// What was measured; what could not be is left out.
  public var measures: [String: Double] = [:]

  /// A measure; nil where there is none.
  public subscript(_ measure: SweepMeasure) -> Double? {
    get { measures[measure.rawValue] }
    set { measures[measure.rawValue] = newValue?.isFinite == true ? newValue : nil }
  }

  /// Trains a point.
  ///
  /// - Parameters:
  ///   - point: the run.
  ///   - plan: the sweep that it is a point of.
  ///   - updates: the updates to make.
  ///   - memory: the bytes that a run may take.
  ///   - goOn: asked after every update; where it is false the run ends.
  /// - Returns: what was measured; nil where it was to end.
  public static func run(
    _ point: SweepPoint, of plan: SweepPlan, updates: Int, memory: Int, goOn: () -> Bool
  ) -> SweepResult? {
    var result = SweepResult(point: point, updates: updates)
    do {
      let source = try plan.source(of: point, memory: memory)
      let run: TrainingRun
      do {
        run = try TrainingRun(experiment: source.experiment, memory: memory)
      } catch .key(let error) {
        throw source.error(error)
      } catch .task(let error) {
        throw source.error(error)
      } catch {
        throw InputError(file: source.file, problem: "\(error)")
      }
      return result.train(run, memory: memory, goOn: goOn) ? result : nil
    } catch {
      (result.ending, result.reason) = (.refused, "\(error)")
      return result
    }
  }

  /// Trains to the end and measures; false where it was to end before.
  private mutating func train(_ run: TrainingRun, memory: Int, goOn: () -> Bool) -> Bool {
    let last = max(1, min(100, updates / 10))
    var records: [UpdateRecord] = []
    let criterion = run.experiment.solved.measure == .none ? nil : try? Evaluator(run.experiment, memory: memory)
    while run.update < updates, run.trainOnce() == .trained {
      guard goOn() else { return false }
      if run.update > updates - last, let record = run.newest { records.append(record) }
      if self[.solvedAt] == nil, let criterion, run.update.isMultiple(of: run.experiment.solved.every),
        criterion.evaluate(run.parameters).isSolved
      {
        self[.solvedAt] = Double(run.update)
      }
    }
    made = run.update
    if let explosion = run.explosion {
      ending = .exploded
      reason = "update \(explosion.update), step \(explosion.step): \(explosion.factor) is not finite"
      return true
    }
    measure(records)
    measureProduct(run)
    measureHeldOut(run, memory: memory)
    return true
  }

  private mutating func measure(_ records: [UpdateRecord]) {
    guard !records.isEmpty else { return }
    let count = Double(records.count)
    let mean = records.reduce(0) { $0 + $1.loss } / count
    self[.finalLoss] = mean
    self[.lossSpread] = (records.reduce(0) { $0 + ($1.loss - mean) * ($1.loss - mean) } / count).squareRoot()
    self[.gradientNorm] = records.reduce(0) { $0 + $1.gradientNorm } / count
    self[.clippedShare] = Double(records.filter { $0.clipScale < 1 }.count) / count
  }

  private mutating func measureProduct(_ run: TrainingRun) {
    let readings = Readings(
      PassView(run.snapshot()), ReadingRequest([HorizonInstrument.id]), budget: Budget(.unlimited))
    guard let horizon = readings[HorizonInstrument.self] else { return }
    self[.horizon] = Double(horizon.under10 ?? horizon.longest)
    self[.factor] = Log10.power(horizon.log10PerStep)
  }

  private mutating func measureHeldOut(_ run: TrainingRun, memory: Int) {
    var experiment = run.experiment
    experiment.solved.measure = .loss
    experiment.solved.sequences = 200
    guard let evaluator = try? Evaluator(experiment, memory: memory) else { return }
    self[.heldOutLoss] = evaluator.evaluate(run.parameters).value
  }
}
