import Canvas

/// The right answer of a question, computed of the run.
public struct LessonSolution: Equatable, Sendable {
  /// The answer.
  public let answer: Answer
  /// It in words.
  public let words: String
  /// The lines of the mistakes that are right here: at one seed that happens, at all it must not.
  public private(set) var rightMistakes: [Int] = []

  /// What wrong answers usually come from: the answer in words, and why it is wrong.
  public private(set) var wrongAnswers: [WrongAnswer] = []

  /// A wrong answer and where it comes from.
  public struct WrongAnswer: Equatable, Sendable {
    /// The answer as it is given, and what is said of it.
    public let answer: String, why: String
  }

  /// A right answer.
  public enum Answer: Equatable, Sendable {
    case option(Int)
    case number(Double)
    /// Counted from 1.
    case step(Int)
    /// The numbers of the curve.
    case curve([Double])
  }

  /// Computes the answer of `question`.
  ///
  /// - Throws: a formula that cannot be computed, a choice without exactly one right option, and a number that is not finite.
  init(_ question: LessonQuestion, _ numbers: LessonNumbers) throws(LessonFault) {
    func value<T>(_ formula: Formula, _ body: () throws(FormulaError) -> T) throws(LessonFault) -> T {
      do throws(FormulaError) { return try body() } catch { throw LessonFault(line: formula.line, error) }
    }
    switch question.kind {
    case .choice(let options):
      var right: [Int] = []
      for (index, option) in options.enumerated() {
        if try value(option.holds, { () throws(FormulaError) in try option.holds.holds(numbers) }) {
          right.append(index)
        }
      }
      guard right.count == 1, let only = right.first else {
        throw LessonFault(
          line: question.line,
          problem:
            "found \(right.isEmpty ? "no option" : "options \(right.map { "\($0 + 1)" }.joined(separator: " and "))")"
            + " of '\(question.ask.source.prefix(40))' right, expected exactly one")
      }
      for (index, option) in options.enumerated() where index != only {
        guard let why = option.why else { continue }
        wrongAnswers.append(WrongAnswer(answer: try option.text.line(numbers), why: try why.line(numbers)))
      }
      let option = options[only]
      answer = .option(only)
      words = try value(option.holds) { () throws(FormulaError) in try option.text.filled(numbers) }
    case .number(let formula, let within, let mistakes):
      let number = try value(formula) { () throws(FormulaError) in try formula.number(numbers) }
      guard number.isFinite else {
        throw LessonFault(
          line: formula.line, problem: "found \(number) from '\(formula.text)', expected a finite number")
      }
      for mistake in mistakes {
        let wrong = try value(mistake.answer) { () throws(FormulaError) in try mistake.answer.number(numbers) }
        if Self.agree(wrong, number, within) { rightMistakes.append(mistake.answer.line) }
        wrongAnswers.append(
          WrongAnswer(answer: NumberText.trimmed(wrong, digits: 4), why: try mistake.why.line(numbers)))
      }
      answer = .number(number)
      words = NumberText.trimmed(number, digits: 4)
    case .step(let formula, _):
      let number = try value(formula) { () throws(FormulaError) in try formula.number(numbers) }
      guard number.isFinite, number >= 1, number <= Double(numbers.snapshot.data.steps) else {
        throw LessonFault(
          line: formula.line, problem: "found the step \(number), expected one from 1 to \(numbers.snapshot.data.steps)"
        )
      }
      answer = .step(Int(number))
      words = "step \(Int(number))"
    case .curve(let formula, _, _, _):
      let list = try value(formula) { () throws(FormulaError) in try formula.value(numbers) }.numbers
      guard list.count > 1, list.allSatisfy(\.isFinite) else {
        throw LessonFault(
          line: formula.line,
          problem: "found \(list.count) numbers from '\(formula.text)', expected a list of finite ones")
      }
      answer = .curve(list)
      words = "a curve from \(NumberText.trimmed(list[0])) to \(NumberText.trimmed(list[list.count - 1]))"
    }
  }

  /// Whether two numbers are the same within a share of the second, or, where that is 0, within so much.
  static func agree(_ a: Double, _ b: Double, _ within: Double) -> Bool {
    abs(a - b) <= (b == 0 ? within : within * abs(b)) + 1e-12 * abs(b)
  }

  private static func range(_ list: [Double]) -> ClosedRange<Double>? {
    guard let low = list.min(), let high = list.max() else { return nil }
    return low...high
  }

  /// What is to be said of an answer.
  func verdict(on given: LessonAnswer, of question: LessonQuestion, _ numbers: LessonNumbers) throws(LessonFault)
    -> LessonVerdict
  {
    switch (question.kind, answer, given) {
    case (.choice(let options), .option(let right), .option(let chosen)):
      return LessonVerdict(
        isRight: right == chosen, answer: words, remark: right == chosen ? nil : try options[chosen].why?.line(numbers))
    case (.number(_, let within, let mistakes), .number(let right), .number(let text)):
      let number = LessonAnswer.number(text) ?? .nan
      if Self.agree(number, right, within) { return LessonVerdict(isRight: true, answer: words) }
      for mistake in mistakes {
        guard let wrong = try? mistake.answer.number(numbers), Self.agree(number, wrong, max(within, 0.02)) else {
          continue
        }
        return LessonVerdict(isRight: false, answer: words, remark: try mistake.why.line(numbers))
      }
      return LessonVerdict(isRight: false, answer: words)
    case (.step(_, let within), .step(let right), .step(let step)):
      return LessonVerdict(isRight: abs(step - right) <= within, answer: words)
    case (.curve(_, let within, _, _), .curve(let list), .curve(let curve)):
      return LessonVerdict(
        isRight: curve.agrees(with: LessonCurve.shape(list), within: within), answer: words,
        curve: LessonCurve.shape(list), range: Self.range(list))
    default:
      if case .curve(let list) = answer {
        return LessonVerdict(isRight: nil, answer: words, curve: LessonCurve.shape(list), range: Self.range(list))
      }
      return LessonVerdict(isRight: nil, answer: words)
    }
  }
}

/// What is said of an answer.
public struct LessonVerdict: Equatable, Sendable {
  /// Whether it is right; nil where none was given.
  public var isRight: Bool?
  /// The right answer, and what a wrong one usually comes from.
  public var answer: String, remark: String?
  /// The right curve, each height from 0 to 1, and the numbers at 0 and 1.
  public var curve: [Double]?, range: ClosedRange<Double>?

  init(
    isRight: Bool?, answer: String, remark: String? = nil, curve: [Double]? = nil, range: ClosedRange<Double>? = nil
  ) {
    (self.isRight, self.answer, self.remark, self.curve, self.range) = (isRight, answer, remark, curve, range)
  }
}

/// What a step's texts say, with their numbers.
public struct LessonPage: Equatable, Sendable {
  /// What it says, what the reader is to do, what it asks, and what a worksheet says besides.
  public var say = "", hint = "", ask = "", paper = ""
  /// The options of a choice.
  public var options: [String] = []
  /// What is said of the answer, and why it is so.
  public var verdict: LessonVerdict?, why = ""

  init() {}

  init(_ step: LessonStep, _ numbers: LessonNumbers) throws(LessonFault) {
    say = try step.say?.line(numbers) ?? ""
    hint = try step.wait?.hint.line(numbers) ?? ""
    ask = try step.question?.ask.line(numbers) ?? ""
    paper = try step.question?.paper?.line(numbers) ?? ""
    if case .choice(let options)? = step.question?.kind {
      for option in options { self.options.append(try option.text.line(numbers)) }
    }
  }
}

extension LessonText {
  /// The text with its numbers; what cannot be computed is told by its line.
  func line(_ numbers: LessonNumbers) throws(LessonFault) -> String {
    do throws(FormulaError) { return try filled(numbers) } catch { throw LessonFault(line: line, error) }
  }
}

extension LessonQuestion {
  /// What a reader begins to answer with.
  var emptyAnswer: LessonAnswer {
    switch kind {
    // An option that is chosen for the reader would be passed unread.
    case .choice, .step: .none
    case .number: .number("")
    case .curve: .curve(LessonCurve())
    }
  }
}
