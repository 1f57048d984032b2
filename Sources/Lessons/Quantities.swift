import Canvas
import GradientFlow
import Instruments
import LinearAlgebra
import RecurrentNetworks
import Training

/// A number, or a list of numbers, that formulas can name.
public struct Quantity: Sendable {
  /// Its name, and what it is, with its unit.
  public let name: String, about: String
  /// Reads it of a pass.
  let read: @Sendable (LessonNumbers) throws(FormulaError) -> LessonValue

  init(
    _ name: String, _ about: String, _ read: @escaping @Sendable (LessonNumbers) throws(FormulaError) -> LessonValue
  ) {
    (self.name, self.about, self.read) = (name, about, read)
  }

  /// A single number.
  static func number(
    _ name: String, _ about: String, _ read: @escaping @Sendable (LessonNumbers) throws(FormulaError) -> Double
  ) -> Quantity {
    Quantity(name, about) { numbers throws(FormulaError) in .number(try read(numbers)) }
  }

  /// A list of numbers, counted from 1.
  static func list(
    _ name: String, _ about: String, _ read: @escaping @Sendable (LessonNumbers) throws(FormulaError) -> [Double]
  ) -> Quantity {
    Quantity(name, about) { numbers throws(FormulaError) in .list(try read(numbers)) }
  }
}

/// What formulas can name: the quantities, and the functions on them.
public enum Quantities {
  /// All of them, by subject.
  public static let all: [Quantity] =
    run + pass + byHand + products + truncation + clipping + gated + dynamics + algorithms + wrongGradients

  /// The one called `name`.
  static func named(_ name: String) -> Quantity? { table[name] }

  /// The names of those that networks of every kind have.
  static let ofAnyNetwork = Set(
    run.map(\.name) + ["gradient", "log10_gradient", "full_gradient", "attention", "direct"])

  private static let table = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The error that `name` is none of `names`.
  static func unknown(_ name: String, among names: [String], what: String) -> FormulaError {
    FormulaError(
      "unknown \(what) \(name), expected a quantity, a kept value or a key of the experiment",
      nearest: nearestName(to: name, among: names))
  }

  private static func powers(_ logarithms: [Double]) -> [Double] { logarithms.map { power(10, $0) } }

  // MARK: The run

  private static let run: [Quantity] = [
    .number("update", "updates made") { Double($0.snapshot.update) },
    .number("t", "the step under the cursor, counted from 1") { Double($0.step) },
    .number("n", "the length of the sequence in steps") { Double($0.snapshot.data.steps) },
    .number("units", "hidden units of a layer") { Double($0.snapshot.experiment.network.hidden) },
    .number("sequences", "sequences of the batch") { Double($0.snapshot.data.batch) },
    .number("parameters", "trained numbers in all") { Double($0.snapshot.layout.count) },
    .number("k1", "steps between updates, full written as n") { Double($0.snapshot.schedule.k1) },
    .number("k2", "steps that the gradient goes back, full written as n") { Double($0.snapshot.schedule.k2) },
    .number("losses", "steps with a target") { numbers in
      let data = numbers.snapshot.data
      return Double(
        (0..<data.steps).count { t in
          data.targetMask[t * data.batch..<(t + 1) * data.batch].contains { $0 != 0 }
        })
    },
    .number("loss", "the loss of the newest update") { numbers throws(FormulaError) in
      guard let newest = numbers.snapshot.newest else { throw FormulaError("loss: no update yet, expected one") }
      return newest.loss
    },
    .number("mean_loss", "the mean loss of the last 256 updates") { numbers throws(FormulaError) in
      let recent = numbers.snapshot.history.recent
      guard !recent.isEmpty else { throw FormulaError("mean_loss: no update yet, expected one") }
      return recent.reduce(0) { $0 + $1.loss } / Double(recent.count)
    },
    .list("floors", "losses that are known of the task, in its order") { $0.snapshot.description.floors.map(\.loss) },
    .number("dependency", "how far back lies what the task asks for, in steps") { numbers throws(FormulaError) in
      guard let length = numbers.snapshot.description.dependencyLength else {
        throw FormulaError("dependency: this task does not know it")
      }
      return Double(length)
    },
    .number("exploded", "1 where a number was not finite, else 0") { $0.snapshot.explosion == nil ? 0 : 1 },
    .number("learning_rate", "the step size of the next update") {
      $0.snapshot.experiment.training.optimizer.learningRate
    },
  ]

  // MARK: The pass

  private static let pass: [Quantity] = [
    .list("gradient", "norm of dL/dh_t by step of the sequence, as it trains") { numbers throws(FormulaError) in
      powers(try numbers.reading(GradientNormInstrument.self).norms)
    },
    .list("log10_gradient", "its decimal logarithm") { numbers throws(FormulaError) in
      try numbers.reading(GradientNormInstrument.self).norms
    },
    .list("full_gradient", "the same with nothing cut off") { numbers throws(FormulaError) in
      let reading = try numbers.reading(GradientNormInstrument.self)
      return powers(reading.uncut ?? reading.norms)
    },
    .list("direct", "of a network that attends: the part of it that comes past time") { numbers throws(FormulaError) in
      let reading = try numbers.reading(GradientNormInstrument.self)
      guard let direct = reading.carried else { throw FormulaError("direct: there is no such path here") }
      return powers(direct)
    },
    .list("attention", "what the position of the last loss attends to, the mean over the heads") {
      numbers throws(FormulaError) in
      let reading = try numbers.reading(AttentionInstrument.self)
      return Array(reading.mean[reading.lastLoss * reading.length..<(reading.lastLoss + 1) * reading.length])
    },
    .list("contribution", "norm of what each step of the window adds to the gradient of the shared weights") {
      numbers throws(FormulaError) in powers(try numbers.reading(ContributionsInstrument.self).terms.log10Norm)
    },
    .number("window_start", "the first step of the window, counted from 1") {
      Double($0.snapshot.window.steps.lowerBound + 1)
    },
    .number("window_length", "steps of the window") { Double($0.snapshot.window.steps.count) },
    .number("window_losses", "losses of the window that enter") { Double($0.snapshot.window.injected.count) },
    .number("updates_per_sequence", "updates that the schedule makes in one sequence") { numbers in
      let schedule = numbers.snapshot.schedule
      return Double((schedule.length + schedule.k1 - 1) / schedule.k1)
    },
    .number("mean_slope", "the mean of phi'(a) over units, steps and sequences") { numbers in
      let slopes = numbers.tape.layers.last?.derivative ?? []
      return slopes.reduce(0, +) / Double(slopes.count)
    },
    .number("gradient_size", "norm of the gradient of all weights") { euclideanNorm($0.tape.gradient) },
  ]

  // MARK: One unit, to be computed by hand

  /// The numbers of the first sequence and the first unit, by step of the window.
  private static func track(
    _ name: String, _ about: String, width: @escaping @Sendable (Tape) -> Int,
    _ values: @escaping @Sendable (Tape) -> [Double]
  ) -> Quantity {
    .list(name, about + " of the first sequence, by step of the window") { numbers in
      let tape = numbers.tape, all = values(tape), width = width(tape)
      return (0..<tape.steps).compactMap { t in
        let place = t * tape.batch * width
        return all.indices.contains(place) ? all[place] : nil
      }
    }
  }

  private static func weight(_ name: String, _ about: String, _ tensor: String) -> Quantity {
    .number(name, about) { numbers throws(FormulaError) in
      guard let first = numbers.tape.parameter(tensor)?.first else {
        throw FormulaError("\(name): this network has no \(tensor)")
      }
      return first
    }
  }

  private static func weightGradient(_ name: String, _ tensor: String) -> Quantity {
    .number(name, "the first number of the gradient of \(tensor)") { numbers throws(FormulaError) in
      guard let first = numbers.tape.gradient(of: tensor)?.first else {
        throw FormulaError("\(name): this network has no \(tensor)")
      }
      return first
    }
  }

  private static let byHand: [Quantity] = [
    track("x", "the first input", width: \.inputs) { $0.x },
    track("a", "a of the first unit", width: { $0.hidden * $0.network.cell.gates }) {
      $0.layers.last?.preactivation ?? []
    },
    track("slope", "phi'(a) of the first unit", width: { $0.hidden * $0.network.cell.gates }) {
      $0.layers.last?.derivative ?? []
    },
    .list("h", "h of the first unit, from h_0 on: h[1] is the state before the first step") { numbers in
      let tape = numbers.tape
      guard let layer = tape.layers.last else { return [] }
      let width = layer.stateComponents * tape.batch * tape.hidden
      return (0...tape.steps).map { layer.state[$0 * width] }
    },
    .list("delta", "dL/dh of the first unit, by step of the window") { numbers in
      let tape = numbers.tape
      guard let layer = tape.layers.last else { return [] }
      let width = layer.stateComponents * tape.batch * tape.hidden
      return (0..<tape.steps).map { layer.gradient[$0 * width] }
    },
    track("delta_s", "dL/da of the first unit", width: { $0.hidden * $0.network.cell.gates }) {
      $0.layers.last?.preactivationGradient ?? []
    },
    .list("local", "the part of delta that comes from the step's own loss") { numbers in
      let tape = numbers.tape
      return (0..<tape.steps).map { tape.layers.last?.localGradient[$0 * tape.batch * tape.hidden] ?? 0 }
    },
    track("output", "the first output", width: \.outputs) { $0.output },
    .list("step_loss", "the loss of each step of the window") { numbers in
      (0..<numbers.tape.steps).map { numbers.tape.loss[$0 * numbers.tape.batch] }
    },
    .list("target", "the first target, by step of the window; 0 where there is none") { numbers throws(FormulaError) in
      let tape = numbers.tape
      switch tape.target {
      case .values(let values): return (0..<tape.steps).map { values[$0 * tape.batch * tape.outputs] }
      case .classes(let classes): return (0..<tape.steps).map { Double(classes[$0 * tape.batch]) }
      }
    },
    weight("w", "the first recurrent weight", "weight_hh_l0"),
    weight("u", "the first input weight", "weight_ih_l0"),
    weight("b", "the first bias", "bias_ih_l0"),
    weight("v", "the first weight of the readout", "readout.weight"),
    weight("c", "the first bias of the readout", "readout.bias"),
    weightGradient("gradient_w", "weight_hh_l0"),
    weightGradient("gradient_u", "weight_ih_l0"),
    weightGradient("gradient_b", "bias_ih_l0"),
  ]

  // MARK: Products of Jacobians

  private static let products: [Quantity] = [
    // By iteration, some 1e-8 low at most: all singular values at every lag would take long.
    .list("product", "norm of dh_T/dh_(T-lag), by lag from 1") { numbers throws(FormulaError) in
      powers(try numbers.reading(HorizonInstrument.self).log10Norm)
    },
    .list("log10_product", "its decimal logarithm") { numbers throws(FormulaError) in
      try numbers.reading(HorizonInstrument.self).log10Norm
    },
    .number("log10_smallest", "log10 of the smallest singular value of the product over n - 1 steps") {
      numbers throws(FormulaError) in
      try product(numbers, longest: numbers.snapshot.data.steps - 1).spectra.last?.log10.last ?? .nan
    },
    .number("bound", "gamma sigma: the bound of one step's factor") { numbers throws(FormulaError) in
      guard let bound = try product(numbers, longest: 1).log10BoundPerStep else {
        throw FormulaError("bound: this cell has none")
      }
      return power(10, bound)
    },
    .number("rho", "the spectral radius of W_hh") { numbers throws(FormulaError) in
      try numbers.reading(SpectrumInstrument.self).spectralRadius ?? .nan
    },
    .number("sigma", "the largest singular value of W_hh") { numbers throws(FormulaError) in
      try numbers.reading(SpectrumInstrument.self).recurrent?.singularValues.first ?? .nan
    },
    .number("gamma", "the largest phi' of the activation") {
      $0.snapshot.experiment.network.activation.maximumDerivative
    },
    .number("phi_factor", "what phi' does to the gradient in a step, geometric mean") { numbers throws(FormulaError) in
      try factor("activation", numbers)
    },
    .number("weight_factor", "what W_hh does to it in a step") { numbers throws(FormulaError) in
      try factor("recurrent", numbers)
    },
    .number("step_factor", "what a whole step does to it") { numbers throws(FormulaError) in
      power(10, try numbers.reading(DecayInstrument.self).whole.mean)
    },
    .number("horizon_10", "the lag at which the product falls under 10 %; n + 1 where it never does") {
      numbers throws(FormulaError) in
      Double(try numbers.reading(HorizonInstrument.self).under10 ?? numbers.snapshot.data.steps + 1)
    },
    .number("horizon_1", "the lag at which it falls under 1 %") { numbers throws(FormulaError) in
      Double(try numbers.reading(HorizonInstrument.self).under1 ?? numbers.snapshot.data.steps + 1)
    },
  ]

  /// The products up to a lag, with all singular values at that lag alone.
  private static func product(_ numbers: LessonNumbers, longest: Int) throws(FormulaError) -> ProductByLag {
    do {
      return try ProductByLag(numbers.whole, maximumLags: 1, longest: longest)
    } catch {
      throw FormulaError("the product of Jacobians: a Jacobian is not finite")
    }
  }

  private static func factor(_ name: String, _ numbers: LessonNumbers) throws(FormulaError) -> Double {
    let parts = try numbers.reading(DecayInstrument.self).parts
    guard let part = parts.first(where: { $0.name == name }) else {
      throw FormulaError(
        "found no factor \(name) in this cell, expected one of \(parts.map(\.name).joined(separator: ", "))")
    }
    return power(10, part.mean)
  }

  // MARK: Truncation

  private static let truncation: [Quantity] = [
    .number("terms", "terms of the double sum: pairs of a loss and an earlier step, or its own") {
      numbers throws(FormulaError) in
      let flow = try numbers.reading(FlowInstrument.self)
      return Double(flow.share?.terms ?? flow.matrix.rows.reduce(0) { $0 + $1 + 1 })
    },
    .number("kept_terms", "those of them that the truncation keeps") { numbers throws(FormulaError) in
      let flow = try numbers.reading(FlowInstrument.self)
      return Double(flow.share?.termsKept ?? flow.matrix.rows.reduce(0) { $0 + $1 + 1 })
    },
    .number("kept_mass", "the share of the summed norms that it keeps, 0 to 1") { numbers throws(FormulaError) in
      try numbers.reading(FlowInstrument.self).share?.massShare ?? 1
    },
    .number("bias_error", "the missing part of the gradient over the full one") { numbers throws(FormulaError) in
      try numbers.reading(BiasInstrument.self).overall.relativeError
    },
    .number("bias_cosine", "the cosine of the truncated and the full gradient") { numbers throws(FormulaError) in
      try numbers.reading(BiasInstrument.self).overall.cosine
    },
    .number("least_k2", "the least k2 with an error under 10 %") { numbers throws(FormulaError) in
      let reading = try numbers.reading(BiasByWindowInstrument.self)
      return Double(reading.leastWindow ?? reading.length)
    },
    .list("bias_k2", "the windows at which the error was measured") { numbers throws(FormulaError) in
      try numbers.reading(BiasByWindowInstrument.self).bias.k2.map(Double.init)
    },
    .list("bias_by_k2", "the error at those windows") { numbers throws(FormulaError) in
      try numbers.reading(BiasByWindowInstrument.self).bias.relativeError
    },
  ]

  // MARK: Clipping

  private static let clipping: [Quantity] = [
    .number("raw_norm", "norm of the next gradient before clipping") { numbers throws(FormulaError) in
      try numbers.reading(ClippingInstrument.self).norm
    },
    .number("clip_scale", "what clipping leaves of its length, 0 to 1") { numbers throws(FormulaError) in
      try numbers.reading(ClippingInstrument.self).scale
    },
    .number("clip_angle", "by how many degrees it turns it") { numbers throws(FormulaError) in
      try numbers.reading(ClippingInstrument.self).angle
    },
    .number("clipped_share", "the share of the last updates that were clipped") { numbers throws(FormulaError) in
      try numbers.reading(ClippingInstrument.self).clippedShare
    },
    .number("largest_norm", "the largest raw norm so far") { numbers throws(FormulaError) in
      guard let mark = numbers.snapshot.history.largestNorm else {
        throw FormulaError("largest_norm: no update yet, expected one")
      }
      return mark.value
    },
    .list("recent_loss", "the losses of the last updates, the newest last: 256 at most") {
      $0.snapshot.history.recent.map(\.loss)
    },
    .list("recent_norm", "their raw gradient norms") { $0.snapshot.history.recent.map(\.gradientNorm) },
  ]

  // MARK: Gated cells

  private static let gated: [Quantity] = [
    .list("memory_path", "what the memory path alone keeps, by lag") { numbers throws(FormulaError) in
      powers(try memory(numbers).log10MemoryPath)
    },
    .list("gated_paths", "norm of all other paths, at the lags of memory_lags") { numbers throws(FormulaError) in
      powers(try memory(numbers).log10Gated)
    },
    .list("memory_block", "norm of dc_T/dc_(T-lag): all paths, at the lags of memory_lags") {
      numbers throws(FormulaError) in powers(try memory(numbers).log10Block)
    },
    .list("memory_lags", "the lags of the two") { numbers throws(FormulaError) in
      try memory(numbers).lags.map(Double.init)
    },
  ]

  private static func memory(_ numbers: LessonNumbers) throws(FormulaError) -> MemoryPathByLag {
    // The memory path itself at every lag; the others, which cost much more, at some.
    let path = try? MemoryPathByLag(numbers.whole, maximumLags: 6)
    guard let path = path ?? nil else {
      throw FormulaError("the memory path: this cell has none, expected an LSTM or a GRU")
    }
    return path
  }

  // MARK: Dynamics

  private static let dynamics: [Quantity] = [
    .list("lyapunov", "the Lyapunov exponents, natural logarithm a step, the largest first") {
      numbers throws(FormulaError) in try numbers.reading(LyapunovInstrument.self).exponents
    },
    .list("lyapunov_error", "their standard errors") { numbers throws(FormulaError) in
      try numbers.reading(LyapunovInstrument.self).standardErrors
    },
    .number("last_move", "norm of h_n - h_(n-1) over the norm of h_n: 0 where the network has settled") { numbers in
      let tape = numbers.whole
      guard let layer = tape.layers.last, tape.steps > 0 else { return .nan }
      let width = layer.stateComponents * tape.batch * tape.hidden
      let last = layer.state[tape.steps * width..<(tape.steps + 1) * width]
      let before = layer.state[(tape.steps - 1) * width..<tape.steps * width]
      return euclideanNorm(zip(last, before).map { $0 - $1 }) / euclideanNorm(Array(last))
    },
  ]

  // MARK: Learning algorithms

  private static let algorithms: [Quantity] = [
    .number("algorithm_cosine", "the cosine of the learning algorithm's gradient and BPTT's") {
      numbers throws(FormulaError) in try numbers.reading(LearningInstrument.self).report.overall.cosine
    },
    .number("algorithm_error", "its largest difference from BPTT's, over the largest number of BPTT's") {
      numbers throws(FormulaError) in
      let report = try numbers.reading(LearningInstrument.self).report
      let scale = report.exact.reduce(0) { max($0, abs($1)) }
      return zip(report.gradient, report.exact).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
    },
    cost("numbers_bptt", .bptt, \.floats), cost("numbers_rtrl", .rtrl, \.floats),
    cost("work_bptt", .bptt, \.multiplyAdds), cost("work_rtrl", .rtrl, \.multiplyAdds),
  ]

  private static func cost(
    _ name: String, _ kind: AlgorithmKind, _ part: @escaping @Sendable (LearningInstrument.Cost) -> Double
  ) -> Quantity {
    let what = name.hasPrefix("numbers") ? "numbers that \(kind.rawValue) holds" : "its multiply-adds an update"
    return .number(name, what) { numbers throws(FormulaError) in
      try numbers.reading(LearningInstrument.self).costs.first { $0.subject == .algorithm(kind) }.map(part) ?? .nan
    }
  }

  // MARK: Wrong gradients

  private static let wrongGradients: [Quantity] =
    WrongGradients.Bug.allCases.flatMap { bug in
      [
        Quantity.number("\(bug.rawValue)_error", "the checker's verdict on a gradient with \(bug.words)") {
          $0.wrong.checkedErrors(bug, $0.snapshot).max() ?? .nan
        },
        Quantity.list("\(bug.rawValue)_errors", "that verdict on its W_ih, its W_hh and its b") {
          $0.wrong.checkedErrors(bug, $0.snapshot)
        },
        Quantity.number("\(bug.rawValue)_cosine", "the cosine of that gradient and the right one") {
          $0.wrong.cosine(bug)
        },
      ]
    } + [
      .number("no_recursion_k2", "the k2 whose truncated gradient the one with no recursion is") {
        numbers throws(FormulaError) in
        let (wrong, steps) = (numbers.wrong.gradient(.noRecursion), numbers.whole.steps)
        let same = (1...steps).first { numbers.wrong.isSame(wrong, numbers.wrong.gradient(nil, reach: $0)) }
        return same.map(Double.init) ?? .nan
      }
    ]
}

extension Quantities {
  /// A function on values.
  typealias Function = @Sendable ([LessonValue]) throws(FormulaError) -> LessonValue

  /// The function called `name`.
  static func function(_ name: String) -> Function? { functions[name]?.body }

  /// Their names.
  static let functionNames = Array(functions.keys)

  /// What each function gives, for the manual.
  public static let functionWords = functions.map { (name: $0.key, about: $0.value.about) }.sorted { $0.name < $1.name }

  private static func first(_ values: [LessonValue], _ name: String) throws(FormulaError) -> [Double] {
    guard values.count == 1, let numbers = values.first?.numbers, !numbers.isEmpty else {
      throw FormulaError("\(name): found \(values.count) values, expected one that is not empty")
    }
    return numbers
  }

  private static func reduced(_ name: String, _ body: @escaping @Sendable ([Double]) -> Double) -> Function {
    { values throws(FormulaError) in .number(body(try first(values, name))) }
  }

  private static func each(_ name: String, _ body: @escaping @Sendable (Double) -> Double) -> Function {
    { values throws(FormulaError) in
      guard values.count == 1, let value = values.first else {
        throw FormulaError("\(name): found \(values.count) values, expected one")
      }
      return value.map(body)
    }
  }

  private static let functions: [String: (about: String, body: Function)] = [
    "abs": ("the absolute value", each("abs") { Swift.abs($0) }),
    "sqrt": ("the square root", each("sqrt") { $0.squareRoot() }),
    "exp": ("e to the power", each("exp") { power(euler, $0) }),
    "ln": ("the natural logarithm", each("ln") { NumberText.log10($0) / NumberText.log10(euler) }),
    "log10": ("the decimal logarithm", each("log10") { NumberText.log10($0) }),
    "tanh": ("the hyperbolic tangent", each("tanh") { Activation.tanh.value($0) }),
    "slope_of_tanh": ("1 - tanh(a)²", each("slope_of_tanh") { Activation.tanh.derivative($0) }),
    "round": ("the nearest whole number", each("round") { $0.rounded() }),
    "floor": ("the whole number below", each("floor") { $0.rounded(.down) }),
    "ceil": ("the whole number above", each("ceil") { $0.rounded(.up) }),
    "count": ("how many numbers of a list are not 0", reduced("count") { Double($0.count { $0 != 0 }) }),
    "length": ("how many numbers a list has", reduced("length") { Double($0.count) }),
    "sum": ("their sum", reduced("sum") { $0.reduce(0, +) }),
    "mean": ("their mean", reduced("mean") { $0.reduce(0, +) / Double($0.count) }),
    "product_of": ("their product", reduced("product_of") { $0.reduce(1, *) }),
    "norm": ("the root of the sum of their squares", reduced("norm") { euclideanNorm($0) }),
    "last": ("the last of them", reduced("last") { $0.last ?? .nan }),
    "max": ("the largest of a list, or of several values", extreme("max") { $0 > $1 }),
    "min": ("the smallest", extreme("min") { $0 < $1 }),
    "argmax": ("the place of the largest, counted from 1", reduced("argmax") { place($0, >) }),
    "argmin": ("the place of the smallest", reduced("argmin") { place($0, <) }),
    "first": (
      "the place of the first number that is not 0: first(list < 0.1)",
      { values throws(FormulaError) in
        let list = try Quantities.first(values, "first")
        guard let index = list.firstIndex(where: { $0 != 0 }) else {
          throw FormulaError("first: found none that holds, expected one")
        }
        return .number(Double(index + 1))
      }
    ),
    "all": ("1 where each is true", reduced("all") { $0.allSatisfy { $0 != 0 } ? 1 : 0 }),
    "any": ("1 where one is true", reduced("any") { $0.contains { $0 != 0 } ? 1 : 0 }),
    "part": (
      "part(list, from, to): some of a list, counted from 1",
      { values throws(FormulaError) in
        guard values.count == 3, let from = values[1].numbers.first, let to = values[2].numbers.first, from >= 1,
          to >= from, to <= Double(values[0].numbers.count)
        else { throw FormulaError("part: expected part(list, from, to) inside of the list") }
        return .list(Array(values[0].numbers[Int(from) - 1...Int(to) - 1]))
      }
    ),
    "when": (
      "when(condition, a, b): a where it holds, else b",
      { values throws(FormulaError) in
        guard values.count == 3 else { throw FormulaError("when: expected when(condition, a, b)") }
        return values[0].isTrue ? values[1] : values[2]
      }
    ),
  ]

  private static func place(_ list: [Double], _ isBetter: (Double, Double) -> Bool) -> Double {
    Double(list.indices.reduce(0) { isBetter(list[$1], list[$0]) ? $1 : $0 } + 1)
  }

  private static func extreme(_ name: String, _ isBetter: @escaping @Sendable (Double, Double) -> Bool)
    -> Function
  {
    { values throws(FormulaError) in
      let all = values.flatMap(\.numbers)
      guard let start = all.first else { throw FormulaError("\(name): found no numbers, expected some") }
      return .number(all.reduce(start) { isBetter($1, $0) ? $1 : $0 })
    }
  }

  private static let euler = 2.718281828459045
}
