import OrderedCollections

extension ExperimentKey {
  /// The field's short names of keys, by dotted name: k1, φ, η; those that are turned first come first.
  public static let labels: OrderedDictionary<String, String> = [
    "training.k1": "k1",
    "training.k2": "k2",
    "network.init.spectral_radius": "ρ",
    "network.activation": "φ",
    "training.clip.kind": "clip",
    "training.clip.threshold": "threshold",
    "training.optimizer.learning_rate": "η",
    "training.inject": "inject",
    "training.optimizer.name": "optimizer",
    "training.optimizer.momentum": "momentum",
    "network.cell": "cell",
    "network.kind": "kind",
    "network.beta": "β",
    "network.alpha": "α",
    "network.hidden": "hidden",
    "network.layers": "layers",
    "training.algorithm": "algorithm",
    "task.name": "task",
    "task.length": "length",
    "training.batch": "batch",
    "training.optimizer.weight_decay": "decay",
    "training.schedule.kind": "schedule",
    "seed": "seed",
    "network.init.recurrent": "W_hh drawn",
    "network.init.scale": "scale",
    "training.reduction": "reduction",
    "precision": "precision",
  ]

  /// The key whose short name it is, on the screen or as it is typed: η, eta, lr.
  public static func labeled(_ label: String) -> ExperimentKey? {
    let label = typed[label] ?? label
    return labels.first { $0.value == label }.flatMap { try? named($0.key) }
  }

  private static let typed = ["rho": "ρ", "phi": "φ", "eta": "η", "lr": "η", "beta": "β", "alpha": "α"]

  /// The keys whose short name, or what is typed for it, begins with a text.
  static func called(_ text: String) -> [ExperimentKey] {
    guard !text.isEmpty else { return [] }
    return labels.filter { label in
      label.value.hasPrefix(text) || typed.contains { $0.key.hasPrefix(text) && $0.value == label.value }
    }.compactMap { try? named($0.key) }
  }

  /// The short name of a key, or its last word.
  public static func label(of name: String) -> String {
    labels[name] ?? name.split(separator: ".").last.map(String.init) ?? name
  }
}
