import Canvas
import Training

/// A lesson that is being given: where it stands, what was answered, what was kept. A value that takes keys and scenes and says
/// what is to be done.
public struct LessonSession: Sendable {
  /// The lesson.
  public let lesson: Lesson
  /// The step, counted from 0.
  public private(set) var index = 0
  /// Where the step stands.
  public private(set) var phase = Phase.preparing
  /// What has been answered so far at this step.
  public var answer = LessonAnswer.none
  /// What this step's texts say, with their numbers.
  public private(set) var page = LessonPage()
  /// Whether keys go to the dashboard alone: the reader looks around.
  public var isAway = false
  /// Whether it is given as a talk: questions reveal themselves, and the way on is one key.
  public var isTalk = false
  /// The panels that are closed while a question waits: they would tell its answer.
  public private(set) var closed: Set<String> = []
  /// The part of the talk that is said, counted from 0.
  public private(set) var part = 0
  /// What went wrong at this step, first.
  public private(set) var fault: LessonFault?
  /// How questions were answered, by step.
  public private(set) var verdicts: [Int: LessonMark] = [:]
  /// The first try of the question that is asked, where it was wrong and there is a second.
  public private(set) var firstTry: LessonTry?
  /// Whether the experiment of the question was made already: the second try is answered with it on the screen.
  public private(set) var isMade = false
  /// Whether the answer that is being revealed is a prediction: where it is wrong a second try follows the experiment.
  private var isPrediction = false
  /// The answer of the question that was revealed.
  public private(set) var solution: LessonSolution?
  /// What the last command leads to: a state of the run after this serial, at this update; nil for any. Updates that are made may
  /// end before, in an explosion.
  public var awaited: (serial: UInt64, update: Int?, orExplosion: Bool) = (0, nil, false)
  /// How many commands of its own have changed the run: what changes it without one, the reader did.
  public var commands = 0
  /// Whether the reader has changed the run since the step began.
  public private(set) var isTouched = false
  /// What was answered, by step: an answered question is shown with its answer.
  private var given: [Int: LessonAnswer] = [:]
  /// The step that the cursor stood on when a question was asked; nil once Enter came with nothing moved: the next one is meant.
  private var unmoved: Int?
  /// Whether the step is shown again with the answer that it was given.
  private var isReview = false
  private var kept: [String: LessonValue] = [:]
  /// What is still to be done before the step, or the answer, is shown.
  private var queue: [LessonRequest] = []

  /// The parts of a step.
  public enum Phase: Hashable, Sendable {
    /// Its actions are under way.
    case preparing
    /// It is shown; a question waits for its answer.
    case shown
    /// What reveals the answer is under way.
    case revealing
    /// The answer is shown.
    case revealed
    /// The lesson is over.
    case over
  }

  /// A session at a step of a lesson, counted from 0; `verdicts` says how questions were answered before.
  public init(_ lesson: Lesson, at index: Int = 0, verdicts: [Int: LessonMark] = [:]) {
    self.lesson = lesson
    self.verdicts = verdicts.filter { lesson.steps.indices.contains($0.key) }
    self.index = max(0, min(index, lesson.steps.count - 1))
  }

  /// The step that is shown.
  public var step: LessonStep { lesson.steps[index] }

  /// The formulas of this step's claims that are false of a scene, each with its two sides.
  public func falseClaims(_ scene: LessonScene) -> [LessonFault] {
    let numbers = scene.numbers(kept)
    return step.claims.compactMap { claim in
      do throws(FormulaError) {
        guard try !claim.holds(numbers) else { return nil }
        let sides = claim.sides(numbers).map { ", which is \($0)" } ?? ""
        return LessonFault(line: claim.line, problem: "the claim '\(claim.text)' is false\(sides), expected it to hold")
      } catch {
        return LessonFault(line: claim.line, error)
      }
    }
  }
}

/// How a question was answered.
public enum LessonMark: Character, Sendable {
  /// Rightly at the first try, at the second, or wrongly.
  case first = "r", second = "s", wrong = "w"
}

/// A first try that was wrong.
public struct LessonTry: Equatable, Sendable {
  /// What was answered, and what this mistake usually comes from.
  public let answer: LessonAnswer, remark: String?
  /// Whether the question was not answered before.
  let counts: Bool
}

/// What a lesson is given of the run: the pass that is shown, and the step under the cursor, counted from 1.
public struct LessonScene: Sendable {
  /// The pass.
  public var snapshot: Snapshot
  /// The step under the cursor, counted from 1.
  public var step: Int

  /// A scene.
  public init(_ snapshot: Snapshot, step: Int) {
    self.snapshot = snapshot
    self.step = step
  }

  func numbers(_ kept: [String: LessonValue]) -> LessonNumbers { LessonNumbers(snapshot, kept: kept, step: step) }
}

/// What a lesson wants done.
public enum LessonRequest: Equatable, Sendable {
  /// Train an experiment from its beginning.
  case begin(Experiment)
  /// Do something to the run or the screen.
  case act(LessonAction)
  /// Put the cursor of the pass on a step, counted from 1, backward in time.
  case cursor(Int)

  /// Whether another pass comes of it, which has to be waited for.
  public var changesRun: Bool {
    switch self {
    case .begin, .act(.set), .act(.train), .act(.restart): true
    case .act, .cursor: false
    }
  }
}

/// What is wrong with a lesson at a line of its file.
public struct LessonFault: Error, Equatable, Sendable {
  /// The line, counted from 1, what was found and expected, and the nearest name.
  public var line: Int, problem: String, nearest: String?

  /// A problem at a line.
  public init(line: Int, problem: String, nearest: String? = nil) {
    (self.line, self.problem, self.nearest) = (line, problem, nearest)
  }
  init(line: Int, _ error: FormulaError) { (self.line, problem, nearest) = (line, error.problem, error.nearest) }
}

// MARK: Going on

extension LessonSession {
  /// Brings the run to this step from the lesson's beginning: to begin, to take it up, and to come back from looking around.
  public mutating func prepare() {
    isAway = false
    kept = [:]
    enterStep()
    queue = [.begin(lesson.experiment)]
    for step in lesson.steps[..<index] {
      queue += (step.actions + (step.question?.reveal ?? [])).map(LessonRequest.act)
    }
    queue += step.actions.map(LessonRequest.act)
  }

  /// Goes on with what is to be done, where the run stands still and `scene` is its pass.
  ///
  /// - Returns: what is to be done now; the next call comes with the pass that it leads to.
  public mutating func attend(_ scene: LessonScene) -> [LessonRequest] {
    var scene = scene, requests: [LessonRequest] = []
    repeat {
      while !queue.isEmpty {
        let next = queue.removeFirst()
        switch next {
        case .act(.keep(let name, let formula)):
          kept[name] = value(formula, scene)
        case .act(.cursor(let formula)):
          guard let step = value(formula, scene)?.numbers.first else { break }
          let steps = scene.snapshot.data.steps
          guard step >= 1, step <= Double(steps) else {
            let problem = "cursor: found the step \(NumberText.trimmed(step)), expected one from 1 to \(steps)"
            fail(LessonFault(line: formula.line, problem: problem))
            break
          }
          scene.step = Int(step.rounded())
          requests.append(.cursor(scene.step))
        default:
          requests.append(next)
          if next.changesRun { return requests }
        }
      }
      arrive(scene)
    } while answerAgain()
    return requests
  }

  /// Gives the answer of before to a question that was gone back to.
  ///
  /// - Returns: whether there is one.
  private mutating func answerAgain() -> Bool {
    guard isReview, phase == .shown, let question = step.question else { return false }
    isReview = false
    answer = given[index] ?? .none
    phase = .revealing
    queue = question.reveal.map(LessonRequest.act)
    return true
  }

  /// What a formula gives; what is wrong with it is noted.
  private mutating func value(_ formula: Formula, _ scene: LessonScene) -> LessonValue? {
    do throws(FormulaError) {
      return try formula.value(scene.numbers(kept))
    } catch {
      fail(LessonFault(line: formula.line, error))
      return nil
    }
  }

  /// Notes what went wrong: the first fault of a step stays.
  public mutating func fail(_ fault: LessonFault) { self.fault = self.fault ?? fault }

  /// Takes the scene that the actions have led to.
  private mutating func arrive(_ scene: LessonScene) {
    guard phase == .preparing || phase == .revealing else { return }
    let numbers = scene.numbers(kept), wasPreparing = phase == .preparing
    phase = wasPreparing ? .shown : .revealed
    if !wasPreparing { closed = [] }
    part = 0
    do throws(LessonFault) {
      if wasPreparing {
        page = try LessonPage(step, numbers)
        answer = step.question?.emptyAnswer ?? .none
        unmoved = scene.step
      } else if let question = step.question {
        let solution = try LessonSolution(question, numbers)
        let verdict = try solution.verdict(on: answer, of: question, numbers)
        if isPrediction, verdict.isRight == false {
          (phase, isMade) = (.shown, true)
          return tryAgain(question, verdict)
        }
        self.solution = solution
        page.verdict = verdict
        page.why = try question.why.line(numbers)
        note(page.verdict?.isRight)
      }
    } catch {
      fail(error)
    }
  }

  /// Notes how a question was answered: the first answer counts, and a second try that is right.
  private mutating func note(_ isRight: Bool?) {
    guard !isTalk else { return }
    given[index] = answer
    guard let isRight else { return }
    if isRight, firstTry?.counts == true { verdicts[index] = .second }
    verdicts[index] = verdicts[index] ?? (isRight ? .first : .wrong)
  }

  /// Takes the first answer of a question that has a second try. Of an experiment it is a prediction, which is judged when the
  /// experiment was made.
  ///
  /// - Returns: whether it is wrong, and there is another try.
  private mutating func isWrongAtFirst(_ question: LessonQuestion, _ scene: LessonScene?) -> Bool {
    isPrediction = false
    guard !isTalk, firstTry == nil, let scene, question.hasSecondTry else { return false }
    guard !question.isExperiment(kept: Set(kept.keys)) else {
      isPrediction = true
      return false
    }
    let numbers = scene.numbers(kept)
    guard let solution = try? LessonSolution(question, numbers),
      let verdict = try? solution.verdict(on: answer, of: question, numbers), verdict.isRight == false
    else { return false }
    tryAgain(question, verdict)
    return true
  }

  /// Asks again after a first try that was wrong.
  private mutating func tryAgain(_ question: LessonQuestion, _ verdict: LessonVerdict) {
    firstTry = LessonTry(answer: answer, remark: verdict.remark, counts: verdicts[index] == nil)
    verdicts[index] = verdicts[index] ?? .wrong
    // A curve is mended where it stands.
    if case .curve = answer {} else { answer = question.emptyAnswer }
  }

  /// Whether the run has to stay as it is: a question waits for its answer, or the lesson's own commands are under way.
  public var holdsRun: Bool {
    guard !isAway, step.wait == nil else { return false }
    return isAtWork || phase == .shown && step.question != nil
  }

  /// Notes that the reader has changed the run: the next step begins from its own.
  public mutating func touch() { isTouched = isTouched || step.wait == nil }

  /// Whether the lesson's own commands are under way: its text or its answer comes after them.
  public var isAtWork: Bool { phase == .preparing || phase == .revealing }

  /// What is said of a key that came too early.
  public static let atWork = "one moment: the lesson is at work; Esc looks around"

  /// What is said where the run has to stay as it is.
  public var holding: String { phase == .shown ? Self.answerFirst : Self.atWork }

  private static let answerFirst = "answer first; Esc looks around: then every key works, and L restores this step"

  /// Whether what the reader is to bring about is there.
  public func isMet(_ scene: LessonScene) -> Bool {
    guard let wait = step.wait else { return true }
    return (try? wait.until.holds(scene.numbers(kept))) ?? false
  }

  /// Whether a question waits for its answer, and no key of the dashboard is a part of it.
  public var isAsking: Bool { phase == .shown && step.question != nil && step.wait == nil && !isTalk }

  /// Whether the arrows move the cursor of the pass, as the answer.
  public var movesCursor: Bool {
    guard isAsking, !isAway, case .step? = step.question?.kind else { return false }
    return true
  }

  /// What the reader has to do before it can go on.
  public var missing: String {
    if !page.hint.isEmpty { return page.hint }
    switch step.question?.kind {
    case .step?: return "move the cursor first, with ← and →; Enter again answers with this step"
    case .curve?: return "draw first: ↑ ↓ move a point, ← → go along; Enter again answers with this"
    default: break
    }
    if case .number(let text) = answer, !text.isEmpty {
      return "\(text): expected a number, such as -0.25, 1e-3 or 0.5*1.1^9"
    }
    return Self.answerFirst
  }

  /// What is said of a character that a question does not take; nil where it means what it always does.
  public func refusal(of character: Character, turnsKnob: Bool) -> String? {
    // A panel would open over the answer that is being read.
    if phase == .revealed, !isAway, character.isNumber { return "Enter goes on; Esc looks around" }
    guard isAsking else { return nil }
    if case .number(let text) = answer {
      // What follows a digit is meant for the number; one can still quit and ask for help.
      guard turnsKnob || !text.isEmpty && !"q?".contains(character) else { return nil }
      return
        "\(character) is not taken, expected one of \(LessonAnswer.numberCharacters)"
    }
    // A digit that is no option would open a panel, and it could tell the answer.
    return turnsKnob || character.isNumber ? Self.answerFirst : nil
  }

  /// The way on: to the answer, or to the next step.
  ///
  /// - Returns: whether there is one; the reader may have to do something first.
  public mutating func goOn(_ scene: LessonScene?) -> Bool {
    if isTalk, phase == .shown || phase == .revealed, part + 1 < talk.count {
      part += 1
      return true
    }
    switch phase {
    case .preparing, .revealing, .over: return true
    case .revealed: nextStep()
    case .shown:
      guard let question = step.question else {
        guard isTalk || step.wait == nil || scene.map(isMet) ?? false else { return false }
        nextStep()
        return true
      }
      if isUntouched(question, scene) {
        unmoved = nil
        return false
      }
      if case .step = question.kind { answer = .step(scene?.step ?? 1) }
      if isTalk { answer = .none }
      let givesUp = firstTry != nil && answer == question.emptyAnswer
      guard isTalk || givesUp || answer.isComplete else { return false }
      if isWrongAtFirst(question, scene) { return true }
      phase = .revealing
      queue = isMade ? [] : question.reveal.map(LessonRequest.act)
    }
    return true
  }

  /// Whether Enter came by itself: nothing was moved that the question asks to be moved, and it was not said yet.
  private func isUntouched(_ question: LessonQuestion, _ scene: LessonScene?) -> Bool {
    guard !isTalk, firstTry == nil, let unmoved else { return false }
    switch (question.kind, answer) {
    case (.step, _): return scene?.step == unmoved
    case (.curve, .curve(let curve)): return curve.isFlat
    default: return false
    }
  }

  private mutating func nextStep() {
    guard index + 1 < lesson.steps.count else {
      (phase, page) = (.over, LessonPage())
      return
    }
    index += 1
    // A run that the reader has changed is not the one that the next step speaks of.
    if isTouched { return prepare() }
    enterStep()
    queue = step.actions.map(LessonRequest.act)
  }

  /// A step begins.
  private mutating func enterStep() {
    (phase, answer, solution, fault, firstTry, isTouched, isReview) = (.preparing, .none, nil, nil, nil, false, false)
    (isMade, isPrediction) = (false, false)
    closed = step.question?.tellingPanels ?? []
  }

  /// Back to the step before; a question that was answered is shown with its answer.
  public mutating func goBack() {
    if phase != .over { index = max(0, index - 1) }
    prepare()
    isReview = !isTalk && given[index] != nil
  }
}

extension LessonSession: Equatable {
  /// Two are the same when they stand at the same place and show the same.
  public static func == (a: LessonSession, b: LessonSession) -> Bool {
    a.lesson.name == b.lesson.name && a.index == b.index && a.phase == b.phase && a.answer == b.answer
      && a.page == b.page && a.isAway == b.isAway && a.isTalk == b.isTalk && a.part == b.part && a.closed == b.closed
      && a.fault == b.fault && a.firstTry == b.firstTry && a.isMade == b.isMade && a.verdicts == b.verdicts
  }
}
