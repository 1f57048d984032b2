import Canvas
import Experiments
import Sources
import Training

/// What can be set at the prompt beside the experiment: how the screen looks.
extension DashboardState {
  /// The keys, and what each can be.
  var screenSettings: [String: [String]] {
    [
      "theme": ThemeName.allCases.map(\.rawValue), "save": ["screen"] + panels.all.map(\.id.name),
      "panels": ["save"] + panels.presets.map(\.name) + ["own"],
    ]
  }

  /// Takes a line that is about the screen.
  /// - Returns: what comes of it; nil where it is about something else.
  mutating func setScreen(_ line: SettingLine) throws(ExperimentKeyError) -> [Effect]? {
    guard let choices = screenSettings[line.key] else { return nil }
    let value = line.value ?? ""
    if line.key == "save" { return [.savePicture(try picture(PictureRequest(words: value), among: choices))] }
    if line.key == "panels", value == "save" {
      return [.savePanels(ScreenLayout(self).places.map(\.panel.id.name).sorted())]
    }
    if line.key == "panels", let preset = presets.first(where: { $0.name == value }) {
      show(preset)
      return []
    }
    guard line.key == "theme", let name = ThemeName(rawValue: value) else {
      throw ExperimentKeyError(
        key: line.key,
        problem: "found \(value.isEmpty ? "nothing" : value), expected one of: \(choices.joined(separator: ", "))",
        nearest: nearestName(to: value, among: choices))
    }
    show(name)
    return []
  }

  /// The request with the panel that it means; only what is on the screen has been read and can be drawn.
  private func picture(
    _ request: PictureRequest, among names: [String]
  ) throws(ExperimentKeyError) -> PictureRequest {
    guard !request.subject.isEmpty else { return request }
    var request = request
    let shown = ScreenLayout(self).places.map(\.panel), word = request.subject.lowercased()
    guard let panel = panels.all.first(where: { [$0.id.name, $0.title.lowercased()].contains(word) }) else {
      throw ExperimentKeyError(
        key: "save",
        problem: "found \(request.subject), expected a panel's name, or screen, and svg, png, txt or a theme",
        nearest: nearestName(to: word, among: names))
    }
    guard shown.contains(where: { $0.id == panel.id }) else {
      throw ExperimentKeyError(
        key: "save", problem: "found \(panel.title), expected a panel on the screen; / \(panel.id.name) brings it there"
      )
    }
    request.subject = panel.id.name
    return request
  }

  /// The numbers that the panels on the screen show.
  public var readingsFile: ReadingsFile? {
    let requests = requests
    let lanes = lanes.compactMap { lane in
      lane.readings.map {
        ReadingsFile.Lane(
          lane.id.rawValue, $0.keeping(requests[lane.id]?.instruments ?? []), experiment: lane.summary?.experiment,
          steps: lane.summary.flatMap {
            $0.window.steps.isEmpty ? nil : $0.window.steps.lowerBound + 1...$0.window.steps.upperBound
          })
      }
    }
    return lanes.isEmpty ? nil : ReadingsFile(lanes)
  }

  /// Draws in another theme from now on.
  mutating func show(_ name: ThemeName) {
    theme = theme.with(name)
    message = Message("theme \(name.rawValue)")
  }
}
