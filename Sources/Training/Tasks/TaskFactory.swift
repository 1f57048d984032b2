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
    return switch name {
    case .adding: AddingTask(seed: seed, length: length)
    case .copy: CopyTask(seed: seed, length: length)
    case .temporalOrder: TemporalOrderTask(seed: seed, length: length)
    case .recall: RecallTask(seed: seed, length: length)
    case .coin: CoinTask(seed: seed)
    case .text: try TextTask(file: file, length: length, memory: memory)
    case .csv: try CSVTask(self, memory: memory)
    }
  }
}
