import Foundation

/// Learning rates that are too small or too large.
enum LearningRateRules {
  static let all: [Diagnosis.Rule] = [large, small, apt]

  /// ‖Δw‖/‖w‖ of an update: under the first nothing is learned in thousands of updates, over the second the weights of ten
  /// updates ago are forgotten; between lies what usually serves.
  static let least = 3e-5, most = 0.1, usual = 1e-3

  private static func remedies(_ evidence: Evidence, _ step: Double) -> [Remedy] {
    guard step > 0, step.isFinite, evidence.learningRate > 0 else { return [] }
    let rate = evidence.learningRate * usual / step
    return [Remedy(["training.optimizer.learning_rate": Wording.setting(rate)])]
  }

  private static let large: Diagnosis.Rule = { evidence in
    let rate = Wording.number(evidence.learningRate)
    let step = evidence.relativeStep ?? .nan
    let moved = step.isFinite ? ": an update moves the weights by \(Wording.percent(step)) of their norm" : ""
    let grows = evidence.first[HorizonInstrument.self].map { $0.log10PerStep > log10(1.02) } ?? false
    if let explosion = evidence.explosion, !grows {
      return [
        Finding(
          "rate.large", .grave,
          "The learning rate \(rate) is too large\(moved), and at update \(explosion.update) \(explosion.factor) is not finite at step \(explosion.step).",
          remedies: remedies(evidence, step.isFinite ? step : 1))
      ]
    }
    guard let losses = evidence.losses, losses.updates >= 20 else { return [] }
    let base = max(losses.guessing?.loss ?? losses.first, 0)
    let isWorse = losses.last > 1.3 * base + losses.uncertainty, isWild = step > most && !evidence.hasLearned
    guard isWorse && (step > usual || step.isNaN) || isWild else {
      guard losses.last > losses.first + max(losses.uncertainty, 0.05 * abs(losses.first)), step > usual else { return [] }
      return [
        Finding(
          "rate.large", .costly,
          "The loss has risen from \(Wording.number(losses.first)) to \(Wording.number(losses.last)) at the learning rate \(rate)\(moved).",
          remedies: remedies(evidence, 10 * step))
      ]
    }
    let against = losses.guessing.map { ", where \($0.name) gives \(Wording.number($0.loss))" } ?? ""
    return [
      Finding(
        "rate.large", .grave,
        "The learning rate \(rate) is too large\(moved), the loss is \(Wording.number(losses.last))\(against).",
        remedies: remedies(evidence, step))
    ]
  }

  private static let small: Diagnosis.Rule = { evidence in
    guard let losses = evidence.losses, losses.updates >= 20, let step = evidence.relativeStep, evidence.explosion == nil
    else { return [] }
    // What clipping takes is not the rate's doing; where no gradient comes, no rate helps.
    let unclipped = evidence.isAdaptive ? step : step / max(evidence.clipScale, 1e-300)
    let norm = evidence.last[ClippingInstrument.self]?.quantile(0.5) ?? 0
    guard unclipped < least, norm > 1e-6 || evidence.learningRate == 0, !losses.isFalling, losses.floor.map({ losses.last > 1.05 * $0.loss }) ?? true
    else { return [] }
    return [
      Finding(
        "rate.small", .grave,
        "The learning rate \(Wording.number(evidence.learningRate)) is far too small: an update moves the weights by \(Wording.number(step)) of their norm, and over \(losses.updates) updates the loss has not moved from \(Wording.number(losses.last)).",
        remedies: evidence.learningRate == 0
          ? [Remedy(["training.optimizer.learning_rate": "0.01"])] : remedies(evidence, unclipped))
    ]
  }

  private static let apt: Diagnosis.Rule = { evidence in
    guard let step = evidence.relativeStep, let losses = evidence.losses, losses.updates >= 20, evidence.explosion == nil,
      step >= least, step <= most, losses.last <= losses.first + losses.uncertainty
    else { return [] }
    return [
      Finding(
        "rate.apt", .sound,
        "The learning rate \(Wording.number(evidence.learningRate)) moves the weights by \(Wording.number(step)) of their norm an update, which is usual.")
    ]
  }
}
