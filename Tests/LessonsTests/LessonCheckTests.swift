import Experiments
import Foundation
import Testing

@testable import Lessons

/// The lessons that ship: each is proved, and proved to be proved.
struct LessonCheckTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Demos/lessons")

  /// Without optimization a seed takes seconds: then one is tried. `bpttop lesson --check` tries ten.
  private static let seeds: Int = {
    #if DEBUG
      1
    #else
      10
    #endif
  }()

  private func read(_ text: String, name: String = "test") throws -> Lesson {
    try LessonFile.read(text, name: name, file: "test.yaml", panels: Example.panels)
  }

  private func shipped() throws -> [Lesson] {
    try ShippedLessons.names.compactMap { try ShippedLessons.lesson($0, panels: Example.panels) }
  }

  @Test("The program holds the folder's files, in the order of teaching, and each lesson stands on earlier ones")
  func folder() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    #expect(files.sorted() == ShippedLessons.names.sorted())
    for name in ShippedLessons.names {
      let text = try String(contentsOf: Self.folder.appendingPathComponent("\(name).yaml"), encoding: .utf8)
      #expect(ShippedLessons.texts[name] == text, "\(name)")
    }
    var before: Set<String> = []
    for lesson in try shipped() {
      #expect(Set(lesson.after).isSubset(of: before), "\(lesson.name)")
      #expect(abs(Double(lesson.minutes) - Self.minutes(lesson)) <= 1, "\(lesson.name): \(Self.minutes(lesson))")
      #expect(!lesson.teacher.ahead.isEmpty && !lesson.teacher.behind.isEmpty, "\(lesson.name)")
      before.insert(lesson.name)
    }
    #expect(before.count >= 16)
  }

  /// The minutes that a reader needs for whom all of it is new: 100 words a minute, one and a half for a number, less than one to
  /// choose, one to draw.
  private static func minutes(_ lesson: Lesson) -> Double {
    lesson.steps.reduce(0) { sum, step in
      var texts = [step.say, step.question?.ask, step.question?.why].compactMap(\.self)
      var answer = 0.0
      switch step.question?.kind {
      case .choice(let options)?:
        texts += options.map(\.text)
        answer = 0.7
      case .number?: answer = 1.5
      case .step?: answer = 0.7
      case .curve?: answer = 1
      case nil: break
      }
      return sum + answer
        + texts.reduce(0) { $0 + Double($1.source.split(whereSeparator: \.isWhitespace).count) / 100 }
    }
  }

  @Test("Every claim, every answer and every text of a lesson holds", arguments: ShippedLessons.names)
  func holds(name: String) throws {
    let lesson = try #require(try ShippedLessons.lesson(name, panels: Example.panels))
    let words = LessonWords.faults(lesson, among: try shipped())
    let check = try LessonCheck(lesson, seeds: Self.seeds, words: words) { try Example.stage($0) }
    #expect(check.lines == [])
    let questions = lesson.steps.count { $0.question != nil }
    #expect(questions >= 5, "\(name)")
  }

  /// The text with its claim of that number turned into its opposite, and the line of it.
  private static func withClaimTurned(_ text: String, _ place: (Int) -> Int) -> (text: String, claim: String)? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let claims = lines.indices.filter { lines[$0].contains("claims: [\"") }
    guard !claims.isEmpty else { return nil }
    let line = claims[place(claims.count)]
    guard let match = lines[line].firstMatch(of: /claims: \["(?<claim>[^"]*)"/) else { return nil }
    let claim = String(match.claim)
    var changed = lines
    changed[line] = lines[line].replacing("\"\(claim)\"", with: "\"not (\(claim))\"", maxReplacements: 1)
    return (changed.joined(separator: "\n"), claim)
  }

  @Test(
    "A lesson that is made false at one of three places fails, and the line names the claim",
    arguments: ShippedLessons.names)
  func mutated(name: String) throws {
    let text = try #require(ShippedLessons.texts[name])
    for place: (Int) -> Int in [{ _ in 0 }, { $0 / 2 }, { $0 - 1 }] {
      let (changed, claim) = try #require(Self.withClaimTurned(text, place))
      let check = try LessonCheck(read(changed, name: name), seeds: 1) { try Example.stage($0) }
      #expect(check.lines.count >= 1)
      #expect(
        check.lines.contains { $0.hasPrefix("test.yaml:") && $0.contains("not (\(claim))") && $0.contains("is false") })
    }
  }

  @Test("A right option that is made wrong leaves the question without an answer")
  func noRightOption() throws {
    let text = try #require(ShippedLessons.texts["unrolling"]).replacing("n > 1 and units == 1", with: "n > 100")
    let check = try LessonCheck(read(text), seeds: 1) { try Example.stage($0) }
    #expect(check.lines.count == 1)
    #expect(check.lines[0].contains("found no option"))
    #expect(check.lines[0].contains("expected exactly one"))
  }

  /// A lesson of one step.
  private func lesson(_ step: String) -> String {
    """
    title: Test
    minutes: 5
    experiment:
      task: {name: sine, length: 6}
      network: {hidden: 1}
      training: {batch: 1, reduction: sum}
    teacher: {aim: a, ahead: b, behind: c}
    steps:
      - \(step)
    """
  }

  @Test(
    "What is wrong with a file is told in one line by file and line",
    arguments: [
      ("sya: hello", "test.yaml:9: sya: unknown key, expected one of: set,", "nearest is say"),
      (
        "{say: hello, look: gradient-nrm}", "test.yaml:9: look: found gradient-nrm, expected a panel:",
        "nearest is gradient-norm"
      ),
      ("{say: hello, set: {training.k3: 5}}", "test.yaml:9: training.k3: unknown key", "nearest is training.k"),
      (
        "{ask: How?, why: So.}", "test.yaml:9: ask: found a question without a right answer, expected one of: choice",
        ""
      ),
      ("{ask: How?, number: 1}", "test.yaml:9: why: found nothing, expected a text", ""),
      ("{say: 'It is {1 +}'}", "test.yaml:9: say: found the end, expected a number", ""),
      ("{say: hello, restart: false}", "test.yaml:9: restart: found false, expected true", ""),
      ("{say: hello, keep: {gradient: 5}}", "test.yaml:9: keep: found gradient, which formulas know already", ""),
      (
        "{wait: {until: update > 3, hint: Press n, keys: [nn]}}", "test.yaml:9: keys: found nn, expected keys such as",
        ""
      ),
      ("say: 'As in h_{t-1}.'", "test.yaml:9: say: found _{t-1}, which is computed, expected _{{t-1} to write it", ""),
      ("say: Two * three.", "test.yaml:9: say: found * without another, expected both around a new word", ""),
      ("{say: hello, paper: So.}", "test.yaml:9: paper: found it without ask", ""),
      ("{show: [loss]}", "test.yaml:9: found a step that shows nothing, expected say, ask or wait", ""),
      ("{say: hello, claims: ['1 <']}", "test.yaml:9: claims: found the end", ""),
    ])
  func faults(step: String, begins: String, ends: String) {
    #expect {
      _ = try read(lesson(step))
    } throws: { error in
      let line = (error as? InputError)?.description ?? ""
      return line.hasPrefix(begins) && (ends.isEmpty || line.contains(ends)) && !line.contains("\n")
    }
  }

  @Test("Rows that are to be hidden have names")
  func hiddenRows() throws {
    let text = lesson("say: hello")
    #expect(
      try read(text.replacing("teacher:", with: "hide: [slopes, window]\nteacher:")).hidden == [.slopes, .window])
    #expect {
      _ = try read(text.replacing("teacher:", with: "hide: [slope]\nteacher:"))
    } throws: { error in
      (error as? InputError)?.description.contains("test.yaml:7: hide: found slope, expected a row of the panel")
        == true
    }
  }

  @Test(
    "What is wrong when it is computed is told by the check",
    arguments: [
      ("{say: hello, claims: ['units == 2']}", "test.yaml:9: the claim 'units == 2' is false, which is 1.0 == 2.0"),
      ("{say: 'It is {gradeint[1]}'}", "unknown name gradeint"),
      ("{say: 'It is {gradient[9]}'}", "found the index 9.0"),
      ("{say: hello, cursor: 7}", "test.yaml:9: cursor: found the step 7, expected one from 1 to 6"),
      ("{say: hello, set: {network.beta: 0.1}}", "test.yaml:9: network.beta: found 0.1, expected 1 with elman"),
      (
        "{ask: How?, number: memory_path, why: So.}",
        "test.yaml:9: the memory path: this cell has none, expected an LSTM"
      ),
      ("{ask: How?, number: 1 / 0, why: So.}", "found inf from '1 / 0', expected a finite number"),
      (
        "{ask: How?, number: 2, mistakes: [{number: 2, why: No.}], why: So.}",
        "found a mistake that gives the right answer"
      ),
      ("{wait: {until: update > 3, hint: Press n, keys: [N]}}", "found 'update > 3' false after its keys"),
      ("{wait: {until: update == 0, hint: Press n, keys: [n]}}", "true before anything is done"),
      ("{say: hello, set: {network.cell: lstn}}", "found lstn"),
    ])
  func computed(step: String, expected: String) throws {
    do {
      let check = try LessonCheck(read(lesson(step)), seeds: 1) { try Example.stage($0) }
      #expect(check.lines.count == 1)
      #expect(check.lines.first?.contains(expected) ?? false, "\(check.lines)")
    } catch let error as InputError {
      #expect(error.description.contains(expected))
    }
  }

  @Test(
    "A condition that needs a key several times is brought about, and not passed over",
    arguments: [("update == 3", "n", 3), ("update == 14", "n", 14), ("k2 <= 2", "{", 1)])
  func waits(until: String, key: String, least: Int) throws {
    let step = "{wait: {until: '\(until)', hint: Press it, keys: ['\(key)']}}"
    let check = try LessonCheck(read(lesson(step)), seeds: 2) { try Example.stage($0) }
    #expect(check.lines == [])
    var stage = try Example.stage(read(lesson(step)))
    for _ in 0..<least {
      #expect(stage.session?.phase == .shown)
      stage.press(.enter)
      // Enter does not pass what is waited for.
      #expect(stage.session?.phase == .shown)
      stage.press(.character(Character(key)))
    }
    for _ in 0..<10 where key == "{" { stage.press(.character("{")) }
    stage.press(.enter)
    #expect(stage.session?.phase == .over)
  }

  @Test(
    "A brace is written as it stands, an index that is computed with its format; a product in a formula is no new word")
  func braces() throws {
    let text = try LessonText("h_{{t-1}, h_{n - 1|i}: *new* {2 * 3|i} and {n * 2|i}", line: 1)
    #expect(try text.filled(Example.numbers()) == "h_{t-1}, h_5: *new* 6 and 12")
    #expect(text.newWords == ["new"])
  }

  @Test(
    "What a lesson has to have is missed by name and line",
    arguments: [
      (
        "teacher: {aim: a, ahead: b, behind: c}\n", "",
        "test.yaml:1: teacher: found nothing, expected aim, ahead and behind"
      ),
      ("behind: c", "", "test.yaml:7: behind: found nothing, expected a text"),
      ("minutes: 5", "minutes: 0.5", "test.yaml:2: minutes: found 0.5, expected a whole number from 1 to 300"),
      ("title: Test\n", "", "test.yaml:1: title: found nothing, expected a text"),
    ])
  func missing(text: String, other: String, expected: String) {
    #expect {
      _ = try read(lesson("say: hello").replacing(text, with: other))
    } throws: {
      ($0 as? InputError)?.description == expected
    }
  }

  @Test("A word that is used before it is brought in is told")
  func words() throws {
    let first = try read(lesson("say: This is a *spandrel*."))
    var second = try read(lesson("say: Two spandrels, and a *quoin*."), name: "second")
    #expect(
      LessonWords.faults(second, among: [first]).map(\.problem) == [
        "found the word 'spandrel' before a lesson brings it in, expected *spandrel* first"
      ])
    second.after = ["test"]
    #expect(LessonWords.faults(second, among: [first]) == [])
  }
}
