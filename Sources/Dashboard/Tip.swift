import Canvas

/// What the tip line says to try.
public enum Tip: Hashable, Sendable, CaseIterable {
  case explode, clip, truncate, faster

  /// The keys and what they do, and the same in a word.
  var words: (keys: String, does: String, short: String) {
    switch self {
    case .explode: ("+ + …", "ρ(W_hh) rises until it explodes", "explode")
    case .clip: ("c", "takes the clipping away (N undoes the damage)", "clip off, N back")
    case .truncate: ("{ {", "truncates it", "truncate")
    case .faster: (">", "trains faster", "faster")
    }
  }

  /// The dotted keys whose change shows it.
  var knobs: [String] {
    switch self {
    case .explode: ["network.init.spectral_radius"]
    case .clip: ["training.clip.kind", "training.clip.threshold"]
    case .truncate: ["training.k1", "training.k2"]
    case .faster: []
    }
  }
}

extension DashboardState {
  /// After so many keys, or so long after the first of them, nobody is new here.
  private static let keysOfNewcomer = 60, timeOfNewcomer = Duration.seconds(300)

  /// A key was pressed: the tip line goes when it has been there for long.
  mutating func growOld(at time: Duration) {
    if held.pressed > Self.keysOfNewcomer || time - (held.first ?? time) > Self.timeOfNewcomer { tip = [] }
  }

  /// A knob was turned: what the tip line said of it is known now. A spectral radius must be far beyond 1 for the
  /// gradient of saturating units to explode.
  mutating func use(_ knob: String) {
    let radius = experiment.network.initialization.spectralRadius ?? 0
    tip.removeAll { $0.knobs.contains(knob) && ($0 != .explode || radius >= 2) }
  }
}
