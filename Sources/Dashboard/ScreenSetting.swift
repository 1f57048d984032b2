import Canvas
import Training

/// What can be set at the prompt beside the experiment: how the screen looks.
enum ScreenSetting {
  /// The keys, and what each can be.
  static let choices = ["theme": ThemeName.allCases.map(\.rawValue)]
}

extension DashboardState {
  /// Takes a line that is about the screen.
  /// - Returns: false where it is about something else.
  mutating func setScreen(_ line: SettingLine) throws(ExperimentKeyError) -> Bool {
    guard let choices = ScreenSetting.choices[line.key] else { return false }
    let value = line.value ?? ""
    guard let name = ThemeName(rawValue: value) else {
      throw ExperimentKeyError(
        key: line.key,
        problem: "found \(value.isEmpty ? "nothing" : value), expected one of: \(choices.joined(separator: ", "))",
        nearest: nearestName(to: value, among: choices))
    }
    show(name)
    return true
  }

  /// Draws in another theme from now on.
  mutating func show(_ name: ThemeName) {
    theme = theme.with(name)
    message = Message("theme \(name.rawValue)")
  }
}
