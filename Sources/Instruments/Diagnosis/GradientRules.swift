import Foundation
import GradientFlow
import RecurrentNetworks
import Training

/// What becomes of the gradient on its way back through time.
enum GradientRules {
  static let explosion: [Diagnosis.Rule] = [explodes]
  static let reach: [Diagnosis.Rule] = [vanishes, fades, contractsAtFirst]

  /// A factor a step from which a product of Jacobians grows.
  static let growing = log10(1.02)
  /// Raw norms so many times the threshold are of another order.
  private static let farAbove = 30.0
  /// So little of the gradient makes learning slow, in log10.
  private static let little = -3.0
  /// Less than this of the gradient is as good as nothing, in log10. Optimizers that divide by the gradient's size make more of
  /// a small one.
  private static func nothing(_ evidence: Evidence) -> Double { evidence.isAdaptive ? -6 : -4 }

  /// Whether the gradient grows on its way back, and its norm is of another order than what clipping lets pass.
  static func isHeldByClipping(_ evidence: Evidence) -> Bool {
    guard let clipping = evidence.last[ClippingInstrument.self], let median = clipping.quantile(0.5) else {
      return false
    }
    let growth = [evidence.first, evidence.last].compactMap { $0[HorizonInstrument.self]?.log10PerStep }.max() ?? 0
    let limit = clipping.clip.kind == .norm ? clipping.clip.threshold : 1
    return growth > growing && median > farAbove * max(limit, 1)
  }

  private static let explodes: Diagnosis.Rule = { evidence in
    // A pass that exploded has no product: what was measured before it tells.
    guard let horizon = evidence.last[HorizonInstrument.self] ?? evidence.first[HorizonInstrument.self] else {
      return []
    }
    let first = evidence.first[HorizonInstrument.self] ?? horizon
    let growth = max(horizon.log10PerStep, first.log10PerStep)
    guard growth > growing else { return [] }
    let factor = "×\(Wording.number(pow(10, growth))) a step back"
    let remedies = [
      Remedy(["network.init.recurrent": "orthogonal", "network.init.scale": "1"]),
      Remedy(["network.init.spectral_radius": "1"], fromStart: true),
    ]
    if let explosion = evidence.explosion {
      return [
        Finding(
          "gradient.explodes", .grave,
          "The gradient explodes: \(factor) in an earlier pass. At update \(explosion.update) \(explosion.factor) is not finite at step \(explosion.step).",
          remedies: remedies)
      ]
    }
    guard isHeldByClipping(evidence), let clipping = evidence.last[ClippingInstrument.self] else { return [] }
    let median = clipping.quantile(0.5) ?? 0, limit = clipping.clip.threshold
    let held = clipping.clip.kind == .norm ? " Only clipping at \(Wording.number(limit)) holds it." : ""
    return [
      Finding(
        "gradient.explodes", evidence.hasLearned ? .costly : .grave,
        "The gradient explodes: \(factor). Half of its norms are above \(Wording.number(median)).\(held)",
        remedies: remedies)
    ]
  }

  private static let vanishes: Diagnosis.Rule = { evidence in
    // A pass that exploded has no gradient.
    guard evidence.explosion == nil, let horizon = evidence.last[HorizonInstrument.self], let needed = evidence.needed,
      needed > 0,
      let arriving = horizon.log10Norm(lag: needed)
    else { return [] }
    let factor = Wording.number(pow(10, arriving / Double(needed)))
    guard arriving <= 3 else {
      return [
        Finding(
          "gradient.grows", evidence.hasLearned ? .remark : .costly,
          "The gradient grows: ×\(factor) a step back. After \(needed) steps it is ×\(Wording.power(arriving))."
        )
      ]
    }
    guard arriving < -1 else {
      return [
        Finding(
          "gradient.reaches", .sound,
          "The gradient reaches as far as the task needs: ×\(factor) a step back. After \(needed) steps \(Wording.power(arriving)) of it is left."
        )
      ]
    }
    let isNothing = arriving < nothing(evidence)
    // With a loss at every step a dependency over the whole sequence can be learned piece by piece.
    let isStepByStep = evidence.targets == evidence.length && needed == evidence.length - 1
    let severity: Finding.Severity =
      evidence.hasLearned || arriving > little ? .remark : isNothing && !isStepByStep ? .grave : .costly
    let lag = horizon.under10.map { "10 % is left after \(Wording.count($0, "step"))" } ?? "Under 10 % is left"
    let decay = evidence.last[DecayInstrument.self]
    return [
      Finding(
        "gradient.vanishes", severity,
        "The gradient vanishes: the product of Jacobians by ×\(factor) a step. \(lag); the task needs \(needed), and there \(Wording.power(arriving)) arrives.\(decay.map { culprit($0, needed) } ?? "")",
        remedies: severity > .remark ? remedies(evidence, decay, arriving / Double(needed), needed) : [])
    ]
  }

  /// Where nobody says how far back the task reaches, it is told how far the gradient does.
  private static let fades: Diagnosis.Rule = { evidence in
    guard evidence.explosion == nil, evidence.description.dependencyLength == nil, evidence.length > 2,
      let horizon = evidence.last[HorizonInstrument.self], let ten = horizon.under10
    else { return [] }
    let one = horizon.under1.map { ", 1 % after \($0)" } ?? ""
    let decay = evidence.last[DecayInstrument.self].map { culprit($0, ten) } ?? ""
    return [
      Finding(
        "gradient.fades", .remark,
        "Going back, 10 % of the gradient is left after \(Wording.count(ten, "step"))\(one), of \(evidence.length). What lies further back is hardly learned.\(decay)"
      )
    ]
  }

  /// What it is due to, in a sentence: " The gradient itself goes back by W_hhᵀ ×0.8 · φ′ ×0.95 = ×0.76 a step: W_hhᵀ takes most."
  private static func culprit(_ decay: DecayInstrument.Reading, _ needed: Int) -> String {
    if let memory = decay.parts.first(where: { $0.name == "memory_path" }) {
      return
        " The gate \(memory.symbol) keeps ×\(Wording.number(pow(10, memory.mean))) of the memory a step, \(Wording.power(memory.mean * Double(needed))) over \(needed) steps."
    }
    let parts = decay.parts.sorted { $0.mean < $1.mean }
    guard let worst = parts.first else { return "" }
    let whole = "×\(Wording.number(pow(10, parts.reduce(0) { $0 + $1.mean })))"
    let product = parts.map { "\($0.symbol) \(factor($0))" }.joined(separator: " · ")
    return
      " The gradient itself goes back by \(product)" + (parts.count > 1 ? " = \(whole)" : "")
      + " a step: \(worst.symbol) takes most."
  }

  private static func factor(_ part: DecayInstrument.Part) -> String { "×\(Wording.number(pow(10, part.mean)))" }

  /// What may hold the gradient up to `needed` steps.
  private static func remedies(
    _ evidence: Evidence, _ decay: DecayInstrument.Reading?, _ perStep: Double, _ needed: Int
  ) -> [Remedy] {
    // σ(b)^n = ½
    let bias = -log(pow(2, 1 / Double(needed)) - 1)
    let open = Wording.setting(min(8, bias.rounded(.up)))
    let network = evidence.experiment.network
    if network.cellDescription.memoryPath != nil {
      return network.cellDescription.forgetGate != nil ? [Remedy(["network.init.forget_bias": open])] : []
    }
    let keeps = Remedy(["network.cell": "lstm", "network.init.forget_bias": open])
    let leaky = Remedy(["network.cell": "leaky", "network.beta": Wording.setting(min(1, 4 / Double(needed)))])
    var remedies: [Remedy] = []
    let slope = decay?.parts.first { $0.name == "activation" }?.mean ?? 0
    if slope < log10(0.5), network.activation == .sigmoid { remedies.append(Remedy(["network.activation": "tanh"])) }
    if slope > log10(0.7) {
      // What φ′ takes, W_hh has to give; more than that makes chaos.
      remedies.append(Remedy(["network.init.spectral_radius": Wording.setting(min(1.2, pow(10, -slope)))]))
    }
    return remedies + [leaky, keeps]
  }

  private static let contractsAtFirst: Diagnosis.Rule = { evidence in
    guard evidence.firstUpdate == 0, let horizon = evidence.first[HorizonInstrument.self] else { return [] }
    let perStep = horizon.log10PerStep
    let under = horizon.under10.map { " 10 % of it is left after \(Wording.count($0, "step"))." } ?? ""
    // Where the gradient vanishes now, that is told already.
    if let needed = evidence.needed, let now = evidence.last[HorizonInstrument.self]?.log10Norm(lag: needed), now < -1 {
      return []
    }
    guard perStep < log10(0.9), evidence.needed.map({ $0 > horizon.under10 ?? .max }) ?? (horizon.under10 ?? .max <= 3)
    else {
      return []
    }
    return [
      Finding(
        "init.contracts", .costly,
        "The initial weights contract: before the first update a change of the state shrinks by ×\(Wording.number(pow(10, perStep))) a step.\(under)",
        remedies: evidence.experiment.network.cell.gates == 1
          && evidence.experiment.network.initialization.spectralRadius == nil
          ? [Remedy(["network.init.recurrent": "orthogonal", "network.init.scale": "1"])] : [])
    ]
  }
}
