import Training

extension StepInstrument.Update {
  private typealias Fact = StepText.Fact

  /// The gradient, its clipping, and what the optimizer does.
  public func text(_ noGradientReason: String?) -> StepText {
    if let noGradientReason {
      return StepText(facts: ["no update is made", noGradientReason].map { Fact(remark: $0, .error, rank: 0) })
    }
    let sum: [StepText.Piece] =
      [.words(equation, .equation)]
      + (omega == nil ? [] : [.words(" + ", .equation), .setting(omegaWeight), .words(" ∂Ω/∂w", .equation)])
      + (flossed == nil ? [] : [.words(" + ", .equation), .setting(flossingWeight), .words(" ∂F/∂w", .equation)])
    if isMadeElsewhere {
      let delta = preactivationGradient.map { [StepText.Piece.words($0 + ",  ", .equation)] + sum }
      return StepText(lines: [delta, sum].compactMap { $0 }, facts: factsOfGradient)
    }
    let apart: [StepText.Piece] = [.words("     ", .equation)]
    let delta = preactivationGradient.map { [StepText.Piece.words($0 + ",  ", .equation)] + sum + apart + rule }
    return StepText(
      lines: [delta, sum + apart + rule, sum + [.words(",  ", .equation)] + rule, rule].compactMap { $0 }, facts: facts)
  }

  /// What is known where another program makes the update.
  private var factsOfGradient: [Fact] {
    [
      Fact("‖g‖", raw, .norm, rank: 0), Fact(remark: "of this module alone", rank: 0), Fact("‖w‖", weights, rank: 2),
      Fact(remark: "the update itself is made elsewhere", rank: 3),
    ]
  }

  private var facts: [Fact] {
    let isWhole = learningRate == optimizer.learningRate
    var facts = [Fact("‖g‖", raw, .norm, rank: 0), Fact(clipping, rank: 0)]
    facts.append(
      isWhole
        ? Fact("η", .setting(learningRate), rank: 1)
        : Fact(
          [.words("η ", .remark), .number(learningRate), .words(" of ", .remark), .setting(optimizer.learningRate)],
          rank: 1))
    if let distance { facts.append(Fact("‖Δw‖", distance, rank: 0)) }
    if let farthestCopy {
      facts.append(Fact("\(copies) copies of W_hh; farthest from their mean:", farthestCopy, rank: 1))
    }
    if let noiseDeviation { facts.append(Fact("noise deviation", noiseDeviation, rank: 1)) }
    if let omega { facts.append(Fact("Ω", omega, rank: 1)) }
    if let flossed { facts.append(Fact("F = Σ λ²", flossed, rank: 1)) }
    facts.append(Fact("‖w‖", weights, rank: 2))
    guard numbersHeld > 0 else { return facts }
    let whole: [StepText.Piece] =
      numbersHeld < numbersHeldWhole ? [.words(" of ", .remark), .count(numbersHeldWhole)] : []
    facts.append(
      Fact([.words("memory ", .remark), .count(numbersHeld)] + whole + [.words(" numbers", .remark)], rank: 3))
    facts.append(Fact([.count(multiplyAdds), .words(" multiply-adds", .remark)], rank: 4))
    return facts
  }

  /// The optimizer's own step, with what clipping and noise do to g before it.
  private var rule: [StepText.Piece] {
    let noise = noiseDeviation != nil ? "g ← g + noise, " : ""
    let step = noise + optimizer.equation
    let bound: [StepText.Piece] = [.setting(clip.threshold), .words(")", .equation)]
    switch clip.kind {
    case .norm where scale < 1:
      let isOne = noise.isEmpty && optimizer.isPlainDescent
      return [.words(isOne ? "w ← w - η scale g" : "g ← scale g, " + step, .equation)]
    case .value where scale < 1: return [.words("g ← clip(g, ±", .equation)] + bound + [.words(", " + step, .equation)]
    case .tensor where scale < 1:
      return [
        .words("g ← g min(1, ", .equation), .setting(clip.threshold),
        .words("/‖g‖) in each tensor, " + step, .equation),
      ]
    case .weight: return [.words(step + ", w ← clip(w, ±", .equation)] + bound
    default: return [.words(step, .equation)]
    }
  }

  /// What clipping does to the update.
  private var clipping: [StepText.Piece] {
    let threshold = StepText.Piece.setting(clip.threshold)
    switch clip.kind {
    case .none: return [.words("not clipped", .remark)]
    case .step:
      guard clippedSteps > 0 else { return [.words("every ‖δ‖ is below ", .remark), threshold] }
      return [
        .words("δ clipped to ", .threshold), threshold, .words(" at \(clippedSteps) of \(steps) steps", .threshold),
      ]
    case .weight: return [.words("weights clipped to ±", .threshold), threshold]
    case .norm, .value, .tensor:
      guard scale < 1 else {
        let below =
          switch clip.kind {
          case .norm: "below the clip threshold "
          case .tensor: "no tensor's norm over "
          default: "no component over "
          }
        return [.words(below, .remark), threshold]
      }
      // The scale of norm clipping multiplies g; of clipped components the norm is told before and after.
      guard clip.kind != .norm else {
        return [.words("clipped, scale = ", .threshold), threshold, .words("/‖g‖ = ", .remark), .number(scale)]
      }
      return [
        .words("clipped by \(clip.kind.rawValue) ", .threshold), threshold, .words(" to ‖g‖ ", .remark),
        .number(clipped),
      ]
    }
  }
}
