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

  /// The defaults.
  public init() {}
}
