import ArgumentParser
import Canvas
import Dashboard
import Experiments
import Foundation
import Panels

/// `bpttop config`: the user's own file.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Prints a configuration file whole: theme, mouse, pace, panels, keys.",
    discussion: """
      The dashboard and `watch` read $XDG_CONFIG_HOME/bpttop/config.yaml, or ~/.config/bpttop/config.yaml. Of a file with faults \
      the rest holds; each fault is told in a line. The command line goes before the file.

      EXAMPLES
        mkdir -p ~/.config/bpttop && bpttop config > ~/.config/bpttop/config.yaml
      """)

  func run() throws {
    try writing { try OutputFile.write(UserConfiguration.example(.program), to: "-") }
  }
}

extension UserConfiguration.Vocabulary {
  /// The names of this program.
  static let program = UserConfiguration.Vocabulary(
    themes: ThemeName.allCases.map(\.rawValue), panels: Panels.all.map(\.id.name),
    keyNames: Key.names.map { "<\($0.name)>" } + ["<ctrl-l>"], isKey: { Key(written: $0) != nil },
    hasMeaning: { Key(written: $0).flatMap(Keymap.command) != nil })
}

extension UserConfiguration {
  /// The user's file, if there is one.
  static func read(environment: [String: String]) -> UserConfiguration {
    path(environment: environment).map { UserConfiguration(path: $0, .program) }
      ?? UserConfiguration("", file: "config.yaml", .program)
  }
}

extension DashboardState {
  /// Takes what the user's file says of panels, pace and keys.
  mutating func take(_ configuration: UserConfiguration) {
    if let names = configuration.panels {
      panelsOn = Set(Panels.all.map(\.id).filter { names.contains($0.name) })
    }
    if let pace = configuration.pace { speed = .limited(pace) }
    for (name, other) in configuration.keys {
      if let key = Key(written: name), let meaning = Key(written: other) { remappedKeys[key] = meaning }
    }
  }
}
