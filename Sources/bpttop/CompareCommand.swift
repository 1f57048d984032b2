import ArgumentParser
import Canvas
import Experiments
import Reports

/// `bpttop compare`: what differs between two runs.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Says what differs between two sessions or experiments, and draws both.",
    discussion: """
      Says which settings differ, until which update both runs are the same, how far apart the weights are, and both losses: \
      of the last updates with their standard deviation, and on the same 200 held-out sequences with the standard error of the \
      difference. An experiment is trained for --updates updates (300) before; a session is taken as it was saved. A session \
      with two lanes can be given alone; FILE:b is its second lane.

      EXAMPLES
        bpttop compare session-update-300.bpttop session-update-600.bpttop
        bpttop compare vanishing mine.yaml -o both.svg
        bpttop compare two-lanes.bpttop
        bpttop compare two-lanes.bpttop:a other.bpttop
      """)

  @Argument(help: "Two experiments, demos or sessions, or one session with two lanes.", completion: .file())
  var files: [String]
  @Option(
    name: .shortAndLong, help: "The picture: FILE.svg, FILE.png, FILE.ansi or FILE.txt; without it as text.",
    completion: .file())
  var output: String?
  @Option(
    parsing: .unconditional, help: "Updates to make: 300 of an experiment, none of a session.", transform: Reading.count
  )
  var updates: Int?
  @Option(help: "The picture's size in cells.", transform: FrameSize.read) var size = FrameSize(width: 120, height: 36)
  @Option(help: "\(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")).") var theme: ThemeName = .dark

  func validate() throws {
    guard output.map({ PictureForm(path: $0) != nil }) ?? true else {
      throw ValidationError("--output: found \(output ?? ""), expected a name that ends in .svg, .png, .ansi or .txt")
    }
  }

  func run() throws {
    let runs = try files.flatMap { try ReportedFile.read($0, settings: [], updates: updates) }
    guard runs.count == 2 else {
      let hint = runs.count > 2 ? "; FILE:a is the first lane of a session" : ""
      throw Failure.input("compare: found \(runs.count) run\(runs.count == 1 ? "" : "s"), expected two\(hint)")
    }
    let comparison = RunComparison(runs[0], runs[1], memory: Memory.limit)
    for (letter, run) in zip(["A", "B"], runs) { try StandardOutput.print("\(letter): \(run.name)") }
    for line in comparison.lines { try StandardOutput.print(line) }
    let theme = Theme(theme)
    let picture = comparison.picture(theme: theme, size: Size(width: size.width, height: size.height))
    guard let output else { return try StandardOutput.print("\n" + picture.plainText, terminator: "") }
    try writing { try PictureFile.write(picture, theme, title: "bpttop compare", to: output) }
  }
}
