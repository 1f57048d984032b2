/// What the network is to learn.
public struct TaskSpecification: Equatable, Sendable {
  /// The task.
  public var name = TaskName.temporalOrder
  /// The length n of a sequence, in steps.
  public var length = 50
  /// The user's file, for text and csv; nil for the text that ships with the program.
  public var file: String?
  /// The columns read as inputs, for csv; empty for all numeric columns.
  public var columns: [String] = []
  /// The columns to be predicted, for csv; empty to predict every input column one step ahead.
  public var targets: [String] = []

  /// How the file writes characters, for text and csv.
  public var encoding = TextEncoding.auto
  /// What stands between cells, for csv.
  public var delimiter = TableDelimiter.auto
  /// The decimal sign, for csv.
  public var decimal = TableDecimal.auto
  /// What is done about cells without a number, for csv.
  public var missing = MissingRule.refuse
  /// The column that tells series apart, for csv; nil to find it by its name and its values.
  public var id: String?
  /// How many rows ahead columns are predicted, for csv.
  public var horizon = 1
  /// Whether the state goes on from a sequence to the next, for text and csv.
  public var carry = CarryRule.state
  /// What of the file is kept from training, for text and csv.
  public var heldOut = HeldOut.none

  /// The defaults.
  public init() {}
}
