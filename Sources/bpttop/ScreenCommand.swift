import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Training

/// `bpttop screen`: one frame of the dashboard, drawn without a terminal.
struct ScreenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screen", abstract: "Draws one frame of the dashboard without a terminal.",
    discussion: """
      KEYS are pressed after the updates, as if typed: each character is itself, others stand in angle brackets \
      (\(KeyScript.names.map { "<\($0.name)>" }.joined(separator: " ")) <ctrl-l> …).

      EXAMPLES
        bpttop screen --size 120x36 --updates 200 -o screen.svg
        bpttop screen mine.yaml --size 80x24 --keys '.....z' -o step.txt
        bpttop screen mine.yaml --updates 50 -o - --colors 256
      """)

  /// The forms of a frame.
  enum Form { case svg, ansi, text }

  @OptionGroup var options: ExperimentOptions
  @Option(help: "The frame's size in cells.", transform: FrameSize.read) var size = FrameSize(width: 120, height: 36)
  @Option(parsing: .unconditional, help: "Updates to make before.", transform: Reading.count) var updates = 0
  @Option(parsing: .unconditional, help: "Keys to press then.", transform: KeyScript.read) var keys = KeyScript()
  @Option(
    name: .shortAndLong, help: "FRAME.svg, FRAME.ansi or FRAME.txt; - prints it with colours.", completion: .file())
  var output: String
  @Option(help: "\(ColorTier.allCases.map(\.rawValue).joined(separator: ", ")).") var colors: ColorTier = .trueColor
  @Option(help: "\(CharacterTier.allCases.map(\.rawValue).joined(separator: ", ")).")
  var characters: CharacterTier = .braille

  func validate() throws {
    guard form != nil else {
      throw ValidationError("--output: found \(output), expected a name that ends in .svg, .ansi or .txt, or -")
    }
  }

  private var form: Form? {
    if output == "-" || output.hasSuffix(".ansi") { return .ansi }
    if output.hasSuffix(".svg") { return .svg }
    return output.hasSuffix(".txt") ? .text : nil
  }

  func run() throws {
    let run = try options.run(options.read())
    // An explosion on the way is what the frame then shows.
    while run.update < updates, run.trainOnce() == .trained {}
    var stage = Stage(
      run: run, size: Size(width: size.width, height: size.height),
      theme: Theme(colors: colors, characters: characters), showsTip: options.isBuiltIn)
    for key in keys.keys { stage.press(key) }
    let frame = stage.frame()
    let text =
      switch form {
      case .svg: frame.svg(title: "bpttop", tier: colors)
      case .text: frame.plainText
      case .ansi, nil: frame.ansi(colors)
      }
    try writing { try OutputFile.write(text, to: output) }
  }
}

/// The dashboard with a run that trains only when it is told to: everything happens in turn, on one thread.
struct Stage {
  private let run: TrainingRun
  private var state: DashboardState

  init(run: TrainingRun, size: Size, theme: Theme, showsTip: Bool) {
    self.run = run
    state = DashboardState(experiment: run.experiment, size: size, theme: theme, showsTip: showsTip)
    look()
  }

  /// Presses a key and does what comes of it.
  mutating func press(_ key: Key) {
    for effect in reduce(into: &state, .key(key)) { perform(effect) }
    look()
  }

  /// The frame as it is now.
  func frame() -> Buffer { render(state) }

  /// Sends the dashboard what the run looks like now.
  private mutating func look() {
    let snapshot = run.snapshot(sampleLength: textSampleLength)
    _ = reduce(into: &state, .snapshot(snapshot))
    var analysis: Analysis?
    // The cursor may come to another step with the pass: then that step's numbers too.
    for _ in 0..<2 {
      let request = state.request
      analysis = try? Analysis.compute(
        snapshot: snapshot, wanted: request.instruments, layer: request.layer, step: request.step, previous: analysis)
      guard let analysis else { return }
      _ = reduce(into: &state, .analysis(analysis))
      if state.request.isCovered(by: request) { return }
    }
  }

  private mutating func perform(_ effect: Effect) {
    do {
      switch effect {
      case .update(let count): for _ in 0..<count where run.trainOnce() == .trained {}
      case .rewind(let updates): run.rewind(by: updates)
      case .apply(let key, let value):
        do { try run.apply(key: key, value: value) } catch {
          _ = reduce(into: &state, .refused(key: key, reason: error.description))
        }
      case .begin(let settings):
        do { try run.begin(with: settings) } catch {
          for setting in settings {
            _ = reduce(into: &state, .refused(key: setting.key, reason: error.description))
          }
        }
      case .restart: try run.restart()
      // Nothing runs by itself here, and there is no terminal.
      case .run, .pause, .speed, .saveScreen, .exportTrace, .repaint, .suspend, .quit: break
      }
    } catch {
      _ = reduce(into: &state, .failure("\(error)"))
    }
  }
}

/// How many characters a network that learns a text writes for the screen.
let textSampleLength = 240

extension ColorTier: ExpressibleByArgument {}
extension CharacterTier: ExpressibleByArgument {}
