import Glibc

/// How the learning rate falls.
public enum ScheduleKind: String, CaseIterable, Sendable {
  /// It stays.
  case constant
  /// By `factor` at once, every so many updates.
  case step
  /// By `factor` in so many updates, by the same factor at each.
  case exponential
  /// Along half a cosine.
  case cosine
}

/// The learning rate as a pure function of the number of updates done, so that going back in time changes nothing.
public struct LearningRateSchedule: Equatable, Sendable {
  /// How it falls after the warm-up.
  public var kind = ScheduleKind.constant
  /// The updates before the first that has the whole learning rate.
  public var warmup = 0
  /// The updates in which it falls by `factor` (step, exponential).
  public var every = 1000
  /// What is left after `every` updates (step, exponential).
  public var factor = 0.5
  /// The updates from the warm-up to the end of the fall (cosine).
  public var updates = 10_000
  /// The share of the learning rate that is left then (cosine).
  public var final = 0.0

  /// The defaults.
  public init() {}

  /// The share of the learning rate that the update after `done` updates has.
  ///
  /// PyTorch's `SequentialLR` of `LinearLR(start_factor=1/(W+1), total_iters=W)` and, from update W on, `StepLR`,
  /// `ExponentialLR` with gamma = factor^(1/every), or `CosineAnnealingLR` (at its end it stays there).
  public func share(after done: Int) -> Double {
    // (t+1)/(W+1)
    guard done >= warmup else { return Double(done + 1) / Double(warmup + 1) }
    let s = done - warmup
    return switch kind {
    case .constant: 1
    // factor^⌊s/every⌋
    case .step: pow(factor, Double(s / every))
    // factor^(s/every)
    case .exponential: pow(factor, Double(s) / Double(every))
    // f + (1-f) · ½(1 + cos(π s/S))
    case .cosine: final + (1 - final) * (1 + cos(.pi * Double(min(s, updates)) / Double(updates))) / 2
    }
  }
}

extension TrainingSpecification {
  /// The learning rate of the update after `done` updates.
  public func learningRate(after done: Int) -> Double { optimizer.learningRate * schedule.share(after: done) }
}
