import Canvas

/// What a formula of a lesson gives: a number, or a list of them counted from 1.
public enum LessonValue: Equatable, Sendable {
  /// One number; a comparison gives 1 for true and 0 for false.
  case number(Double)
  /// Several numbers in order.
  case list([Double])

  /// All numbers of it.
  public var numbers: [Double] {
    switch self {
    case .number(let number): [number]
    case .list(let list): list
    }
  }

  /// Whether it is true: no number of it is 0 or undefined.
  public var isTrue: Bool { !numbers.isEmpty && numbers.allSatisfy { $0 != 0 && !$0.isNaN } }

  /// Applies `body` to each number.
  func map(_ body: (Double) -> Double) -> LessonValue {
    switch self {
    case .number(let number): .number(body(number))
    case .list(let list): .list(list.map(body))
    }
  }

  /// Applies `body` to the numbers of two values; a single number goes with each of a list.
  ///
  /// - Throws: that the lists differ in length.
  static func zip(_ a: LessonValue, _ b: LessonValue, _ body: (Double, Double) -> Double) throws(FormulaError)
    -> LessonValue
  {
    switch (a, b) {
    case (.number(let a), .number(let b)): return .number(body(a, b))
    case (.number(let a), .list(let b)): return .list(b.map { body(a, $0) })
    case (.list(let a), .number(let b)): return .list(a.map { body($0, b) })
    case (.list(let a), .list(let b)):
      guard a.count == b.count else {
        throw FormulaError("found lists of \(a.count) and \(b.count) numbers, expected the same length")
      }
      return .list(Swift.zip(a, b).map(body))
    }
  }
}

/// Why a formula cannot be read or computed.
public struct FormulaError: Error, Equatable, Sendable {
  /// What was found, and what was expected.
  public var problem: String
  /// The nearest valid name, where one is near.
  public var nearest: String?

  /// A problem.
  public init(_ problem: String, nearest: String? = nil) {
    self.problem = problem
    self.nearest = nearest
  }
}
