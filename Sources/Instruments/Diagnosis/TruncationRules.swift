import GradientFlow

/// Windows that are shorter or longer than is of use.
enum TruncationRules {
  static let all: [Diagnosis.Rule] = [untrained, short, long]

  private static let untrained: Diagnosis.Rule = { evidence in
    guard evidence.untrained > 0, evidence.targets > 0 else { return [] }
    let share = Double(evidence.untrained) / Double(evidence.targets)
    return [
      Finding(
        "k1.untrained", share >= 0.25 ? .grave : .costly,
        "k1 = \(evidence.k1) is longer than k2 = \(evidence.k2): \(evidence.untrained) of \(evidence.targets) losses of a sequence (\(Wording.percent(share))) are never trained.",
        remedies: [Remedy(["training.k2": "\(max(evidence.k1, min(evidence.length, (evidence.needed ?? 0) + 1)))"])])
    ]
  }

  private static let short: Diagnosis.Rule = { evidence in
    guard evidence.isCutByWindows, evidence.k2 < evidence.length else { return [] }
    let reach = evidence.k2 - 1
    if let needed = evidence.needed {
      guard reach < needed else { return [] }
      let isSolved = evidence.losses.flatMap { losses in losses.floor.map { losses.last < 1.02 * $0.loss } } ?? false
      return [
        Finding(
          "k2.short", isSolved ? .remark : .grave,
          "k2 = \(evidence.k2) lets the gradient go \(reach) step\(reach == 1 ? "" : "s") back. The task needs \(needed).",
          remedies: [Remedy(["training.k2": "\(min(evidence.length, needed + 1))"])])
      ]
    }
    guard let bias = evidence.last[BiasByWindowInstrument.self]?.bias,
      let index = bias.k2.firstIndex(where: { $0 >= evidence.k2 }),
      bias.relativeError[index] > 0.3
    else { return [] }
    let wanted = bias.leastWindow(for: 0.1)
    return [
      Finding(
        "k2.short", .costly,
        "k2 = \(evidence.k2) is shorter than the gradient reaches: \(Wording.percent(bias.relativeError[index])) of the full gradient is missing. \(wanted.map { "k2 = \($0) would miss less than 10 %" } ?? "Only the whole sequence misses less than 10 %").",
        remedies: [Remedy(["training.k2": "\(wanted ?? evidence.length)"])])
    ]
  }

  private static let long: Diagnosis.Rule = { evidence in
    guard evidence.isCutByWindows, let horizon = evidence.last[HorizonInstrument.self], let under1 = horizon.under1
    else { return [] }
    let useful = max(under1 + 1, (evidence.needed ?? 0) + 1)
    guard evidence.k2 > 2 * useful else { return [] }
    return [
      Finding(
        "k2.long", .remark,
        "k2 = \(evidence.k2) is longer than of use: 1 % of the gradient is left after \(under1) steps. k2 = \(useful) is enough.",
        remedies: [Remedy(["training.k2": "\(useful)"])])
    ]
  }
}
