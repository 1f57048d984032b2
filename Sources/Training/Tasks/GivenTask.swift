import RecurrentNetworks

/// Sequences that were handed in: the same at every index.
struct GivenTask: SequenceTask {
  let description: TaskDescription
  private let given: SequenceBatch

  /// The task of `given`, in the words of the task that it stands in for where the sizes are the same.
  init(_ given: SequenceBatch, words: TaskDescription?, name: String) {
    self.given = given
    var description = TaskDescription(
      name: name, summary: "data handed in: \(given.batch) sequences of \(given.steps) steps", inputs: given.inputs,
      outputs: given.outputs, loss: given.loss, isStream: false,
      inputNames: (1...given.inputs).map { "x\($0)" }, outputNames: (1...given.outputs).map { "y\($0)" })
    if let words, words.inputs == given.inputs, words.outputs == given.outputs, words.loss == given.loss {
      description.inputNames = words.inputNames
      description.outputNames = words.outputNames
      if given.symbols != nil {
        description.inputSymbols = words.inputSymbols
        description.keySymbols = words.keySymbols
      }
    }
    self.description = description
  }

  func resized(length: Int) -> any SequenceTask { self }

  func write(sequence index: Int, into data: inout SequenceBatch) { data = given }
}
