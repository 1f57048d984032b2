/// What is wrong with a task: with its settings, or with the file that it reads.
public struct TaskError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The dotted key of the experiment that is at fault: "task.length", "task.file", "task.columns".
  public var key: String
  /// The file, where one was read.
  public var file: String?
  /// The line of a text, or the row of a table with its header counted, from 1.
  public var line: Int?
  /// Whether the file is a table, so that `line` is a row of it.
  public var isTable: Bool
  /// The name of the column.
  public var column: String?
  /// What was found: "12,400 characters", "“n/a”".
  public var found: String
  /// What is expected there.
  public var expected: String
  /// The nearest valid name, where a name is wrong.
  public var nearest: String?

  /// An error about `key`.
  public init(
    key: String, file: String? = nil, line: Int? = nil, column: String? = nil, found: String, expected: String,
    nearest: String? = nil, isTable: Bool = false
  ) {
    self.key = key
    self.file = file
    self.line = line
    self.column = column
    self.found = found
    self.expected = expected
    self.nearest = nearest
    self.isTable = isTable
  }

  /// One line: `FILE, row 12, column temp: found …, expected …; nearest is …`, or `KEY: found …` without a file.
  public var description: String {
    var place = file ?? key
    if let line { place += ", \(isTable ? "row" : "line") \(line)" }
    if let column { place += ", column \(column)" }
    return "\(place): found \(found), expected \(expected)" + (nearest.map { "; nearest is \($0)" } ?? "")
  }
}
