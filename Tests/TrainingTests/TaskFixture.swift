import RecurrentNetworks

@testable import Training

/// A task of one length.
func makeTask(_ name: TaskName, length: Int, seed: UInt64 = 7) throws -> any SequenceTask {
  var specification = TaskSpecification()
  specification.name = name
  specification.length = length
  return try specification.makeTask(seed: seed)
}

/// The target classes of a batch; none where it has values.
func targetClasses(_ data: SequenceBatch) -> [Int] {
  if case .classes(let classes) = data.target { classes.map(Int.init) } else { [] }
}

/// The target values of a batch; none where it has classes.
func targetValues(_ data: SequenceBatch) -> [Double] {
  if case .values(let values) = data.target { values } else { [] }
}
