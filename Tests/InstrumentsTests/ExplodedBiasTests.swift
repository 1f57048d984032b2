import Testing

@testable import Instruments
@testable import Training

@Suite("Truncation bias of a pass without a gradient") struct ExplodedBiasTests {
  @Test("it is left out in words, and no number stands for it")
  func saysWhy() throws {
    let run = try TrainingRun(
      experiment: Fixture.experiment([
        "task.name": "copy", "task.length": "150", "network.hidden": "8", "network.activation": "identity",
        "network.init.recurrent": "gaussian", "network.init.scale": "1e3", "training.clip.kind": "none",
      ]))
    #expect(run.trainOnce() == .exploded)
    let readings = Fixture.readings(run.snapshot(), ["bias", "bias-by-window"])
    #expect(readings[BiasInstrument.self] == nil && readings[BiasByWindowInstrument.self] == nil)
    for id: InstrumentID in ["bias", "bias-by-window"] {
      let words = try #require(readings.leftOut[id])
      #expect(words.contains { $0.hasPrefix("no gradient: pre-activation a is not finite at step ") })
    }
  }
}
