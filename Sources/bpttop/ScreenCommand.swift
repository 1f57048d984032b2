import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Lessons
import Panels
import Sources
import Training

/// `bpttop screen`: one frame of the dashboard, drawn without a terminal.
struct ScreenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screen", abstract: "Draws one frame of the dashboard without a terminal.",
    discussion: """
      KEYS are pressed after the updates, as if typed: plain characters are typed as they are, special keys stand in angle brackets \
      (\(Key.names.map { "<\($0.name)>" }.joined(separator: " ")) <ctrl-l> ...).

      EXAMPLES
        bpttop screen --size 120x36 --updates 200 -o screen.svg
        bpttop screen mine.yaml --size 80x24 --keys '.....z' -o step.txt
        bpttop screen mine.yaml --updates 50 -o - --colors 256
        bpttop screen --theme light -o handout.png
        bpttop screen --updates 200 --panel flow --size 90x30 -o flow.svg
        bpttop screen --updates 200 --panel jacobian-product -o product.csv
        bpttop screen runs/a --panel flow -o flow.svg

      A folder of windows, or a file of JSON lines, is drawn as `bpttop watch` draws it.
      """)

  @OptionGroup var options: ExperimentOptions
  @OptionGroup var given: StartOptions
  @Option(help: "The frame's size in cells.", transform: FrameSize.read) var size = FrameSize(width: 120, height: 36)
  @Option(parsing: .unconditional, help: "Updates to make first.", transform: Reading.count) var updates = 0
  @Option(parsing: .unconditional, help: "Keys to press after the updates.", transform: KeyScript.read) var keys =
    KeyScript()
  @Option(
    name: .shortAndLong,
    help: """
      FRAME.svg, FRAME.png, FRAME.ansi or FRAME.txt; - prints it with colors. FRAME.csv or FRAME.json has the numbers of the \
      panels in it.
      """,
    completion: .file())
  var output: String
  @Option(help: "\(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")).") var theme: ThemeName = .dark
  @Option(help: "Shows a lesson in it, with the lesson's experiment.", transform: LessonCommand.read)
  var lesson: Lesson?
  @Option(
    help: ArgumentHelp("One panel alone.", valueName: "name"), completion: .list(Panels.all.map(\.id.name)),
    transform: ScreenCommand.panel)
  var panel: PanelID?
  @Flag(help: "Draws it for the last row of a lecture hall: large numbers, one or two panels.") var big = false
  @Option(help: "\(ColorTier.allCases.map(\.rawValue).joined(separator: ", ")).") var colors: ColorTier = .trueColor
  @Option(help: "\(CharacterTier.allCases.map(\.rawValue).joined(separator: ", ")).")
  var characters: CharacterTier = .braille

  func validate() throws {
    guard output == "-" || isTable || PictureForm(path: output) != nil else {
      throw ValidationError(
        "--output: found \(output), expected a name that ends in .svg, .png, .ansi, .txt, .csv or .json, or -")
    }
  }

  private var isTable: Bool { output.hasSuffix(".csv") || output.hasSuffix(".json") }

  /// The panel of a name.
  static func panel(_ name: String) throws -> PanelID {
    let names = Panels.all.map(\.id.name)
    guard let panel = Panels.all.first(where: { $0.id.name == name.lowercased() }) else {
      let near = nearestName(to: name, among: names).map { ", nearest is \($0)" } ?? ""
      throw ValidationError("found \(name), expected one of: \(names.joined(separator: ", "))\(near)")
    }
    return panel.id
  }

  func run() throws {
    if let path = options.experiment, WatchedRun.isRun(path) { return try drawRun(path) }
    var experiment = try options.read(given)
    if let lesson { experiment.experiment = lesson.experiment }
    let (start, readings) = try given.read(&experiment, options)
    let run = try options.run(experiment, start: start)
    try options.announce(readings + [run.reading], outputs: [output])
    // An explosion on the way is what the frame then shows.
    while run.update < updates, run.trainOnce() == .trained {}
    let size = Size(width: size.width, height: size.height)
    var opening = DashboardState(
      experiment: run.experiment, size: size, theme: Theme(theme, colors: colors, characters: characters),
      showsTip: options.isBuiltIn)
    opening.isBig = big
    opening.opened = (experiment.file, experiment.head)
    let source = SteppedSource(run: run, sampleLength: textSampleLength)
    var runner = EffectRunner(opening, source: source, files: NoFiles(), readDemo: readDemo)
    source.requestFrame()
    _ = runner.takeNews()
    if let lesson {
      var session = LessonSession(lesson)
      session.isTalk = big
      runner.begin(session)
    }
    try draw(&runner) { runner in while runner.takeNews() != .idle {} }
  }

  /// Draws a run that is trained elsewhere.
  private func drawRun(_ path: String) throws {
    let given = [
      ("--set", !options.settings.isEmpty), ("--weights or --data", !given.isEmpty), ("--updates", updates > 0),
      ("--lesson", lesson != nil),
    ].first(where: \.1)
    if let given {
      throw Failure.input("\(path): found a run that is trained elsewhere with \(given.0), expected it alone")
    }
    do {
      let source = try WatchedRun.source(path, follows: false)({})
      var state = DashboardState(
        experiment: WatchedRun.experiment, size: Size(width: size.width, height: size.height),
        theme: Theme(theme, colors: colors, characters: characters), showsTip: false)
      state.isBig = big
      var runner = EffectRunner(state, source: source, files: NoFiles())
      try draw(&runner) { runner in
        let start = ContinuousClock.now
        repeat {
          while runner.takeNews() != .idle {}
          usleep(2000)
        } while !source.isSettled && start.duration(to: .now) < .seconds(60)
        while runner.takeNews() != .idle {}
      }
      source.end()
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }

  /// Presses the keys, and writes what is then on the screen.
  ///
  /// - Parameters:
  ///   - runner: the dashboard.
  ///   - settle: takes what comes of what was done, until nothing more does.
  private func draw(_ runner: inout EffectRunner, settle: (inout EffectRunner) -> Void) throws {
    settle(&runner)
    for (index, key) in keys.keys.enumerated() {
      // A second apart, so that no key counts as held.
      _ = runner.handle(.key(key, at: .seconds(index + 1)))
      settle(&runner)
    }
    if let panel {
      runner.zoom(to: panel)
      settle(&runner)
    }
    let state = runner.state
    try writing {
      guard isTable else {
        let frame = panel.flatMap(Panels.named).map { render($0, state) } ?? render(state)
        return try PictureFile.write(frame, state.theme, to: output)
      }
      guard let readings = state.readingsFile else { return }
      try OutputFile.write(output.hasSuffix(".csv") ? readings.csv : readings.json, to: output)
    }
  }
}

/// How many characters a network that learns a text writes for the screen.
let textSampleLength = 240

extension ColorTier: ExpressibleByArgument {}
extension ThemeName: ExpressibleByArgument {}
extension CharacterTier: ExpressibleByArgument {}
