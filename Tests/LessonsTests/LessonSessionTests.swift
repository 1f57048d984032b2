import Canvas
import Dashboard
import Experiments
import Foundation
import Instruments
import Sources
import Testing
import Training

@testable import Lessons
@testable import Panels

/// A lesson as it is given: keys, ways back, what is kept.
struct LessonSessionTests {
  private func lesson(_ name: String = "by-hand") throws -> Lesson {
    try #require(try ShippedLessons.lesson(name, panels: Example.panels))
  }

  @Test("A right number is taken as right, a usual mistake gets its own words")
  func verdicts() throws {
    for (right, expected) in [(true, true), (false, false)] {
      var stage = try Example.stage(lesson())
      stage.press(.enter)
      // Step 2 asks for half the square of the error at step 4.
      let scene = try #require(stage.scene)
      let tape = scene.snapshot.tape()
      guard case .values(let targets) = tape.target else { throw FormulaError("no numbers") }
      let error = tape.output[3] - targets[3]
      let typed = NumberText.short(right ? error * error / 2 : error * error, digits: 5)
      for character in typed { stage.press(.character(character)) }
      stage.press(.enter)
      // A first answer that is wrong is told, with its usual mistake, and nothing is revealed.
      #expect((stage.session?.phase == .revealed) == right)
      let remark: String = stage.session?.firstTry?.remark ?? ""
      #expect(right || remark.hasPrefix("The half is missing."))
      if !right { stage.press(.enter) }
      let verdict = try #require(stage.session?.page.verdict)
      #expect(verdict.isRight == expected)
    }
  }

  /// A stage at the question of step 2, and the text of its answer.
  private func atLoss() throws -> (stage: EffectRunner, right: String) {
    var stage = try Example.stage(lesson())
    stage.press(.enter)
    let tape = try #require(stage.scene).snapshot.tape()
    guard case .values(let targets) = tape.target else { throw FormulaError("no numbers") }
    let error = tape.output[3] - targets[3]
    return (stage, NumberText.short(error * error / 2, digits: 5))
  }

  private func type(_ text: String, _ stage: inout EffectRunner) {
    for character in text { stage.press(.character(character)) }
  }

  @Test(
    "What would change the run that a question is asked of is taken back and said; after Esc it may, and L restores it",
    arguments: ["n", "N", " ", "r", "R", "b", "f", "u", "a"])
  func heldRun(keys: String) throws {
    var (stage, right) = try atLoss()
    let before = stage.state
    for key in keys { stage.press(.character(key)) }
    #expect(stage.state.newest?.update == 0 && stage.state.experiment == before.experiment)
    #expect(stage.state.lanes.count == 1 && stage.state.mode == .panels)
    #expect(stage.state.newest?.isRunning == false)
    let message = stage.state.message?.text ?? ""
    // Before the first update there is none to go back to.
    #expect(keys == "N" || message.contains("answer first; Esc looks around") || message.contains("is not taken"))
    stage.press(.escape)
    for key in "nna" { stage.press(.character(key)) }
    #expect(stage.state.newest?.update == 2)
    stage.press(.character("L"))
    #expect(stage.state.newest?.update == 0 && stage.state.experiment == before.experiment)
    #expect(stage.session?.page == before.lesson?.page)
    type(right, &stage)
    stage.press(.enter)
    #expect(stage.session?.page.verdict?.isRight == true && stage.session?.verdicts[1] == .first)
  }

  @Test("Neither the mouse nor a demo changes the run of a question")
  func heldFromAll() throws {
    var (stage, _) = try atLoss()
    let experiment = stage.state.experiment
    for action in [
      Action.command(.runOrPause), .command(.updateForward), .command(.nextTruncation), .command(.fork),
      .open(Demo.all[0], Experiment()),
    ] {
      _ = stage.handle(action)
      for _ in 0..<100 where stage.takeNews() != .idle {}
      #expect(stage.state.newest?.update == 0 && stage.state.experiment == experiment && stage.state.lanes.count == 1)
      #expect(stage.state.message?.text.hasPrefix("answer first") == true)
    }
  }

  @Test("A run that was changed at a step without a question is back at the next step")
  func touchedRun() throws {
    var stage = try Example.stage(lesson())
    for key in "nna" { stage.press(.character(key)) }
    #expect(stage.state.newest?.update == 2)
    stage.press(.enter)
    #expect(stage.session?.index == 1 && stage.session?.phase == .shown)
    #expect(stage.state.newest?.update == 0)
    #expect(stage.state.experiment == (try lesson().experiment))
    let (other, _) = try atLoss()
    #expect(stage.session?.page == other.session?.page)
  }

  @Test("The second try that is right counts as such, the third not")
  func secondTry() throws {
    var (stage, right) = try atLoss()
    type("7", &stage)
    stage.press(.enter)
    #expect(stage.session?.phase == .shown && stage.session?.answer == .number(""))
    let card = text(try #require(stage.session))
    #expect(card.contains("No, not 7.") && card.contains("second try"), "\(card)")
    type(right, &stage)
    stage.press(.enter)
    #expect(stage.session?.page.verdict?.isRight == true && stage.session?.verdicts == [1: .second])
    // Asked anew, it stays as it was.
    stage.press(.character("L"))
    #expect(stage.session?.phase == .shown && stage.session?.firstTry == nil)
    type(right, &stage)
    stage.press(.enter)
    #expect(stage.session?.verdicts == [1: .second])
    var (other, _) = try atLoss()
    type("7", &other)
    other.press(.enter)
    other.press(.character("L"))
    type(right, &other)
    other.press(.enter)
    #expect(other.session?.verdicts == [1: .wrong])
  }

  @Test("Back from the next step, an answered question is shown with its answer; L asks it anew")
  func answeredQuestion() throws {
    var (stage, right) = try atLoss()
    type(right, &stage)
    stage.press(.enter)
    let answered = stage.session?.page
    stage.press(.enter)
    stage.press(.backspace)
    #expect(stage.session?.index == 1 && stage.session?.phase == .revealed && stage.session?.page == answered)
    stage.press(.character("L"))
    #expect(stage.session?.phase == .shown)
  }

  @Test("No option is chosen before the reader chooses one: Enter alone passes no question")
  func nothingChosen() throws {
    var stage = try Example.stage(lesson("unrolling"))
    stage.begin(LessonSession(try lesson("unrolling"), at: 4))
    #expect(!text(try #require(stage.session)).contains("▸"))
    stage.press(.enter)
    #expect(stage.session?.phase == .shown)
    #expect(stage.state.message?.text.hasPrefix("answer first") == true)
    stage.press(.down)
    #expect(stage.session?.answer == .option(0))
  }

  @Test("Enter with nothing moved is answered and not counted, at a cursor and at a curve; the next one is meant")
  func nothingMoved() throws {
    var stage = try Example.stage(lesson("unrolling"))
    stage.begin(LessonSession(try lesson("unrolling"), at: 5))
    stage.press(.enter)
    #expect(stage.session?.phase == .shown && stage.session?.verdicts == [:] && stage.session?.firstTry == nil)
    #expect(stage.state.message?.text.hasPrefix("move the cursor first") == true)
    var moved = stage
    moved.press(.left)
    moved.press(.enter)
    #expect(moved.session?.verdicts[5] != nil)
    stage.press(.enter)
    #expect(stage.session?.verdicts[5] != nil)
    var curve = try Example.stage(lesson("vanishing"))
    curve.begin(LessonSession(try lesson("vanishing"), at: 2))
    // Going along the curve is not drawing it.
    curve.press(.right)
    curve.press(.enter)
    #expect(curve.session?.phase == .shown && curve.session?.verdicts == [:] && curve.session?.firstTry == nil)
    #expect(curve.state.message?.text.hasPrefix("draw first") == true)
    curve.press(.down)
    curve.press(.enter)
    #expect(curve.session?.verdicts[2] == .wrong)
  }

  @Test("In a question for a step the arrows move the cursor as they point, and stay in the pass")
  func arrowsOfAStep() throws {
    var stage = try Example.stage(lesson("unrolling"))
    stage.begin(LessonSession(try lesson("unrolling"), at: 5))
    #expect(stage.scene?.step == 6)
    for (key, step) in [(Key.left, 5), (.left, 4), (.right, 5), (.right, 6), (.right, 6)] {
      stage.press(key)
      #expect(stage.scene?.step == step)
    }
    for _ in 0..<9 { stage.press(.left) }
    #expect(stage.scene?.step == 1 && stage.state.newest?.update == 0 && stage.session?.phase == .shown)
  }

  @Test(
    "A card that no panel stands beside takes the room, in lines that are read with ease; rows that are hidden come back with Esc",
    arguments: [(80, 24), (120, 36), (200, 60)])
  func alone(width: Int, height: Int) throws {
    var stage = try Example.stage(lesson("vanishing"))
    stage.begin(LessonSession(try lesson("vanishing"), at: 2))
    _ = stage.handle(.resize(Size(width: width, height: height)))
    let rows = render(stage.state).rows
    let plot = rows.indices.filter { rows[$0].contains("largest") || rows[$0].contains("smallest") }
    #expect(plot.count == 2 && plot[1] - plot[0] >= (height > 24 ? 12 : 8), "\(rows.joined(separator: "\n"))")
    #expect(rows.allSatisfy { !$0.contains("┃") || $0.dropLast().last == " " && $0.dropFirst().first == " " })
    let lines = rows.filter { $0.contains("┃") }.map { $0.drop { "┃ ".contains($0) } }
    #expect(lines.allSatisfy { $0.count <= 90 + max(0, (width - 88) / 2) })
    var first = try Example.stage(lesson("unrolling"))
    _ = first.handle(.resize(Size(width: width, height: height)))
    let foreign = ["φ′", "∂L/∂h", "k1", "target"]
    let hidden = render(first.state).rows.dropLast().joined(separator: "\n")
    #expect(hidden.contains("h ±1") && !foreign.contains { hidden.contains($0) }, "\(hidden)")
    first.press(.escape)
    let whole = render(first.state).rows.joined(separator: "\n")
    #expect(["φ′", "∂L/∂h", "k1"].allSatisfy { whole.contains($0) }, "\(whole)")
  }

  @Test("What an experiment shows is predicted; a number that is known before it is not, nor what needs none")
  func experiments() throws {
    func isExperiment(_ name: String, _ step: Int) throws -> Bool? {
      let lesson = try lesson(name)
      let kept = lesson.steps[step - 1].actions.compactMap { action in
        if case .keep(let name, _) = action { name } else { nil }
      }
      return lesson.steps[step - 1].question?.isExperiment(kept: Set(kept))
    }
    #expect(try isExperiment("exploding", 5) == true)
    #expect(try isExperiment("unrolling", 7) == false)
    #expect(try isExperiment("weights-by-hand", 7) == false)
    #expect(try isExperiment("vanishing", 6) == false)
    #expect(try isExperiment("vanishing", 7) == true)
  }

  @Test("A prediction that is wrong gets its experiment and a second try, and the answer after that")
  func predictedWrongly() throws {
    func atPrediction() throws -> EffectRunner {
      var stage = try Example.stage(lesson("exploding"))
      stage.begin(LessonSession(try lesson("exploding"), at: 4))
      stage.press(.character("1"))
      #expect(stage.state.newest?.update == 0)
      stage.press(.enter)
      return stage
    }
    for answer in ["3", "2", ""] {
      var stage = try atPrediction()
      // The update is made, and nothing is said of the answer but why this one is wrong.
      #expect(stage.state.newest?.update == 1 && stage.session?.phase == .shown && stage.session?.solution == nil)
      #expect(stage.session?.page.verdict == nil && stage.session?.page.why == "" && stage.session?.closed == [])
      let card = text(try #require(stage.session))
      #expect(card.contains("✗1") && card.contains("It was done: look at it, and answer again"), "\(card)")
      // The run of the question is held, as before.
      stage.press(.character("n"))
      #expect(stage.state.newest?.update == 1)
      for character in answer { stage.press(.character(character)) }
      stage.press(.enter)
      #expect(stage.session?.phase == .revealed && stage.state.newest?.update == 1)
      #expect(stage.session?.page.verdict?.isRight == (answer == "" ? nil : answer == "3"))
      #expect(stage.session?.verdicts == [4: answer == "3" ? .second : .wrong])
      // Asked anew, it is a prediction again.
      stage.press(.character("L"))
      #expect(stage.state.newest?.update == 0 && stage.session?.isMade == false)
    }
  }

  @Test("A prediction that is right is told at once")
  func predictedRightly() throws {
    var stage = try Example.stage(lesson("exploding"))
    stage.begin(LessonSession(try lesson("exploding"), at: 4))
    for key in [Key.character("3"), .enter] { stage.press(key) }
    #expect(stage.session?.phase == .revealed && stage.session?.verdicts == [4: .first])
    // Shown again later, it has its answer and its experiment.
    stage.press(.enter)
    stage.press(.backspace)
    #expect(stage.session?.phase == .revealed && stage.session?.page.verdict?.isRight == true)
    #expect(stage.state.newest?.update == 1)
  }

  @Test("A wrong answer given up is shown again as it was, without another try")
  func reviewed() throws {
    var stage = try Example.stage(lesson("exploding"))
    stage.begin(LessonSession(try lesson("exploding"), at: 4))
    for key in [Key.character("1"), .enter, .character("2"), .enter, .enter, .backspace] { stage.press(key) }
    #expect(stage.session?.index == 4 && stage.session?.phase == .revealed && stage.session?.firstTry == nil)
    #expect(stage.session?.answer == .option(1) && stage.session?.page.verdict?.isRight == false)
  }

  @Test("Every choice has a third option, so that a second try is one", arguments: ShippedLessons.names)
  func thirdOptions(name: String) throws {
    for step in try lesson(name).steps { #expect(step.question?.hasSecondTry ?? true, "line \(step.line)") }
  }

  @Test("Flow shows what is left of a summand: it is closed while that is asked for")
  func closedFlow() throws {
    var stage = try Example.stage(lesson("summands"))
    stage.begin(LessonSession(try lesson("summands"), at: 2))
    #expect(stage.session?.closed.contains("flow") == true)
  }

  @Test("While an answer is read a digit opens no panel")
  func digitsAtAnswer() throws {
    var (stage, right) = try atLoss()
    type(right, &stage)
    stage.press(.enter)
    let panels = stage.state.panelsOn
    for digit in "0123456789" {
      stage.press(.character(digit))
      #expect(stage.state.panelsOn == panels && stage.state.message?.text.hasPrefix("Enter goes on") == true)
    }
  }

  @Test("A decimal comma is a decimal point")
  func decimalComma() throws {
    var (stage, right) = try atLoss()
    type("0,924", &stage)
    #expect(stage.session?.answer == .number("0.924"))
    for _ in 0..<5 { stage.press(.backspace) }
    type(right.replacing(".", with: ","), &stage)
    stage.press(.enter)
    #expect(stage.session?.page.verdict?.isRight == true)
  }

  @Test("Where the arrows draw or choose, the last line gives them to no panel")
  func arrows() throws {
    var stage = try Example.stage(lesson("vanishing"), size: Size(width: 120, height: 36))
    stage.begin(LessonSession(try lesson("vanishing"), at: 2))
    func footer() -> String {
      let frame = render(stage.state)
      return (0..<frame.width).map { String(Character(frame[$0, frame.height - 1].character)) }.joined()
    }
    stage.press(.escape)
    stage.press(.character("2"))
    let free = footer()
    stage.press(.character("L"))
    #expect(stage.session?.isAway == false)
    let drawing = footer()
    #expect(!drawing.contains("↑↓") && free != drawing, "\(drawing)")
  }

  @Test("The best result of a lesson stays when it is opened again")
  func bestResult() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let progress = LessonProgress(environment: ["XDG_STATE_HOME": folder.path])
    progress.keep("unrolling", step: 0, of: 8)
    #expect(progress.best(of: "unrolling", steps: 8) == nil)
    progress.keep("unrolling", step: 8, of: 8, verdicts: [2: .first, 3: .second, 4: .wrong, 5: .first])
    let best = try #require(progress.best(of: "unrolling", steps: 8))
    #expect((best.first, best.second, best.questions) == (2, 1, 4))
    // Opened again, it is done as before; under way, the best stays beside the step.
    progress.keep("unrolling", step: 0, of: 8)
    #expect(progress.step(of: "unrolling") == 8)
    progress.keep("unrolling", step: 3, of: 8, verdicts: [2: .wrong])
    #expect(progress.step(of: "unrolling") == 3 && progress.best(of: "unrolling", steps: 8) == best)
    progress.keep("unrolling", step: 8, of: 8, verdicts: [2: .wrong, 3: .wrong, 4: .wrong, 5: .first])
    #expect(progress.best(of: "unrolling", steps: 8) == best)
    progress.keep("unrolling", step: 8, of: 8, verdicts: [2: .first, 3: .first, 4: .first, 5: .first])
    #expect(progress.best(of: "unrolling", steps: 8)?.first == 4)
    // A file of before has marks alone.
    try "bias 9 --rw\n".write(
      to: folder.appendingPathComponent("bpttop/lessons"), atomically: true, encoding: .utf8)
    #expect(progress.best(of: "bias", steps: 9)?.first == 1)
    progress.keep("bias", step: 2, of: 9, verdicts: [2: .wrong])
    #expect(progress.best(of: "bias", steps: 9)?.first == 1)
  }

  @Test("Nothing is revealed without an answer")
  func asksFirst() throws {
    var stage = try Example.stage(lesson())
    stage.press(.enter)
    stage.press(.enter)
    #expect(stage.session?.phase == .shown)
    #expect(stage.session?.solution == nil)
  }

  @Test("While a question waits no letter changes the network, and what is no number is refused")
  func typedLetters() throws {
    var stage = try Example.stage(lesson())
    stage.press(.enter)
    let experiment = stage.state.experiment
    for character in "acm+" { stage.press(.character(character)) }
    #expect(stage.state.experiment == experiment)
    // The sign stays a part of the number; dots are none.
    for character in "-.." { stage.press(.character(character)) }
    stage.press(.enter)
    #expect(stage.session?.phase == .shown)
    #expect(stage.state.message?.text.contains("expected a number") == true)
    // What no number has in it is refused aloud.
    stage.press(.character("x"))
    #expect(stage.state.message?.text.hasPrefix("x is not taken, expected one of 0-9 . e + - * / ^ ( )") == true)
    // Away from the lesson every knob turns.
    stage.press(.escape)
    stage.press(.character("a"))
    #expect(stage.state.experiment.network.activation != experiment.network.activation)
  }

  @Test("A wrong choice is answered with a sentence, and the end names the next lesson")
  func wordsOfTheCard() throws {
    var stage = try Example.stage(lesson("trees"))
    var wrong = 0
    _ = LessonRehearsal(&stage) { stage in
      guard let session = stage.session, session.phase == .revealed else { return }
      let card = text(session)
      guard session.page.verdict?.isRight == false else { return }
      wrong += 1
      let isChoice = !session.page.options.isEmpty
      #expect(card.contains("No: the answer is \"") == isChoice && card.contains("No: the answer is "), "\(card)")
    }
    #expect(wrong > 0)
    let end = text(try #require(stage.session))
    #expect(end.contains("bpttop lesson residual-depth") && end.contains("of 5 questions right"), "\(end)")
    stage.press(.enter)
    #expect(stage.session == nil)
  }

  private func text(_ session: LessonSession) -> String {
    LessonCard.rows(session, width: 76, theme: Theme(.dark)).map { $0.map(\.text).joined() }.joined(separator: " ")
  }

  @Test("The teacher's page has numbers and answers, no formulas in braces")
  func teachersPage() throws {
    for name in ["by-hand", "trees"] {
      var stage = try Example.stage(lesson(name))
      let rehearsal = LessonRehearsal(&stage)
      let page = TeacherPage.markdown(try lesson(name), rehearsal)
      #expect(!page.contains("{") && !page.contains("|4"), "\(name)")
      for asked in rehearsal.asked { #expect(page.contains("The answer: \(asked.solution.words)")) }
      #expect(page.components(separatedBy: "A student who answers").count > rehearsal.asked.count)
    }
  }

  @Test("On a worksheet no answer stands on another page than its question")
  func wholeQuestions() throws {
    var stage = try Example.stage(lesson())
    let pages = Worksheet(try lesson(), LessonRehearsal(&stage)).pages
    #expect(pages.count == 3)
    for page in pages.dropLast() {
      let (questions, answers) = (page.components(separatedBy: ">Question "), page.components(separatedBy: ">Answer:"))
      #expect(questions.count == answers.count)
    }
  }

  @Test("A lesson that was left is taken up at its step, with the same numbers")
  func takenUp() throws {
    var stage = try Example.stage(lesson())
    let whole = LessonRehearsal(&stage)
    for index in whole.pages.keys.sorted() {
      var other = try Example.stage(lesson())
      other.begin(LessonSession(try lesson(), at: index))
      #expect(other.session?.page == whole.pages[index], "step \(index + 1)")
    }
  }

  /// A source of a run that exploded: where it is to be begun again, it is published once more before, as the trainer's thread
  /// does when it has looked into it.
  private final class LateNews: Source {
    private let inner: SteppedSource
    private var requests: [LaneID: ReadingRequest] = [:]
    var capabilities: Capabilities { inner.capabilities }

    init(_ inner: SteppedSource) { self.inner = inner }

    func send(_ command: Trainer.Command) {
      switch command {
      case .restart, .begin:
        inner.requestFrame()
        inner.look(requests)
      default: break
      }
      inner.send(command)
    }
    func look(_ requests: [LaneID: ReadingRequest]) {
      self.requests = requests
      inner.look(requests)
    }
    func requestFrame() { inner.requestFrame() }
    func takeNews() -> [SourceNews] { inner.takeNews() }
    func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {
      inner.checkpoints(afterSteps: afterSteps, body)
    }
    func end() {}
  }

  @Test("News of an explosion that come late do not stop a lesson that begins the run again", arguments: ["", "L"])
  func lateExplosion(keys: String) throws {
    let lesson = try lesson("exploding"), run = try TrainingRun(experiment: lesson.experiment)
    let source = LateNews(SteppedSource(run: run, patience: .live))
    let state = DashboardState(
      experiment: run.experiment, size: Size(width: 80, height: 24), theme: Theme(.dark))
    var stage = EffectRunner(state, source: source, files: NoFiles())
    source.requestFrame()
    stage.begin(LessonSession(lesson, at: keys.isEmpty ? 7 : 5))
    if !keys.isEmpty {
      for key in [Key.character("3"), .enter] { stage.press(key) }
      #expect(stage.state.newest?.explosion != nil)
    }
    for key in keys { stage.press(.character(key)) }
    #expect(stage.session?.phase == .shown && stage.session?.index == (keys.isEmpty ? 7 : 5))
    #expect(stage.state.newest?.explosion == nil && stage.state.newest?.update == (keys.isEmpty ? 0 : 1))
  }

  @Test("Everything can be turned in a lesson, and L brings back its step")
  func lookingAround() throws {
    var stage = try Example.stage(lesson("truncation"))
    for _ in 0..<2 { stage.press(.enter) }
    let page = stage.session?.page
    stage.press(.escape)
    #expect(stage.session?.isAway == true)
    for key in "{{{an+nM1c" { stage.press(.character(key)) }
    stage.press(.down)
    stage.press(.character("L"))
    #expect(stage.session?.isAway == false)
    #expect(stage.session?.page == page)
    #expect(stage.state.newest?.update == 0)
    #expect(stage.state.experiment == (try lesson("truncation").experiment))
  }

  @Test("Random keys never end a lesson anywhere but at one of its steps, and every state is drawn")
  func randomKeys() throws {
    var random = SplitMix(state: 7)
    let keys: [Key] =
      "L12.,nN{}[]ac +-fxzp?/:tv0123456789u".map(Key.character) + [
        .enter, .enter, .enter, .enter, .backspace, .escape, .up, .down, .left, .right, .tab, .home, .end, .pageUp,
      ]
    for name in ["unrolling", "truncation"] {
      var stage = try Example.stage(lesson(name), size: Size(width: 100, height: 30))
      for _ in 0..<300 {
        stage.press(keys[Int(random.next() % UInt64(keys.count))])
        if let session = stage.session { #expect(session.lesson.steps.indices.contains(session.index)) }
        let frame = render(stage.state)
        #expect(frame.width == 100)
      }
    }
  }

  @Test("A talk goes on by Enter alone and says every answer")
  func talk() throws {
    var session = LessonSession(try lesson("unrolling"))
    session.isTalk = true
    var stage = try Example.stage(lesson("unrolling"))
    stage.begin(session)
    var answers = 0, presses = 0
    while stage.session?.phase != .over, presses < 200 {
      if stage.session?.phase == .revealed, stage.session?.part == 0 { answers += 1 }
      stage.press(.enter)
      presses += 1
    }
    #expect(stage.session?.phase == .over)
    #expect(answers == (try lesson("unrolling").steps.count { $0.question != nil }))
  }

  @Test("Every part of a talk fits in large letters at 80x24", arguments: ["unrolling", "exploding"])
  func largeLetters(name: String) throws {
    var stage = try Example.stage(lesson(name))
    var session = LessonSession(try lesson(name))
    session.isTalk = true
    stage.begin(session)
    for _ in 0..<400 where stage.session?.phase != .over {
      let session = try #require(stage.session), part = session.talk[session.part].text
      #expect(part.wrapped(to: 19).count <= 4, "step \(session.index + 1): \(part)")
      stage.press(.enter)
    }
    #expect(stage.session?.phase == .over)
  }

  @Test("A sentence that is too long for large letters is parted at a comma, and no word is lost")
  func partedSentences() {
    let text =
      "The state before the first step is 0, and each step after it multiplies the state before it by W_hh. Short."
    let parts = LessonSession.parts(text)
    #expect(parts.count == 2 && parts[0] == "The state before the first step is 0,", "\(parts)")
    #expect(parts.joined(separator: " ") == text)
  }

  @Test("A curve is compared by its shape")
  func curve() {
    #expect(LessonCurve.shape([0, 1, 2, 3, 4, 5, 6, 7, 8]) == [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1])
    #expect(LessonCurve.shape([2, 2, 2]) == Array(repeating: 0.5, count: 9))
    // A flat line in the middle is ¼ away from a straight one, on average over nine places: 2.5/9.
    #expect(abs(LessonCurve().distance(to: LessonCurve.shape([0, 8])) - 2.5 / 9) < 1e-12)
    // Flat with two points dropped is near a falling line on average, and falls half as much.
    var dropped = LessonCurve(), falling = LessonCurve()
    let line = LessonCurve.shape([8, 0])
    for key in Array(repeating: Key.right, count: 7) + [.down, .down, .right, .down, .down] { _ = dropped.take(key) }
    #expect(dropped.distance(to: line) < 0.2)
    #expect(!dropped.agrees(with: line, within: 0.2))
    let moves: [Key] = [.up, .up, .right, .up, .right, .up, .right, .right, .right, .right, .down, .right, .down]
    for key in moves + [.right, .down, .down] { _ = falling.take(key) }
    #expect(falling.agrees(with: line, within: 0.2))
    #expect(!falling.agrees(with: LessonCurve.shape([0, 8]), within: 0.2))
  }

  @Test(
    "A number is typed as it stands, or as a product, a power, a sum",
    arguments: [
      ("-0.25", -0.25), ("1e-3", 0.001), ("0.5*3", 1.5), ("1.1^49", 106.718957), ("-2^2", -4), ("(1+2)/4", 0.75),
      ("0.5*0.2^2", 0.02),
    ])
  func typedNumbers(text: String, value: Double) throws {
    let typed = try #require(LessonAnswer.number(text))
    #expect(abs(typed - value) < 1e-6 * max(1, abs(value)))
  }

  @Test("What is no number is none", arguments: ["", "1.149.2", "1e", "2*", "1/0", "e", "3)", "--"])
  func noNumbers(text: String) {
    #expect(LessonAnswer.number(text) == nil)
  }

  @Test("A power that is typed is taken as the number that it is")
  func typedPower() throws {
    var stage = try Example.stage(lesson("exploding"))
    stage.press(.enter)
    for character in "1.1^49" { stage.press(.character(character)) }
    stage.press(.enter)
    #expect(stage.session?.page.verdict?.isRight == true)
  }

  @Test("What speaks of the screen is shown there and left out on a worksheet")
  func screenAlone() throws {
    var stage = try Example.stage(lesson("unrolling"))
    let rehearsal = LessonRehearsal(&stage)
    let sheet = Worksheet(try lesson("unrolling"), rehearsal).markdown
    #expect(sheet.contains("Where does the state come closest to -1 or 1?") && !sheet.contains("<<"))
    #expect(!sheet.contains("cursor") && !sheet.contains("Press"), "\(sheet)")
    var shown = try Example.stage(lesson("unrolling"))
    #expect(text(try #require(shown.session)).contains("Press Enter to go on."))
    shown.press(.enter)
    #expect(!text(try #require(shown.session)).contains("<<"))
  }

  @Test("Progress is kept by lesson, and a broken file keeps nothing")
  func progress() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let progress = LessonProgress(environment: ["XDG_STATE_HOME": folder.path])
    #expect(progress.step(of: "unrolling") == nil)
    progress.keep("unrolling", step: 3, of: 8)
    progress.keep("bias", step: 1, of: 9)
    progress.keep("unrolling", step: 4, of: 8)
    #expect(LessonProgress(environment: ["XDG_STATE_HOME": folder.path]).step(of: "unrolling") == 4)
    #expect(progress.step(of: "bias") == 1)
    progress.keep("unrolling", step: 5, of: 8, verdicts: [2: .first, 4: .wrong])
    #expect(progress.step(of: "unrolling") == 5)
    #expect(progress.verdicts(of: "unrolling") == [2: .first, 4: .wrong])
    #expect(progress.verdicts(of: "bias") == [:])
    // What was answered before it was left counts in the end.
    let resumed = LessonSession(try lesson(), at: 5, verdicts: progress.verdicts(of: "unrolling"))
    #expect(resumed.verdicts == [2: .first, 4: .wrong])
    try "unrolling -1\nnonsense\nbias two\n".write(
      to: folder.appendingPathComponent("bpttop/lessons"), atomically: true, encoding: .utf8)
    #expect(progress.step(of: "unrolling") == nil)
    #expect(progress.step(of: "bias") == nil)
  }

  @Test("The key of a worksheet draws the curves that the sheet asks for, with numbers at the axes")
  func drawnKey() throws {
    var stage = try Example.stage(lesson("vanishing"))
    let rehearsal = LessonRehearsal(&stage)
    let sheet = Worksheet(try lesson("vanishing"), rehearsal)
    let parts = sheet.markdown.components(separatedBy: "# Key: ")
    #expect(parts.count == 2)
    func rows(_ part: String) -> [Substring] { part.split(separator: "\n").filter { $0.hasPrefix("|") } }
    #expect(parts[0].contains("\nlargest\n|") && rows(parts[0]) == Array(repeating: "|", count: 8))
    // A line that rises: its last point is in the first row, at the right.
    let drawnRows = rows(parts[1])
    #expect(drawnRows.count == 8 && drawnRows[0].count == 61 && drawnRows[0].hasSuffix("o"))
    #expect(drawnRows[7].hasPrefix("|o") && !parts[1].contains("\nlargest\n"))
    let drawn = sheet.pages.filter { $0.contains("<polyline") }
    #expect(drawn.count == 1 && drawn[0].contains(">Key: "))
    guard
      case .curve(let values)? = rehearsal.asked.map(\.solution.answer).first(where: {
        if case .curve = $0 { true } else { false }
      })
    else { return #expect(Bool(false), "no curve") }
    #expect(drawn[0].contains(">\(NumberText.trimmed(values.min() ?? 0, digits: 3))<"))
  }

  @Test("What has to be read off the screen stands on the paper too")
  func paper() throws {
    var stage = try Example.stage(lesson("unrolling"))
    let rehearsal = LessonRehearsal(&stage)
    let sheet = Worksheet(try lesson("unrolling"), rehearsal).markdown
    let tape = try #require(try Example.stage(lesson("unrolling")).scene).snapshot.tape()
    let inputs = tape.x.map { NumberText.fixed($0, 4) }.joined(separator: ", ")
    #expect(sheet.contains("The inputs are \(inputs)."))
    var shown = try Example.stage(lesson("unrolling"))
    shown.begin(LessonSession(try lesson("unrolling"), at: 5))
    let session = try #require(shown.session)
    #expect(!session.page.paper.isEmpty && !text(session).contains("The inputs are"))
  }

  @Test("A worksheet has every question and a key; another seed has other numbers")
  func worksheet() throws {
    var sheets: [String] = []
    for seed in [1, 2] {
      var seeded = try lesson()
      seeded.experiment.seed = UInt64(seed)
      var stage = try Example.stage(seeded)
      let rehearsal = LessonRehearsal(&stage)
      let sheet = Worksheet(seeded, rehearsal)
      #expect(sheet.markdown.components(separatedBy: "## Question").count - 1 == 5)
      #expect(sheet.markdown.contains("# Key: Backpropagation through time, by hand, seed \(seed)"))
      #expect(sheet.pages.count >= 2)
      sheets.append(sheet.markdown)
    }
    #expect(sheets[0] != sheets[1])
  }
}

/// Random numbers that are the same in every run.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
