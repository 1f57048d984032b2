import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Lessons
import Panels
import Sources
import Training

/// `bpttop lesson`: lessons that ask first.
struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson",
    abstract: "Lessons that ask before they show; worksheets, talks, and a check of all they claim.",
    discussion: """
      Without a name, lists the lessons. A lesson is given inside the dashboard: Enter goes on, Backspace goes back, Esc lets you \
      look around, L begins the lesson's step anew, whatever was changed. The first answer to a question counts; most have a \
      second try. A lesson is taken up where it was left; --from 1 begins it anew. The best result stays.

      EXAMPLES
        bpttop lesson
        bpttop lesson vanishing
        bpttop lesson vanishing --autoplay 20
        bpttop lesson vanishing --worksheet sheet.pdf --seed 7
        bpttop lesson vanishing --teacher
        bpttop lesson --check
        bpttop lesson new > mine.yaml
        bpttop lesson mine.yaml --check
      """)

  @Argument(
    help: "A lesson's name, a lesson file, or new for a file to begin with.",
    completion: .list(ShippedLessons.names))
  var name: String?
  @Option(help: "The step to begin at, counted from 1.", transform: Reading.count) var from: Int?
  @Option(help: "The seed of weights and data; by default the lesson's.", transform: Reading.count) var seed: Int?
  @Option(
    help: "Gives it as a talk in large letters, so many seconds a step; 0 waits for Enter.", transform: Reading.count)
  var autoplay: Int?
  @Flag(help: "Goes through the lesson, or all, without a terminal, and proves each claim at ten seeds.") var check =
    false
  @Option(help: "How many seeds the check tries.", transform: Reading.count) var seeds = 10
  @Option(
    help: "Checks, and then presses so many random keys in each lesson; it must go on from any of its steps.",
    transform: Reading.count)
  var events = 0
  @Option(help: "Writes a worksheet with its key: FILE.md or FILE.pdf.", completion: .file()) var worksheet: String?
  @Flag(help: "Prints the teacher's page.") var teacher = false
  @Flag(help: "Lists what formulas of lesson files can name.") var quantities = false
  @OptionGroup var looks: TerminalLooks

  func run() throws {
    if name == "new" { return try StandardOutput.print(LessonTemplate.text) }
    if quantities { return try listQuantities() }
    if check || events > 0 { return try checkAll() }
    guard let name else { return try list() }
    var lesson = try Self.read(name)
    if let seed { lesson.experiment.seed = UInt64(seed) }
    if teacher { return try StandardOutput.print(TeacherPage.markdown(lesson, try Self.rehearsal(lesson))) }
    if let worksheet { return try write(lesson, to: worksheet) }
    try give(lesson)
  }

  /// The lesson called `name`, or in the file of that name.
  static func read(_ name: String) throws -> Lesson {
    let panels = Panels.all.map(\.id.name)
    do throws(InputError) {
      if !FileManager.default.fileExists(atPath: name), let lesson = try ShippedLessons.lesson(name, panels: panels) {
        return lesson
      }
      guard FileManager.default.fileExists(atPath: name) || name.contains("/") || name.contains(".") else {
        throw InputError(
          file: name,
          problem: "no such lesson or file, expected one of: \(ShippedLessons.names.joined(separator: ", "))",
          nearest: nearestName(to: name, among: ShippedLessons.names))
      }
      let text = try InputFile.text(path: name, limit: 1 << 20)
      let short = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
      return try LessonFile.read(text, name: short, file: name, panels: panels)
    } catch {
      throw Failure.input(error.description)
    }
  }

  private func list() throws {
    let progress = LessonProgress(environment: ProcessInfo.processInfo.environment)
    for name in ShippedLessons.texts.isEmpty ? [] : ShippedLessons.names where ShippedLessons.texts[name] != nil {
      let lesson = try Self.read(name)
      let after = lesson.after.isEmpty ? "" : "after \(lesson.after.joined(separator: ", "))"
      let words = [lesson.title, Self.state(of: lesson, progress), after].filter { !$0.isEmpty }.joined(
        separator: " · ")
      // What is too long for a line goes on below, under its words.
      for (row, line) in words.wrapped(to: Self.columns - 24).enumerated() {
        let head = row == 0 ? name.padded(17) + "\(lesson.minutes) min".padded(7) : "".padded(24)
        try StandardOutput.print(head + line)
      }
    }
    try StandardOutput.print("\nbpttop lesson NAME begins one; the first is unrolling.")
  }

  /// The columns of a line of the list, on any terminal.
  private static let columns = 80

  /// How far a lesson has been gone through, and how well at best.
  private static func state(of lesson: Lesson, _ progress: LessonProgress) -> String {
    let count = lesson.steps.count
    var words: [String] = []
    if let step = progress.step(of: lesson.name) {
      words.append(step >= count ? "done" : "at step \(step + 1) of \(count)")
    }
    if let best = progress.best(of: lesson.name, steps: count), best.questions > 0 {
      words.append(
        "best \(best.first) of \(best.questions)" + (best.second > 0 ? " and \(best.second) at the second try" : ""))
    }
    return words.joined(separator: ", ")
  }

  private func listQuantities() throws {
    for quantity in Quantities.all { try StandardOutput.print("\(quantity.name.padded(22))\(quantity.about)") }
    try StandardOutput.print("")
    for function in Quantities.functionWords {
      try StandardOutput.print("\((function.name + "()").padded(22))\(function.about)")
    }
  }

  /// A stage without a terminal, at the lesson's beginning.
  static func stage(_ lesson: Lesson, size: Size = Size(width: 80, height: 24)) throws -> EffectRunner {
    do {
      let run = try TrainingRun(experiment: lesson.experiment, memory: Memory.limit)
      let source = SteppedSource(run: run, patience: .live)
      let state = DashboardState(experiment: run.experiment, size: size, theme: Theme(.dark))
      var stage = EffectRunner(state, source: source, files: NoFiles())
      source.requestFrame()
      stage.begin(LessonSession(lesson))
      return stage
    } catch {
      throw Failure.input("\(lesson.file): \(error)")
    }
  }

  private func checkAll() throws {
    let names = name.map { [$0] } ?? ShippedLessons.names
    let lessons = try names.map(Self.read)
    let shipped = try ShippedLessons.names.map(Self.read)
    var wrong = 0
    for lesson in lessons {
      let words = try Self.unknownFoundations(of: lesson) + LessonWords.faults(lesson, among: shipped)
      let report = try LessonCheck(lesson, seeds: max(1, seeds), words: words) { try Self.stage($0) }
      // In the order in which they are found, whatever the streams.
      for fault in report.lines { FileHandle.standardError.write(Data("bpttop: \(fault)\n".utf8)) }
      wrong += report.lines.count
      try StandardOutput.print(report.summary)
      if events > 0 { wrong += try throwEvents(at: lesson) }
    }
    guard wrong > 0 else { return }
    // Of one lesson its own lines say all.
    if lessons.count == 1 { throw ExitCode(1) }
    throw Failure.run("\(wrong) faults in \(lessons.count) lessons")
  }

  /// What a lesson says to stand on and nobody can find: neither a lesson of the program nor a file beside it.
  private static func unknownFoundations(of lesson: Lesson) throws -> [LessonFault] {
    let folder = URL(fileURLWithPath: lesson.file).deletingLastPathComponent()
    let names = ShippedLessons.names
    return lesson.after.compactMap { name in
      let beside = folder.appendingPathComponent("\(name).yaml").path
      guard !names.contains(name), !FileManager.default.fileExists(atPath: beside) else { return nil }
      return LessonFault(
        line: lesson.afterLine,
        problem: "after: found \(name), expected a file \(name).yaml or one of: \(names.joined(separator: ", "))",
        nearest: nearestName(to: name, among: names))
    }
  }

  /// Presses random keys in a lesson.
  ///
  /// - Returns: how much went wrong.
  private func throwEvents(at lesson: Lesson) throws -> Int {
    var stage = try Self.stage(lesson)
    let result = LessonEvents(events, seed: UInt64(seed ?? 1), on: &stage)
    for fault in result.faults { FileHandle.standardError.write(Data("bpttop: \(lesson.name): \(fault)\n".utf8)) }
    let words =
      result.faults.isEmpty
      ? "ok, \(result.steps.count) of \(lesson.steps.count) steps shown, \(result.answers) answers revealed"
      : "WRONG"
    try StandardOutput.print("\(lesson.name): \(events) random events: \(words)")
    return result.faults.count
  }

  /// The lesson gone through once, at its seed.
  private static func rehearsal(_ lesson: Lesson) throws -> LessonRehearsal {
    var stage = try stage(lesson)
    let rehearsal = LessonRehearsal(&stage)
    if let fault = rehearsal.faults.first { throw Failure.input("\(lesson.file):\(fault.line): \(fault.problem)") }
    return rehearsal
  }

  private func write(_ lesson: Lesson, to path: String) throws {
    let sheet = Worksheet(lesson, try Self.rehearsal(lesson))
    try writing {
      if path.hasSuffix(".pdf") {
        try PDFFile.write(pages: sheet.pages, to: path)
      } else if path.hasSuffix(".md") {
        try OutputFile.write(sheet.markdown, to: path)
      } else {
        throw Failure.input("--worksheet: found \(path), expected a name that ends in .pdf or .md")
      }
    }
  }

  private func give(_ lesson: Lesson) throws {
    let progress = LessonProgress(environment: ProcessInfo.processInfo.environment)
    let left = progress.step(of: lesson.name) ?? 0
    let isTakenUp = from == nil && left < lesson.steps.count
    var session = LessonSession(
      lesson, at: isTakenUp ? left : (from ?? 1) - 1, verdicts: isTakenUp ? progress.verdicts(of: lesson.name) : [:])
    session.isTalk = autoplay != nil
    do {
      let run = try TrainingRun(experiment: lesson.experiment, memory: Memory.limit)
      var opening = DashboardSession.Opening(experiment: run.experiment, startsPaused: true, runs: RunHandover(run))
      opening.lesson = DashboardSession.LessonOpening(session: session, progress: progress, secondsAStep: autoplay ?? 0)
      try looks.show(opening, savesItself: false)
    } catch let error as TrainingError {
      throw Failure.input("\(lesson.file): \(error)")
    }
  }
}
