import GradientFlow

extension StepInstrument {
  /// What is said of one step in one layer: forward of one sequence; backward of the whole batch in norms and factors, of one
  /// sequence in vectors.
  public struct Story: Sendable {
    /// All equations with their numbers.
    public let equations: StepEquations?
    /// The step, counted from 1 in its sequence.
    public var t: Int { place.t }
    private let place: Place
    let reading: Reading
    private let cell: CellEquations

    /// The story of a step of the sequence, all counted from 0; nil outside of the window.
    public init?(_ reading: Reading, step: Int, layer: Int, sequence: Int) {
      guard let place = reading.place(step: step, layer: layer, sequence: sequence) else { return nil }
      self.place = place
      self.reading = reading
      equations = reading.equations(step: step, layer: layer, sequence: sequence)
      cell = CellEquations(reading.network, givesGradients: reading.update.isMadeElsewhere)
    }

    private typealias Fact = StepText.Fact
    private var isGated: Bool { !place.forward.gates.isEmpty }
    private var isSmall: Bool { reading.hidden <= StepEquation.most }

    // MARK: Forward

    /// a_t and h_t; where `hasNumbers`, their equations stand above with all numbers.
    public func forward(hasNumbers: Bool) -> StepText {
      let a = cell.preactivation(t, layer: place.layer), h = cell.state(t)
      let lines = [a + "     " + h] + (isGated ? [h, a] : [a, h])
      func words(_ lines: [String]) -> [[StepText.Piece]] { lines.map { [.words($0, .equation)] } }
      return StepText(
        lines: hasNumbers ? [] : words(lines), block: isGated && !hasNumbers ? words([a] + cell.stateLines(t)) : [],
        facts: (hasNumbers ? [] : isSmall ? forwardVectors : forwardNorms) + given(isShort: hasNumbers)
          + forwardRemarks(hasNumbers),
        shorter: hasNumbers || !isSmall ? [] : forwardNorms + given(isShort: false) + forwardRemarks(false))
    }

    /// The vectors that the equations give, and of the pre-activation what it is the sum of.
    private var forwardVectors: [Fact] {
      guard let equations, let first = equations.preactivation else { return [] }
      let results = equations.forwardResults.filter { $0.isByUnit && (!isGated || !$0.name.hasPrefix("a_")) }
      let terms =
        isGated
        ? []
        : first.terms.enumerated().compactMap { index, term -> Fact? in
          guard case .operand(let operand)? = term.folded.last else { return nil }
          let tones: [StepText.Tone] = [.local, .future, .remark]
          return Fact(operand, tones[min(index, 2)], rank: 1)
        }
      let all = results.map { Fact($0, rank: 0) }
      return Array(all.prefix(1)) + terms + all.dropFirst() + (isGated ? [] : [slope])
    }

    private var slope: Fact { Fact("φ′\(sub(t)) mean", place.forward.derivativeMean, rank: 0) }

    private var forwardNorms: [Fact] {
      let numbers = place.forward, names = cell.names
      let read = place.layer > 0 ? "h[l\(place.layer)]" : "x"
      func norm(_ name: String, _ number: Double, _ tone: StepText.Tone = .remark, rank: Int) -> Fact {
        Fact("‖\(name)‖", number, tone, rank: rank)
      }
      var facts = [
        norm(names.preactivation + sub(t), numbers.preactivation, rank: isGated ? 2 : 0),
        numbers.bias > 0
          ? norm("\(names.input) \(read) + b", numbers.biasedInput, .local, rank: isGated ? 2 : 1)
          : norm("\(names.input) \(read)", numbers.input, .local, rank: isGated ? 2 : 1),
      ]
      if cell.hasRecurrentWeights {
        facts.append(
          norm("\(names.recurrent) \(names.state)", numbers.recurrent, .future, rank: isGated ? 2 : 1))
      }
      if let angle = numbers.angle { facts += apart(angle, ranks: isGated ? (4, 4) : (1, 2)) }
      facts.append(norm(names.state + sub(t), numbers.state, rank: 0))
      if let carried = numbers.carried { facts.append(norm(cell.carriedName + sub(t), carried, rank: 0)) }
      return facts
        + (isGated
          ? numbers.gates.enumerated().map { index, gate in
            Fact((index == 0 ? "mean " : "") + cell.gate(gate.name, t), gate.mean, rank: 0)
          } : [slope, Fact("least", numbers.derivativeLeast, rank: 3)])
    }

    /// Why the norm of a sum is not the sum of its parts' norms: the angle between the parts.
    ///
    /// Its ranks are such that it is not there without the parts.
    private func apart(_ angle: Double, ranks: (angle: Int, words: Int)) -> [Fact] {
      [
        Fact([.degrees(angle), .words(" apart", .remark)], rank: ranks.angle),
        Fact(remark: "norms do not add", rank: ranks.words),
      ]
    }

    /// x, ŷ and y; where the equations have their numbers only those that are too many for them.
    private func given(isShort: Bool) -> [Fact] {
      place.given.compactMap { given in
        guard !isShort || given.numbers.isEmpty || !isSmall else { return nil }
        if given.numbers.isEmpty {
          return Fact(remark: given.name + " " + given.note, rank: 2)
        }
        return Fact(given.name, .vector(given.numbers), rank: 2)
      }
    }

    private func forwardRemarks(_ hasNumbers: Bool) -> [Fact] {
      var facts: [Fact] = []
      if place.isFirst, reading.goesBack {
        let first =
          t == 1 ? reading.firstState.words.first : "h\(sub(t - 1)) lies before the window, no gradient goes there"
        if let first { facts.append(Fact(remark: first, rank: 1)) }
      }
      if let distance = place.copyFromMean {
        facts.append(Fact("W_hh\(sub(t)) from the copies' mean", distance, .path, rank: 2))
      }
      if place.isFixedPoint {
        facts.append(Fact("moved ‖h\(sub(t))-h\(sub(t - 1))‖", place.distanceMoved, .path, rank: 0))
      }
      if let loss = place.forward.loss {
        let isWritten = hasNumbers && equations?.forwardResults.last?.name == "l\(sub(t))"
        if !isWritten { facts.append(Fact("loss l\(sub(t))", loss, .loss, rank: 2)) }
        if !place.forward.isInjected { facts.append(Fact(remark: "not in this update", rank: 2)) }
      } else {
        facts.append(Fact(remark: "no target at this step", rank: 2))
      }
      return facts
    }

    // MARK: Backward

    /// δ_t by its two parts, and what the step after did to it; where `hasNumbers`, the equations stand above with all numbers.
    public func backward(hasNumbers: Bool) -> StepText {
      let lines = deltaForms
      let carried = cell.carriedLines(t, isLast: place.isLast)
      let block =
        place.isFixedPoint || carried.isEmpty ? [] : lines.prefix(1) + carried.map { [.words($0, .future)] }
      // The equations are one sequence's, the factors the whole batch's.
      let isMixed = hasNumbers && reading.batch > 1 && !factors.isEmpty
      let whose = isMixed ? [Fact(remark: "over all \(reading.batch) sequences:", rank: 0)] : []
      let tail = whose + factors + copyGradient + conventions(hasNumbers) + remarks
      return StepText(
        lines: hasNumbers ? [] : lines, block: hasNumbers ? [] : Array(block),
        facts: (hasNumbers ? [] : isSmall && reading.batch == 1 ? gradientVectors : gradientNorms) + tail,
        shorter: hasNumbers || !isSmall || reading.batch > 1 ? [] : gradientNorms + tail)
    }

    private var hasLocal: Bool { place.isTop ? place.isInjected : place.backward.local > 0 }
    private var hasFuture: Bool { !place.isLast && !place.isFixedPoint }
    private var localName: String {
      if place.isTop, cell.givesGradients { return "from outside of the module" }
      return place.isTop ? "from this step's loss" : "from the layer above"
    }

    private var gradientVectors: [Fact] {
      guard let equations, let first = equations.backwardResults.first else { return gradientNorms }
      let (local, future) = equations.shares
      return [Fact(first, rank: 0)]
        + (hasLocal ? [Fact(localName, .vector(local), .local, rank: 1)] : [])
        + (hasFuture ? [Fact("from later steps", .vector(future), .future, rank: 1)] : [])
        + equations.backwardResults.dropFirst().prefix(1).map {
          Fact($0, rank: place.backward.carried == nil ? 2 : 1)
        }
    }

    private var gradientNorms: [Fact] {
      let numbers = place.backward
      var facts = [Fact("‖\(cell.gradientName(t))‖", .gradient(numbers.gradient), rank: 0)]
      if let carried = numbers.carriedWhole {
        facts.append(Fact("‖∂L/∂\(cell.carriedName)\(sub(t))‖", .gradient(carried), rank: 1))
      }
      if hasFuture { facts.append(Fact("from later steps", .gradient(numbers.future), .future, rank: 1)) }
      if hasLocal { facts.append(Fact(localName, .gradient(numbers.local), .local, rank: 1)) }
      if let angle = numbers.angle, hasLocal, hasFuture { facts += apart(angle, ranks: (3, 3)) }
      if let next = numbers.next { facts.append(Fact("‖\(cell.gradientName(t + 1))‖", .gradient(next), rank: 3)) }
      return facts
    }

    /// What the step after multiplied the gradient by, each factor called after what does it.
    private var factors: [Fact] {
      let numbers = place.backward
      func factor(_ name: String, _ number: Double?, _ tone: StepText.Tone = .remark, rank: Int = 0) -> Fact? {
        number.map { Fact(name, .factor($0), tone, rank: rank) }
      }
      return [
        place.clipScale < 1 ? factor("clip\(sub(t))", place.clipScale, .threshold) : nil,
        place.gradientScale.flatMap { $0 == 0 ? nil : factor("weighted 1/(1-c)", $0, rank: 1) },
        factor("\(cell.gain)φ′\(sub(t + 1))", numbers.derivativeFactor),
        factor("gates\(sub(t + 1))", numbers.gatesFactor, .gates, rank: 1),
        factor("\(cell.names.recurrent)ᵀ", numbers.recurrentFactor, rank: numbers.gatedPathFactor == nil ? 0 : 1),
        factor("memory path \(cell.memoryPathName(t + 1))", numbers.memoryPathFactor, .path),
        factor("path through the gates", numbers.gatedPathFactor, .gates),
        factor("leak path", numbers.directPathFactor, rank: 1),
      ].compactMap { $0 }
    }

    private var copyGradient: [Fact] {
      place.log10CopyGradient.map {
        [Fact("‖∂L/∂W_hh\(sub(t))‖", .power(log10: $0), .path, rank: 1)]
      } ?? []
    }

    /// What each loss counts in L, and what symbols mean that another convention has otherwise.
    private func conventions(_ hasNumbers: Bool) -> [Fact] {
      var facts: [Fact] = []
      if !cell.carriedLines(t, isLast: false).isEmpty {
        facts.append(Fact(remark: "∂L/∂\(cell.carriedName) counts all paths", rank: hasNumbers ? 0 : 2))
      }
      if reading.cell.maximizesNegativeErrors {
        facts.append(Fact(remark: "J = -½Σe², maximized: no 1/n in it", rank: 2))
      } else if place.isTop, hasLocal, place.lossCount > 1 {
        let steps = place.lossSteps.map { ": \($0) step\($0 == 1 ? "" : "s") × \(reading.batch) sequence" } ?? ""
        let plural = place.lossSteps != nil && reading.batch != 1 ? "s" : ""
        facts.append(Fact(remark: "each loss counts 1/\(place.lossCount)\(steps)\(plural)", rank: 2))
      }
      return facts
    }

    /// What is special about the step, in words.
    private var remarks: [Fact] {
      var facts: [Fact] = []
      if place.gradientScale == 0 {
        facts.append(Fact(remark: "cut here: nothing comes from t=\(t + 1)", .warning, rank: 0))
      }
      if place.isFixedPoint {
        facts.append(
          Fact(remark: place.isLast ? "settled: δ = e + Jᵀδ" : "on the way to the fixed point: no gradient", rank: 0))
      } else if place.isLast {
        facts.append(Fact(remark: "the newest step: nothing comes from after it", rank: 1))
      }
      if place.isFirst, t > 1 {
        let state = cell.names.state
        facts.append(
          reading.goesBack
            ? Fact(remark: "the window ends here: \(state)\(sub(t - 1)) gets nothing", .warning, rank: 2)
            : Fact(remark: "nothing goes back: what came before is in M\(sub(t))", rank: 2))
      }
      if let kind = sweep { facts.append(Fact(remark: kind, rank: 2)) }
      if !hasLocal {
        facts.append(Fact(remark: place.isTop ? "no loss at this step" : "nothing comes from above", rank: 4))
      }
      return facts
    }

    /// Which of Williams & Zipser's two exact algorithms the window is a sweep of.
    private var sweep: String? {
      let (window, injected) = (reading.window, reading.injected)
      guard reading.cell.maximizesNegativeErrors, window.lowerBound == 0 else { return nil }
      if injected == window { return "epochwise: the errors of all steps are injected" }
      return injected.count == 1 && injected.upperBound == window.upperBound
        ? "real-time: only e\(sub(window.upperBound)) is injected" : nil
    }

    /// δ_t = what the step's own loss gives + what comes from the step after it, in one line, the fullest first; the shorter forms
    /// name the loss's gradient in place of writing it out.
    private var deltaForms: [[StepText.Piece]] {
      // At a fixed point the last step's own J comes again and again, and on the way there nothing goes back.
      let state = cell.future(place.isFixedPoint ? t - 1 : t)
      let start: [StepText.Piece] = [.words(cell.gradientName(t) + " = ", .equation)]
      let future: [StepText.Piece] = place.isLast == place.isFixedPoint ? [.words(state, .future)] : []
      let shorter = place.isTop ? ["∂l\(sub(t))/∂\(cell.names.state)\(sub(t))", "local"] : ["from above"]
      let full =
        place.isTop ? cell.local(t, count: place.lossCount) : "\(cell.names.input)ᵀ ∂L/∂a\(sub(t)) of the layer above"
      let forms: [[StepText.Piece]] =
        hasLocal ? ([full] + shorter).map { [.words($0, .local)] } : [future.isEmpty ? [.words("0", .equation)] : []]
      return forms.map { local in
        let sum = local + (local.isEmpty || future.isEmpty ? [] : [.words(" + ", .equation)]) + future
        guard place.clipScale < 1 else { return start + sum }
        return start + [.words("clip\(sub(t)) (", .threshold)] + sum
          + [.words(")", .threshold)]
      }
    }
  }
}
