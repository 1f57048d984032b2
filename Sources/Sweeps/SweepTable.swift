import Experiments
import Glibc

/// The results of a sweep, by setting.
public struct SweepTable: Sendable {
  /// What was run.
  public let plan: SweepPlan
  /// The runs that are done, in the plan's order.
  public let results: [SweepResult]

  /// The results that are in a folder: of each run those after the most updates.
  public init(_ folder: SweepFolder) throws(InputError) {
    plan = folder.plan
    let rungs = folder.plan.rungs.reversed()
    results = try folder.plan.points().compactMap { point in
      rungs.lazy.compactMap { folder.result(of: point, updates: $0) }.first
    }
  }

  /// The results of one setting, with all its seeds.
  public struct Setting: Sendable {
    /// The values of the axes.
    public let values: [String]
    /// The runs.
    public let results: [SweepResult]

    /// The mean of a measure over the seeds, and its standard error (NaN of one seed); nil where no run has it.
    public func mean(_ measure: SweepMeasure) -> (mean: Double, error: Double)? {
      let numbers = results.compactMap { $0[measure] }
      guard !numbers.isEmpty else { return nil }
      let count = Double(numbers.count), mean = numbers.reduce(0, +) / count
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
      return (mean, (variance / count).squareRoot())
    }
  }

  /// The settings that have a result, in the plan's order.
  public var settings: [Setting] {
    var settings: [Setting] = []
    var rest = results[...]
    while let first = rest.first {
      let same = rest.prefix { $0.point.index / plan.seeds == first.point.index / plan.seeds }
      settings.append(Setting(values: first.point.values, results: Array(same)))
      rest = rest.dropFirst(same.count)
    }
    return settings
  }

  /// The measures that some run has.
  public var measures: [SweepMeasure] {
    SweepMeasure.allCases.filter { measure in results.contains { $0[measure] != nil } }
  }

  /// A row a run.
  public var csv: String {
    let names =
      ["point", "seed"] + plan.axes.map(\.key) + ["updates", "ending"] + SweepMeasure.allCases.map(\.rawValue)
    let rows = results.map { result in
      ["\(result.point.index)", "\(result.point.seed)"] + result.point.values.map(Self.field)
        + ["\(result.made)", result.ending.rawValue]
        + SweepMeasure.allCases.map { result[$0].map { "\($0)" } ?? "" }
    }
    return ([names] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// A field with a comma or a quote in it stands in quotes (RFC 4180).
  private static func field(_ text: String) -> String {
    text.contains { ",\"\n".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  /// The settings in lines for people, the best by a measure first.
  public func lines(by measure: SweepMeasure, limit: Int) -> [String] {
    func text(_ value: Double) -> String { String(format: "%.4g", value) }
    let ranked = settings.map { ($0, $0.mean(measure)) }.sorted { a, b in
      guard let first = a.1?.mean else { return false }
      guard let second = b.1?.mean else { return true }
      return measure.isCost ? first < second : first > second
    }
    let others = measures.filter { $0 != measure && [.heldOutLoss, .clippedShare, .horizon].contains($0) }
    let isAllDone = settings.allSatisfy { $0.results.allSatisfy { $0.ending == .done } }
    let head =
      plan.axes.map(\.key) + [measure.rawValue] + others.map(\.rawValue) + [isAllDone ? "" : "runs that stopped"]
    let rows = ranked.prefix(limit).map { setting, mean in
      let bad = setting.results.filter { $0.ending != .done }
      let words = Dictionary(grouping: bad, by: \.ending).map { "\($1.count) \($0.rawValue)" }.sorted()
      let value = mean.map { text($0.mean) + ($0.error.isNaN ? "" : " ± " + String(format: "%.2g", $0.error)) } ?? "-"
      return setting.values + [value] + others.map { setting.mean($0).map { text($0.mean) } ?? "-" }
        + [words.joined(separator: ", ")]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    let table = ([head] + rows).map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .trimmingTrailingSpaces
    }
    let hasError = ranked.contains { $0.1.map { !$0.error.isNaN } ?? false }
    let words = [
      "\(measure.rawValue): \(measure.words)" + (hasError ? ", its mean ± the standard error over the seeds" : "")
    ]
    let rest = ranked.count > limit ? ["the best \(limit) of \(ranked.count) settings; results.csv has all"] : []
    return table + [""] + words + rest
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
