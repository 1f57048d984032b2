import RecurrentNetworks

/// The kinds of value that a key takes.
public enum ExperimentValueKind: Equatable, Sendable {
  /// A whole number in the range.
  case integer(ClosedRange<Int>)
  /// A whole number from 0 to 2⁶⁴-1.
  case seed
  /// A finite number in the range; `optional` if it may be null.
  case number(NumberRange, optional: Bool)
  /// One of the names.
  case choice([String])
  /// A whole number from 1, or `full`.
  case stepCount
  /// A file, or null.
  case path
  /// A list of names.
  case names
  /// A list of whole numbers from 1, ascending; what is expected, in words.
  case numbers(String)
  /// A word, or null; what is expected, in words.
  case text(String)
  /// A share, a number of rows, a file, or null.
  case heldOut

  /// What is expected, in words: "a whole number from 1, or full".
  public var expectation: String {
    switch self {
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .seed: "a whole number from 0 to \(UInt64.max)"
    case .number(let range, let optional): "a number\(range.words)" + (optional ? ", or null" : "")
    case .choice(let names) where names.count == 1: names[0]
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    case .stepCount: "a whole number from 1, or full"
    case .path: "a file's path, or null"
    case .names: "a list of column names: [first, second]"
    case .text(let expectation), .numbers(let expectation): expectation
    case .heldOut: "a share between 0 and 1, a number of rows or characters from 1, a file's path, or null"
    }
  }
}

/// An interval of finite numbers, each end included or not.
public struct NumberRange: Equatable, Sendable {
  /// The ends, nil where there is none, and whether an end itself is included.
  public let lower: Double?, upper: Double?
  public let includesLower: Bool, includesUpper: Bool

  /// What no scale, rate or threshold lies above that anyone has a use for.
  static let largest = 1e12

  init(from: Double? = nil, above: Double? = nil, to: Double? = nil, below: Double? = nil) {
    lower = from ?? above
    upper = to ?? below
    includesLower = above == nil
    includesUpper = below == nil
  }

  /// Whether `value` is finite and in the interval.
  public func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    if let lower, includesLower ? value < lower : value <= lower { return false }
    if let upper, includesUpper ? value > upper : value >= upper { return false }
    return true
  }

  var words: String {
    let low = lower.map { (includesLower ? " from " : " above ") + formatPlainNumber($0) } ?? ""
    let high = upper.map { (includesUpper ? " to " : " below ") + formatPlainNumber($0) } ?? ""
    return low.isEmpty || high.isEmpty ? low + high : includesUpper ? low + high : "\(low) and\(high)"
  }
}

/// The shortest text that reads back as `value`; always one that YAML takes for a float (1.0, 1.0e-08).
public func formatNumber(_ value: Double) -> String {
  let text = "\(value)"
  guard let e = text.firstIndex(of: "e"), !text[..<e].contains(".") else { return text }
  return text[..<e] + ".0" + text[e...]
}

/// `value` without a fraction of zero: 1, 0.5.
func formatPlainNumber(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Where a key's value lies in an experiment, and how it is read and written.
struct Field: Sendable {
  typealias Path<Value> = WritableKeyPath<Experiment, Value> & Sendable

  let kind: ExperimentValueKind
  let get: @Sendable (Experiment) -> String
  /// Parses the text and sets it; false, and nothing set, where the text is none of `kind`.
  private let parse: @Sendable (inout Experiment, String) -> Bool

  /// Sets the value that `text` writes.
  func set(_ experiment: inout Experiment, _ text: String, _ name: String) throws(ExperimentKeyError) {
    let text = text.trimmed
    guard !parse(&experiment, text) else { return }
    var nearest: String?
    if case .choice(let names) = kind { nearest = nearestName(to: text, among: names) }
    if case .stepCount = kind, Double(text) == nil { nearest = nearestName(to: text, among: ["full"]) }
    let found = text.isEmpty ? "nothing" : String(text.prefix(60)) + (text.count > 60 ? "…" : "")
    throw ExperimentKeyError(key: name, problem: "found \(found), expected \(kind.expectation)", nearest: nearest)
  }

  static func integer(_ path: Path<Int>, _ range: ClosedRange<Int>) -> Field {
    Field(kind: .integer(range), get: { "\($0[keyPath: path])" }) { experiment, text in
      guard let value = Int(text), range.contains(value) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func seed(_ path: Path<UInt64>) -> Field {
    Field(kind: .seed, get: { "\($0[keyPath: path])" }) { experiment, text in
      guard let value = UInt64(text) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func number(_ path: Path<Double>, _ range: NumberRange) -> Field {
    Field(kind: .number(range, optional: false), get: { formatNumber($0[keyPath: path]) }) { experiment, text in
      guard let value = Double(text), range.contains(value) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func optionalNumber(_ path: Path<Double?>, _ range: NumberRange) -> Field {
    Field(
      kind: .number(range, optional: true), get: { $0[keyPath: path].map(formatNumber) ?? "null" }
    ) { experiment, text in
      if isNull(text) {
        experiment[keyPath: path] = nil
        return true
      }
      guard let value = Double(text), range.contains(value) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_ path: Path<Choice>) -> Field {
    Field(
      kind: .choice(Choice.allCases.map(\.rawValue)), get: { $0[keyPath: path].rawValue }
    ) { experiment, text in
      guard let value = unquoted(text).flatMap(Choice.init(rawValue:)) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func stepCount(_ path: Path<StepCount>) -> Field {
    Field(
      kind: .stepCount,
      get: { $0[keyPath: path].text }
    ) { experiment, text in
      if unquoted(text) == "full" {
        experiment[keyPath: path] = .full
        return true
      }
      guard let value = Int(text), value >= 1 else { return false }
      experiment[keyPath: path] = .steps(value)
      return true
    }
  }

  static func path(_ path: Path<String?>) -> Field {
    Field(kind: .path, get: { $0[keyPath: path].map(quotedIfNeeded) ?? "null" }) { experiment, text in
      if isNull(text) {
        experiment[keyPath: path] = nil
        return true
      }
      guard let value = unquoted(text), !value.isEmpty else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func text(_ path: Path<String?>, _ expectation: String) -> Field {
    Field(kind: .text(expectation), get: { $0[keyPath: path].map(quotedIfNeeded) ?? "null" }) { experiment, text in
      if isNull(text) {
        experiment[keyPath: path] = nil
        return true
      }
      guard let value = unquoted(text), !value.isEmpty, !value.hasPrefix("["), !value.hasPrefix("{") else {
        return false
      }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func heldOut(_ path: Path<HeldOut>) -> Field {
    Field(kind: .heldOut, get: { $0[keyPath: path].text }) { experiment, text in
      guard let value = HeldOut(text) else { return false }
      experiment[keyPath: path] = value
      return true
    }
  }

  static func names(_ path: Path<[String]>) -> Field {
    Field(
      kind: .names, get: { "[" + $0[keyPath: path].map(quotedIfNeeded).joined(separator: ", ") + "]" }
    ) { experiment, text in
      guard let names = listElements(text) else { return false }
      experiment[keyPath: path] = names
      return true
    }
  }
}

extension Field {
  /// Ascending whole numbers from 1 on, written as a list: [1, 4].
  static func numbers(_ path: Path<[Int]>, _ expectation: String, isValid: @escaping @Sendable ([Int]) -> Bool) -> Field
  {
    Field(
      kind: .numbers(expectation), get: { "[" + $0[keyPath: path].map(String.init).joined(separator: ", ") + "]" }
    ) { experiment, text in
      guard let words = listElements(text) else { return false }
      let numbers = words.compactMap { Int($0) }
      let isAscending = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
      guard numbers.count == words.count, isAscending, numbers.allSatisfy({ $0 >= 1 }), isValid(numbers) else {
        return false
      }
      experiment[keyPath: path] = numbers
      return true
    }
  }
}

/// `count` with its thousands set apart: 148,315.
package func grouped(_ count: Int) -> String {
  var digits = String(count.magnitude)
  var end = digits.count - 3
  while end > 0 {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
    end -= 3
  }
  return count < 0 ? "-" + digits : digits
}
