import Experiments
import Training

/// A lesson: an experiment, and steps that say something, set something, ask, and reveal. Answers are never written in it: each
/// is a formula that is computed of the run.
public struct Lesson: Sendable {
  /// Its name, as in `bpttop lesson NAME`, and its title.
  public var name: String, title: String
  /// How many minutes it takes.
  public var minutes: Int
  /// The lessons that it stands on, by name.
  public var after: [String]
  /// The line that names them.
  public var afterLine = 1
  /// The file as messages call it.
  public var file: String
  /// What is trained.
  public var experiment: Experiment
  /// Rows of the panel Through time that it does not speak of: they are left out while it is given.
  public var hidden: Set<PassRow> = []
  /// What the teacher reads.
  public var teacher: TeacherNotes
  /// Its steps; there is one at least.
  public var steps: [LessonStep]
}

/// A kind of row of the panel Through time that a lesson can leave out.
public enum PassRow: String, CaseIterable, Sendable {
  /// What the network should say; φ′ of the units; the norm of the gradient; the bracket of the window with its k1 and k2.
  case targets, slopes, gradient, window
}

/// What a teacher should know of a lesson.
public struct TeacherNotes: Equatable, Sendable {
  /// What students can do after it; what to do with a room that is ahead, and with one that is behind.
  public var aim = "", ahead = "", behind = ""
}

/// One step of a lesson. What it does comes first, then it is shown.
public struct LessonStep: Sendable {
  /// Its line in the file.
  public var line: Int
  /// What is done before it is shown.
  public var actions: [LessonAction] = []
  /// What it says.
  public var say: LessonText?
  /// What the reader has to do before it goes on.
  public var wait: LessonWait?
  /// What it asks.
  public var question: LessonQuestion?
  /// What must hold of the run when the step is over: the text rests on it.
  public var claims: [Formula] = []
}

/// Something that a lesson does to the run or the screen.
public enum LessonAction: Equatable, Sendable {
  /// Set keys of the experiment in one change.
  case set([Setting])
  /// Make so many updates.
  case train(Int)
  /// Begin the run again, with the settings and weights of the lesson's start.
  case restart
  /// Show these panels and no others.
  case show([String])
  /// Give a panel the heavy frame.
  case look(String)
  /// Put the cursor of the pass on the step that a formula gives, counted from 1; backward in time.
  case cursor(Formula)
  /// Remember the value of a formula under a name.
  case keep(String, Formula)
}

/// A condition that the reader is to bring about.
public struct LessonWait: Equatable, Sendable {
  /// What must hold, and what the reader is told to do.
  public var until: Formula, hint: LessonText
  /// Keys that do it, for the check and for talks.
  public var keys: [String]
}

/// A question that is asked before its answer can be seen.
public struct LessonQuestion: Sendable {
  /// The question.
  public var ask: LessonText
  /// How it is answered.
  public var kind: Kind
  /// What is done to reveal the answer.
  public var reveal: [LessonAction] = []
  /// Panels that stay open though they show the answer.
  public var open: Set<String> = []
  /// Why the answer is what it is.
  public var why: LessonText
  /// What a worksheet says besides: numbers that the reader of the screen finds there.
  public var paper: LessonText?
  /// Its line in the file.
  public var line: Int

  /// How a question is answered.
  public enum Kind: Equatable, Sendable {
    /// By one of some options; the right one is the one whose condition holds.
    case choice([Option])
    /// By a number: right within a share of it, or, of 0, by so much.
    case number(answer: Formula, within: Double, mistakes: [Mistake])
    /// By putting the cursor of the pass on a step, right within so many steps.
    case step(answer: Formula, within: Int)
    /// By drawing a curve before it is shown; right where it stays within a share of the curve's range on average.
    case curve(answer: Formula, within: Double, x: String, y: String)
  }

  /// One of the answers that are offered.
  public struct Option: Equatable, Sendable {
    /// What it says, when it is right, and what taking it wrongly usually comes from.
    public var text: LessonText, holds: Formula, why: LessonText?
  }

  /// A number that comes of a usual mistake.
  public struct Mistake: Equatable, Sendable {
    /// The number, and the mistake.
    public var answer: Formula, why: LessonText
  }
}

/// A text in which formulas stand in braces, `{gradient[1]}`, computed when it is shown; `{kept_mass|%}` and `{k2|0}` say how:
/// % as a percentage, a digit as so many decimals, `i` as a whole number; else three significant digits; `{{` is a brace. New words stand between
/// asterisks; what speaks of the screen stands between `<<` and `>>`, and a worksheet leaves it out.
public struct LessonText: Equatable, Sendable {
  /// A piece of it.
  public enum Piece: Equatable, Sendable {
    case text(String)
    case formula(Formula, format: String)
  }

  /// As it is written, its line in the file, and its pieces.
  public let source: String, line: Int, pieces: [Piece]

  /// Reads a text.
  ///
  /// - Throws: a formula that is not understood, or a brace without its other one.
  public init(_ source: String, line: Int) throws(FormulaError) {
    self.source = source
    self.line = line
    var pieces: [Piece] = []
    var rest = Substring(source)
    while let open = rest.firstIndex(of: "{") {
      if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
      if rest[open...].hasPrefix("{{") {
        // The brace itself.
        pieces.append(.text("{"))
        rest = rest[open...].dropFirst(2)
        continue
      }
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw FormulaError("found { without }, expected both around a formula")
      }
      let parts = rest[rest.index(after: open)..<close].split(separator: "|", maxSplits: 1)
      guard let formula = parts.first else { throw FormulaError("found {}, expected a formula in it") }
      let format = parts.dropFirst().first.map { $0.filter { $0 != " " } } ?? ""
      guard ["", "%", "i", "0", "1", "2", "3", "4", "5", "6"].contains(format) else {
        throw FormulaError("found the format \(format), expected %, i, or a number of decimals from 0 to 6")
      }
      // As in h_{t-1}, which is meant as it stands, and would be computed.
      guard rest[..<open].last != "_" || format == "i" else {
        throw FormulaError(
          "found _{\(formula)}, which is computed, expected _{{\(formula)} to write it as it stands, or _{\(formula)|i}"
        )
      }
      pieces.append(.formula(try Formula(String(formula), line: line), format: format))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    self.pieces = pieces
    // No mark is left once the pairs are taken out.
    guard source.onPaper == source.onPaper.onScreen else {
      throw FormulaError("found << without >>, expected both around what is for the screen alone")
    }
    guard Self.words(pieces).count(where: { $0 == "*" }).isMultiple(of: 2) else {
      throw FormulaError("found * without another, expected both around a new word; a product is written with ×")
    }
  }

  /// The words between asterisks: those that it brings in, in lower case.
  public var newWords: [String] {
    Self.words(pieces).split(separator: "*", omittingEmptySubsequences: false).enumerated()
      .compactMap { $0.offset.isMultiple(of: 2) ? nil : $0.element.lowercased() }
  }

  /// The text without its formulas: a star of theirs is a product.
  private static func words(_ pieces: [Piece]) -> String {
    pieces.map { if case .text(let words) = $0 { words } else { "0" } }.joined()
  }

  /// The text with its numbers.
  ///
  /// - Throws: a formula that cannot be computed, and one that gives no finite number.
  public func filled(_ numbers: LessonNumbers) throws(FormulaError) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let words): text += words
      case .formula(let formula, let format): text += try Self.written(formula.number(numbers), format, formula)
      }
    }
    return text
  }
}

extension String {
  /// All of a text, without the marks around what is for the screen alone.
  var onScreen: String { replacing("<<", with: "").replacing(">>", with: "") }
  /// The text without what is for the screen alone.
  var onPaper: String { replacing(/\s*<<.*?>>/.dotMatchesNewlines(), with: "") }
}
