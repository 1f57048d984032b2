import Canvas
import Dashboard
import Instruments
import Panels
import Sources
import Training

/// The pictures of one run, or of two as lanes of one screen: the dashboard's own panels.
struct RunPictures {
  private var stage: EffectRunner

  /// The pictures of one run or two.
  init(_ runs: [ReportedRun], theme: Theme, size: Size) {
    let first = runs[0].run
    let source = SteppedSource(run: first, second: runs.dropFirst().first?.run)
    stage = EffectRunner(
      DashboardState(experiment: first.experiment, size: size, theme: theme), source: source, files: NoFiles())
    source.requestFrame()
    _ = stage.takeNews()
    stage.follow(Dictionary(uniqueKeysWithValues: zip([LaneID.a, .b], runs.map(\.history.trends))))
  }

  /// A panel alone with what it shows in words; nil where it has nothing to draw.
  mutating func figure(_ id: PanelID) -> (svg: String, caption: String)? {
    guard let panel = Panels.named(id), panel.applies(to: stage.state) else { return nil }
    stage.zoom(to: id)
    let frame = render(panel, stage.state), theme = stage.state.theme
    return (frame.svg(title: panel.title, theme: theme), panel.help.prefix(2).joined(separator: " "))
  }

  /// Some panels on one screen, with its first lines.
  mutating func screen(_ panels: [PanelID]) -> Buffer {
    stage.show(panels)
    return render(stage.state)
  }
}
