import Instruments
import Canvas
import Foundation
import GradientFlow
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard
@testable import Panels

/// What This step says, and what it keeps where there is little room.
@Suite struct ThisStepTests {
  /// The panel's lines at a place of the pass, in a box of the given inside.
  private func lines(
    _ cursor: Cursor, width: Int = 70, height: Int = 3, theme: Theme = Theme(), _ experiment: Experiment? = nil
  ) throws -> [String] {
    var state = try Example.state(theme: theme)
    if let experiment { state.show(try Example.snapshot(experiment, serial: 2)) }
    state.cursor = cursor
    var buffer = Buffer(width: width, height: height, fill: theme.blank)
    ThisStepPanel().draw(state, in: Rect(x: 0, y: 0, width: width, height: height), &buffer, theme: theme)
    return buffer.rows
  }

  /// At 120×36, 80×24 and 60×20.
  @Test(arguments: [(70, 3), (46, 3), (58, 2)], CellKind.affine.filter { !$0.isFullyRecurrent })
  func theTwoFactorsAreAtEveryStep(_ size: (width: Int, height: Int), _ cell: CellKind) throws {
    var experiment = Example.experiment()
    experiment.network.cell = cell
    if cell == .leaky { experiment.network.beta = 0.3 }
    if cell == .residual { experiment.network.alpha = 0.5 }
    for step in 5..<14 {
      let text = try lines(Cursor(.backward, step: step), width: size.width, height: size.height, experiment)
        .joined(separator: "\n")
      #expect(text.contains("φ′\(sub(step + 2)) ×") && text.contains("W_hhᵀ ×") && text.contains("‖δ\(sub(step + 1))‖"))
    }
  }

  /// Where each unit has a β of its own, what goes past φ is ‖(1-β) ⊙ δ‖/‖δ‖.
  @Test func whatGoesPastHasAFactorWithABetaAUnit() throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.beta, experiment.network.betaSpread) = (.leaky, 0.5, 50)
    let tape = try Example.snapshot(experiment).tape()
    let after = tape.layers[0].gradient[(6 * tape.batch * 4)..<(7 * tape.batch * 4)]
    let rates = try #require(tape.rates(layer: 0))
    let past = after.enumerated().map { (1 - rates[$0 % 4]) * $1 }
    let wanted = (past.reduce(0) { $0 + $1 * $1 } / after.reduce(0) { $0 + $1 * $1 }).squareRoot()
    let found = try #require(BackwardNumbers(tape, step: 5)?.directPathFactor)
    #expect(abs(found - wanted) < 1e-12)
    let text = try lines(Cursor(.backward, step: 10), height: 4, experiment).joined()
    #expect(text.contains("leak path ×\(NumberText.short(wanted))"))
  }

  /// e and the gradients of every unit of a small fully recurrent network, at the usual sizes; a dot where no error is injected.
  @Test func unitsOfAFullyRecurrentNetwork() throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden, experiment.training.batch) = (.fullyRecurrent, 3, 1)
    experiment.task.name = .delayedXOR
    (experiment.training.k1, experiment.training.k2) = (.full, .full)
    for (width, height) in [(76, 4), (120, 3)] {
      let text = try lines(Cursor(.backward, step: 17), width: width, height: height, experiment).joined(
        separator: "\n")
      #expect(text.contains("∂J/∂y₁₈ = e₁₈ + W_yᵀ(φ′₁₉ ⊙ ∂J/∂y₁₉)") && text.contains("from this step's loss ("))
      #expect(text.contains("∂J/∂y₁₈ (") && text.contains("∂J/∂s₁₈ (") && text.contains("W_yᵀ ×"))
    }
    // Where that finds no room, norms stand there under the names that the equation has.
    let narrow = try lines(Cursor(.backward, step: 17), width: 58, height: 2, experiment).joined(separator: "\n")
    #expect(narrow.contains("‖∂J/∂y₁₈‖ ") && narrow.contains("W_yᵀ ×"))
    let wide = try lines(Cursor(.backward, step: 18), width: 150, height: 4, experiment).joined(separator: "\n")
    #expect(wide.contains("epochwise"))
    #expect(try lines(Cursor(.forward, step: 18), width: 120, experiment).joined().contains("s₁₉ = W_y y₁₈ + W_x x₁₉"))
    experiment.training.k1 = .steps(1)
    let last = try lines(Cursor(.backward, step: 19), width: 150, height: 4, experiment).joined(separator: "\n")
    #expect(last.contains("real-time: only e₂₀ is injected"))
  }

  /// ∂J/∂y = e + W_yᵀ ∂J/∂s can be done again with what stands in the zoom: three digits of each.
  @Test func whatIsWrittenOutCanBeDoneAgain() throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden) = (.fullyRecurrent, 3)
    experiment.task.name = .delayedXOR
    (experiment.training.k1, experiment.training.k2) = (.full, .full)
    let zoomed = try lines(Cursor(.backward, step: 18), width: 76, height: 20, experiment)
    let head = try #require(zoomed.firstIndex { $0.contains("∂J/∂y₁₉ =") })
    let rows = zoomed[(head + 1)...(head + 3)].map { row in
      row.split { " []".contains($0) }.map { $0 == "·" ? 0 : Double($0) ?? .nan }
    }
    for row in rows {
      // The result, e, three weights; ∂J/∂s₂₀ is the sixth number of each row.
      let sum = row[1] + (0..<3).reduce(0) { $0 + row[2 + $1] * rows[$1][5] }
      #expect(abs(sum - row[0]) < 0.002 + 0.01 * abs(row[0]), "\(row)")
    }
  }

  /// The example's window is the steps 6 … 15, the losses of 11 … 15 injected.
  @Test func theEquationNamesOnlyWhatIsThere() throws {
    let newest = try lines(Cursor(.backward, step: 14))
    #expect(newest[0].contains("δ₁₅ = W_outᵀ(ŷ₁₅ - y₁₅)/10 ") && !newest.joined().contains("δ₁₆"))
    #expect(newest.joined().contains("nothing comes from after it"))
    let both = try lines(Cursor(.backward, step: 12))
    #expect(both[0].contains("δ₁₃ = W_outᵀ(ŷ₁₃ - y₁₃)/10 + W_hhᵀ(φ′₁₄ ⊙ δ₁₄)"))
    #expect(both.joined().contains("from this step's loss ") && both.joined().contains("from later steps "))
    let masked = try lines(Cursor(.backward, step: 8))
    #expect(masked[0].contains("δ₉ = W_hhᵀ(φ′₁₀ ⊙ δ₁₀)") && !masked.joined().contains("from this step's loss"))
    #expect(masked.joined().contains("no loss at this step"))
  }

  /// At the update: the optimizer's own equation, the learning rate of the schedule, and what is clipped.
  @Test func theUpdateIsTheOptimizersAndTheSchedules() throws {
    func text(_ settings: [String: String]) throws -> String {
      var experiment = Example.experiment()
      for (key, value) in settings.sorted(by: { $0.key < $1.key }) { try experiment.set(key, value) }
      return try lines(Cursor(.update, step: 14), width: 110, height: 5, experiment).joined(separator: "\n")
    }
    for kind in OptimizerKind.allCases {
      #expect(try text(["training.optimizer.name": kind.rawValue]).contains(kind.rule.equation))
    }
    #expect(try text(["training.optimizer.weight_decay": "0.1"]).contains("g ← g + λ w, w ← w - η g"))
    // Update 8 of a fall to nothing in 14: half of η.
    let half = try text(["training.schedule.kind": "cosine", "training.schedule.updates": "14"])
    #expect(half.contains("η 0.00500 of 0.01"))
    #expect(try text(["training.clip.kind": "weight"]).contains("weights clipped to ±1"))
    let clipped = try text(["training.clip.kind": "step", "training.clip.threshold": "0.01"])
    #expect(clipped.contains("δ clipped to 0.01 at ") && clipped.contains(" of 10 steps"))
    #expect(
      try text(["training.clip.kind": "step", "training.clip.threshold": "50"]).contains("every ‖δ‖ is below 50"))
    #expect(try text(["training.regularizer.omega": "0.5"]).contains("Ω "))
  }

  /// The update is written as it is made: g is scaled or clipped before the optimizer sees it, weights after it.
  @Test(arguments: [
    ("norm", "0.001", "sgd", "w ← w - η scale g"), ("norm", "1000", "sgd", "w ← w - η g"),
    ("norm", "0.001", "adam", "g ← scale g, w ← w - η m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)"),
    ("value", "0.001", "momentum", "g ← clip(g, ±0.001), v ← μ v + g, w ← w - η v"),
    ("weight", "0.5", "sgd", "w ← w - η g, w ← clip(w, ±0.5)"), ("step", "0.001", "sgd", "w ← w - η g"),
  ])
  func theClippedUpdateIsWrittenAsItIsMade(
    _ kind: String, _ threshold: String, _ optimizer: String, _ rule: String
  ) throws {
    var experiment = Example.experiment()
    try experiment.set("training.clip.kind", kind)
    try experiment.set("training.clip.threshold", threshold)
    try experiment.set("training.optimizer.name", optimizer)
    let text = try lines(Cursor(.update, step: 14), width: 140, height: 5, experiment).joined(separator: "\n")
    let found = try #require(text.components(separatedBy: "\n").first { $0.contains("←") })
    #expect(found.trimmingCharacters(in: .whitespaces).hasSuffix("     " + rule), "\(found)")
    #expect(text.contains("scale = 0.001/‖g‖ = ") == (kind == "norm" && threshold == "0.001"))
  }

  /// Where δ is clipped on its way, the equation says so, with its factor.
  @Test func aClippedStepSaysItsFactor() throws {
    var experiment = Example.experiment()
    try experiment.set("training.clip.kind", "step")
    try experiment.set("training.clip.threshold", "0.01")
    let text = try lines(Cursor(.backward, step: 12), width: 100, experiment)
    #expect(text[0].contains("δ₁₃ = clip₁₃ (W_outᵀ(ŷ₁₃ - y₁₃)/10 + W_hhᵀ(φ′₁₄ ⊙ δ₁₄))"))
    #expect(text.joined().contains("clip₁₃ ×0.") && text.joined().contains("‖δ₁₃‖ 0.01"))
  }

  /// ‖u + v‖ is not ‖u‖ + ‖v‖, and nothing may read as if it were.
  @Test func normsStandApart() throws {
    let forward = try lines(Cursor(.forward, step: 10)).dropFirst().joined()
    for name in ["‖a₁₁‖ ", "‖W_ih x‖ ", "‖W_hh h‖ ", "° apart", "‖h₁₁‖ "] { #expect(forward.contains(name)) }
    #expect(forward.contains("norms do not add"))
    #expect(!forward.contains("+") && !forward.contains("="))
    #expect(!(try lines(Cursor(.backward, step: 12)).dropFirst().joined().contains("+")))
  }

  /// Beside the File panel at 120×36 there are 46 columns.
  @Test func bothTermsOfThePreactivationAreThere() throws {
    for step in 5..<15 {
      let text = try lines(Cursor(.forward, step: step), width: 46).joined()
      #expect(text.contains("‖W_ih x‖ ") && text.contains("‖W_hh h‖ ") && text.contains("φ′\(sub(step + 1)) mean"))
    }
  }

  /// The places of the numbers stay while one steps on.
  @Test func steppingMovesNothing() throws {
    let places = try (10..<14).map { step in
      let line = try lines(Cursor(.backward, step: step)).joined()
      return line.range(of: "from later steps").map { line.distance(from: line.startIndex, to: $0.lowerBound) }
    }
    #expect(Set(places).count == 1 && places[0] != nil)
  }

  /// ‖u + v‖² = u² + v² + 2 u v cos: the angle that is told explains the norms that are told.
  @Test func theAngleExplainsTheNorms() throws {
    let tape = try Example.snapshot().tape()
    for step in 0..<10 {
      let numbers = try #require(ForwardNumbers(tape, step: step, sequence: 1))
      let (u, v) = (numbers.biasedInput, numbers.recurrent)
      #expect((numbers.angle == nil) == (u == 0 || v == 0))
      let sum = (u * u + v * v + 2 * u * v * cos((numbers.angle ?? 90) * .pi / 180)).squareRoot()
      #expect(abs(sum - numbers.preactivation) < 1e-12)
      let back = try #require(BackwardNumbers(tape, step: step))
      guard let angle = back.angle else {
        #expect(back.local == 0 || back.future == 0)
        continue
      }
      let both =
        back.local * back.local + back.future * back.future
        + 2 * back.local * back.future * cos(angle * .pi / 180)
      #expect(abs(both.squareRoot() - back.gradient) < 1e-12)
    }
  }

  /// With one sequence and few units vectors stand where norms would: they add up.
  @Test func ofFewUnitsTheVectorsAreThere() throws {
    var experiment = Example.experiment()
    (experiment.network.hidden, experiment.training.batch) = (2, 1)
    let text = try lines(Cursor(.backward, step: 12), width: 76, experiment).joined(separator: "\n")
    func vector(_ name: String) throws -> [Double] {
      let rest = try #require(text.range(of: name + " (")).upperBound
      return text[rest...].prefix { $0 != ")" }.split(separator: ", ").compactMap { Double($0) }
    }
    let (whole, own, later) = (try vector("δ₁₃"), try vector("loss"), try vector("later steps"))
    #expect(whole.count == 2)
    for unit in 0..<2 { #expect(abs(own[unit] + later[unit] - whole[unit]) < 0.001) }
    #expect(text.contains("φ′₁₄ ×") && text.contains("W_hhᵀ ×") && !text.contains("‖"))
  }

  /// Of many units some are written out, those that the arrows move to; and the sequence that is asked for.
  @Test func theWindowOfUnitsAndTheSequenceAreChosen() throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden, experiment.training.batch) = (.lstm, 12, 3)
    var state = try Example.state(experiment)
    (state.focus, state.zoomed) = ("this-step", "this-step")
    state.cursor = Cursor(.backward, step: 12)
    func title() -> String { render(state).rows.first { $0.contains("▸ Backward") } ?? "" }
    #expect(title().contains("▸ Backward at t = 13, sequence 1 of 3, units 1-4 of 12"))
    for _ in 0..<5 { _ = state.press(.down) }
    #expect(title().contains("sequence 1 of 3, units 6-9 of 12"))
    _ = state.press(.character("w"), .up)
    #expect(title().contains("sequence 2 of 3, units 5-8 of 12"))
    for _ in 0..<30 { _ = state.press(.down) }
    #expect(title().contains("units 9-12 of 12"))
    _ = state.press(.character("W"), .character("W"))
    #expect(title().contains("sequence 3 of 3"))
    // A smaller batch has not that many.
    experiment.training.batch = 2
    state.show(try Example.snapshot(experiment, serial: 2))
    state.cursor = Cursor(.backward, step: 12)
    #expect(title().contains("sequence 2 of 2"))
  }

  /// Whatever finds no room is left away whole: every word is one of those that there are to say, and every number has its three
  /// digits, or is whole.
  @Test(arguments: CellKind.allCases, [(2, 1), (4, 3), (9, 2)])
  func nothingIsCutInsideOfAWord(_ cell: CellKind, _ shape: (hidden: Int, layers: Int)) throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden) = (cell, shape.hidden)
    if cell.isFullyRecurrent { experiment.task.name = .delayedXOR } else { experiment.network.layers = shape.layers }
    var state = try Example.state(experiment)
    func words(_ width: Int, _ height: Int) -> [String] {
      var buffer = Buffer(width: width, height: height, fill: state.theme.blank)
      ThisStepPanel().draw(state, in: buffer.bounds, &buffer, theme: state.theme)
      return buffer.rows.flatMap(Self.words)
    }
    for phase in [Cursor.Phase.forward, .backward, .update] {
      state.cursor = Cursor(phase, step: 11)
      let all = try Self.vocabulary(try #require(state.lane[StepInstrument.self]), layer: state.shownLayer)
      for (width, height) in [(58, 16), (66, 19), (78, 20), (96, 26), (118, 31), (198, 55), (70, 3), (46, 3)] {
        for word in words(width, height) where !all.contains(word) && word != "…" {
          #expect(Self.isWholeNumber(word), "\(word) in \(width)×\(height), \(cell) \(phase)")
        }
      }
    }
  }

  private static func words(_ line: String) -> [String] {
    line.split { " (),;°±[]".contains($0) }.map(String.init)
  }

  /// All words of the panel at step 12.
  private static func vocabulary(_ reading: StepInstrument.Reading, layer: Int) throws -> Set<String> {
    let story = try #require(StepInstrument.Story(reading, step: 11, layer: layer, sequence: 0))
    let texts =
      [true, false].flatMap { [story.forward(hasNumbers: $0), story.backward(hasNumbers: $0)] }
      + [reading.update.text(nil)]
    let lines = texts.flatMap { $0.lines + $0.block + ($0.facts + $0.shorter).map(\.pieces) }
    let said = lines.flatMap { $0 }.flatMap { piece -> [String] in
      switch piece {
      case .words(let text, _): words(text)
      case .setting(let number): [plain(number)]
      default: []
      }
    }
    let equations = try #require(story.equations)
    let symbols = (equations.forward + equations.backward + reading.update.ofOneWeight + reading.update.ofAllWeights)
      .flatMap {
        [$0.result.name]
          + $0.terms.flatMap { $0.parts + $0.folded }.map { part in
            switch part {
            case .sign(let sign): sign
            case .operand(let operand): operand.name
            }
          }
      }
    // Where signs stand at what they belong to.
    let joined = ["·", "e₁₂²", "c/", plain(reading.update.clip.threshold) + "/‖g‖"]
    let titles = "▸ Forward Backward Update at t = sequence of unit units norms over the batch whole window 1-4 1-3 1-2"
    return Set(said + symbols.flatMap(words) + joined + words(titles))
  }

  /// Whether a number has three significant digits, or none behind a point.
  private static func isWholeNumber(_ word: String) -> Bool {
    let parts = word.drop { "-×".contains($0) }.split(separator: "e", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ Double($0) != nil }) else { return false }
    let digits = parts[0].filter { $0 != "." }.drop { $0 == "0" }
    return digits.count == 3 || !parts[0].contains(".") && parts.count == 1
  }

  @Test func inASCIIGreekHasItsNames() throws {
    let theme = Theme(colors: .mono, characters: .ascii)
    let text = try lines(Cursor(.backward, step: 12), theme: theme).joined()
    #expect(text.contains("delta_₁₃ = ") && text.contains("phi′_₁₄ "))
    #expect("γσ < 1".inASCIIWords == "gamma*sigma < 1" && "η ±1".inASCIIWords == "eta +-1")
    // What has a likeness in ASCII is left for the buffer to find.
    #expect("∂L/∂aₜ ⊗ hₜ₋₁".inASCIIWords == "dL/da_ₜ (x) h_ₜ-₁")
    var state = try Example.state(theme: theme)
    state.cursor = Cursor(.backward, step: 12)
    let rows = render(state).rows
    #expect(rows.contains { $0.contains("rho <") })
    #expect(rows.contains { $0.contains("phi'_14 x0.") })
    #expect(rows.last?.contains("delta_12  , undo delta_13") == true)
    #expect(rows.last?.contains("Up/Down choose") == true)
  }
}
