/// Which panels show a quantity: they are closed while a question asks for it.
enum AnswersOnPanels {
  private static let table: [(panels: [String], quantities: [String])] = [
    (["gradient-norm", "through-time"], ["gradient", "log10_gradient", "full_gradient"]),
    (["contributions"], ["contribution"]),
    (["this-step"], ["a", "h", "slope", "delta", "delta_s", "local", "output", "step_loss", "last_move"]),
    (
      ["jacobian-product", "horizon", "flow"],
      ["product", "log10_product", "log10_smallest", "horizon_10", "horizon_1"]
    ),
    (["jacobian-product"], ["bound", "memory_path", "gated_paths", "memory_block"]),
    (["decay"], ["phi_factor", "weight_factor", "step_factor"]),
    (["flow"], ["terms", "kept_terms", "kept_mass", "bias_error", "bias_cosine"]),
    (["bias"], ["bias_error", "bias_cosine", "least_k2", "bias_by_k2"]),
    (["clipping", "this-step"], ["raw_norm", "clip_scale", "clip_angle"]),
    (["lyapunov"], ["lyapunov"]), (["spectrum"], ["rho", "sigma"]), (["loss"], ["loss", "mean_loss", "recent_loss"]),
    (
      ["learning"],
      ["algorithm_cosine", "algorithm_error", "numbers_bptt", "numbers_rtrl", "work_bptt", "work_rtrl"]
    ),
  ]

  /// The panels that show what the formulas name.
  static func panels(showing formulas: [Formula]) -> Set<String> {
    let names = formulas.reduce(into: Set<String>()) { $0.formUnion($1.names) }
    return Set(table.filter { !names.isDisjoint(with: $0.quantities) }.flatMap(\.panels))
  }
}

extension LessonQuestion {
  /// Whether another pass comes of what reveals it.
  private var needsAnotherPass: Bool { reveal.contains { LessonRequest.act($0).changesRun } }

  /// Whether a wrong answer can be tried again: not where two options leave no other.
  var hasSecondTry: Bool {
    if case .choice(let options) = kind { options.count > 2 } else { true }
  }

  /// Whether the answer is there only when what reveals it is done: an experiment. It is known before where it names nothing
  /// but kept values.
  func isExperiment(kept: Set<String>) -> Bool {
    let formulas: [Formula] =
      switch kind {
      case .choice(let options): options.map(\.holds)
      case .number(let answer, _, _), .curve(let answer, _, _, _), .step(let answer, _): [answer]
      }
    return needsAnotherPass && !formulas.allSatisfy { kept.isSuperset(of: $0.names) }
  }

  /// The panels that would tell the answer: none where it only comes about when it is revealed, or has to be found on the screen.
  var tellingPanels: Set<String> {
    guard !needsAnotherPass else { return [] }
    let telling: Set<String> =
      switch kind {
      case .choice(let options): AnswersOnPanels.panels(showing: options.map(\.holds))
      case .number(let answer, _, _), .curve(let answer, _, _, _): AnswersOnPanels.panels(showing: [answer])
      case .step: []
      }
    return telling.subtracting(open)
  }
}
