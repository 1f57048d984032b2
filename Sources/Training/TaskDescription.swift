import RecurrentNetworks

/// What a task says of itself to a reader: names, floors, sizes.
public struct TaskDescription: Equatable, Sendable {
  /// A loss that is known beforehand, drawn as a line.
  public struct Floor: Equatable, Sendable {
    /// What reaches it: "guessing", "knowing lag 3".
    public var name: String
    /// The same where there is little room: "lag 3".
    public var short: String
    /// The loss, in nats (or half squares) a step with a target.
    public var loss: Double

    /// A floor; without a short name it is called by its whole one.
    public init(name: String, short: String? = nil, loss: Double) {
      self.name = name
      self.short = short ?? name
      self.loss = loss
    }
  }

  /// How a column of a file was normalized.
  public struct Unit: Equatable, Sendable {
    /// The mean and the standard deviation of the column.
    public var mean: Double, deviation: Double

    /// The number of the file that `value` stands for.
    public func restored(_ value: Double) -> Double { mean + value * deviation }
  }

  /// What data are called that were handed in.
  public static let ownData = "own data"

  /// The task's name.
  public var name: String
  /// One line about it.
  public var summary: String
  /// The sizes of x_t and y_t.
  public var inputs: Int, outputs: Int
  /// The loss.
  public var loss: LossKind
  /// Whether the state is carried from a sequence to the next (a stream) or reset at each start.
  public var isStream: Bool
  /// The symbols of one-hot inputs, by class; empty for numeric inputs.
  public var inputSymbols: [String]
  /// Those of them that the task turns on, by class: marks and questions among blanks and distractors.
  public var keySymbols: Set<Int>
  /// The names of the inputs and of the outputs (csv columns, classes).
  public var inputNames: [String], outputNames: [String]
  /// Known floors of the loss.
  public var floors: [Floor]
  /// How far back what is needed lies, in steps, where the task knows.
  public var dependencyLength: Int?
  /// What the outputs' numbers stand for, where they are columns of a file; empty otherwise.
  public var outputUnits: [Unit] = []
  /// For files: a line on size, alphabet and position.
  public var fileSummary: String?
  /// For files: a line on what was read as what, what was left out and why.
  public var fileReading: String?

  /// A description from its parts.
  public init(
    name: String, summary: String, inputs: Int, outputs: Int, loss: LossKind, isStream: Bool,
    inputSymbols: [String] = [], keySymbols: Set<Int> = [], inputNames: [String] = [], outputNames: [String] = [],
    floors: [Floor] = [],
    dependencyLength: Int? = nil, fileSummary: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.inputs = inputs
    self.outputs = outputs
    self.loss = loss
    self.isStream = isStream
    self.inputSymbols = inputSymbols
    self.keySymbols = keySymbols
    self.inputNames = inputNames
    self.outputNames = outputNames
    self.floors = floors
    self.dependencyLength = dependencyLength
    self.fileSummary = fileSummary
  }
}
