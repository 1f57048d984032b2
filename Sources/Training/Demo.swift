import CDemoText

/// An experiment that ships with the program. Its text lies in the program itself, so that it opens wherever that is run.
public struct Demo: Hashable, Sendable {
  /// Its name, as in `bpttop vanishing`.
  public let name: String
  /// The experiment file, as in Demos/experiments.
  public let text: String

  /// All of them, by name.
  public static let all: [Demo] = {
    let bytes = UnsafeBufferPointer(start: cdemoexperiments_bytes(), count: cdemoexperiments_count())
    let texts = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    return zip(names, texts).map { Demo(name: $0, text: $1) }
  }()

  // In the order of experiments.c.
  private static let names = [
    "adaptive", "adding", "adding-gru", "antisymmetric", "artbp", "attention", "bidirectional", "checkpoints",
    "clipping", "clockwork", "coin", "copy", "copy-forgotten", "crossing-bars", "epochwise", "exploding", "federated",
    "fixed-point", "flossing", "forecast", "identity-relu", "latch", "leaky", "lru", "lru-online", "min-gru", "narx",
    "orthogonal", "parity", "projected-lstm", "real-time", "reber", "recall", "residual-depth", "rflo", "rtrl",
    "saturation", "sigmoid", "sine", "snap1", "stale", "temporal-order", "text", "time-constants", "transformer",
    "tree", "truncation", "underflow", "untied", "uoro", "vanishing", "williams-zipser",
  ]

  /// The one called `name`.
  public static func named(_ name: String) -> Demo? { all.first { $0.name == name } }

  /// The comment at the file's head: what it shows, what to look at, which keys to press.
  public var head: String { ExperimentHead.text(of: text) }

  /// What it shows: the first sentences of the head, up to its first blank line.
  public var summary: String {
    head.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty && !$0.hasPrefix("Look at:") }
      .joined(separator: " ")
  }
}

/// The comment at the head of an experiment file.
public enum ExperimentHead {
  /// Its lines without their signs; empty where the file begins otherwise.
  public static func text(of file: String) -> String {
    file.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("#") }
      .map { $0.dropFirst($0.hasPrefix("# ") ? 2 : 1) }.joined(separator: "\n")
  }
}
