import Canvas
import Dashboard
import Experiments
import GradientFlow
import Instruments
import RecurrentNetworks
import Training

/// What differs between two runs: settings, what was done to them, weights and losses.
public struct RunComparison {
  /// A setting that differs.
  public struct Difference: Equatable, Sendable {
    /// The key, and its value in each.
    public let key: String, a: String, b: String
  }

  /// A tensor of both runs and how far it lies apart.
  public struct Distance: Equatable, Sendable {
    /// The tensor's name.
    public let name: String
    /// ‖B - A‖/‖A‖; infinite where A is 0 and B is not.
    public let relative: Double
  }

  /// The losses of both on the same held-out sequences.
  public struct HeldOut: Equatable, Sendable {
    /// The mean losses.
    public let a: Double, b: Double
    /// The mean of A - B over the sequences, and its standard error.
    public let difference: Double, standardError: Double
    /// How many sequences.
    public let sequences: Int
  }

  /// The settings that differ.
  public let settings: [Difference]
  /// The weights that both have, and the names of those that only one has.
  public let weights: [Distance], unshared: [String]
  /// Over all tensors that both have; 0 where the weights are equal.
  public let weightDistance: Double
  /// How many events of their timelines are the same.
  public let sharedEvents: Int
  /// On sequences that no training sees; nil where their tasks differ.
  public let heldOut: HeldOut?

  private let runs: (a: ReportedRun, b: ReportedRun)

  /// Compares two runs.
  ///
  /// - Parameters:
  ///   - a: the first.
  ///   - b: the second.
  ///   - memory: the bytes that the evaluation may take.
  public init(_ a: ReportedRun, _ b: ReportedRun, memory: Int = 16 << 30) {
    runs = (a, b)
    let (first, second) = (a.run.experiment, b.run.experiment)
    settings = first.differences(from: second).filter { !$0.key.name.hasPrefix("view.") }
      .map { Difference(key: $0.key.name, a: $0.value, b: $0.key.get(second)) }
    let shared = a.run.layout.entries.compactMap { entry in
      b.run.layout[entry.name].flatMap { $0.shape == entry.shape ? (entry, $0) : nil }
    }
    let (weightsA, weightsB) = (a.run.parameters, b.run.parameters)
    let parts = shared.map { (Array(weightsA[$0.0.range]), Array(weightsB[$0.1.range])) }
    weights = zip(shared, parts).map { Distance(name: $0.0.name, relative: Self.distance($1.0, $1.1)) }
    weightDistance = Self.distance(parts.flatMap(\.0), parts.flatMap(\.1))
    let common = Set(shared.map(\.0.name))
    unshared = (a.run.layout.entries + b.run.layout.entries).map(\.name).filter { !common.contains($0) }
      .reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    sharedEvents = zip(a.changes, b.changes).prefix { Self.isSame($0, $1) }.count
    heldOut = Self.heldOut(a.run, b.run, memory: memory)
  }

  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    let apart = euclideanNorm(zip(a, b).map { $1 - $0 }), size = euclideanNorm(a)
    return apart == 0 ? 0 : size == 0 ? .infinity : apart / size
  }

  /// Whether two events do the same; how the screen begins is no part of a run.
  private static func isSame(_ a: TimelineEvent, _ b: TimelineEvent) -> Bool {
    guard case .begin(let update, var first) = a, case .begin(let other, let second) = b else { return a == b }
    first.view = second.view
    return update == other && first == second
  }

  private static func heldOut(_ a: TrainingRun, _ b: TrainingRun, memory: Int) -> HeldOut? {
    guard a.experiment.task == b.experiment.task else { return nil }
    func losses(_ run: TrainingRun) -> [Double] {
      var experiment = run.experiment
      experiment.seed = a.experiment.seed
      experiment.solved.measure = .loss
      experiment.solved.sequences = 200
      return (try? Evaluator(experiment, memory: memory))?.sequenceLosses(run.parameters) ?? []
    }
    let pairs = Array(zip(losses(a), losses(b))).filter { $0.isFinite && $1.isFinite }
    guard pairs.count > 1 else { return nil }
    let count = Double(pairs.count)
    let meanA = pairs.reduce(0) { $0 + $1.0 } / count, meanB = pairs.reduce(0) { $0 + $1.1 } / count
    let difference = meanA - meanB
    let squares = pairs.reduce(0) { sum, pair in
      let deviation = pair.0 - pair.1 - difference
      return sum + deviation * deviation
    }
    return HeldOut(
      a: meanA, b: meanB, difference: difference, standardError: (squares / (count - 1) / count).squareRoot(),
      sequences: pairs.count)
  }

  // MARK: In words

  /// What differs, a line each.
  public var lines: [String] {
    [settingsLine] + settings.map { "\($0.key): A \($0.a), B \($0.b)" } + timelineLines + weightLines + lossLines
  }

  private var settingsLine: String {
    switch settings.count {
    case 0: "The settings are the same."
    case 1: "One setting differs:"
    default: "\(settings.count) settings differ:"
    }
  }

  private var timelineLines: [String] {
    let (a, b) = (runs.a.run, runs.b.run)
    let next = (a: runs.a.changes.dropFirst(sharedEvents).first, b: runs.b.changes.dropFirst(sharedEvents).first)
    guard next.a != nil || next.b != nil else {
      let gap = b.update - a.update
      let place =
        gap == 0
        ? "and they stand at the same update" : "and B has made \(abs(gap)) updates \(gap > 0 ? "more" : "less")"
      return [
        "The same was done to both, \(place) (\(NumberText.grouped(a.update)) and \(NumberText.grouped(b.update)))."
      ]
    }
    guard sharedEvents > 0 else { return ["They differ from the beginning on."] }
    let update = [next.a?.update, next.b?.update].compactMap { $0 }.min() ?? 0
    func words(_ event: TimelineEvent?) -> String { event.map { "at \($0.update) \($0.words)" } ?? "goes on as it is" }
    return [
      "The same was done to both up to update \(NumberText.grouped(update)); then A \(words(next.a)), and B \(words(next.b))."
    ]
  }

  private var weightLines: [String] {
    guard !weights.isEmpty else { return ["No tensor of the weights has the same name and shape in both."] }
    guard weightDistance > 0 else { return ["The weights are equal, bit for bit."] + unsharedLine }
    let far = weights.sorted { $0.relative > $1.relative }.prefix(3)
    return [
      "The weights lie \(NumberText.short(weightDistance)) of their norm apart, most in "
        + far.map { "\($0.name) (\(NumberText.short($0.relative)))" }.joined(separator: ", ") + "."
    ] + unsharedLine
  }

  private var unsharedLine: [String] {
    unshared.isEmpty ? [] : ["Not in both with one shape: \(unshared.joined(separator: ", "))."]
  }

  private var lossLines: [String] {
    var lines: [String] = []
    if let a = runs.a.lastLosses, let b = runs.b.lastLosses {
      func words(_ last: (mean: Double, deviation: Double, count: Int)) -> String {
        NumberText.short(last.mean, digits: 4)
          + (last.deviation.isFinite ? " ± \(NumberText.short(last.deviation, digits: 2))" : "")
          + " over the last \(last.count) update\(last.count == 1 ? "" : "s")"
      }
      lines.append("Training loss (mean ± standard deviation): A \(words(a)), B \(words(b)).")
    } else {
      lines.append("There is no training loss of both to compare: no update has been made.")
    }
    guard let heldOut else {
      return lines + ["Their tasks differ or cannot be measured, so no held-out loss is compared."]
    }
    let isClear = abs(heldOut.difference) > max(2 * heldOut.standardError, 0)
    let verdict = isClear ? (heldOut.difference > 0 ? "B is better" : "A is better") : "no clear difference"
    return lines + [
      "Held-out loss on the same \(heldOut.sequences) sequences: A \(NumberText.short(heldOut.a, digits: 4)), B \(NumberText.short(heldOut.b, digits: 4)), "
        + "A - B = \(NumberText.short(heldOut.difference)) ± \(NumberText.short(heldOut.standardError, digits: 2)) (standard error): \(verdict)."
    ]
  }

  /// Both runs on one screen: losses, gradients, products and spectra.
  public func picture(theme: Theme, size: Size) -> Buffer {
    var pictures = RunPictures([runs.a, runs.b], theme: theme, size: size)
    return pictures.screen(["gradient-norm", "jacobian-product", "flow", "spectrum", "loss"])
  }
}
