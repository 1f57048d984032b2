/// What a teacher reads before a lesson, made of the lesson itself.
public enum TeacherPage {
  /// The page as Markdown.
  public static func markdown(_ lesson: Lesson) -> String {
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
    var number = 0
    for step in lesson.steps {
      guard let question = step.question else { continue }
      number += 1
      lines += ["\(number). **\(flat(question.ask.source))**", ""]
      lines += wrongAnswers(question).map { "   - \($0)" }
      lines += ["   - Why it is so: \(flat(question.why.source))", ""]
    }
    lines.append("Words in braces are computed when the lesson runs.")
    return lines.joined(separator: "\n")
  }

  private static func wrongAnswers(_ question: LessonQuestion) -> [String] {
    switch question.kind {
    case .choice(let options):
      options.map { "\"\(flat($0.text.source))\"" + ($0.why.map { ": taken wrongly, \(flat($0.source))" } ?? "") }
    case .number(let answer, _, let mistakes):
      ["The answer is computed as `\(answer.text)`."]
        + mistakes.map { "Who says `\($0.answer.text)`: \(flat($0.why.source))" }
    case .step(let answer, _): ["The step is computed as `\(answer.text)`."]
    case .curve(let answer, _, let x, let y): ["The curve is `\(answer.text)`: \(y) over \(x)."]
    }
  }

  /// On one line.
  static func flat(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
