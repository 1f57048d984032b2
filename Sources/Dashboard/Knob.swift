import Canvas
import Instruments
import RecurrentNetworks
import Training

/// A knob of the dashboard: a key of the experiment, and how it is called on the screen.
package struct Knob: Sendable {
  /// The dotted key.
  package let name: String
  /// The field's short name: k1, φ, η.
  package let label: String

  /// The knobs, those that a lecture turns first; then all other keys that can be turned.
  static let all: [Knob] = main + rest

  private static let main = ExperimentKey.labels.keys.map { Knob(name: $0, label: ExperimentKey.label(of: $0)) }

  private static let rest: [Knob] = ExperimentKey.all
    .filter { key in key.steps != .none && !main.contains { $0.name == key.name } }
    .map { Knob(name: $0.name, label: ExperimentKey.label(of: $0.name)) }

  /// The knobs that mean something in `experiment`: more than one choice, and what belongs to its cell and optimizer.
  static func applying(to experiment: Experiment) -> [Knob] {
    all.filter { knob in
      switch knob.name {
      case _ where Self.cellOptions.contains(knob.name):
        experiment.network.cellDescription.options.contains { knob.name == "network." + $0.name }
      case "network.activation": experiment.network.cellDescription.takesActivation
      case "network.init.forget_bias": experiment.network.cellDescription.forgetGate != nil
      default: knob.hasChoice(in: experiment)
      }
    }
  }

  /// What decides that a knob means nothing: the kind of network, the cell, or the algorithm.
  static func owner(of name: String, in experiment: Experiment) -> String {
    guard experiment.isRecurrent else { return "network.kind \(experiment.architecture.kind.rawValue)" }
    return name.hasPrefix("network.") ? experiment.network.cell.rawValue : experiment.training.algorithm.rawValue
  }

  /// The keys that belong to some cells only.
  private static let cellOptions = Set(
    CellKind.allCases.flatMap { cell in
      var network = NetworkSpecification()
      network.cell = cell
      return network.cellDescription.options.map { "network." + $0.name }
    })

  private func hasChoice(in experiment: Experiment) -> Bool {
    guard let key = try? ExperimentKey.named(name), key.hasMeaning(in: experiment) else { return false }
    if case .choice(let names) = key.kind { return names.count > 1 }
    return true
  }

  /// The knobs that a search finds: by the screen's name first, then by the dotted key, then by what they do.
  static func matching(_ text: String, in experiment: Experiment) -> [Knob] {
    let text = text.lowercased()
    let knobs = applying(to: experiment)
    guard !text.isEmpty else { return knobs }
    let byLabel = knobs.filter { $0.isCalled(text) }
    let byName = knobs.filter { $0.name.contains(text) }
    let byWords = knobs.filter { (try? ExperimentKey.named($0.name))?.summary.lowercased().contains(text) ?? false }
    var found: [Knob] = []
    for knob in byLabel + byName + byWords where !found.contains(where: { $0.name == knob.name }) { found.append(knob) }
    return found
  }

  /// Whether a lowercase text begins its name on the screen, or is what is typed for it: η, eta, lr.
  func isCalled(_ text: String) -> Bool {
    label.lowercased().hasPrefix(text) || ExperimentKey.labeled(text)?.name == name
  }

  /// The value on the screen: short, and for the spectral radius the one that W_hh has.
  package func value(_ lane: Lane, _ state: DashboardState) -> String {
    guard let key = try? ExperimentKey.named(name) else { return "" }
    let text = key.get(lane.experiment)
    if key.effect == .rescaleRecurrent, let radius = lane.measuredSpectralRadius {
      return radius < 0.995 ? NumberText.fixed(radius, 2) : NumberText.short(radius)
    }
    if text == "null" { return "as drawn" }
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// What it is, in one line.
  package var summary: String { (try? ExperimentKey.named(name))?.summary ?? "" }

  /// The columns that its values take: the longest name, or a number of four digits.
  package func valueWidth(_ state: DashboardState) -> Int {
    guard let key = try? ExperimentKey.named(name) else { return 0 }
    if case .choice(let names) = key.kind, state.lanes.count == 1 { return names.map(\.columns).max() ?? 0 }
    // In two lanes a knob that differs is followed by the other lane's value.
    let other = state.otherLane.map { value($0, state) == value(state.lane, state) ? 0 : value($0, state).columns + 3 }
    return max(4, value(state.lane, state).columns) + (other ?? 0)
  }

  /// The keys that turn it from anywhere: "[ ]".
  package var directKeys: String {
    let binding = Keymap.bindings.first { binding in
      binding.keys.contains { key in
        if case .turn(let turned, _) = key.command { return turned == name }
        return false
      }
    }
    return binding?.name ?? ""
  }
}

extension DashboardState {
  /// That of the focused lane.
  var measuredSpectralRadius: Double? { lane.measuredSpectralRadius }
}

extension Lane {
  /// The knobs that mean something here.
  package var knobs: [Knob] { Knob.applying(to: experiment) }

  /// ρ(W_hh) of the pass that is shown, where it was computed and holds: not while a change of it is on its way.
  var measuredSpectralRadius: Double? {
    guard let shown = shown?.summary, let newest, unconfirmed["network.init.spectral_radius"] == nil,
      shown.journal.count == newest.journal.count,
      shown.experiment?.network.initialization.spectralRadius == experiment.network.initialization.spectralRadius
    else { return nil }
    // A gated cell has a block a gate: the largest of their radii.
    return self[SpectrumInstrument.self]?.spectralRadius
  }
}
