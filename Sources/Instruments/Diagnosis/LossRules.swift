/// Where the loss stands.
enum LossRules {
  static let all: [Diagnosis.Rule] = [place]

  private static let place: Diagnosis.Rule = { evidence in evidence.losses.map(findings) ?? [] }

  /// What the losses say; nothing before the twentieth.
  static func findings(_ losses: LossCourse) -> [Finding] {
    guard losses.updates >= 20 else { return [] }
    let last = Wording.number(losses.last), after = "after \(losses.updates) updates"
    if let floor = losses.floor, losses.last < 1.02 * floor.loss + losses.uncertainty / 2 {
      let place = losses.last < 0.98 * floor.loss ? "lower than every reference loss" : "at the least that is possible"
      return [
        Finding(
          "loss.floor", .sound,
          "The training loss is \(place) \(after): \(last), \(floor.name) gives \(Wording.number(floor.loss)).")
      ]
    }
    if losses.isAtGuessing, let guessing = losses.guessing {
      let falls = losses.isFalling ? " It is falling, from \(Wording.number(losses.first))." : ""
      let place = losses.last > 1.1 * guessing.loss ? "worse than guessing" : "at guessing"
      return [
        Finding(
          "loss.guessing", .costly,
          "The training loss is \(place) \(after): \(last), \(guessing.name) gives \(Wording.number(guessing.loss)).\(falls)"
        )
      ]
    }
    var found: [Finding] = []
    if losses.spikes * 50 > losses.updates {
      found.append(
        Finding("loss.spikes", .costly, "The loss spiked \(losses.spikes) times in \(losses.updates) updates."))
    }
    let way = "from \(Wording.number(losses.first)) to \(last) in \(losses.updates) updates"
    if losses.isFalling { return found + [Finding("loss.falls", .sound, "The loss falls: \(way).")] }
    return found + [Finding("loss.stands", .remark, "The loss does not fall any more: \(way).")]
  }
}
