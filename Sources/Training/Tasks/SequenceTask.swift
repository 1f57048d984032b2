import RecurrentNetworks

/// A source of sequences to learn from.
///
/// The data of a sequence are a pure function of the task, its seed and the sequence's index, so that any sequence can be
/// had again: rewinding needs no state of a generator.
public protocol SequenceTask: Sendable {
  /// What the task says of itself.
  var description: TaskDescription { get }
  /// Writes sequence `index` (counted from 0) of every row into `data`, for the steps and the batch that it has.
  ///
  /// `data` comes from `emptyBatch`, or from an earlier call; its arrays are overwritten, not replaced.
  func write(sequence index: Int, into data: inout SequenceBatch)
  /// The same task with sequences of another length; what was read of a file is not read again.
  func resized(length: Int) throws(TaskError) -> any SequenceTask
  /// The classes that are right answers, one bit each, [n, B], and 0 where an answer is not judged; nil where the target
  /// alone is right, wherever there is one.
  func rightClasses(in data: SequenceBatch) -> [UInt64]?
  /// The line on the file and on the place that sequence `index` is read from, where the task reads a file.
  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String?
  /// What of the file is kept from training, as a task of its own; nil where nothing is.
  var heldOut: (any SequenceTask)? { get }
  /// How many sequences of a batch cover all of a file once; nil where sequences are drawn.
  func sequenceCount(steps: Int, batch: Int) -> Int?
  /// What of a file was read as what, what was left out and why, in one line; nil where nothing of the user's was read.
  var reading: String? { get }
  /// The symbols themselves, by class, where the task is to go on writing a text; empty otherwise.
  var alphabet: [Unicode.Scalar] { get }
}

extension SequenceTask {
  /// A batch of zeros of this task's sizes, to be written into.
  public func emptyBatch(steps: Int, batch: Int) -> SequenceBatch {
    let description = description
    let positions = steps * batch
    return SequenceBatch(
      steps: steps, batch: batch, inputs: description.inputs, outputs: description.outputs,
      x: [Double](repeating: 0, count: positions * description.inputs),
      symbols: description.inputSymbols.isEmpty ? nil : [Int32](repeating: 0, count: positions),
      target: description.loss == .crossEntropy
        ? .classes([Int32](repeating: 0, count: positions))
        : .values([Double](repeating: 0, count: positions * description.outputs)),
      targetMask: [UInt8](repeating: 0, count: positions))
  }

  /// Sequence `index` of every row, in memory of its own.
  public func sequences(index: Int, batch: Int, length: Int) -> SequenceBatch {
    var data = emptyBatch(steps: length, batch: batch)
    write(sequence: index, into: &data)
    return data
  }

  /// The target alone.
  public func rightClasses(in data: SequenceBatch) -> [UInt64]? { nil }

  /// No file.
  public func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? { nil }

  /// Nothing is held out.
  public var heldOut: (any SequenceTask)? { nil }

  /// Sequences are drawn.
  public func sequenceCount(steps: Int, batch: Int) -> Int? { nil }

  /// Nothing was read.
  public var reading: String? { nil }

  /// No text.
  public var alphabet: [Unicode.Scalar] { [] }
}

extension CounterRandom {
  /// The random numbers of sequence `sequence` of row `row` of a task.
  init(seed: UInt64, sequence: Int, row: Int) {
    let index = UInt64(truncatingIfNeeded: sequence) & 0xFFFF_FFFF
    self.init(seed: seed, for: .task, index: index << 24 | UInt64(truncatingIfNeeded: row) & 0xFF_FFFF)
  }
}

extension SequenceBatch {
  /// Writes a task of symbols and classes: `body` fills the input symbols, the target classes and the mask, all [n, B];
  /// the one-hot inputs follow the symbols.
  mutating func writeSymbols(
    _ body: (
      _ symbols: UnsafeMutableBufferPointer<Int32>, _ classes: UnsafeMutableBufferPointer<Int32>,
      _ mask: UnsafeMutableBufferPointer<UInt8>
    ) -> Void
  ) {
    // A task writes only into batches of its own `emptyBatch`: no file or setting leads here.
    guard var symbols, case .classes(var classes) = target else { preconditionFailure("a batch of another task") }
    // Taken out while they are written, so that they are written in place.
    (self.symbols, target) = (nil, .classes([]))
    let inputs = inputs
    x.withUnsafeMutableBufferPointer { x in
      symbols.withUnsafeMutableBufferPointer { symbols in
        classes.withUnsafeMutableBufferPointer { classes in
          targetMask.withUnsafeMutableBufferPointer { mask in
            for position in 0..<symbols.count { x[position * inputs + Int(symbols[position])] = 0 }
            body(symbols, classes, mask)
            for position in 0..<symbols.count { x[position * inputs + Int(symbols[position])] = 1 }
          }
        }
      }
    }
    (self.symbols, target) = (symbols, .classes(classes))
  }

  /// Writes a task of numbers and classes: `body` fills x [n, B, I], the target classes and the mask [n, B].
  mutating func writeNumbersAndClasses(
    _ body: (
      _ x: UnsafeMutableBufferPointer<Double>, _ classes: UnsafeMutableBufferPointer<Int32>,
      _ mask: UnsafeMutableBufferPointer<UInt8>
    ) -> Void
  ) {
    // A task writes only into batches of its own `emptyBatch`: no file or setting leads here.
    guard case .classes(var classes) = target else { preconditionFailure("a batch of another task") }
    target = .classes([])
    x.withUnsafeMutableBufferPointer { x in
      classes.withUnsafeMutableBufferPointer { classes in
        targetMask.withUnsafeMutableBufferPointer { mask in body(x, classes, mask) }
      }
    }
    target = .classes(classes)
  }

  /// Writes a task of numbers: `body` fills x [n, B, I], the target values [n, B, O] and the mask [n, B].
  mutating func writeNumbers(
    _ body: (
      _ x: UnsafeMutableBufferPointer<Double>, _ values: UnsafeMutableBufferPointer<Double>,
      _ mask: UnsafeMutableBufferPointer<UInt8>
    ) -> Void
  ) {
    // A task writes only into batches of its own `emptyBatch`: no file or setting leads here.
    guard case .values(var values) = target else { preconditionFailure("a batch of another task") }
    target = .values([])
    x.withUnsafeMutableBufferPointer { x in
      values.withUnsafeMutableBufferPointer { values in
        targetMask.withUnsafeMutableBufferPointer { mask in body(x, values, mask) }
      }
    }
    target = .values(values)
  }
}
