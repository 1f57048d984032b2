import Canvas
import Experiments
import Training
import Yams

/// Reads the steps of a lesson file.
struct StepReader {
  let file: String, panels: [String]

  private static let actions = ["set", "train", "restart", "show", "look", "cursor", "keep"]
  private static let questions = ["choice", "number", "step", "curve"]

  func step(_ node: Node) throws(InputError) -> LessonStep {
    let fields = try Fields(
      node, file: file,
      known: Self.actions + ["say", "wait", "ask", "reveal", "why", "claims"] + Self.questions
        + ["within", "mistakes", "x", "y", "open", "paper"])
    var step = LessonStep(line: fields.line)
    step.actions = try actions(fields)
    step.say = try fields.text("say")
    step.claims = try fields.formulas("claims")
    if let node = fields.node("wait") { step.wait = try wait(node) }
    if fields.node("ask") != nil {
      step.question = try question(fields)
    } else if let stray = (Self.questions + ["reveal", "why", "mistakes", "within", "paper"]).first(where: {
      fields.node($0) != nil
    }) {
      throw fields.fault(stray, "found it without ask, expected a question with it")
    }
    guard step.say != nil || step.question != nil || step.wait != nil else {
      throw InputError(
        file: file, line: fields.line, problem: "found a step that shows nothing, expected say, ask or wait")
    }
    return step
  }

  /// What a step does, in the order in which the program does it.
  private func actions(_ fields: Fields) throws(InputError) -> [LessonAction] {
    var actions: [LessonAction] = []
    if fields.node("restart") != nil {
      let text = try fields.string("restart")
      guard text == "true" else { throw fields.fault("restart", "found \(text), expected true") }
      actions.append(.restart)
    }
    if let node = fields.node("set") { actions.append(.set(try settings(node, fields))) }
    if fields.node("train") != nil {
      let count = try fields.number("train", line: fields.line)
      guard count >= 1, count <= 100_000, count == count.rounded() else {
        throw fields.fault("train", "found \(count), expected a whole number of updates from 1 to 100000")
      }
      actions.append(.train(Int(count)))
    }
    if fields.node("show") != nil { actions.append(.show(try names(fields, "show"))) }
    for name in try names(fields, "look") { actions.append(.look(name)) }
    if fields.node("cursor") != nil { actions.append(.cursor(try fields.formula("cursor"))) }
    if let node = fields.node("keep") {
      guard case .mapping(let mapping) = node else {
        throw fields.fault("keep", "found \(YAMLDocument.describe(node)), expected names with formulas")
      }
      for (key, value) in mapping {
        let line = key.mark?.line ?? fields.line, name = key.string ?? ""
        guard Quantities.named(name) == nil, (try? ExperimentKey.named(name)) == nil else {
          throw InputError(
            file: file, line: line, key: "keep",
            problem: "found \(name), which formulas know already, expected another name")
        }
        do {
          actions.append(.keep(name, try Formula(value.string ?? "", line: line)))
        } catch {
          throw InputError(file: file, line: line, key: "keep", problem: error.problem, nearest: error.nearest)
        }
      }
    }
    return actions
  }

  private func settings(_ node: Node, _ fields: Fields) throws(InputError) -> [Setting] {
    guard case .mapping(let mapping) = node else {
      throw fields.fault("set", "found \(YAMLDocument.describe(node)), expected keys of the experiment with values")
    }
    var settings: [Setting] = []
    for (key, value) in mapping {
      let line = key.mark?.line ?? fields.line
      do throws(ExperimentKeyError) {
        let name = try ExperimentKey.named(key.string ?? "").name
        var scratch = Experiment()
        // A value that depends on others is checked when it is set.
        if let text = value.string, ["full", "null"].contains(text) == false { try scratch.set(name, text) }
        settings.append(Setting(key: name, value: value.string ?? "null"))
      } catch {
        throw InputError(file: file, line: line, error)
      }
    }
    return settings
  }

  private func names(_ fields: Fields, _ key: String) throws(InputError) -> [String] {
    let names = try fields.strings(key)
    for name in names where !panels.contains(name) {
      throw fields.fault(
        key, "found \(name), expected a panel: \(panels.joined(separator: ", "))",
        nearest: nearestName(to: name, among: panels))
    }
    return names
  }

  private func wait(_ node: Node) throws(InputError) -> LessonWait {
    let fields = try Fields(node, file: file, known: ["until", "hint", "keys"])
    for key in try fields.strings("keys") where Key(written: key) == nil {
      throw fields.fault("keys", "found \(key), expected keys such as n, { or <enter>")
    }
    return LessonWait(
      until: try fields.formula("until"), hint: try fields.neededText("hint"), keys: try fields.strings("keys"))
  }

  // MARK: Questions

  private func question(_ fields: Fields) throws(InputError) -> LessonQuestion {
    let kinds = Self.questions.filter { fields.node($0) != nil }
    guard kinds.count == 1, let kind = kinds.first else {
      throw fields.fault(
        "ask",
        kinds.isEmpty
          ? "found a question without a right answer, expected one of: \(Self.questions.joined(separator: ", "))"
          : "found \(kinds.joined(separator: " and ")), expected one of them")
    }
    var question = LessonQuestion(
      ask: try fields.neededText("ask"), kind: try answer(kind, fields), why: try fields.neededText("why"),
      line: fields.line("ask"))
    question.open = Set(try names(fields, "open"))
    question.paper = try fields.text("paper")
    if let node = fields.node("reveal") {
      question.reveal = try actions(Fields(node, file: file, known: Self.actions))
    }
    return question
  }

  private func answer(_ kind: String, _ fields: Fields) throws(InputError) -> LessonQuestion.Kind {
    func within(_ usual: Double) throws(InputError) -> Double {
      fields.node("within") == nil ? usual : try fields.number("within", line: fields.line)
    }
    switch kind {
    case "choice": return .choice(try options(fields))
    case "number":
      return .number(answer: try fields.formula("number"), within: try within(0.05), mistakes: try mistakes(fields))
    case "step": return .step(answer: try fields.formula("step"), within: Int(try within(0)))
    default:
      return .curve(
        answer: try fields.formula("curve"), within: try within(0.15), x: try fields.string("x"),
        y: try fields.string("y"))
    }
  }

  private func options(_ fields: Fields) throws(InputError) -> [LessonQuestion.Option] {
    var options: [LessonQuestion.Option] = []
    for node in try fields.nodes("choice") {
      let option = try Fields(node, file: file, known: ["text", "if", "why"])
      options.append(
        LessonQuestion.Option(
          text: try option.neededText("text"), holds: try option.formula("if"), why: try option.text("why")))
    }
    guard (2...6).contains(options.count) else {
      throw fields.fault("choice", "found \(options.count) options, expected 2 to 6")
    }
    return options
  }

  private func mistakes(_ fields: Fields) throws(InputError) -> [LessonQuestion.Mistake] {
    var mistakes: [LessonQuestion.Mistake] = []
    for node in try fields.nodes("mistakes") {
      let mistake = try Fields(node, file: file, known: ["number", "why"])
      mistakes.append(
        LessonQuestion.Mistake(answer: try mistake.formula("number"), why: try mistake.neededText("why")))
    }
    return mistakes
  }
}
