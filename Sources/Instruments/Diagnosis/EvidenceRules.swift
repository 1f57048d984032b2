/// What is lacking for a diagnosis.
enum EvidenceRules {
  static let all: [Diagnosis.Rule] = [numbers, updates, steps, knowledge]

  private static let numbers: Diagnosis.Rule = { evidence in
    guard !evidence.isFinite else { return [] }
    return [
      Finding(
        "weights.not-finite", .grave,
        "Some weights are not finite numbers. Nothing else can be measured: begin again from other weights.")
    ]
  }

  private static let updates: Diagnosis.Rule = { evidence in
    let count = evidence.losses?.updates ?? 0
    guard count < 20, evidence.explosion == nil else { return [] }
    return [
      Finding(
        "lacks.updates", .remark,
        "Only \(count) update\(count == 1 ? " has" : "s have") been made. Losses, clipping and the learning rate are judged from 20 on."
      )
    ]
  }

  private static let steps: Diagnosis.Rule = { evidence in
    guard evidence.length < 2 else { return [] }
    return [
      Finding(
        "lacks.steps", .remark,
        "A sequence has one step, so no gradient goes back through time. task.length must be 2 at least.")
    ]
  }

  private static let knowledge: Diagnosis.Rule = { evidence in
    var lacking: [String] = []
    if evidence.description.dependencyLength == nil { lacking.append("how far back it needs to remember") }
    if evidence.losses?.guessing == nil { lacking.append("the loss of guessing") }
    guard !lacking.isEmpty, evidence.losses != nil else { return [] }
    return [
      Finding(
        "lacks.knowledge", .remark,
        "The task does not tell \(lacking.joined(separator: " or ")), so the run is not held against it.")
    ]
  }
}
