/// What a teacher reads before a lesson, made of the lesson itself; its numbers are computed at one seed.
public enum TeacherPage {
  /// The page as Markdown, of a lesson that was gone through.
  public static func markdown(_ lesson: Lesson, _ rehearsal: LessonRehearsal) -> String {
    var lines = [
      "# \(lesson.title): for the teacher", "",
      "**Minutes:** \(lesson.minutes). **Stands on:** \(lesson.after.isEmpty ? "nothing" : lesson.after.joined(separator: ", ")).",
      "",
      "**Aim.** \(flat(lesson.teacher.aim))", "", "**The room is ahead.** \(flat(lesson.teacher.ahead))", "",
      "**The room is behind.** \(flat(lesson.teacher.behind))", "",
      "Give it with `bpttop lesson \(lesson.name)`, as a talk with `bpttop lesson \(lesson.name) --autoplay 0`. "
        + "Hand out `bpttop lesson \(lesson.name) --worksheet sheet.pdf`; another `--seed` makes another sheet.", "",
      "## The questions, and what students get wrong", "",
    ]
    for (number, asked) in rehearsal.asked.enumerated() {
      guard let question = lesson.steps[asked.index].question else { continue }
      lines += ["\(number + 1). **\(plain(asked.page.ask))**", "", "   - The answer: \(answer(asked, question))"]
      lines += asked.solution.wrongAnswers.map {
        "   - A student who answers \"\(plain($0.answer))\": \(plain($0.why))"
      }
      lines += ["   - Why: \(plain(asked.page.why))", ""]
    }
    lines.append("The numbers are those of seed \(lesson.experiment.seed).")
    return lines.joined(separator: "\n")
  }

  /// The right answer, and the formula that computes it.
  private static func answer(_ asked: LessonRehearsal.Asked, _ question: LessonQuestion) -> String {
    let words = plain(asked.solution.words)
    switch question.kind {
    case .choice: return words
    case .number(let formula, _, _), .step(let formula, _): return "\(words), computed as `\(formula.text)`."
    case .curve(let formula, _, let x, let y): return "\(words), `\(formula.text)`: \(y) over \(x)."
    }
  }

  /// On one line, without the marks of new words.
  static func plain(_ text: String) -> String { flat(text.onScreen.replacing("*", with: "")) }

  /// On one line.
  static func flat(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
