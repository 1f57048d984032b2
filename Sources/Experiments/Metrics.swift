import Foundation
import Instruments
import Training

/// What is recorded of an update.
public struct MetricsRow: Equatable, Sendable {
  /// The update's own numbers.
  public var record: UpdateRecord
  /// log10 ‖∂L/∂h_t‖ at the window's first and last step; nil where it was not computed.
  public var log10GradientFirst: Double?, log10GradientLast: Double?
  /// The slope of log10 ‖product of Jacobians‖ per step; nil where it was not computed.
  public var log10ProductPerStep: Double?
  /// The loss on held-out data after the update; nil where it was not measured.
  public var heldOutLoss: Double?
  /// The seconds since training began, as the caller's clock has them.
  public var seconds: Double?
  /// What instruments read of the pass before the update; what is missing was not to be read.
  public var readings: [TrendKey: Double] = [:]

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

  /// What a row may hold.
  public enum Column: Hashable, Sendable {
    case update, step, loss, gradientNorm, clipScale, learningRate, k1, k2
    case log10GradientFirst, log10GradientLast, log10ProductPerStep, heldOutLoss, seconds
    /// A number that an instrument reads of the pass before the update.
    case reading(TrendKey)

    /// Those that are written without being asked for, in their order.
    public static let standard: [Column] = [
      .update, .step, .loss, .gradientNorm, .clipScale, .learningRate, .k1, .k2, .log10GradientFirst,
      .log10GradientLast,
      .log10ProductPerStep, .heldOutLoss, .seconds,
    ]
    /// Those, and every number of every instrument.
    public static let all: [Column] = standard + Instruments.trends.map(Column.reading)

    /// Its name in files.
    public var name: String {
      switch self {
      case .update: "update"
      case .step: "step"
      case .loss: "loss"
      case .gradientNorm: "grad_norm"
      case .clipScale: "clip_scale"
      case .learningRate: "learning_rate"
      case .k1: "k1"
      case .k2: "k2"
      case .log10GradientFirst: "log10_grad_first"
      case .log10GradientLast: "log10_grad_last"
      case .log10ProductPerStep: "log10_product_per_step"
      case .heldOutLoss: "held_out_loss"
      case .seconds: "seconds"
      case .reading(let key): "\(key.instrument).\(key.name)"
      }
    }

    /// The columns that `list` names, separated by commas, in its order.
    /// - Throws: the first name that is none, or that stands there twice.
    public static func list(_ list: String) throws(InputError) -> [Column] {
      var columns: [Column] = []
      for word in list.split(separator: ",", omittingEmptySubsequences: false) {
        let name = word.trimmingCharacters(in: .whitespaces)
        guard let column = all.first(where: { $0.name == name }) else {
          let names = all.map(\.name)
          throw InputError(
            file: "--columns",
            problem: "found \(name.isEmpty ? "nothing" : name), expected \(names.joined(separator: ", "))",
            nearest: name.isEmpty ? nil : nearestName(to: name, among: names))
        }
        guard !columns.contains(column) else {
          throw InputError(file: "--columns", problem: "found \(name) twice, expected once")
        }
        columns.append(column)
      }
      return columns
    }
  }

  fileprivate enum Value {
    case whole(Int)
    case number(Double?)
  }

  fileprivate func value(_ column: Column) -> Value {
    switch column {
    case .update: .whole(record.update)
    case .step: .whole(record.step)
    case .loss: .number(record.loss)
    case .gradientNorm: .number(record.gradientNorm)
    case .clipScale: .number(record.clipScale)
    case .learningRate: .number(record.learningRate)
    case .k1: .whole(record.k1)
    case .k2: .whole(record.k2)
    case .log10GradientFirst: .number(log10GradientFirst)
    case .log10GradientLast: .number(log10GradientLast)
    case .log10ProductPerStep: .number(log10ProductPerStep)
    case .heldOutLoss: .number(heldOutLoss)
    case .seconds: .number(seconds)
    case .reading(let key): .number(readings[key])
    }
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
  private let columns: [MetricsRow.Column]

  /// Opens `path` (`-`: standard output) and writes the header of a CSV.
  ///
  /// - Parameters:
  ///   - path: where rows go.
  ///   - format: the form of a row.
  ///   - columns: what a row holds.
  ///   - kept: the lines of an earlier part of the run, which stand before the new rows; empty for none.
  public init(
    path: String, format: Format, columns: [MetricsRow.Column] = MetricsRow.Column.standard, kept: String = ""
  ) throws(OutputError) {
    file = try OutputFile(path: path, mode: .stream)
    self.format = format
    self.columns = columns
    if !kept.isEmpty {
      try file.write(kept)
    } else if format == .csv {
      try file.write(columns.map(\.name).joined(separator: ",") + "\r\n")
    }
    // A full disk or a closed pipe is told before anything is trained.
    try file.flush()
  }

  /// Appends `row`; it may wait in memory until `flush`.
  public func write(_ row: MetricsRow) throws(OutputError) { try file.write(format.line(row, columns: columns)) }

  /// Hands every row to the system, for readers who follow the file.
  public func flush() throws(OutputError) { try file.flush() }

  /// Writes what is left.
  public func close() throws(OutputError) { try file.close() }
}

extension MetricsWriter {
  /// The lines of the file at `path` up to the row of update `last`, to go on behind them; empty where there is no such file.
  /// - Throws: that the file has other columns.
  public static func lines(
    of path: String, upTo last: Int, format: Format, columns: [MetricsRow.Column]
  ) throws(InputError) -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    let text = try InputFile.text(path: path, limit: 1 << 30)
    let header = columns.map(\.name).joined(separator: ",")
    var lines = text.split(whereSeparator: \.isNewline)
    if lines.isEmpty { return "" }
    if format == .csv {
      guard lines.removeFirst() == header else {
        throw InputError(file: path, problem: "found other columns, expected \(header)")
      }
    }
    guard columns.contains(.update) else {
      throw InputError(
        file: "--columns", problem: "found no update, expected it, so that rows can be told from those made again")
    }
    let place = columns.firstIndex(of: .update) ?? 0
    let kept = lines.prefix { line in
      let field = line.split(separator: ",", omittingEmptySubsequences: false)[place]
      return Int(field.filter(\.isNumber)).map { $0 <= last } ?? false
    }
    let end = format == .csv ? "\r\n" : "\n"
    return ((format == .csv ? [Substring(header)] : []) + kept).map { $0 + end }.joined()
  }
}

extension MetricsWriter.Format {
  /// The columns of `row` with their line end.
  public func line(_ row: MetricsRow, columns: [MetricsRow.Column] = MetricsRow.Column.standard) -> String {
    switch self {
    case .csv:
      return columns.map { csv(row.value($0)) }.joined(separator: ",") + "\r\n"
    case .jsonLines:
      // Names without a character to escape, and numbers: in the columns' order, which an encoder would not keep.
      let members = columns.map { "\"\($0.name)\": \(json(row.value($0)))" }
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
