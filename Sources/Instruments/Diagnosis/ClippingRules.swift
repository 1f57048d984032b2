import Training

/// What clipping takes.
enum ClippingRules {
  static let all: [Diagnosis.Rule] = [threshold]

  private static let threshold: Diagnosis.Rule = { evidence in
    guard let reading = evidence.last[ClippingInstrument.self], [.norm, .value, .tensor].contains(reading.clip.kind),
      reading.norms.count >= 20, let high = reading.quantile(0.9), let median = reading.quantile(0.5)
    else { return [] }
    let limit = Wording.number(reading.clip.threshold), share = reading.clippedShare
    if share >= 0.9 {
      let scale = evidence.clipScale
      // Optimizers that divide by the gradient's size do not feel a factor that stays the same.
      // Where the gradient explodes, clipping is what holds it.
      let severity: Finding.Severity =
        GradientRules.isHeldByClipping(evidence) || reading.clip.kind == .norm && evidence.isAdaptive
        ? .remark : scale < 0.05 && !evidence.hasLearned ? .grave : .costly
      return [
        Finding(
          "clip.always", severity,
          "Clipping at \(limit) cuts \(Wording.percent(share)) of the updates, to ×\(Wording.number(scale)) on average. Half of the norms are above \(Wording.number(median)). So it is a second, smaller learning rate.",
          remedies: severity > .remark ? [Remedy(["training.clip.threshold": Wording.setting(high)])] : [])
      ]
    }
    if share == 0 {
      return [
        Finding(
          "clip.never", .remark,
          "Clipping at \(limit) has cut none of the last \(reading.norms.count) updates. Their largest norm was \(Wording.number(reading.norms.last ?? 0))."
        )
      ]
    }
    if share > 0.5 {
      return [Finding("clip.often", .remark, "Clipping at \(limit) cuts \(Wording.percent(share)) of the updates.")]
    }
    return [
      Finding(
        "clip.apt", .sound, "Clipping at \(limit) cuts \(Wording.percent(share)) of the updates: the outliers only.")
    ]
  }
}
