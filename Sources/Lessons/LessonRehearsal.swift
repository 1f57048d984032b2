import Canvas
import Experiments

/// Where a lesson is given without a terminal: what takes keys as the program does.
public protocol LessonStage {
  /// The lesson as it stands.
  var session: LessonSession? { get }
  /// What it sees of the run; nil while that moves.
  var scene: LessonScene? { get }
  /// Presses a key.
  mutating func press(_ key: Key)
}

/// Goes through a lesson as a reader would who answers rightly, and finds what is wrong with it: what cannot be computed, claims that
/// are false, conditions that its keys do not bring about.
public struct LessonRehearsal {
  /// A question with its answer at one seed, as it was asked.
  public struct Asked: Sendable {
    /// The step, counted from 0.
    public let index: Int
    /// The question with its options, the answer, and why.
    public let page: LessonPage, solution: LessonSolution
  }

  /// The questions that were asked.
  public private(set) var asked: [Asked] = []
  /// What each step said, by step.
  public private(set) var pages: [Int: LessonPage] = [:]
  /// How many claims were found to hold.
  public private(set) var claims = 0
  /// What is wrong, the first first.
  public private(set) var faults: [LessonFault] = []
  /// Called with the stage wherever a step or an answer is shown.
  private let watch: (any LessonStage) -> Void

  /// Goes through the lesson on `stage`, which has just begun it.
  public init(_ stage: inout some LessonStage, watch: @escaping (any LessonStage) -> Void = { _ in }) {
    self.watch = watch
    let steps = stage.session?.lesson.steps.count ?? 0
    for index in 0..<steps where faults.isEmpty { go(through: index, &stage) }
    if faults.isEmpty, stage.session?.phase != .over { stop(&stage, "does not end after its last step") }
  }

  private mutating func stop(_ stage: inout some LessonStage, _ problem: String) {
    let line = stage.session?.step.line ?? 1
    faults.append(stage.session?.fault ?? LessonFault(line: line, problem: problem))
  }

  private mutating func go(through index: Int, _ stage: inout some LessonStage) {
    guard let session = stage.session, session.index == index, session.phase == .shown, session.fault == nil else {
      return stop(&stage, "this step is never shown")
    }
    pages[index] = session.page
    watch(stage)
    if session.step.wait != nil { bringAbout(&stage) }
    if let question = session.step.question { answer(question, index, &stage) }
    guard faults.isEmpty, let scene = stage.scene, let now = stage.session else {
      if faults.isEmpty { stop(&stage, "the run does not come to rest") }
      return
    }
    let wrong = now.falseClaims(scene)
    claims += now.step.claims.count - wrong.count
    faults += wrong
    stage.press(.enter)
  }

  /// Presses the keys that the step names, until its condition holds.
  private mutating func bringAbout(_ stage: inout some LessonStage) {
    guard let session = stage.session, let wait = session.step.wait else { return }
    if stage.scene.map(session.isMet) == true, !wait.keys.isEmpty {
      faults.append(
        LessonFault(
          line: wait.until.line, problem: "found '\(wait.until.text)' true before anything is done, expected it later"))
      return
    }
    for _ in 0..<Self.patience {
      for key in wait.keys { stage.press(Key(written: key) ?? .escape) }
      if stage.scene.map(session.isMet) == true { return }
    }
    faults.append(
      LessonFault(
        line: wait.until.line, problem: "found '\(wait.until.text)' false after its keys, expected it to hold"))
  }

  /// How often the keys of a condition are pressed.
  private static let patience = 200

  private mutating func answer(_ question: LessonQuestion, _ index: Int, _ stage: inout some LessonStage) {
    // Something is answered first: only then is the answer computed.
    switch question.kind {
    case .number: stage.press(.character("0"))
    case .choice: stage.press(.character("1"))
    case .step, .curve: break
    }
    give(&stage)
    if stage.session?.phase == .shown {
      // It was wrong: the second try gives it up.
      watch(stage)
      stage.press(.enter)
    }
    guard let session = stage.session, session.phase == .revealed, session.fault == nil, let solution = session.solution
    else { return stop(&stage, "the answer is not revealed") }
    asked.append(Asked(index: index, page: session.page, solution: solution))
    watch(stage)
    guard session.page.verdict?.isRight != true else { return }
    stage.press(.character("L"))
    for key in Self.keys(for: solution, stage.scene) { stage.press(key) }
    give(&stage)
    if stage.session?.page.verdict?.isRight != true {
      stop(&stage, "the answer \(solution.words) is not taken as right: its scale does not show it")
    }
  }

  /// Enter; once more where the answer is what stood there before.
  private func give(_ stage: inout some LessonStage) {
    stage.press(.enter)
    if stage.session?.phase == .shown, stage.session?.firstTry == nil { stage.press(.enter) }
  }

  /// The keys that give an answer.
  private static func keys(for solution: LessonSolution, _ scene: LessonScene?) -> [Key] {
    switch solution.answer {
    case .option(let index): return [.character(Character("\(index + 1)"))]
    case .number(let number): return NumberText.short(number, digits: 6).map(Key.character)
    case .step(let step):
      let first = (scene?.snapshot.window.steps.lowerBound ?? 0) + 1
      return [.home] + Array(repeating: .character("."), count: max(0, step - first))
    case .curve(let values):
      return LessonCurve.shape(values).flatMap { height -> [Key] in
        let rise = Int((height * Double(LessonCurve.levels)).rounded()) - LessonCurve.levels / 2
        return Array(repeating: rise > 0 ? Key.up : .down, count: abs(rise)) + [.right]
      }
    }
  }
}
