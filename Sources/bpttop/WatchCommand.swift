import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Sources
import Terminal
import Training

/// `bpttop watch`: the dashboard on a run that is trained elsewhere.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Opens the dashboard on a run that is trained elsewhere and writes JSON lines.",
    discussion: """
      A line is an update: {"update": 12, "loss": 0.31, "grad_norm": 1.7, "log10_grad_steps": [-4.1, -3.2, -2.0]}. Only \
      update must be there; panels whose numbers do not come take no room. The file may still grow; `train --metrics run.jsonl` \
      writes such lines, too.

      EXAMPLES
        bpttop watch run.jsonl
        bpttop train mine.yaml --updates 1000 --metrics m.jsonl & bpttop watch m.jsonl
      """)

  @Argument(help: "The file of JSON lines.", completion: .file(extensions: ["jsonl"]))
  var file: String
  @OptionGroup var looks: TerminalLooks

  func run() throws {
    let descriptor = try InputFile.open(path: file)
    // What the lines do not tell is not shown: they have no threshold.
    var experiment = Experiment()
    experiment.training.clip.kind = .none
    experiment.view.pace = nil
    let name = file.split(separator: "/").last.map(String.init) ?? file
    try looks.show(
      DashboardSession.Opening(
        experiment: experiment, startsPaused: true,
        source: { LinesSource(descriptor: descriptor, title: name, follows: true, wake: $0) }), savesItself: false)
  }
}
