import Canvas

/// A sheet to answer a lesson's questions on paper, with a key; both are computed at one seed.
public struct Worksheet {
  private let lesson: Lesson, rehearsal: LessonRehearsal

  /// The sheet of a lesson that was gone through.
  public init(_ lesson: Lesson, _ rehearsal: LessonRehearsal) {
    (self.lesson, self.rehearsal) = (lesson, rehearsal)
  }

  /// A piece of the sheet.
  private enum Block {
    case title(String), heading(String), text(String), bold(String)
    /// A line to write on; axes to draw on, with their names, and what is drawn on them in the key.
    case line(String), axes(x: String, y: String, [Double] = [])
    case page
  }

  private var blocks: [Block] {
    var blocks: [Block] = [
      .title(lesson.title), .text("Name: ______________________________    Date: ________________"),
      .text("bpttop lesson \(lesson.name), seed \(lesson.experiment.seed): another seed makes another sheet."),
    ]
    for (number, asked) in rehearsal.asked.enumerated() {
      blocks.append(.heading("Question \(number + 1)"))
      // What was said since the question before.
      let from = number == 0 ? 0 : rehearsal.asked[number - 1].index + 1
      for index in from...asked.index {
        let say = TeacherPage.plain((rehearsal.pages[index]?.say ?? "").onPaper)
        if !say.isEmpty { blocks.append(.text(say)) }
      }
      blocks.append(.bold(TeacherPage.plain(asked.page.ask.onPaper)))
      if !asked.page.paper.isEmpty { blocks.append(.text(TeacherPage.plain(asked.page.paper))) }
      blocks += room(asked)
    }
    blocks += [.page, .title("Key: \(lesson.title), seed \(lesson.experiment.seed)")]
    for (number, asked) in rehearsal.asked.enumerated() {
      blocks.append(.bold("\(number + 1). \(TeacherPage.plain(asked.solution.words))"))
      blocks.append(.text(TeacherPage.plain(asked.page.why.onPaper)))
      if case .curve(_, _, let x, let y)? = lesson.steps[asked.index].question?.kind,
        case .curve(let values) = asked.solution.answer
      {
        blocks.append(.axes(x: x, y: y, values))
      }
    }
    return blocks
  }

  /// Where the answer is written.
  private func room(_ asked: LessonRehearsal.Asked) -> [Block] {
    switch lesson.steps[asked.index].question?.kind {
    case .choice?: asked.page.options.map { .text("☐  \(TeacherPage.plain($0))") }
    case .curve(_, _, let x, let y)?: [.axes(x: x, y: y)]
    case .step?: [.line("Step t =")]
    default: [.line("My steps:"), .line(""), .line("Answer:")]
    }
  }

  /// The sheet and its key as Markdown.
  public var markdown: String {
    blocks.map { block in
      switch block {
      case .title(let text): "# \(text)\n"
      case .heading(let text): "## \(text)\n"
      case .text(let text): text + "\n"
      case .bold(let text): "**\(text)**\n"
      case .line(let text): text + " ________________________________________________\n"
      case .axes(let x, let y, let values): Self.drawn(x, y, values)
      case .page: "---\n"
      }
    }.joined(separator: "\n")
  }

  /// Axes in characters, eight rows high, with a curve where there is one.
  private static func drawn(_ x: String, _ y: String, _ values: [Double]) -> String {
    let width = 60, height = 8, (top, foot) = ends(values)
    var rows = Array(repeating: Array(repeating: Character(" "), count: width), count: height)
    if let low = values.min(), let high = values.max(), values.count > 1 {
      for column in 0..<width {
        let value = values[Int((Double(column) / Double(width - 1) * Double(values.count - 1)).rounded())]
        let share = high > low ? (value - low) / (high - low) : 0.5
        rows[height - 1 - Int((share * Double(height - 1)).rounded())][column] = "o"
      }
    }
    let lines = rows.map { String("|" + String($0).reversed().drop { $0 == " " }.reversed()) }
    return "```\n\(y)\n\(top)\n\(lines.joined(separator: "\n"))\n\(foot)\n+" + String(repeating: "-", count: width)
      + "\n" + String(repeating: " ", count: 40) + "\(x)\n```\n"
  }

  /// What stands at the top and the foot of axes: numbers in the key alone, as they would tell the answer.
  private static func ends(_ values: [Double]) -> (top: String, foot: String) {
    guard let low = values.min(), let high = values.max() else { return ("largest", "smallest") }
    return (NumberText.trimmed(high, digits: 3), NumberText.trimmed(low, digits: 3))
  }

  /// The pages as SVG, A4; a question and the room for its answer are not parted.
  public var pages: [String] {
    var pages = SheetPages(), parts: [[Block]] = []
    for block in blocks {
      if case .heading = block { parts.append([]) }
      if case .page = block { parts.append([]) }
      if parts.isEmpty { parts.append([]) }
      parts[parts.count - 1].append(block)
    }
    for part in parts { pages.together { page in for block in part { Self.write(block, on: &page) } } }
    return pages.finished
  }

  private static func write(_ block: Block, on pages: inout SheetPages) {
    switch block {
    case .title(let text): pages.write(text, size: 18, isBold: true)
    case .heading(let text): pages.write(text, size: 13, isBold: true, above: 10)
    case .text(let text): pages.write(text, size: 10.5)
    case .bold(let text): pages.write(text, size: 10.5, isBold: true)
    case .line(let text): pages.rule(text)
    case .axes(let x, let y, let values): pages.axes(x: x, y: y, ends: ends(values), values)
    case .page: pages.turn()
    }
  }
}
