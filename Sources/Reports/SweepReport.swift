import Canvas
import Experiments
import Sweeps
import Training

/// A sweep on a page for hand-outs: its maps, the best settings, every run, and the experiment.
public enum SweepReport {
  /// The most runs that stand in the table; all are in the sweep's results.csv.
  private static let mostRows = 400

  /// The page of a sweep.
  ///
  /// - Parameters:
  ///   - table: its results.
  ///   - name: what it is called.
  ///   - measure: what ranks the settings.
  public static func html(_ table: SweepTable, name: String, measure: SweepMeasure) -> String {
    let plan = table.plan
    var page = HTMLPage(title: "Sweep \(name)")
    page.paragraph(
      "\(plan.file) · \(plan.settingCount) settings with \(plan.seeds) seed\(plan.seeds == 1 ? "" : "s") each, "
        + "\(NumberText.grouped(plan.updates)) updates a run · \(table.results.count) of \(plan.settingCount * plan.seeds) runs are done",
      kind: "small")
    page.heading("What was varied")
    page.table(
      ["key", "values"],
      plan.axes.map { [$0.key, plan.random == nil ? $0.values.joined(separator: ", ") : "drawn at random"] })
    if plan.random == nil, !table.results.isEmpty {
      page.heading("Maps")
      page.figures(maps(table, first: measure))
    }
    page.heading("The best settings by \(measure.words)")
    page.verbatim(table.lines(by: measure, limit: 20).joined(separator: "\n"))
    addRuns(table, to: &page)
    page.heading("The experiment file")
    page.verbatim(plan.experiment)
    return page.text
  }

  private static func maps(_ table: SweepTable, first: SweepMeasure) -> [(svg: String, caption: String)] {
    let theme = Theme(.light)
    let measures = [first] + table.measures.filter { $0 != first }
    return measures.filter(table.measures.contains).map { measure in
      let frame = SweepMap(table, measure: measure).draw(size: Size(width: 90, height: 24), theme: theme, keys: false)
      return (frame.svg(title: measure.words, theme: theme), "The \(measure.words), the mean over the seeds.")
    }
  }

  private static func addRuns(_ table: SweepTable, to page: inout HTMLPage) {
    let measures = table.measures
    page.heading("Every run")
    let rows = table.results.prefix(mostRows).map { result in
      ["\(result.point.seed)"] + result.point.values + [result.reason ?? result.ending.rawValue]
        + measures.map { measure in result[measure].map { NumberText.short($0, digits: 4) } ?? "-" }
    }
    page.table(["seed"] + table.plan.axes.map(\.key) + ["ending"] + measures.map(\.words), Array(rows))
    let more = table.results.count - rows.count
    if more > 0 { page.paragraph("\(more) more runs are in results.csv.", kind: "small") }
  }
}
