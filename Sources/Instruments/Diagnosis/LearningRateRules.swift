/// Learning rates that are too small or too large.
enum LearningRateRules {
  static let all: [Diagnosis.Rule] = [large, small, apt]

  /// ‖ΔW‖/‖W‖ of an update: under the first nothing is learned in thousands of updates, over the second a matrix is another one
  /// after a few; the third is usual.
  private static let least = 3e-5, most = 0.5, usual = 3e-3

  private static func remedies(_ evidence: Evidence, _ step: Double, fromStart: Bool = false) -> [Remedy] {
    guard step > 0, step.isFinite, evidence.learningRate > 0 else { return [] }
    let rate = evidence.learningRate * usual / step
    return [Remedy(["training.optimizer.learning_rate": Wording.setting(rate)], fromStart: fromStart)]
  }

  private static let large: Diagnosis.Rule = { evidence in
    let rate = Wording.number(evidence.learningRate)
    let largest = evidence.step?.largest ?? .nan
    let moved = largest.isFinite ? " An update has moved a matrix by \(Wording.percent(largest)) of its norm." : ""
    let begin = remedies(evidence, max(largest.isFinite ? largest : 1, 10 * usual), fromStart: true)
    let grows = evidence.first[HorizonInstrument.self].map { $0.log10PerStep > GradientRules.growing } ?? false
    if let explosion = evidence.explosion, !grows {
      return [
        Finding(
          "rate.large", .grave,
          "The learning rate \(rate) is too large.\(moved) At update \(explosion.update) \(explosion.factor) is not finite at step \(explosion.step).",
          remedies: begin)
      ]
    }
    guard let losses = evidence.losses, losses.updates >= 20, evidence.explosion == nil else { return [] }
    let known = max(losses.guessing?.loss ?? losses.first, 0)
    let isWorse = losses.last > 1.3 * known + losses.uncertainty && !(largest < 10 * usual)
    if isWorse || largest > most && !evidence.hasLearned {
      let against = losses.guessing.map { ", and \($0.name) gives \(Wording.number($0.loss))" } ?? ""
      return [
        Finding(
          "rate.large", .grave,
          "The learning rate \(rate) is too large.\(moved) The loss is \(Wording.number(losses.last))\(against).",
          remedies: begin)
      ]
    }
    guard losses.last > losses.first + max(losses.uncertainty, 0.05 * abs(losses.first)) else { return [] }
    return [
      Finding(
        "rate.large", .costly,
        "The loss has risen from \(Wording.number(losses.first)) to \(Wording.number(losses.last)) at the learning rate \(rate).\(moved)",
        remedies: remedies(evidence, 10 * usual))
    ]
  }

  private static let small: Diagnosis.Rule = { evidence in
    guard let losses = evidence.losses, losses.updates >= 20, let step = evidence.step?.median,
      evidence.explosion == nil
    else { return [] }
    // What clipping takes is not the rate's doing; where no gradient comes, no rate helps.
    let unclipped = evidence.isAdaptive ? step : step / max(evidence.clipScale, 1e-300)
    let norm = evidence.last[ClippingInstrument.self]?.quantile(0.5) ?? 0
    let isAtFloor = losses.floor.map { losses.last < 1.05 * $0.loss } ?? false
    guard unclipped < least, norm > 1e-6, !losses.isFalling, !isAtFloor else { return [] }
    return [
      Finding(
        "rate.small", .grave,
        "The learning rate \(Wording.number(evidence.learningRate)) is far too small: an update moves no matrix by more than \(Wording.number(step)) of its norm. In \(losses.updates) updates the loss has not fallen from \(Wording.number(losses.first)).",
        remedies: evidence.learningRate == 0
          ? [Remedy(["training.optimizer.learning_rate": "0.01"])] : remedies(evidence, unclipped))
    ]
  }

  private static let apt: Diagnosis.Rule = { evidence in
    guard let step = evidence.step, let losses = evidence.losses, losses.updates >= 20, evidence.explosion == nil,
      step.median >= least, step.largest <= most, losses.last <= losses.first + losses.uncertainty
    else { return [] }
    return [
      Finding(
        "rate.apt", .sound,
        "The learning rate \(Wording.number(evidence.learningRate)) is in the usual range: half of the updates move each matrix by \(Wording.number(step.median)) of its norm or less."
      )
    ]
  }
}
