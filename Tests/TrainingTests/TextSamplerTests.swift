import RecurrentNetworks
import Testing

@testable import Training

@Suite("What a network writes") struct TextSamplerTests {
  private func run() throws -> TrainingRun {
    let run = try TrainingRun(experiment: smallExperiment(["task.name": "text", "task.length": "20"]))
    for _ in 0..<5 { run.trainOnce() }
    return run
  }

  @Test("at temperature 0 it writes what a pass over prompt and text finds likeliest")
  func likeliest() throws {
    let run = try run(), alphabet = run.engine.task.alphabet, prompt = "Alice was "
    let written = try run.write(length: 6, prompt: prompt, temperature: 0, seed: 1)
    let symbols = (prompt + written).unicodeScalars.compactMap { alphabet.firstIndex(of: $0) }
    let width = alphabet.count, steps = symbols.count - 1
    var data = run.engine.task.emptyBatch(steps: steps, batch: 1)
    data.symbols = symbols.dropLast().map { Int32($0) }
    for (t, symbol) in symbols.dropLast().enumerated() {
      for i in 0..<width { data.x[t * width + i] = i == symbol ? 1 : 0 }
    }
    let pass = Pass<Double>(
      network: run.experiment.network, layout: run.layout, steps: steps, batch: 1, loss: .crossEntropy)
    for (index, value) in run.parameters.enumerated() { pass.parameters[index] = value }
    pass.resetState()
    pass.load(data)
    pass.forward(0..<steps)
    var y: [Double] = []
    pass.readOutputs(0..<steps, into: &y)
    for t in prompt.count - 1..<steps {
      let row = Array(y[t * width..<(t + 1) * width])
      #expect(row.firstIndex(of: row.max() ?? 0) == symbols[t + 1])
    }
  }

  @Test(
    "the same draws write the same; a character that the text has not, and a task without text, are refused by name")
  func draws() throws {
    let run = try run()
    let first = try run.write(length: 50, prompt: "A", temperature: 1, seed: 3)
    #expect(try run.write(length: 50, prompt: "A", temperature: 1, seed: 3) == first)
    #expect(try run.write(length: 50, prompt: "A", temperature: 1, seed: 4) != first)
    #expect(throws: TrainingError.self) { try run.write(length: 1, prompt: "ß", temperature: 1, seed: 1) }
    let other = try TrainingRun(experiment: smallExperiment([:]))
    #expect(throws: TrainingError.self) { try other.write(length: 1, prompt: "", temperature: 1, seed: 1) }
  }
}
