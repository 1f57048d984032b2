import ArgumentParser
import Canvas
import Experiments
import Foundation
import Sweeps
import Synchronization
import Training

/// `bpttop sweep`: one experiment over a grid of settings and seeds.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Trains an experiment over a grid of settings, and draws what comes out.",
    discussion: """
      FOLDER gets a file for each run that is done. A sweep that was interrupted goes on where it was: give the same command, or \
      `bpttop sweep FOLDER`. The end of a sweep is results.csv in the folder, a row a run, and the best settings on standard \
      output. In a terminal `bpttop sweep FOLDER` shows a finished sweep as a heat map; Enter opens a run in the dashboard.

      --over takes KEY=A,B,C or KEY=LOW..HIGH:COUNT, evenly spaced, or spaced by equal factors with :log at the end. Whole numbers at both \
      ends give whole numbers. --slurm and --ray run the same points on other machines that share the folder.

      EXAMPLES
        bpttop sweep vanishing --over training.k2=5,10,20,50 --over network.init.spectral_radius=0.8..1.4:7 --seeds 3 -o runs
        bpttop sweep runs
        bpttop sweep runs --map edge.svg --measure lag_10_percent
        bpttop sweep mine.yaml --over training.optimizer.learning_rate=1e-4..1e-1:7:log --random 40 --halving 3 -o lr
        bpttop sweep runs --slurm
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(name: .customLong("over"), parsing: .singleValue, help: "A key and its values; can be given more than once.")
  var axes: [String] = []
  @Option(help: "How many seeds each setting is run with, 1 by default.", transform: Reading.positive) var seeds: Int?
  @Option(parsing: .unconditional, help: "Updates of a run, 1000 by default.", transform: Reading.positive) var updates:
    Int?
  @Option(help: "Draws so many settings at random instead of the whole grid.", transform: Reading.positive)
  var random: Int?
  @Option(
    help: "Successive halving: short runs first; one setting in so many goes on to runs so many times as long.",
    transform: Reading.positive)
  var halving: Int?
  @Option(
    help: ArgumentHelp(
      "What ranks the settings and is drawn: \(SweepMeasure.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"))
  var measure: SweepMeasure = .finalLoss
  @Option(help: "Runs at the same time; by default the machine's cores.", transform: Reading.positive) var jobs: Int?
  @Option(name: .shortAndLong, help: "The folder of the sweep.", completion: .directory) var output: String?
  @Option(help: "Draws the map as FILE.svg, FILE.png or FILE.txt.", completion: .file()) var map: String?
  @Option(help: "The map's size in cells.", transform: FrameSize.read) var size = FrameSize(width: 100, height: 30)
  @Option(
    help: ArgumentHelp(
      "Only the points from the first number up to the second, which is left out.", valueName: "from:to"),
    transform: SweepCommand.range)
  var points: Range<Int>?
  @Flag(help: "Submits the sweep to Slurm as an array of jobs.") var slurm = false
  @Flag(help: "Runs the sweep on a Ray cluster.") var ray = false
  @Option(help: "Points in one job of Slurm or task of Ray.", transform: Reading.positive) var chunk = 1
  @Option(help: .hidden) var sweepPlace: String?
  @OptionGroup var looks: TerminalLooks

  static func range(_ text: String) throws -> Range<Int> {
    let parts = text.split(separator: ":").compactMap { Int($0) }
    guard parts.count == 2, 0 <= parts[0], parts[0] < parts[1] else {
      throw ValidationError("found \(text), expected FROM:TO, as in 0:100")
    }
    return parts[0]..<parts[1]
  }

  func run() throws {
    do {
      let folder = try folder()
      if let remark = folder.remark { FileHandle.standardError.write(Data("bpttop: \(oneLine(remark))\n".utf8)) }
      if slurm { return try SweepCluster(folder, chunk: chunk).submitToSlurm() }
      if ray { return try SweepCluster(folder, chunk: chunk).runOnRay() }
      let isOnlyOpened = try axes.isEmpty && points == nil && isDone(folder)
      if !isOnlyOpened { try train(folder) }
      if points == nil { try show(folder, isOnlyOpened: isOnlyOpened) }
    } catch let error as InputError {
      throw Failure.input(error.description)
    } catch let error as OutputError {
      throw Failure.writing(error)
    }
  }

  /// The folder of a sweep that is there, or one that begins.
  private func folder() throws -> SweepFolder {
    if let path = options.experiment, SweepFolder.isSweep(path) {
      let given = [
        ("--over", !axes.isEmpty), ("--set", !options.settings.isEmpty), ("--seeds", seeds != nil),
        ("--updates", updates != nil), ("--random", random != nil), ("--halving", halving != nil),
        ("--output", output != nil),
      ].filter(\.1)
      if let first = given.first {
        throw InputError(file: path, problem: "found a sweep with \(first.0), expected it alone; it has its plan")
      }
      return try SweepFolder(path)
    }
    if axes.isEmpty, let path = options.experiment, !FileManager.default.fileExists(atPath: path),
      !Demo.all.contains(where: { $0.name == path })
    {
      throw InputError(
        file: path, problem: "no such sweep, experiment or demo, expected a folder that `bpttop sweep ... -o` wrote")
    }
    guard !axes.isEmpty else {
      throw InputError(file: "sweep", problem: "found no --over, expected KEY=VALUES, as in --over training.k2=5,10,20")
    }
    guard let output else {
      throw InputError(file: "sweep", problem: "found no --output, expected a folder for the runs, as in -o runs")
    }
    guard halving != 1 else { throw InputError(file: "--halving", problem: "found 1, expected a whole number from 2") }
    let plan = try SweepPlan(
      options.read(), over: axes.map { text throws(InputError) in try SweepAxis(text) }, seeds: seeds ?? 1,
      updates: updates ?? 1000,
      random: random, halving: halving, memory: Memory.limit)
    return try SweepFolder(output, begin: plan)
  }

  private func isDone(_ folder: SweepFolder) throws -> Bool {
    let last = folder.plan.updates
    let done = try folder.plan.points().filter { folder.result(of: $0, updates: last) != nil }.count
    return folder.plan.halving == nil ? done == folder.plan.settingCount * folder.plan.seeds : done > 0
  }

  private func train(_ folder: SweepFolder) throws {
    Interruption.watch()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let count = jobs ?? cores
    let bar = Mutex(ProgressBar(total: 0))
    try SweepRunner(folder, jobs: count, memory: Memory.limit / count).run(
      points: points, by: measure, goOn: { Interruption.signalNumber == nil }
    ) { progress in
      bar.withLock { $0.show(runs: progress.done, of: progress.total) }
    }
    bar.withLock { $0.end() }
    if let number = Interruption.signalNumber {
      FileHandle.standardError.write(Data("bpttop: interrupted; `bpttop sweep \(folder.path)` goes on\n".utf8))
      throw ExitCode(128 + number)
    }
  }

  private func show(_ folder: SweepFolder, isOnlyOpened: Bool) throws {
    let table = try SweepTable(folder)
    try folder.writeTable(table)
    let isGrid = folder.plan.random == nil
    if let map {
      guard isGrid else {
        throw InputError(file: "--map", problem: "found settings drawn at random, expected a grid")
      }
      // A text has no colors: the map is drawn with characters.
      let colors = looks.colors ?? (map.hasSuffix(".txt") ? .mono : .trueColor)
      let theme = Theme(looks.theme ?? .dark, colors: colors)
      let frame = SweepMap(table, measure: measure).draw(
        size: Size(width: size.width, height: size.height), theme: theme, keys: false)
      guard let form = PictureForm(path: map), form != .ansi else {
        throw InputError(file: "--map", problem: "found \(map), expected a name that ends in .svg, .png or .txt")
      }
      return try PictureFile.write(frame, theme, title: "bpttop sweep", to: map)
    }
    if isOnlyOpened, isGrid, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
      var map = SweepMap(table, measure: measure)
      if let sweepPlace { map.go(to: sweepPlace) }
      try SweepBrowser.show(map, folder: folder, looks: looks)
    }
    for line in table.lines(by: measure, limit: 20) { try StandardOutput.print(line) }
    if let refused = table.results.first(where: { $0.ending == .refused }), let reason = refused.reason {
      let settings = folder.plan.settings(of: refused.point).joined(separator: " ")
      FileHandle.standardError.write(Data("bpttop: refused \(oneLine("\(settings): \(reason)"))\n".utf8))
    }
  }
}

extension SweepMeasure: ExpressibleByArgument {}
