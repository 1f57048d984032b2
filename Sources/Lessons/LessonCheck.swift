import Canvas
import Experiments

/// A lesson proved: gone through at several seeds, every text computed, every answer given and taken as right, every claim held.
public struct LessonCheck {
  /// What is wrong: `FILE:LINE: …`, with the seed where it shows.
  public let lines: [String]
  /// A line on what was proved.
  public let summary: String

  /// The most rows of a step at 80×24: what is left beside the panels.
  public static let mostRows = 11

  /// Checks a lesson at as many seeds as wanted, from its own on; `stage` gives it without a terminal.
  public init<Stage: LessonStage>(
    _ lesson: Lesson, seeds: Int, words: [LessonFault] = [], stage: (Lesson) throws -> Stage
  ) rethrows {
    var lines = words.map { Self.line(lesson, $0, "") }
    var (claims, questions) = (0, 0)
    var blurred: Set<Int>?
    for offset in 0..<seeds where lines.isEmpty {
      var seeded = lesson
      seeded.experiment.seed += UInt64(offset)
      var stage = try stage(seeded)
      var tall: [Int: Int] = [:]
      let rehearsal = LessonRehearsal(&stage) { stage in
        guard let session = stage.session else { return }
        let rows = LessonCard.rows(session, width: 76, theme: Theme(.dark)).count
        if rows > Self.mostRows { tall[session.step.line] = rows }
      }
      (claims, questions) = (rehearsal.claims, rehearsal.asked.count)
      let right = Set(rehearsal.asked.flatMap(\.solution.rightMistakes))
      blurred = blurred?.intersection(right) ?? right
      lines += rehearsal.faults.map { Self.line(lesson, $0, " (seed \(seeded.experiment.seed))") }
      for (line, rows) in tall.sorted(by: { $0.key < $1.key }) {
        let problem = "found a text of \(rows) rows at 80x24, expected \(Self.mostRows) at most"
        lines.append(Self.line(lesson, LessonFault(line: line, problem: problem), ""))
      }
    }
    for line in (blurred ?? []).sorted() where lines.isEmpty {
      let problem = "found a mistake that gives the right answer at every seed, expected another number"
      lines.append(Self.line(lesson, LessonFault(line: line, problem: problem), ""))
    }
    self.lines = lines
    summary =
      lines.isEmpty
      ? "\(lesson.name): ok, \(lesson.steps.count) steps, \(questions) questions, \(claims) claims, \(seeds) seeds"
      : "\(lesson.name): WRONG"
  }

  private static func line(_ lesson: Lesson, _ fault: LessonFault, _ end: String) -> String {
    InputError(file: lesson.file, line: fault.line, problem: fault.problem + end, nearest: fault.nearest).description
  }
}

/// The words of the lessons: each is brought in, between asterisks, before it is used.
public enum LessonWords {
  /// Words of `lesson` that are used before it, or a lesson that it stands on, brings them in.
  ///
  /// - Parameters:
  ///   - lesson: the lesson.
  ///   - others: all lessons; their new words are the words that are watched.
  public static func faults(_ lesson: Lesson, among others: [Lesson]) -> [LessonFault] {
    var watched = Set(others.flatMap(newWords)).union(newWords(lesson))
    var before = lesson.after, seen: Set<String> = []
    while let name = before.popLast() {
      guard seen.insert(name).inserted, let other = others.first(where: { $0.name == name }) else { continue }
      watched.subtract(newWords(other))
      before += other.after
    }
    var faults: [LessonFault] = []
    for text in texts(lesson) {
      watched.subtract(text.newWords)
      let plain =
        " "
        + text.pieces.map { if case .text(let words) = $0 { words } else { "0" } }.joined().lowercased()
        .map { $0.isLetter || "′-".contains($0) ? String($0) : " " }.joined() + " "
      for word in watched.sorted() where plain.contains(" \(word) ") || plain.contains(" \(word)s ") {
        faults.append(
          LessonFault(
            line: text.line, problem: "found the word '\(word)' before a lesson brings it in, expected *\(word)* first")
        )
        watched.remove(word)
      }
    }
    return faults
  }

  private static func newWords(_ lesson: Lesson) -> [String] { texts(lesson).flatMap(\.newWords) }

  /// The texts of a lesson in the order in which they are read.
  private static func texts(_ lesson: Lesson) -> [LessonText] {
    lesson.steps.flatMap { step -> [LessonText] in
      var texts = [step.say, step.wait?.hint, step.question?.ask].compactMap { $0 }
      guard let question = step.question else { return texts }
      if case .choice(let options) = question.kind { texts += options.map(\.text) + options.compactMap(\.why) }
      if case .number(_, _, let mistakes) = question.kind { texts += mistakes.map(\.why) }
      return texts + [question.why]
    }
  }
}
