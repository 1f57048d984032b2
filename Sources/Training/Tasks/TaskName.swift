/// The tasks, by the names of the experiment file: the one list of them. All else is asked of the task's own file.
public enum TaskName: String, CaseIterable, Sendable {
  case adding, copy
  case temporalOrder = "temporal-order"
  case delayedXOR = "delayed-xor"
  case recall, parity, latch, reber, sine, settle, coin, boolean, bar, crossing, text, csv

  /// The task of this name.
  var kind: any NamedTask.Type {
    switch self {
    case .adding: AddingTask.self
    case .copy: CopyTask.self
    case .temporalOrder: TemporalOrderTask.self
    case .delayedXOR: DelayedXORTask.self
    case .recall: RecallTask.self
    case .parity: ParityTask.self
    case .latch: LatchTask.self
    case .reber: ReberTask.self
    case .sine: SineTask.self
    case .settle: SettleTask.self
    case .coin: CoinTask.self
    case .boolean: BooleanTask.self
    case .bar: BarTask.self
    case .crossing: CrossingTask.self
    case .text: TextTask.self
    case .csv: CSVTask.self
    }
  }
}

/// A task that an experiment can name: what is known of it before there are data, and how it is made.
protocol NamedTask: SequenceTask {
  /// The shortest sequence in which it can be asked.
  static var minimumLength: Int { get }
  /// How many numbers an input or an output has, about: what a file brings is not known before it is read.
  static var widthEstimate: Int { get }
  /// Where its sequences come from.
  static var source: TaskSource { get }
  /// Whether its sequences go on where the one before ended.
  static var isStream: Bool { get }
  /// Whether the input is the same at every step of a sequence.
  static var inputsStandStill: Bool { get }
  /// Whether inputs may be frames, whose numbers lie side by side, and outputs the next frame.
  static var mayHaveFrames: Bool { get }
  /// The task of `specification`, whose length is long enough.
  static func make(_ specification: TaskSpecification, seed: UInt64, memory: Int) throws(TaskError) -> Self
}

extension NamedTask {
  static var minimumLength: Int { 1 }
  static var source: TaskSource { .drawn }
  static var isStream: Bool { false }
  static var inputsStandStill: Bool { false }
  static var mayHaveFrames: Bool { false }
}

/// A task whose sequences are drawn: the seed and their length are all that it needs.
protocol DrawnTask: NamedTask {
  var seed: UInt64 { get }
  init(seed: UInt64, length: Int)
}

extension DrawnTask {
  func resized(length: Int) -> any SequenceTask { Self(seed: seed, length: length) }

  static func make(_ specification: TaskSpecification, seed: UInt64, memory: Int) -> Self {
    Self(seed: seed, length: specification.length)
  }
}

/// Where a task's sequences come from.
enum TaskSource {
  /// They are drawn, from the seed.
  case drawn
  /// A text file, or the one that ships with the program.
  case text
  /// Columns of a table in a file.
  case table
}

extension TaskName {
  /// The shortest sequence in which the task can be asked.
  public var minimumLength: Int { kind.minimumLength }

  /// Whether the input is the same at every step of a sequence, so that a network can settle.
  var inputsStandStill: Bool { kind.inputsStandStill }

  /// Whether inputs may be frames and outputs the next one.
  var mayHaveFrames: Bool { kind.mayHaveFrames }

  /// Whether its sequences go on where the one before ended, state and all.
  public var isStream: Bool { kind.isStream }

  /// Whether it reads a file, and whether it does so by columns.
  var readsFile: Bool { kind.source != .drawn }
  var readsColumns: Bool { kind.source == .table }

  /// The tasks that hold `property`, in words: "text and csv read", "csv reads".
  static func list(_ verb: String, where property: (TaskName) -> Bool) -> String {
    let names = allCases.filter(property).map(\.rawValue)
    return names.joined(separator: " and ") + " " + verb + (names.count == 1 ? "s" : "")
  }
}

extension TaskSpecification {
  /// The task that this names.
  ///
  /// - Parameters:
  ///   - seed: decides the data of tasks that are drawn; a file is read as it stands.
  ///   - memory: the bytes that a file's contents may take.
  /// - Throws: what is wrong with the length, the file or the columns.
  public func makeTask(seed: UInt64, memory: Int = 16 << 30) throws(TaskError) -> any SequenceTask {
    guard length >= name.minimumLength else {
      throw TaskError(
        key: "task.length", found: "\(length)",
        expected: "a whole number from \(name.minimumLength) for \(name.rawValue)")
    }
    return try name.kind.make(self, seed: seed, memory: memory)
  }
}
