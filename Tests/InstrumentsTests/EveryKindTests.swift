import Architectures
import Foundation
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Instruments
@testable import Training

/// What is measured of training itself, in networks that are no recurrent ones.
@Suite struct EveryKindTests {
  static let kinds = SiteStoryTests.kinds
  static let clients = [
    "training.batch": "6", "training.federated.clients": "3", "training.federated.local_updates": "2",
    "training.federated.skew": "1",
  ]

  private func run(_ kind: [String: String]) throws -> TrainingRun {
    var settings = ["task.length": "10", "network.hidden": "4", "training.batch": "2", "network.activation": "tanh"]
    settings.merge(kind) { $1 }
    let run = try TrainingRun(
      experiment: Experiment().setting(settings.map { Setting(key: $0.key, value: $0.value) }))
    for _ in 0..<3 { run.trainOnce() }
    return run
  }

  @Test(
    "tensor by tensor, what is told of the next update is what the update then does",
    arguments: kinds + kinds.prefix(1).map { $0.merging(clients) { $1 } } + [clients, [:]],
    ["sgd", "adam"])
  func tensors(_ kind: [String: String], optimizer: String) throws {
    let run = try run(kind.merging(["training.optimizer.name": optimizer, "training.clip.threshold": "0.1"]) { $1 })
    let reading = try #require(Fixture.readings(run.snapshot(), ["learning"])[LearningInstrument.self])
    let (before, layout) = (run.parameters, run.layout)
    #expect(reading.noGradientReason == nil && reading.tensors.map(\.name) == layout.entries.map(\.name))
    run.trainOnce()
    for (entry, tensor) in zip(layout.entries, reading.tensors) {
      let moved = euclideanNorm(entry.range.map { run.parameters[$0] - before[$0] })
      #expect(abs(tensor.norm - euclideanNorm(Array(before[entry.range]))) <= 1e-14 * tensor.norm)
      #expect(abs(tensor.updateNorm - moved) <= 1e-9 * moved + 1e-15, "\(tensor.name)")
      #expect(tensor.ratio == 0 || abs(tensor.ratio - tensor.updateNorm / tensor.norm) <= 1e-14 * tensor.ratio)
    }
    let norm = try #require(run.newest?.gradientNorm)
    #expect(abs(euclideanNorm(reading.tensors.map(\.gradientNorm)) - norm) <= 1e-12 * norm)
    // Without clients the gradient is that of the batch; skewed clients that go two steps each point elsewhere.
    #expect(reading.isFederated ? reading.report.overall.cosine < 0.9999 : reading.report.overall.cosine > 1 - 1e-12)
  }

  @Test("no window cuts the gradient of a network without time, and it is said where to look", arguments: kinds)
  func bias(_ kind: [String: String]) throws {
    let readings = Fixture.readings(try run(kind).snapshot(), ["bias", "bias-by-window", "horizon"])
    #expect(readings[BiasByWindowInstrument.self] == nil && readings[BiasInstrument.self] == nil)
    let reason = try #require(readings.reasons["bias-by-window"])
    #expect(reason.contains("nothing is truncated") && reason.contains("Flow"))
    #expect(readings.reasons["horizon"]?.contains("network.kind \(kind["network.kind"] ?? "")") == true)
    #expect(readings.leftOut.isEmpty)
  }

  @Test(
    "along -g the loss begins to fall by ‖g‖, and where the next step lands it is what it then is", arguments: kinds)
  func slice(_ kind: [String: String]) throws {
    let run = try run(kind.merging(["training.clip.kind": "norm", "training.clip.threshold": "0.01"]) { $1 })
    let snapshot = run.snapshot(), recording = try #require(snapshot.recording())
    let slice = try #require(Fixture.readings(snapshot, ["loss-slice"])[LossSliceInstrument.self])
    #expect(abs(slice.loss - recording.objective) <= 1e-14 * recording.objective)
    // The slope from the first two points, whose second differences are small.
    let h = slice.distances[0], slope = (slice.losses[0] - slice.loss) / h
    #expect(abs(slope + slice.gradientNorm) <= 30 * h * max(1, slice.gradientNorm * slice.gradientNorm), "\(slope)")
    run.trainOnce()
    let landed = GraphRecording(
      snapshot.experiment.architecture, snapshot.experiment.network, layout: snapshot.layout,
      parameters: run.parameters, data: snapshot.data, reduction: snapshot.experiment.training.reduction)
    let place = try #require(slice.places.first { $0.isClipped })
    #expect(abs(place.loss - landed.objective) <= 1e-12 * landed.objective)
    let plane = try #require(Fixture.readings(snapshot, ["loss-plane"])[LossPlaneInstrument.self])
    #expect(plane.weights.count == 2 && plane.weights[0].index != plane.weights[1].index)
    // In the middle the weights are as they are.
    #expect(abs(plane.losses[plane.losses.count / 2] - recording.objective) <= 1e-12 * recording.objective)
  }

  @Test("every kind has its formula, of the order of what is measured, and its own row", arguments: kinds)
  func costs(_ kind: [String: String]) throws {
    let snapshot = try run(
      kind.merging(["task.length": "16", "network.hidden": kind["network.hidden"] ?? "16", "training.batch": "4"]) {
        $1
      }
    ).snapshot()
    let reading = try #require(Fixture.readings(snapshot, ["cost"])[CostInstrument.self])
    let own = try #require(reading.rows.first { $0.subject == reading.own })
    let measured = try #require(own.measured), formulas = try #require(reading.formulas)
    #expect(own.perUpdate == formulas.multiplyAdds && own.numbersHeld == formulas.numbersHeld)
    #expect(measured.perUpdate > own.perUpdate / 1.5 && measured.perUpdate < 2 * own.perUpdate)
    #expect(measured.numbersHeld > own.numbersHeld / 2, "\(measured.numbersHeld) \(own.numbersHeld)")
    // The passes of directions keep every step's pre-activations and gradients, for tapes.
    #expect(measured.numbersHeld < (reading.own == .network(.bidirectional) ? 12 : 3) * own.numbersHeld)
    // A convolution needs frames, a tree a task that asks at the end.
    let others = Set(reading.rows.map(\.subject))
    #expect(
      others.contains(.network(.recurrent)) && others.contains(.network(.convolutional)) == (kind["task.name"] == "bar")
    )
    let learning = try #require(Fixture.readings(snapshot, ["learning"])[LearningInstrument.self])
    #expect(learning.costs.map(\.subject) == reading.rows.map(\.subject))
    #expect(learning.costs.map(\.multiplyAdds) == reading.rows.map(\.perUpdate))
  }
}
