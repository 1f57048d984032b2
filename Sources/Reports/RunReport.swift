import Canvas
import Dashboard
import Experiments
import Training

/// A run, or two side by side, on a page for hand-outs: what was found, its numbers, the panels, what was done, the settings.
public enum RunReport {
  /// The panels, in reading order.
  private static let panels: [PanelID] = [
    "through-time", "gradient-norm", "jacobian-product", "flow", "loss", "spectrum", "horizon", "decay",
    "contributions",
    "units", "clipping", "bias", "lyapunov", "black-box",
  ]

  /// The page of one run, or of two as lanes A and B.
  ///
  /// - Parameters:
  ///   - runs: one or two.
  ///   - memory: the bytes that measuring two against each other may take.
  public static func html(_ runs: [ReportedRun], memory: Int) -> String {
    let title = runs.map(\.name).joined(separator: " and ")
    var page = HTMLPage(title: title.isEmpty ? "bpttop" : title)
    for (letter, run) in zip(["A", "B"], runs) {
      page.paragraph(runs.count > 1 ? "\(letter): \(run.name) · \(run.summary)" : run.summary, kind: "small")
      if !run.head.isEmpty { page.paragraph(run.head, kind: "head") }
    }
    for (letter, run) in zip(["A", "B"], runs) {
      page.heading("What was found" + (runs.count > 1 ? " of \(letter)" : ""))
      page.list(run.findingLines)
    }
    if runs.count > 1 {
      page.heading("How they differ")
      page.list(RunComparison(runs[0], runs[1], memory: memory).lines.map { ("", $0) })
    }
    page.heading("Numbers")
    page.table([""] + (runs.count > 1 ? ["A", "B"] : ["value"]), rows(runs.map { $0.numbers }))
    page.heading("Pictures")
    page.paragraph("All are of the pass before update \(runs[0].run.update + 1).", kind: "small")
    var pictures = RunPictures(runs, theme: Theme(.light), size: Size(width: 92, height: 25))
    page.figures(
      panels.filter { $0 != "black-box" || runs.contains { $0.run.blackBox != nil } }.compactMap { pictures.figure($0) }
    )
    let curves = RunCurves.figures(runs, theme: Theme(.light))
    if !curves.isEmpty {
      page.heading("Over training")
      page.figures(curves)
    }
    addTimelines(runs, to: &page)
    addSettings(runs, to: &page)
    return page.text
  }

  /// A row a name, with the value of each run.
  private static func rows(_ columns: [[(name: String, value: String)]]) -> [[String]] {
    var names: [String] = []
    for name in columns.flatMap({ $0.map(\.name) }) where !names.contains(name) { names.append(name) }
    return names.map { name in [name] + columns.map { column in column.first { $0.name == name }?.value ?? "-" } }
  }

  private static func addTimelines(_ runs: [ReportedRun], to page: inout HTMLPage) {
    for (letter, run) in zip(["A", "B"], runs) {
      page.heading("What was done" + (runs.count > 1 ? " to \(letter)" : ""))
      let (events, runsBefore) = run.timeline
      page.table(["after update", ""], events.map { [NumberText.grouped($0.update), $0.words] })
      if runsBefore > 0 {
        let runs = runsBefore == 1 ? "a run" : "\(runsBefore) runs"
        page.paragraph("It took the place of \(runs); what was done before it began is left out.", kind: "small")
      }
      guard !run.marks.isEmpty else { continue }
      page.paragraph("What stands out:", kind: "small")
      page.table(["after update", ""], run.marks.map { [NumberText.grouped($0.update), $0.words] })
    }
  }

  private static func addSettings(_ runs: [ReportedRun], to page: inout HTMLPage) {
    page.heading("Settings that are not the defaults")
    let experiments = runs.map(\.run.experiment)
    let keys = ExperimentKey.all.filter { key in
      experiments.contains { key.hasMeaning(in: $0) && key.get($0) != key.defaultValue }
    }
    page.table(
      ["key"] + (runs.count > 1 ? ["A", "B"] : ["value"]) + ["default", "what it is"],
      keys.map { key in [key.name] + experiments.map(key.get) + [key.defaultValue, key.summary] })
    for (letter, run) in zip(["A", "B"], runs) {
      page.heading("The experiment file" + (runs.count > 1 ? " of \(letter)" : ""))
      if let link = RunLink(run.run.checkpoint()) {
        page.paragraph("Made again from its settings alone: bpttop --link \"\(link.text)\"", kind: "small")
      }
      page.verbatim(ExperimentFile.complete(run.run.experiment))
    }
  }
}
