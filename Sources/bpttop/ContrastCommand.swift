import ArgumentParser
import Canvas
import Experiments
import Foundation
import Instruments
import LinearAlgebra
import Training

/// `bpttop contrast`: how far the gradient reaches in each kind of network, on one task at one size.
struct ContrastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contrast",
    abstract: "Measures how far the gradient reaches in every kind of network; a table and a picture.",
    discussion: """
      For each kind the last loss of every sequence is carried back, and the norm of its gradient is taken at each place by \
      its distance: a state, what a block reads, a leaf, a layer. The mean of its logarithm over sequences and seeds, less \
      that at distance 0, is the curve. To its farther three quarters a factor a step and a power of the distance are \
      fitted, with the share of the curve that each explains.

      EXAMPLES
        bpttop contrast
        bpttop contrast --set task.length=128 --set network.hidden=64 -o contrast.svg
        bpttop contrast --updates 300 --seeds 10 -o trained.png
      """)

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Overrides a key of what they have in common.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "The seeds that the mean is taken over.", transform: Reading.count) var seeds = 5
  @Option(help: "Updates to make first.", transform: Reading.count) var updates = 0
  @Option(name: .shortAndLong, help: "Draws the curves as FILE.svg, FILE.png or FILE.txt.", completion: .file())
  var output: String?
  @Option(help: "The picture's size in cells.", transform: FrameSize.read) var size = FrameSize(width: 110, height: 32)

  /// What all kinds have in common: a question at the last step of 64, a power of 2 for the tree.
  private static let common = """
    task: {name: temporal-order, length: 64}
    network: {hidden: 32, activation: tanh, init: {recurrent: orthogonal, scale: 0.9}}
    """

  func run() throws {
    let source: ExperimentSource
    do {
      source = try ExperimentFile.source(
        Self.common, file: "contrast", settings: settings, memory: Memory.limit)
    } catch {
      throw Failure.input(error.description)
    }
    let experiment = source.experiment
    var curves: [ContrastCurve] = []
    try StandardOutput.print(
      "kind             at distance \(experiment.task.length - 1)  factor a step  (explains)  distance^c  (explains)")
    for entry in ContrastEntry.all {
      let curve: ContrastCurve?
      do { curve = try ContrastCurve.measure(entry, experiment, seeds: seeds, updates: updates) } catch {
        throw Failure.input("\(entry.name): \(error.description)")
      }
      guard let curve else { continue }
      curves.append(curve)
      try StandardOutput.print(Self.row(curve))
    }
    guard let output else { return }
    try write(picture(curves, experiment), Theme(.dark, colors: .trueColor), to: output)
  }

  private static func row(_ curve: ContrastCurve) -> String {
    let last = String(format: "%.1e", Foundation.pow(10, curve.log10.last ?? 0))
    return [
      curve.name.padded(17), last.padded(16), String(format: "%.4f", curve.factorPerStep).padded(15),
      String(format: "%.2f", curve.explained).padded(12), String(format: "%.2f", curve.exponent).padded(12),
      String(format: "%.2f", curve.explainedByPower),
    ].joined()
  }

  private static let styles: [(Role, LinePattern, Unicode.Scalar)] = [
    (.truncated, .solid, "*"), (.newest, .solid, "o"), (.loss, .dashed, "+"), (.gradientNorm, .dotted, "x"),
    (.sigma, .solid, "#"), (.error, .dashed, "-"), (.accent, .dotted, "."),
  ]

  private func picture(_ curves: [ContrastCurve], _ experiment: Experiment) -> Buffer {
    let theme = Theme(.dark, colors: .trueColor)
    var buffer = Buffer(width: size.width, height: size.height, fill: theme.blank)
    let screen = Rect(x: 0, y: 0, width: size.width, height: size.height)
    let series = curves.enumerated().map { index, curve in
      let (role, pattern, symbol) = Self.styles[index % Self.styles.count]
      return Series(
        curve.log10.enumerated().map { (x: Double($0.offset), y: $0.element) }, .line(pattern), role: role,
        symbol: symbol)
    }
    let names = curves.enumerated().map { index, curve in
      Guide(
        curve.log10.last ?? 0, ["\(curve.name) \(Self.law(curve))", curve.name],
        role: Self.styles[index % Self.styles.count].0, isLine: false)
    }
    let name = experiment.task.name.rawValue
    buffer.put(
      [
        Span(" How far the last loss reaches ", theme[.title]),
        Span(
          " ‖∂l/∂s‖ against that at distance 0 · \(name) n=\(experiment.task.length), H=\(experiment.network.hidden), "
            + (updates == 0 ? "at the start" : "after \(updates) updates"), theme[.dimText]),
      ], in: screen)
    var plot = Plot(
      x: .steps(0, experiment.task.length - 1), y: .logarithmic(curves.flatMap(\.log10)), series: series,
      xName: "distance")
    plot.guides = names
    _ = plot.draw(in: screen.inset(left: 1, top: 1, right: 1), into: &buffer, theme: theme)
    return buffer
  }

  /// The law that explains more: a factor a step, or a power of the distance.
  private static func law(_ curve: ContrastCurve) -> String {
    curve.explained >= curve.explainedByPower
      ? String(format: "×%.3f a step", curve.factorPerStep) : String(format: "distance^%.2f", curve.exponent)
  }

  private func write(_ frame: Buffer, _ theme: Theme, to path: String) throws {
    let svg = { frame.svg(title: "bpttop contrast", theme: theme) }
    try writing {
      switch path.split(separator: ".").last {
      case "svg": try OutputFile.write(svg(), to: path)
      case "png": try PNGFile.write(svg: svg(), to: path)
      case "txt": try OutputFile.write(frame.plainText, to: path)
      default: throw InputError(file: "-o", problem: "found \(path), expected a name that ends in .svg, .png or .txt")
      }
    }
  }
}
