import Foundation
import GradientFlow
import LinearAlgebra
import Training

/// A line of a run that tells of itself: what one update did.
struct RunLine: Decodable, Equatable, Sendable {
  /// Updates done; only of a line that is an event there is none.
  var update: Int?
  var loss: Double?, gradientNorm: Double?, clipScale: Double?, learningRate: Double?
  /// log10 ‖∂L/∂h_t‖ by step.
  var log10NormByStep: [Double?]?
  /// h_t by step and unit, of one sequence.
  private(set) var states: [[Double]]?
  /// The products of ∂h_t/∂h_{t-1} of successive steps by lag.
  private(set) var product: ProductByLag?
  /// When it was written, in seconds since 1970.
  var time: Double?
  /// The updates that were done before the window that was published with it.
  var window: Int?
  /// "end" where the run says that it is over.
  var event: String?
  /// What of it is left out, and why.
  private(set) var remarks: [RunRemark] = []
  /// Its keys that mean nothing here.
  private(set) var unknown: [String] = []

  enum CodingKeys: String, CodingKey, CaseIterable {
    case update, loss, time, window, event
    case gradientNorm = "grad_norm", clipScale = "clip_scale", learningRate = "learning_rate"
    case log10NormByStep = "log10_grad_steps", states, jacobians
  }

  /// Any key of a line.
  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// What `bpttop train --metrics` and the publisher write beside it, which is not drawn.
  private static let quiet: Set<String> = [
    "step", "k1", "k2", "log10_grad_first", "log10_grad_last", "log10_product_per_step", "held_out_loss", "seconds",
    "clip",
  ]

  /// Reads what of a line can be read: a value that is not what its key stands for is left out alone.
  init(from decoder: any Decoder) throws {
    let all = try decoder.container(keyedBy: AnyKey.self), line = try decoder.container(keyedBy: CodingKeys.self)
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    unknown = all.allKeys.map(\.stringValue).filter {
      !known.contains($0) && !Self.quiet.contains($0) && !$0.contains(".")
    }
    .sorted()
    event = try? line.decodeIfPresent(String.self, forKey: .event)
    update = value(.update, of: line, "a whole number from 0") { $0 < 0 ? "\($0)" : nil }
    loss = value(.loss, of: line, "a number")
    gradientNorm = value(.gradientNorm, of: line, "a number from 0") { $0 < 0 ? "\($0)" : nil }
    clipScale = value(.clipScale, of: line, "a number from 0") { $0 < 0 ? "\($0)" : nil }
    learningRate = value(.learningRate, of: line, "a number")
    time = value(.time, of: line, "seconds since 1970") { $0.isFinite ? nil : "\($0)" }
    window = value(.window, of: line, "a whole number")
    log10NormByStep = value(.log10NormByStep, of: line, "a list of numbers or null, one a step") {
      $0.isEmpty ? "an empty list" : nil
    }
    states = value(.states, of: line, "a list of [H], one a step", fault: Self.fault)
    let jacobians: [[[Double]]]? = value(.jacobians, of: line, "a list of [H][H]", fault: Self.fault)
    if let jacobians {
      let size = jacobians[0].count
      let matrices = jacobians.map { Matrix(rows: size, columns: size, elements: $0.flatMap { $0 }) }
      product = try? ProductByLag(jacobians: matrices, maximumLags: Self.spectra)
    }
    compareSteps()
  }

  /// The value of a key; nil where it has none, or one that is no such value, which is remarked.
  ///
  /// - Parameters:
  ///   - key: the key.
  ///   - line: the line.
  ///   - expected: what its value is to be.
  ///   - fault: what is found where a value of the right type is wrong all the same.
  private mutating func value<Value: Decodable>(
    _ key: CodingKeys, of line: KeyedDecodingContainer<CodingKeys>, _ expected: String,
    fault: (Value) -> String? = { _ in nil }
  ) -> Value? {
    guard line.contains(key), (try? line.decodeNil(forKey: key)) != true else { return nil }
    let value = try? line.decode(Value.self, forKey: key), found = value.flatMap(fault)
    if let value, found == nil { return value }
    remarks.append(
      RunRemark(key: key.rawValue, problem: (found.map { "found \($0), " } ?? "") + "expected \(expected)"))
    return nil
  }

  /// Whether it tells a loss or a norm of the whole update.
  var hasScalars: Bool { loss != nil || gradientNorm != nil }

  /// Norms and states are of the same steps, Jacobians of the steps between them.
  private mutating func compareSteps() {
    var lengths: [(name: String, steps: Int)] = []
    if let log10NormByStep { lengths.append((CodingKeys.log10NormByStep.rawValue, log10NormByStep.count)) }
    if let states { lengths.append(("states", states.count)) }
    guard let first = lengths.first else { return }
    if let other = lengths.last, other.steps != first.steps {
      remarks.append(
        RunRemark(
          key: first.name, problem: "found \(first.steps) steps and \(other.steps) in \(other.name)", isTaken: true))
    }
    if let product, product.steps != first.steps, product.steps != first.steps - 1 {
      remarks.append(
        RunRemark(
          key: "jacobians",
          problem: "found \(product.steps), expected \(first.steps - 1) or \(first.steps) beside "
            + "\(first.steps) steps in \(first.name)", isTaken: true))
    }
  }

  /// What is wrong with the states of a sequence.
  private static func fault(_ rows: [[Double]]) -> String? {
    guard let first = rows.first, !first.isEmpty else { return "an empty list" }
    if let other = rows.first(where: { $0.count != first.count }) {
      return "lists of \(first.count) and of \(other.count)"
    }
    return rows.joined().first { !$0.isFinite }.map { "\($0)" }
  }

  /// What is wrong with Jacobians.
  private static func fault(_ all: [[[Double]]]) -> String? {
    guard let size = all.first?.count, size > 0 else { return "an empty list" }
    for matrix in all {
      if let fault = fault(matrix) { return fault }
      if matrix.count != size || matrix[0].count != size {
        return
          "a matrix of [\(matrix.count)][\(matrix[0].count)]\(matrix.count == size ? "" : " and one of [\(size)][\(size)]")"
      }
    }
    return nil
  }

  /// At how many lags all singular values are taken.
  private static let spectra = 24

  /// What it tells of its update; what it does not tell is NaN.
  func record(_ update: Int) -> UpdateRecord {
    var record = UpdateRecord()
    record.update = update
    record.loss = loss ?? .nan
    record.gradientNorm = gradientNorm ?? .nan
    record.clipScale = clipScale ?? .nan
    record.learningRate = learningRate ?? .nan
    return record
  }
}

/// What of a line is left out, or taken otherwise than it may be meant.
struct RunRemark: Hashable, Sendable {
  /// The key that it is about.
  var key: String
  /// "found -1, expected a number from 0".
  var problem: String
  /// Whether the value is taken all the same.
  var isTaken = false
  /// The line, counted from 1.
  var line = 0

  /// The key of what is said of lines that are none.
  static let noLine = "JSON"

  /// "line 7: grad_norm: found -1, expected a number from 0; left out".
  var words: String { "line \(line): \(key): \(problem); \(isTaken ? "drawn as they are" : "left out")" }
}

/// Bytes as they come, cut into lines.
struct RunLines {
  /// What lines are there.
  struct Cut {
    /// Those that are updates or events.
    var lines: [RunLine] = []
    /// How many were none.
    var unreadable = 0
    /// What is to be said of them, once for each kind.
    var remarks: [RunRemark] = []
  }

  /// What grows beyond this without an end is no line.
  private static let longest = 1 << 24
  private var rest: [UInt8] = [], number = 0
  /// The keys that a remark was made of.
  private var told: Set<String> = []

  /// The lines that are whole with these bytes.
  mutating func take(_ bytes: some Sequence<UInt8>) -> Cut {
    rest += bytes
    var cut = Cut(), start = rest.startIndex
    while let end = rest[start...].firstIndex(of: 0x0A) {
      let bytes = rest[start..<end]
      start = end + 1
      number += 1
      guard bytes.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { continue }
      if let line = Self.line(Data(bytes)) {
        cut.lines.append(line)
        remark(line, &cut)
      } else {
        cut.unreadable += 1
        tell(Self.noLine(bytes), of: "", &cut)
      }
    }
    rest.removeSubrange(..<start)
    if rest.count > Self.longest { rest = Array("too long".utf8) }
    return cut
  }

  /// The last line, which may have no line feed.
  mutating func end() -> Cut { take([0x0A]) }

  private mutating func remark(_ line: RunLine, _ cut: inout Cut) {
    for remark in line.remarks { tell(remark, of: remark.key + "\(remark.isTaken)", &cut) }
    for key in line.unknown {
      let near = nearestName(to: key, among: RunLine.CodingKeys.allCases.map(\.rawValue))
      tell(RunRemark(key: key, problem: "no key here" + (near.map { ", nearest is \($0)" } ?? "")), of: key, &cut)
    }
  }

  /// Makes a remark of its kind once: a hundred kinds at most.
  private mutating func tell(_ remark: RunRemark, of kind: String, _ cut: inout Cut) {
    guard told.count < 100, told.insert(kind).inserted else { return }
    var remark = remark
    remark.line = number
    cut.remarks.append(remark)
  }

  /// Why a line is none: what may have been meant.
  private static func noLine(_ bytes: ArraySlice<UInt8>) -> RunRemark {
    let first = bytes.first { $0 != 0x20 && $0 != 0x09 }
    if first == UInt8(ascii: "[") { return RunRemark(key: RunRemark.noLine, problem: JSONArray.problem(file: nil)) }
    let isOpen = first == UInt8(ascii: "{") && !bytes.contains(UInt8(ascii: "}"))
    return RunRemark(
      key: RunRemark.noLine,
      problem: isOpen ? "found an object over several lines, expected one a line" : "expected {\"update\": 1, ...}")
  }

  /// The line in some bytes; nil where they are neither an update nor an event.
  private static func line(_ data: Data) -> RunLine? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let line =
      (try? decoder.decode(RunLine.self, from: data)) ?? (try? decoder.decode(RunLine.self, from: quotingNumbers(data)))
    return line?.update != nil || line?.event != nil ? line : nil
  }

  /// Python writes NaN and Infinity as they are, which JSON does not know: here between quotes.
  private static func quotingNumbers(_ line: Data) -> Data {
    Data(String(decoding: line, as: UTF8.self).replacing(/-?\b(NaN|Infinity)\b/) { "\"\($0.output.0)\"" }.utf8)
  }
}

/// A file that is one JSON array, as `json.dump` of a list writes it, and no lines.
public enum JSONArray {
  /// What was found and the line of Python that makes lines of it.
  ///
  /// - Parameter file: the file; nil of a pipe.
  public static func problem(file: String?) -> String {
    let isPlain =
      file.map { $0.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\"") } } ?? false
    let name = isPlain ? file ?? "" : "run.json"
    let stem =
      name.hasSuffix(".json") || name.hasSuffix(".jsonl")
      ? String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) : name
    return
      "found a JSON array, expected lines, an object each: python3 -c \"import json; [print(json.dumps(x)) for x in "
      + "json.load(open('\(name)'))]\" > \(stem).lines.jsonl"
  }
}
