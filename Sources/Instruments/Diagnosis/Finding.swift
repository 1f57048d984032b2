import Training

/// One point of a diagnosis.
public struct Finding: Equatable, Sendable {
  /// How bad it is.
  public enum Severity: Int, Comparable, Sendable, CaseIterable {
    /// Nothing is wrong with it.
    case sound
    /// Good to know.
    case remark
    /// It makes learning slower or worse.
    case costly
    /// The task is not learned while it stays so.
    case grave

    /// From sound to grave.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The word for it: serious.
    public var name: String { [.grave: "serious", .sound: "fine"][self] ?? "\(self)" }
    /// Three characters before the sentence.
    public var mark: String { [.grave: "!! ", .costly: "!  ", .remark: "·  "][self] ?? "✓  " }
  }

  /// Its name, which stays the same from version to version: gradient.vanishes.
  public let id: String
  /// How bad it is.
  public let severity: Severity
  /// What was found, with its numbers: a short sentence or a few.
  public let sentence: String
  /// What may help, the first to be tried first; empty where nothing is to be done.
  public let remedies: [Remedy]

  /// A finding called `id`.
  public init(_ id: String, _ severity: Severity, _ sentence: String, remedies: [Remedy] = []) {
    (self.id, self.severity, self.sentence, self.remedies) = (id, severity, sentence, remedies)
  }
}

/// Settings that may help, all of them together.
public struct Remedy: Equatable, Hashable, Sendable {
  /// The keys and their values.
  public let settings: [Setting]

  /// Whether it is to be tried from the beginning, because the weights as they are cannot be mended by it.
  public let fromStart: Bool

  /// These keys are to have these values.
  public init(_ settings: KeyValuePairs<String, String>, fromStart: Bool = false) {
    self.settings = settings.map { Setting(key: $0, value: $1) }
    self.fromStart = fromStart
  }

  /// As the command line takes it: training.k2=50 training.k1=10.
  public var words: String { settings.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
}
