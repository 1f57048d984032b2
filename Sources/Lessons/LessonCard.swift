import Canvas

/// Draws a lesson: what it says, asks and reveals, and the keys that go on.
public enum LessonCard {
  /// A row of the card.
  typealias Row = [Span]

  /// The card's rows at a width of its inside, with so many rows between two heights of a curve.
  public static func rows(_ session: LessonSession, width: Int, theme: Theme, rise: Int = 1) -> [[Span]] {
    var rows: [Row] = []
    let page = session.page
    if let fault = session.fault {
      rows += paragraph("✖ \(session.lesson.file):\(fault.line): \(fault.problem)", width, theme, .error)
    }
    switch session.phase {
    case .over:
      let score = session.score, isHard = 2 * score.first < score.questions
      rows += paragraph(
        "This was the lesson. At the first try you answered \(score.first) of \(score.questions) questions right"
          + (score.second > 0 ? ", at the second \(score.second) more." : ".")
          + (isHard ? " That is less than half: this lesson is worth a second time." : "")
          + (ShippedLessons.following(session.lesson.name).map { " The next lesson: bpttop lesson \($0)" } ?? ""),
        width, theme, .text)
    case .preparing where page == LessonPage(): rows += paragraph("…", width, theme, .dimText)
    case .revealed:
      // The question stays beside its answer; the rest makes room.
      if case .curve = session.answer {
        rows += answerRows(session, width, theme, rise)
      } else {
        rows += paragraph(page.ask, width, theme, .dimText)
      }
      rows += revealedRows(session, width, theme)
    case .shown where session.firstTry != nil:
      // What was said before makes room for the hint.
      rows += paragraph(page.ask, width, theme, .value) + answerRows(session, width, theme, rise)
      rows += secondTryRows(session, width, theme)
    default:
      rows += paragraph(page.say, width, theme, .text)
      rows += paragraph(page.hint, width, theme, .accent)
      rows += paragraph(page.ask, width, theme, .value)
      rows += answerRows(session, width, theme, rise)
    }
    return rows
  }

  /// Words in a role, those between asterisks as new words.
  private static func paragraph(_ text: String, _ width: Int, _ theme: Theme, _ role: Role) -> [Row] {
    guard !text.isEmpty else { return [] }
    var isNew = false
    return text.onScreen.words(theme).wrapped(to: width).map { line in
      // A no-break space has kept words together, and is drawn as a space.
      let parts = line.replacing("\u{a0}", with: " ").split(separator: "*", omittingEmptySubsequences: false)
      return parts.enumerated().map { index, part in
        if index > 0 { isNew.toggle() }
        return Span(String(part), theme[isNew ? .accent : role])
      }
    }
  }

  private static func answerRows(_ session: LessonSession, _ width: Int, _ theme: Theme, _ rise: Int) -> [Row] {
    let isOpen = session.phase == .shown
    switch session.answer {
    case .option(let chosen): return optionRows(chosen, session, width, theme)
    case .number(let text):
      return isOpen ? [[Span("▸ ", theme[.keyName]), Span(text + "_", theme[.selection])]] : []
    case .curve(let curve): return curveRows(curve, session, width, theme, rise)
    case .none, .step:
      return session.isTalk ? optionsInTalk(session, width, theme) : optionRows(nil, session, width, theme)
    }
  }

  /// The options of a choice: the chosen one is marked, and the one that was wrong at the first try.
  private static func optionRows(_ chosen: Int?, _ session: LessonSession, _ width: Int, _ theme: Theme) -> [Row] {
    session.page.options.enumerated().flatMap { index, text -> [Row] in
      let isChosen = index == chosen, isWrong = session.firstTry?.answer == .option(index)
      let lines = text.words(theme).wrapped(to: max(8, width - 4))
      return lines.enumerated().map { row, line in
        [
          Span(row == 0 ? "\(isChosen ? "▸" : isWrong ? "✗" : " ")\(index + 1) " : "   ", theme[.keyName]),
          Span(line, theme[isChosen && session.phase == .shown ? .selection : isWrong ? .dimText : .text]),
        ]
      }
    }
  }

  /// What is said of a first try that was wrong.
  private static func secondTryRows(_ session: LessonSession, _ width: Int, _ theme: Theme) -> [Row] {
    var tried = ""
    if case .number(let text)? = session.firstTry?.answer { tried = ", not \(text)" }
    let remark = (session.firstTry?.remark).map { " \($0)" } ?? ""
    let next = session.isMade ? "It was done: look at it, and answer again" : "The second try"
    return paragraph("✗ No\(tried).\(remark) \(next); Enter alone gives the answer.", width, theme, .warning)
  }

  /// A talk has no answer, but shows the options.
  private static func optionsInTalk(_ session: LessonSession, _ width: Int, _ theme: Theme) -> [Row] {
    session.page.options.enumerated().flatMap { index, text in
      paragraph("\(index + 1) \(text)", width, theme, .text)
    }
  }

  /// The axes on which a curve is drawn: the reader's with ●, and the real one with ○ once it is revealed.
  private static func curveRows(
    _ curve: LessonCurve, _ session: LessonSession, _ width: Int, _ theme: Theme, _ rise: Int
  ) -> [Row] {
    guard case .curve(_, _, let x, let y)? = session.step.question?.kind else { return [] }
    let right = session.page.verdict?.curve
    let gap = max(2, min(6, (width - 12 - x.count) / LessonCurve.places))
    let marks = right == nil ? "only the shape counts" : "● yours, ○ right, ◉ both"
    var rows: [Row] = [paragraph("\(y): \(marks)", width, theme, .dimText).first ?? []]
    for level in (0...LessonCurve.levels).reversed() {
      let label = scale(session.page.verdict?.range, at: level).words(theme)
      let space = String(repeating: " ", count: max(0, 8 - label.count))
      var row: Row = [Span("\(space)\(label) ", theme[.dimText]), Span(level == 0 ? "└" : "│", theme[.grid])]
      for place in 0..<LessonCurve.places {
        let isDrawn = curve.heights[place] == level
        let isRight = right.map { Int(($0[place] * Double(LessonCurve.levels)).rounded()) == level } ?? false
        let isHere = place == curve.chosen && session.phase == .shown
        let mark = isRight ? (isDrawn ? "◉" : "○") : isDrawn ? "●" : level == 0 ? "─" : isHere ? "┊" : " "
        let role: Role = isRight ? .accent : isDrawn ? (isHere ? .selection : .value) : .grid
        row.append(Span(mark, theme[role]))
        row.append(Span(String(repeating: level == 0 ? "─" : " ", count: gap - 1), theme[.grid]))
      }
      rows.append(row)
      guard level > 0 else { continue }
      rows += Array(repeating: [Span(String(repeating: " ", count: 9) + "│", theme[.grid])], count: rise - 1)
    }
    rows[rows.count - 1].append(Span(" " + x.words(theme), theme[.dimText]))
    return rows
  }

  /// What stands beside a level of the plot: the numbers would tell the answer, and come with it.
  private static func scale(_ range: ClosedRange<Double>?, at level: Int) -> String {
    switch level {
    case 0: range.map { NumberText.trimmed($0.lowerBound, digits: 3) } ?? "smallest"
    case LessonCurve.levels: range.map { NumberText.trimmed($0.upperBound, digits: 3) } ?? "largest"
    default: ""
    }
  }

  private static func revealedRows(_ session: LessonSession, _ width: Int, _ theme: Theme) -> [Row] {
    guard let verdict = session.page.verdict else { return [] }
    let words =
      switch verdict.isRight {
      case true?: "✓ Right: "
      case false?: "✗ No: the answer is "
      case nil: "The answer is "
      }
    var answer = verdict.answer + (verdict.answer.hasSuffix(".") ? "" : ".")
    // An option is a sentence of its own.
    if case .choice? = session.step.question?.kind, verdict.isRight != true { answer = "\"\(answer)\"" }
    var rows = paragraph(
      words + answer, width, theme,
      verdict.isRight == false ? .warning : .accent)
    if let remark = verdict.remark { rows += paragraph(remark, width, theme, .warning) }
    return rows + paragraph(session.page.why, width, theme, .text)
  }

  /// The keys that go on, for the lower edge of the card.
  static func keys(_ session: LessonSession) -> [(key: String, words: String)] {
    if session.isAway { return [("L", "back, this step anew")] }
    if session.phase == .over { return [("⏎", "ends the lesson"), ("Bksp", "the last step")] }
    var keys: [(key: String, words: String)] = []
    if session.phase == .shown, !session.isTalk {
      switch session.step.question?.kind {
      case .choice?: keys.append(("↑↓", "choose"))
      case .number?: keys.append(("0-9 . - * / ^", "type the number"))
      case .step?: keys.append(("←→", "move the cursor"))
      case .curve?: keys.append(("↑↓←→", "draw"))
      case nil: break
      }
    }
    let isAsking = session.phase == .shown && session.step.question != nil
    keys.append(("⏎", isAsking ? (session.isTalk ? "answer" : "my answer") : "on"))
    return keys + [("Bksp", "back"), ("Esc", "look around"), ("L", "this step anew")]
  }

  /// Takes the card's place of a room: a column at its right where it is wide, else rows at its foot, as many as the text needs.
  public static func place(_ session: LessonSession, in room: inout Rect, isBig: Bool, theme: Theme) -> Rect {
    let whole = room
    if isBig {
      room.height = max(0, whole.height * 2 / 5)
    } else if whole.width >= 150 {
      room.width -= min(72, whole.width / 3)
      return Rect(x: room.maxX, y: whole.y, width: whole.maxX - room.maxX, height: whole.height)
    } else {
      let rows = rows(session, width: whole.width - 4, theme: theme).count + 2
      room.height -= min(max(5, rows), max(5, whole.height - leastPanels))
    }
    return Rect(x: whole.x, y: room.maxY, width: whole.width, height: whole.maxY - room.maxY)
  }

  /// Rows that are left to the panels beside it.
  private static let leastPanels = 9

  /// The columns of a line that is read with ease, and the most rows between two heights of a curve.
  private static let longestLine = 88, mostRise = 4

  /// Draws the card with its frame.
  ///
  /// - Parameters:
  ///   - session: the lesson.
  ///   - rect: the frame.
  ///   - isBig: whether the screen is that for the last row of a hall.
  ///   - isAlone: whether no panel stands beside it: then the text is in the middle, and a plot is taller.
  ///   - theme: the colors and characters.
  ///   - buffer: what is drawn into.
  public static func draw(
    _ session: LessonSession, in rect: Rect, isBig: Bool, isAlone: Bool = false, theme: Theme,
    into buffer: inout Buffer
  ) {
    buffer.fill(rect, theme.blank)
    let place = "step \(session.index + 1) of \(session.lesson.steps.count)"
    var inside = buffer.box(
      rect, title: ["Lesson: \(session.lesson.title)".words(theme), session.lesson.title.words(theme), "Lesson"],
      note: [place], focused: !session.isAway, theme: theme
    ).inset(left: 1, right: 1)
    drawKeys(session, on: rect, theme, &buffer)
    if isBig, session.isTalk { return drawTalk(session, in: inside, theme: theme, into: &buffer) }
    if isAlone {
      let margin = max(0, (inside.width - longestLine) / 2)
      inside = inside.inset(left: margin, right: margin)
    }
    var rows = rows(session, width: inside.width, theme: theme)
    if isAlone {
      let spare = max(0, inside.height - rows.count)
      rows = Self.rows(
        session, width: inside.width, theme: theme, rise: 1 + min(mostRise - 1, spare / LessonCurve.levels))
      inside = inside.inset(top: max(0, (inside.height - rows.count) / 2))
    }
    // What does not fit loses its beginning: the question and the answer stand at the end.
    let first = max(0, rows.count - inside.height)
    for (row, spans) in rows.dropFirst(first).enumerated() { buffer.put(spans, in: inside, row: row) }
  }

  /// The keys on the lower edge, as many as fit.
  private static func drawKeys(_ session: LessonSession, on rect: Rect, _ theme: Theme, _ buffer: inout Buffer) {
    let hints = keys(session).flatMap {
      [Span(" \($0.key.keyWords(theme))", theme[.keyName]), Span(" \($0.words) ", theme[.dimText])]
    }
    let edge = Rect(x: rect.x + 2, y: rect.maxY - 1, width: max(0, rect.width - 4), height: 1)
    buffer.put(fitting: (0...hints.count / 2).map { Array(hints.dropLast(2 * $0)) }, in: edge)
  }
}
