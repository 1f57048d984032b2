import RecurrentNetworks

/// The values that a knob walks through.
public enum KnobSteps: Equatable, Sendable {
  /// It has none: a path, a list.
  case none
  /// Multiples of the step.
  case linear(Double)
  /// Ten values a decade: 1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8, 10, …
  case tenth
  /// Two values a doubling: 1, 2, 3, 4, 6, 8, 12, 16, …
  case halfDoublings
  /// The names, around.
  case choices
}

extension ExperimentKey {
  /// The value `clicks` turns of the knob away (up for positive), as the experiment file writes it; nil where there is none:
  /// at the end of the range, or with every further choice refused beside the other keys.
  public func stepped(_ experiment: Experiment, by clicks: Int) -> String? {
    var present = experiment
    for _ in 0..<min(abs(clicks), 1000) {
      guard let value = oneStep(present, up: clicks > 0), (try? set(&present, value)) != nil else { break }
    }
    let value = get(present)
    return value == get(experiment) ? nil : value
  }

  private func oneStep(_ experiment: Experiment, up: Bool) -> String? {
    switch kind {
    case .choice(let names):
      return nextChoice(names, experiment, up: up)
    case .stepCount:
      return steppedCount(experiment, up: up)
    case .seed:
      guard let seed = UInt64(get(experiment)) else { return nil }
      let (next, overflow) = up ? seed.addingReportingOverflow(1) : seed.subtractingReportingOverflow(1)
      return overflow ? nil : "\(next)"
    case .integer(let range):
      guard let value = Int(get(experiment)) else { return nil }
      guard let next = steps.next(Double(value), up: up, whole: true).flatMap(Int.init(exactly:)) else { return nil }
      return range.contains(next) ? "\(next)" : nil
    case .number(let range, _):
      let value = Double(get(experiment)) ?? experiment.network.initialization.expectedRadius
      guard let next = steps.next(value, up: up, whole: false) else { return nil }
      return range.contains(next) ? formatNumber(next) : range.end(up: up, from: value).map(formatNumber)
    case .numbers:
      return steppedList(experiment, up: up)
    case .path, .names, .text, .heldOut:
      return nil
    }
  }

  /// [1], [1, 2], [1, 3], …: the last number goes up; with doublings [], [1, 2], [1, 2, 4], …, without lists that are refused beside
  /// the other keys.
  private func steppedList(_ experiment: Experiment, up: Bool) -> String? {
    var list = (listElements(get(experiment)) ?? []).compactMap { Int($0) }
    func text() -> String { "[" + list.map(String.init).joined(separator: ", ") + "]" }
    guard steps == .halfDoublings else {
      guard let last = list.last, up || list.count > 1 else { return nil }
      let next = up ? last + 1 : last - 1
      if list.count > 1 { list.removeLast() }
      if next > list.last ?? 0 { list.append(next) }
      return text()
    }
    for _ in 0..<8 {
      guard up || !list.isEmpty else { return nil }
      list = up ? (list.isEmpty ? [1, 2] : list + [2 * (list.last ?? 1)]) : list.count <= 2 ? [] : list.dropLast()
      var tried = experiment
      if (try? set(&tried, text())) != nil, (try? tried.validate()) != nil { return text() }
    }
    return nil
  }

  /// The next choice that is not refused beside the other keys.
  private func nextChoice(_ names: [String], _ experiment: Experiment, up: Bool) -> String? {
    guard let here = names.firstIndex(of: get(experiment)) else { return nil }
    for turn in 1..<max(names.count, 1) {
      let name = names[(here + (up ? turn : names.count - turn)) % names.count]
      var tried = experiment
      if (try? set(&tried, name)) != nil, (try? tried.validate()) != nil { return name }
    }
    return nil
  }

  /// 1, 2, …, n-1, full.
  private func steppedCount(_ experiment: Experiment, up: Bool) -> String? {
    let length = experiment.task.length
    let count = Int(get(experiment)) ?? length
    if up { return get(experiment) == "full" ? nil : count + 1 >= length ? "full" : "\(count + 1)" }
    return count > 1 ? "\(min(count, length + 1) - 1)" : nil
  }
}

extension Initialization {
  /// About the spectral radius that weights drawn so have; where a knob begins that has none set.
  fileprivate var expectedRadius: Double {
    // The circular law: independent entries of variance v have a radius of √(H v); uniform in ±s/√H is v = s²/(3H).
    // i times an antisymmetric matrix is Hermitian: the semicircle law, 2√(H v).
    switch recurrent {
    case .uniform: scale / 3.0.squareRoot()
    case .antisymmetric: 2 * scale
    default: scale
    }
  }
}

extension NumberRange {
  /// The included end that a step beyond the interval stops at, where `value` is not there yet.
  fileprivate func end(up: Bool, from value: Double) -> Double? {
    let end = up ? (includesUpper ? upper : nil) : (includesLower ? lower : nil)
    return end == value ? nil : end
  }
}

extension KnobSteps {
  /// The next value of the walk above or below `value`.
  func next(_ value: Double, up: Bool, whole: Bool) -> Double? {
    switch self {
    case .none, .choices: return nil
    case .linear(let step):
      let position = value / step
      let nearest = position.rounded()
      let onGrid = abs(position - nearest) < 1e-6
      let target =
        up ? (onGrid ? nearest : position.rounded(.down)) + 1 : (onGrid ? nearest : position.rounded(.up)) - 1
      // 3 · 0.05 is not the number nearest to 0.15; twenty twentieths and a thousand thousandths are.
      let parts = (1 / step).rounded()
      return step < 1 ? target / parts : target * step
    case .tenth:
      if value <= 0 { return up ? (whole ? 1 : 1e-6) : nil }
      let mantissas = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8]
      return nextInGrid(value, up: up, whole: whole) { index in
        let decade = index >= 0 ? index / 10 : (index - 9) / 10
        return Double("\(mantissas[index - 10 * decade])e\(decade)")
      }
    case .halfDoublings:
      return nextInGrid(max(value, 1), up: up, whole: whole) { index in
        index < 0 ? nil : Double(1 << (index / 2)) * (index % 2 == 0 ? 1 : 1.5)
      }
    }
  }

  /// The first value of a growing grid beyond `value`, rounded to a whole number where one is asked for.
  private func nextInGrid(_ value: Double, up: Bool, whole: Bool, _ grid: (Int) -> Double?) -> Double? {
    let indices = Array(-130...120)
    for index in up ? indices : indices.reversed() {
      guard let entry = grid(index).map({ whole ? $0.rounded() : $0 }) else { continue }
      let beyond = up ? entry > value * (1 + 1e-9) : entry < value * (1 - 1e-9)
      if beyond { return entry }
    }
    // Below the least of the grid lies 0, if the range has it.
    return up ? nil : 0
  }
}
