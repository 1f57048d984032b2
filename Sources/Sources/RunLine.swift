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
  /// ∂h_t/∂h_{t-1} of successive steps, the earliest first, until they are multiplied; and their products by lag.
  private var jacobians: [[[Double]]]?
  private(set) var product: ProductByLag?
  /// When it was written, in seconds since 1970.
  var time: Double?
  /// The updates that were done before the window that was published with it.
  var window: Int?
  /// "end" where the run says that it is over.
  var event: String?

  enum CodingKeys: String, CodingKey {
    case update, loss, time, window, event
    case gradientNorm = "grad_norm", clipScale = "clip_scale", learningRate = "learning_rate"
    case log10NormByStep = "log10_grad_steps", states, jacobians
  }

  /// Whether its states, if it has any, are of one number of units.
  fileprivate var hasEvenStates: Bool {
    guard let states else { return true }
    let units = states.first?.count ?? 0
    return units > 0 && states.allSatisfy { $0.count == units }
  }

  /// The products of its Jacobians, in place of them; false where they are no square matrices of one size.
  fileprivate mutating func multiplyJacobians() -> Bool {
    guard let all = jacobians else { return true }
    jacobians = nil
    let size = all.first?.count ?? 0
    guard size > 0, all.allSatisfy({ $0.count == size && $0.allSatisfy { $0.count == size } }) else { return false }
    let matrices = all.map { Matrix(rows: size, columns: size, elements: $0.flatMap { $0 }) }
    // A Jacobian that is not finite has no product.
    product = try? ProductByLag(jacobians: matrices, maximumLags: Self.spectra)
    return true
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

/// Bytes as they come, cut into lines.
struct RunLines {
  /// What grows beyond this without an end is no line.
  private static let longest = 1 << 24
  private var rest: [UInt8] = []

  /// The lines that are whole with these bytes, and how many were none.
  mutating func take(_ bytes: some Sequence<UInt8>) -> (lines: [RunLine], unreadable: Int) {
    rest += bytes
    var lines: [RunLine] = [], unreadable = 0, start = rest.startIndex
    while let end = rest[start...].firstIndex(of: 0x0A) {
      let line = rest[start..<end]
      start = end + 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { continue }
      if let line = Self.line(Data(line)) { lines.append(line) } else { unreadable += 1 }
    }
    rest.removeSubrange(..<start)
    if rest.count > Self.longest { rest = Array("too long".utf8) }
    return (lines, unreadable)
  }

  /// The last line, which may have no line feed.
  mutating func end() -> (lines: [RunLine], unreadable: Int) { take([0x0A]) }

  private static func line(_ data: Data) -> RunLine? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var line =
      (try? decoder.decode(RunLine.self, from: data)) ?? (try? decoder.decode(RunLine.self, from: quotingNumbers(data)))
    guard line?.update != nil || line?.event != nil, line?.hasEvenStates ?? false, line?.multiplyJacobians() ?? false
    else { return nil }
    return line
  }

  /// Python writes NaN and Infinity as they are, which JSON does not know: here between quotes.
  private static func quotingNumbers(_ line: Data) -> Data {
    Data(String(decoding: line, as: UTF8.self).replacing(/-?\b(NaN|Infinity)\b/) { "\"\($0.output.0)\"" }.utf8)
  }
}
