import Canvas

/// What a reader has answered.
public enum LessonAnswer: Equatable, Sendable {
  /// Nothing yet.
  case none
  /// An option, counted from 0.
  case option(Int)
  /// A number as it is typed.
  case number(String)
  /// The step under the cursor, counted from 1.
  case step(Int)
  /// A curve that is drawn.
  case curve(LessonCurve)

  /// Whether it is an answer.
  var isComplete: Bool {
    switch self {
    case .none: false
    case .option, .step, .curve: true
    case .number(let text): Self.number(text) != nil
    }
  }

  /// The characters that a number is typed with.
  static let numberCharacters = "0-9 . e + - * / ^ ( )"

  /// The number that is typed: `-0.25`, `1e-3`, or a product, a power, a sum of such; nil where it is none.
  static func number(_ text: String) -> Double? {
    let value = Double(text) ?? (try? Formula(text, line: 1))?.constant
    return value?.isFinite == true ? value : nil
  }
}

/// A curve that a reader draws: heights at some places, from 0 to 1 of the plot.
public struct LessonCurve: Equatable, Sendable {
  /// How many places there are, spread evenly over the plot, and how many heights.
  public static let places = 9, levels = 4
  /// The height at each place, 0 at the bottom, `levels` at the top.
  public private(set) var heights = [Int](repeating: levels / 2, count: places)
  /// The place that the arrows move.
  public private(set) var chosen = 0

  /// A flat curve in the middle.
  public init() {}

  /// Whether no point of it was moved.
  var isFlat: Bool { heights == Self().heights }

  /// Takes an arrow. Nil where the key is none.
  mutating func take(_ key: Key) -> Bool {
    switch key {
    case .left: chosen = max(0, chosen - 1)
    case .right: chosen = min(Self.places - 1, chosen + 1)
    case .up: heights[chosen] = min(Self.levels, heights[chosen] + 1)
    case .down: heights[chosen] = max(0, heights[chosen] - 1)
    default: return false
    }
    return true
  }

  /// The curve of some numbers at those places, each from 0 to 1 of their range; ½ where they are all the same.
  static func shape(_ values: [Double]) -> [Double] {
    guard let low = values.min(), let high = values.max(), values.count > 1 else { return [] }
    return (0..<places).map { place in
      let x = Double(place) / Double(places - 1) * Double(values.count - 1)
      let below = Int(x), above = min(below + 1, values.count - 1)
      let value = values[below] + (x - Double(below)) * (values[above] - values[below])
      return high > low ? (value - low) / (high - low) : 0.5
    }
  }

  /// How far it is from a curve, on average, as a share of the plot's height.
  func distance(to shape: [Double]) -> Double {
    guard shape.count == heights.count else { return 1 }
    let drawn = heights.map { Double($0) / Double(Self.levels) }
    return zip(drawn, shape).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(shape.count)
  }

  /// Whether it is near a curve on average, and rises or falls about as much.
  func agrees(with shape: [Double], within: Double) -> Bool {
    guard distance(to: shape) <= within else { return false }
    let wanted = Self.slope(shape)
    // A curve that rises over less than half of the plot is judged by its distance alone.
    guard abs(wanted) >= 0.5 / Double(Self.places - 1) else { return true }
    return (0.6...1.6).contains(Self.slope(heights.map { Double($0) / Double(Self.levels) }) / wanted)
  }

  /// The slope of the straight line that is nearest to some heights, in heights a place.
  private static func slope(_ heights: [Double]) -> Double {
    let middle = Double(heights.count - 1) / 2
    let offsets = heights.indices.map { Double($0) - middle }
    return zip(offsets, heights).reduce(0) { $0 + $1.0 * $1.1 } / offsets.reduce(0) { $0 + $1 * $1 }
  }
}

extension LessonSession {
  /// Whether the arrows choose or draw the answer.
  public var takesArrows: Bool {
    switch step.question?.kind {
    case .choice?, .curve?, .step?: phase == .shown
    default: false
    }
  }

  /// Takes a key of an answer.
  ///
  /// - Returns: whether it was one.
  public mutating func type(_ key: Key) -> Bool {
    guard phase == .shown, !isAway, let question = step.question else { return false }
    switch (question.kind, answer) {
    case (.choice(let options), .none), (.choice(let options), .option):
      let chosen: Int? = if case .option(let chosen) = answer { chosen } else { nil }
      switch key {
      case .up: answer = .option(max(0, (chosen ?? options.count) - 1))
      case .down: answer = .option(min(options.count - 1, (chosen ?? -1) + 1))
      case .character(let character):
        guard let digit = character.wholeNumberValue, (1...options.count).contains(digit) else { return false }
        answer = .option(digit - 1)
      default: return false
      }
      return true
    case (.number, .number(let text)):
      switch key {
      case .character(let character) where "0123456789.,e+-*/^()".contains(character) && text.count < 24:
        // Half of the world writes a decimal comma.
        answer = .number(text + (character == "," ? "." : String(character)))
      case .backspace where !text.isEmpty: answer = .number(String(text.dropLast()))
      default: return false
      }
      return true
    case (.curve, .curve(var curve)):
      guard curve.take(key) else { return false }
      answer = .curve(curve)
      return true
    default: return false
    }
  }
}
