import Glibc
import RecurrentNetworks

/// A task of classes for a network without a readout: class d is the target 1 on unit d and 0 on the other outputs, the loss
/// ½ Σ e².
struct ClassesOnUnits: SequenceTask {
  let task: any SequenceTask

  var description: TaskDescription {
    var description = task.description
    let classes = Double(description.outputs)
    // Guessing among equal classes is known here too: always answering 1/C costs ½ ((1 - 1/C)² + (C-1)/C²).
    description.floors =
      description.floors.contains { abs($0.loss - log(classes)) < 1e-12 }
      ? [.init(name: "always answering 1/\(description.outputs)", loss: 0.5 * (1 - 1 / classes))] : []
    description.loss = .squared
    return description
  }

  func resized(length: Int) throws(TaskError) -> any SequenceTask {
    ClassesOnUnits(task: try task.resized(length: length))
  }

  var heldOut: (any SequenceTask)? { task.heldOut.map { ClassesOnUnits(task: $0) } }
  var reading: String? { task.reading }

  func sequenceCount(steps: Int, batch: Int) -> Int? { task.sequenceCount(steps: steps, batch: batch) }

  func fileSummary(sequence index: Int, steps: Int, batch: Int) -> String? {
    task.fileSummary(sequence: index, steps: steps, batch: batch)
  }

  /// The right classes of the task itself: an answer is the unit with the largest output.
  func rightClasses(in data: SequenceBatch) -> [UInt64]? {
    guard case .values(let values) = data.target else { return nil }
    let classes = data.targetMask.indices.map { position in
      Int32((0..<data.outputs).first { values[position * data.outputs + $0] == 1 } ?? 0)
    }
    var asked = data
    asked.target = .classes(classes)
    return task.rightClasses(in: asked) ?? zip(classes, data.targetMask).map { $1 == 0 ? 0 : 1 << UInt64($0) }
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    // The batch is from `emptyBatch` here, `makeTask` wraps tasks of classes only: no file or setting leads here.
    guard case .values(var values) = data.target else { preconditionFailure("a batch of another task") }
    let outputs = data.outputs
    data.target = .classes([Int32](repeating: 0, count: data.steps * data.batch))
    task.write(sequence: index, into: &data)
    guard case .classes(let classes) = data.target else { preconditionFailure("a task of classes") }
    for (position, target) in classes.enumerated() {
      for output in 0..<outputs { values[position * outputs + output] = output == Int(target) ? 1 : 0 }
    }
    data.target = .values(values)
  }
}
