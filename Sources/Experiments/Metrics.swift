import Training

/// What is recorded of an update.
public struct MetricsRow: Equatable, Sendable {
  /// The update's own numbers.
  public var record: UpdateRecord
  /// log10 ‖∂L/∂h_t‖ at the window's first and last step; nil where it was not computed.
  public var log10GradientFirst: Double?, log10GradientLast: Double?
  /// The slope of log10 ‖product of Jacobians‖ per step; nil where it was not computed.
  public var log10ProductPerStep: Double?

  /// A row about `record`.
  public init(
    _ record: UpdateRecord, log10GradientFirst: Double? = nil, log10GradientLast: Double? = nil,
    log10ProductPerStep: Double? = nil
  ) {
    self.record = record
    self.log10GradientFirst = log10GradientFirst
    self.log10GradientLast = log10GradientLast
    self.log10ProductPerStep = log10ProductPerStep
  }

  /// The columns' names, in their order.
  public static let columns = [
    "update", "step", "loss", "grad_norm", "clip_scale", "learning_rate", "k1", "k2", "log10_grad_first",
    "log10_grad_last", "log10_product_per_step",
  ]

  fileprivate enum Value {
    case whole(Int)
    case number(Double?)
  }

  fileprivate var values: [Value] {
    [
      .whole(record.update), .whole(record.step), .number(record.loss), .number(record.gradientNorm),
      .number(record.clipScale), .number(record.learningRate), .whole(record.k1), .whole(record.k2),
      .number(log10GradientFirst), .number(log10GradientLast), .number(log10ProductPerStep),
    ]
  }
}

/// Writes a row an update while training runs, as CSV (RFC 4180) or JSON lines; numbers read back as they were.
///
/// What is not finite is `inf`, `-inf` or `nan` in CSV and null in JSON, which has no such numbers; what was not computed
/// is an empty field, and null.
public final class MetricsWriter {
  /// The two forms.
  public enum Format: Equatable, Sendable {
    case csv, jsonLines

    /// JSON lines for `.jsonl` and `.ndjson`, CSV for `.csv` and standard output.
    /// - Throws: that another name says neither.
    public init(path: String) throws(InputError) {
      switch path.lowercased().split(separator: ".").last {
      case "jsonl", "ndjson": self = .jsonLines
      case "csv", "-": self = .csv
      default:
        // A device is written to for a reason; its name says no form.
        guard path.hasPrefix("/dev/") else {
          throw InputError(file: path, problem: "found no known ending, expected .csv or .jsonl")
        }
        self = .csv
      }
    }
  }

  private let file: OutputFile
  private let format: Format

  /// Opens `path` (`-`: standard output) and writes the header of a CSV.
  public init(path: String, format: Format) throws(OutputError) {
    file = try OutputFile(path: path, mode: .stream)
    self.format = format
    if format == .csv { try file.write(MetricsRow.columns.joined(separator: ",") + "\r\n") }
    // A full disk or a closed pipe is told before anything is trained.
    try file.flush()
  }

  /// Appends `row`; it may wait in memory until `flush`.
  public func write(_ row: MetricsRow) throws(OutputError) { try file.write(format.line(row)) }

  /// Hands every row to the system, for readers who follow the file.
  public func flush() throws(OutputError) { try file.flush() }

  /// Writes what is left.
  public func close() throws(OutputError) { try file.close() }
}

extension MetricsWriter.Format {
  /// `row` with its line end.
  public func line(_ row: MetricsRow) -> String {
    switch self {
    case .csv:
      return row.values.map(csv).joined(separator: ",") + "\r\n"
    case .jsonLines:
      let members = zip(MetricsRow.columns, row.values).map { "\"\($0)\": \(json($1))" }
      return "{" + members.joined(separator: ", ") + "}\n"
    }
  }

  private func csv(_ value: MetricsRow.Value) -> String {
    switch value {
    case .whole(let number): "\(number)"
    case .number(nil): ""
    case .number(let number?): "\(number)"
    }
  }

  private func json(_ value: MetricsRow.Value) -> String {
    switch value {
    case .whole(let number): "\(number)"
    case .number(let number?) where number.isFinite: "\(number)"
    case .number: "null"
    }
  }
}
