import Foundation
import Testing

@testable import Instruments
@testable import Training

@Suite("Clipping lens") struct ClippingTests {
  @Test(
    "what it says of the next update is what the update does",
    arguments: [("none", "1"), ("norm", "0.05"), ("norm", "100"), ("value", "0.01"), ("weight", "0.2")])
  func next(kind: String, threshold: String) throws {
    let experiment = try Fixture.experiment(
      hidden: 8,
      [
        "training.clip.kind": kind, "training.clip.threshold": threshold,
      ])
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<30 { run.trainOnce() }
    let lens = try #require(Fixture.readings(run.snapshot(), ["clipping"])[ClippingInstrument.self])
    #expect(lens.norms.count == 30)
    let share = lens.clippedShare
    run.trainOnce()
    let record = try #require(run.newest)
    #expect(abs(lens.norm - record.gradientNorm) < 1e-12 * lens.norm)
    if kind != "weight" { #expect(abs(lens.scale - record.clipScale) < 1e-12) }
    switch kind {
    case "norm":
      #expect(abs(lens.angle) < 1e-6)
      #expect(share == Double(lens.norms.filter { $0 > (Double(threshold) ?? 0) }.count) / 30)
    case "value": #expect(lens.angle > 1)
    default: #expect(lens.angle == 0 && lens.scale == 1)
    }
    #expect(abs(lens.shares.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(lens.shares.map(\.share) == lens.shares.map(\.share).sorted(by: >))
  }

  @Test("the angle is the arc cosine of the clipped gradient's and the raw one's")
  func angle() throws {
    let experiment = try Fixture.experiment(
      hidden: 8,
      [
        "training.clip.kind": "value", "training.clip.threshold": "0.002",
      ])
    let snapshot = try Fixture.snapshot(experiment, updates: 3)
    let lens = try #require(Fixture.readings(snapshot, ["clipping"])[ClippingInstrument.self])
    let raw = snapshot.tape().gradient, clipped = raw.map { max(-0.002, min(0.002, $0)) }
    let dot = zip(raw, clipped).reduce(0) { $0 + $1.0 * $1.1 }
    let norms = [raw, clipped].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    #expect(abs(lens.angle - acos(dot / norms[0] / norms[1]) * 180 / .pi) < 1e-9)
    #expect(abs(lens.scale - norms[1] / norms[0]) < 1e-12)
  }

  @Test("quantiles are those of Hyndman and Fan's definition 7")
  func quantiles() {
    var clip = ClipSpecification()
    (clip.kind, clip.threshold) = (.norm, 3.5)
    let reading = ClippingInstrument.Reading(
      clip: clip, norms: [1, 2, 3, 4, 10], clippedShare: 0.4, meanScale: 0.5,
      norm: 1, scale: 1, angle: 0, shares: [])
    // numpy.quantile([1, 2, 3, 4, 10], [0, 0.1, 0.5, 0.9, 1])
    for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.5, 3), (0.9, 7.6), (1, 10)] {
      #expect(abs((reading.quantile(q) ?? .nan) - expected) < 1e-12)
    }
    #expect(reading.shareUnderThreshold == 0.6)
  }
}

@Suite("Who did it") struct DecayTests {
  @Test("the parts of a simple cell multiply to the whole; a memory path is its gate's doing")
  func parts() throws {
    let elman = try Fixture.snapshot(Fixture.experiment(), updates: 5)
    let reading = try #require(Fixture.readings(elman, ["decay"])[DecayInstrument.self])
    #expect(reading.parts.map(\.symbol) == ["φ′", "W_hhᵀ"])
    for t in 1..<20 {
      let sum = reading.parts.reduce(0) { $0 + $1.log10Factor[t] }
      #expect(abs(sum - reading.whole.log10Factor[t]) < 1e-12)
    }
    #expect(abs(reading.parts[0].mean + reading.parts[1].mean - reading.whole.mean) < 1e-12)
    let departure = try #require(reading.nonNormality)
    #expect(departure.largestSingularValue >= departure.spectralRadius)

    // f = σ(1.5) at every step where nothing else reaches the gate.
    let lstm = try Fixture.experiment(
      hidden: 8,
      [
        "network.cell": "lstm", "network.init.recurrent": "zero", "network.init.input": "0",
        "network.init.forget_bias": "1.5",
      ])
    let gated = try #require(
      Fixture.readings(try Fixture.snapshot(lstm), ["decay"])[DecayInstrument.self])
    #expect(gated.parts.first?.symbol == "f" && gated.nonNormality == nil)
    #expect(abs((gated.parts.first?.mean ?? .nan) - log10(1 / (1 + exp(-1.5)))) < 1e-12)
  }
}
