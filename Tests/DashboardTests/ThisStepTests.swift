import Instruments
import Canvas
import GradientFlow
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

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

  /// e, ε and δ of every unit of a small fully recurrent network, at the usual sizes; a dot where no error is injected.
  @Test func unitsOfAFullyRecurrentNetwork() throws {
    var experiment = Example.experiment()
    (experiment.network.cell, experiment.network.hidden) = (.fullyRecurrent, 3)
    experiment.task.name = .delayedXOR
    (experiment.training.k1, experiment.training.k2) = (.full, .full)
    for (width, height) in [(70, 3), (58, 4), (120, 3)] {
      let text = try lines(Cursor(.backward, step: 17), width: width, height: height, experiment).joined(
        separator: "\n")
      #expect(text.contains("ε₁₈ = e₁₈ + Wᵀδ₁₉"))
      for unit in 1...3 { #expect(text.contains("\(unit)  e ")) }
    }
    let wide = try lines(Cursor(.backward, step: 18), width: 150, height: 4, experiment).joined(separator: "\n")
    #expect(wide.contains("epochwise") && wide.contains("3  e ·"))
    #expect(try lines(Cursor(.forward, step: 18), width: 120, experiment).joined().contains("s₁₉ = W [y₁₈; x₁₉]"))
    // ε = e + Wᵀδ can be done again with what stands in the zoom: three decimals of each.
    let zoomed = try lines(Cursor(.backward, step: 18), width: 76, height: 20, experiment)
    func numbers(_ row: String) -> [Double] { row.split(separator: " ").compactMap { Double($0) } }
    let weights = zoomed.filter { $0.contains("W  to unit") }.map { Array(numbers($0).dropFirst()) }
    #expect(weights.count == 3 && weights.allSatisfy { $0.count == 6 })
    let units = zoomed.joined(separator: " ").components(separatedBy: " ε ").dropFirst().compactMap {
      Double($0.prefix { $0 != " " })
    }
    #expect(units.count == 3)
    for (unit, epsilon) in units.enumerated().dropFirst() {
      // Units 2 and 3 have no target here.
      let sum = weights.reduce(0) { $0 + $1[unit] * ($1.last ?? .nan) }
      #expect(abs(sum - epsilon) < 0.002 + 0.01 * abs(epsilon))
    }
    experiment.training.k1 = .steps(1)
    let last = try lines(Cursor(.backward, step: 19), width: 150, height: 4, experiment).joined(separator: "\n")
    #expect(last.contains("real-time: only e₂₀ is injected"))
  }

  /// The example's window is the steps 6 … 15, the losses of 11 … 15 injected.
  @Test func theEquationNamesOnlyWhatIsThere() throws {
    let newest = try lines(Cursor(.backward, step: 14))
    #expect(newest[0].contains("δ₁₅ = W_hoᵀ(ŷ₁₅ - y₁₅)/10 ") && !newest.joined().contains("δ₁₆"))
    #expect(newest.joined().contains("nothing comes from after it"))
    let both = try lines(Cursor(.backward, step: 12))
    #expect(both[0].contains("δ₁₃ = W_hoᵀ(ŷ₁₃ - y₁₃)/10 + W_hhᵀ(φ′₁₄ ⊙ δ₁₄)"))
    #expect(both[1].contains("from this step's loss ") && both[2].contains("from later steps "))
    let masked = try lines(Cursor(.backward, step: 8))
    #expect(masked[0].contains("δ₉ = W_hhᵀ(φ′₁₀ ⊙ δ₁₀)") && !masked.joined().contains("from this step's loss"))
    #expect(masked.joined().contains("no loss at this step"))
  }

  /// At the update: the optimiser's own equation, the learning rate of the schedule, and what is clipped.
  @Test func theUpdateIsTheOptimisersAndTheSchedules() throws {
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

  /// Where δ is clipped on its way, the equation says so, with its factor.
  @Test func aClippedStepSaysItsFactor() throws {
    var experiment = Example.experiment()
    try experiment.set("training.clip.kind", "step")
    try experiment.set("training.clip.threshold", "0.01")
    let text = try lines(Cursor(.backward, step: 12), width: 100, experiment)
    #expect(text[0].contains("δ₁₃ = s (W_hoᵀ(ŷ₁₃ - y₁₃)/10 + W_hhᵀ(φ′₁₄ ⊙ δ₁₄))"))
    #expect(text.joined().contains("clipped s ×0.") && text.joined().contains("‖δ₁₃‖ 0.01"))
  }

  /// ‖u + v‖ is not ‖u‖ + ‖v‖, and nothing may read as if it were.
  @Test func normsStandApart() throws {
    let forward = try lines(Cursor(.forward, step: 10)).dropFirst().joined()
    for name in ["‖a₁₁‖ ", "‖W_ih x‖ ", "‖W_hh h‖ ", "‖b‖ ", "‖h₁₁‖ "] { #expect(forward.contains(name)) }
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
      let line = try lines(Cursor(.backward, step: step))[2]
      return line.range(of: "from later steps").map { line.distance(from: line.startIndex, to: $0.lowerBound) }
    }
    #expect(Set(places).count == 1 && places[0] != nil)
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
    #expect(rows.last?.contains("{ } k2") == true)
    #expect(rows.last?.contains("Up/Down choose") == true)
  }
}
