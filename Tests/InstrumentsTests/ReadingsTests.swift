import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Synchronization
import Testing

@testable import Instruments
@testable import Training

/// What is measured of a pass, and what is not.
@Suite struct ReadingsTests {
  @Test func untruncatedTrainingIsTheFullGradient() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(), updates: 2)
    let readings = Fixture.readings(snapshot)
    #expect(readings.leftOut.isEmpty && !readings.isHasty && readings.allLeftOut == [])
    let norms = try #require(readings[GradientNormInstrument.self])
    #expect(norms.length == 20 && norms.reachesStart && norms.uncut == nil)
    #expect(norms.norms == GradientNorms.log10(snapshot.tape()))
    let bias = try #require(readings[BiasInstrument.self]), flow = try #require(readings[FlowInstrument.self])
    #expect(bias.overall.relativeError == 0)
    #expect(flow.share?.termShare == 1 && flow.share?.massShare == 1)
    #expect(flow.matrix.rows.count == 20 && flow.mask?.counts.count == 400)
    #expect(readings[JacobianProductInstrument.self]?.time.spectra.count == 20)
    #expect(readings[SpectrumInstrument.self]?.recurrent?.eigenvalues.count == 8)
    #expect(readings[SaturationInstrument.self]?.derivatives.steps == 20)
    // 20 steps of 3 sequences, h and x of each.
    let update = try #require(readings[StepInstrument.self]).update
    #expect(update.numbersHeld == Double((8 + snapshot.data.inputs) * 20 * 3))
    #expect(update.numbersHeldWhole == update.numbersHeld && update.number == 3)
  }

  @Test func theWindowAgreesWithTheUncutPassWhereTheLossesAre() throws {
    let experiment = try Fixture.experiment(["training.k1": "5", "training.k2": "8"])
    // After three updates the last window, 12 ..< 20 with the losses of 15 ..< 20, is next.
    let snapshot = try Fixture.snapshot(experiment, updates: 3)
    #expect(snapshot.window == Window(steps: 12..<20, injected: 15..<20))
    let readings = Fixture.readings(snapshot)
    let reading = try #require(readings[GradientNormInstrument.self])
    let uncut = try #require(reading.uncut)
    #expect(reading.norms.count == 20 && uncut.count == 20 && !reading.reachesStart && reading.firstLoss == 15)
    #expect(reading.norms[..<12].allSatisfy { $0 == -.infinity })
    #expect(reading.norms[12...].allSatisfy { $0.isFinite } && uncut.allSatisfy { $0.isFinite })
    // The states were carried through updates; they differ from the uncut pass's by what the weights moved.
    for t in 12..<20 { #expect(abs(reading.norms[t] - uncut[t]) < 0.1) }
    let flow = try #require(readings[FlowInstrument.self]), share = try #require(flow.share)
    #expect(share.termShare < 1 && share.massShare < 1 && share.massShare > share.termShare)
    #expect((readings[BiasInstrument.self]?.overall.relativeError ?? 0) > 0)
    #expect(flow.mask?[19, 12] == 1 && flow.mask?[19, 11] == 0 && flow.mask?[14, 12] == 1)
  }

  /// In the middle of a sequence nothing is known of what lies behind the window.
  @Test func behindTheWindowThereIsNoGradient() throws {
    let experiment = try Fixture.experiment(["training.k1": "5", "training.k2": "8"])
    let reading = try #require(
      Fixture.readings(try Fixture.snapshot(experiment, updates: 1), ["gradient-norm"])[GradientNormInstrument.self])
    #expect(reading.window == 2..<10 && reading.injected == 5..<10)
    #expect(
      reading.norms[10...].allSatisfy { $0 == -.infinity }
        && reading.uncut?[10...].allSatisfy { $0 == -.infinity } == true)
    #expect(reading.uncut?[..<10].allSatisfy { $0.isFinite } == true)
  }

  @Test(arguments: Fixture.kinds) func everyInstrumentIsAPureFunction(_ kind: [String: String]) throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(kind), updates: 2)
    let first = Fixture.readings(snapshot, step: 3), second = Fixture.readings(snapshot, step: 3)
    for instrument in Instruments.all {
      #expect(first.text(of: instrument) == second.text(of: instrument), "\(instrument.id)")
      // Alone it is what it is beside the others.
      let alone = Fixture.readings(snapshot, [instrument.id], step: 3)
      #expect(alone.text(of: instrument) == first.text(of: instrument), "\(instrument.id)")
    }
    #expect(first.leftOut == second.leftOut && first.trends.keys == second.trends.keys)
    #expect(first[TimeInstrument.self] != nil && first[StepInstrument.self] != nil && first[LossInstrument.self] != nil)
    #expect((first[FileInstrument.self] != nil) == (kind["task.name"] == "text"))
  }

  @Test func namesAreUnique() {
    #expect(Instruments.allIDs.count == Instruments.all.count)
    #expect(Instruments.all.allSatisfy { $0.id.name == $0.id.name.lowercased() && !$0.id.name.contains(" ") })
  }

  @Test func whatIsNotAskedIsNotRead() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(.adding))
    for instrument in Instruments.all {
      let readings = Fixture.readings(snapshot, [instrument.id])
      for other in Instruments.all where other.id != instrument.id {
        #expect(readings.text(of: other) == nil, "\(other.id) beside \(instrument.id)")
      }
    }
    let none = Fixture.readings(snapshot, [])
    #expect(none.trends.isEmpty && none.pass == PassIdentity(snapshot))
  }

  /// What there is of one step alone is read again for another; the rest is taken over, whatever it is.
  @Test func onlyWhatFollowsTheCursorIsReadAgain() throws {
    let experiment = try Fixture.experiment(["network.cell": "gru", "network.layers": "2"])
    let snapshot = try Fixture.snapshot(experiment)
    let stranger = Fixture.readings(try Fixture.snapshot(experiment, updates: 3), step: 4)
    var before = Fixture.readings(snapshot, step: 4)
    for instrument in Instruments.all { before.take(instrument, from: stranger) }
    let after = Fixture.readings(snapshot, step: 9, previous: before), plain = Fixture.readings(snapshot, step: 9)
    for instrument in Instruments.all {
      let expected = instrument.followsCursor ? plain : stranger
      #expect(after.text(of: instrument) == expected.text(of: instrument), "\(instrument.id)")
    }
    #expect(after.request.focus.step == 9 && after[SpectrumInstrument.self]?.jacobian?.step == 9)
    // Another layer, other instruments, another pass: all is read.
    let layer = Fixture.readings(snapshot, layer: 0, step: 4, previous: before)
    let fewer = Fixture.readings(snapshot, Instruments.allIDs.subtracting(["file"]), step: 4, previous: before)
    let next = try Fixture.snapshot(experiment, updates: 1)
    let later = Fixture.readings(next, step: 4, previous: before)
    let lowest = Fixture.readings(snapshot, layer: 0, step: 4), new = Fixture.readings(next, step: 4)
    let old = Fixture.readings(snapshot, step: 4)
    for instrument in Instruments.all {
      #expect(layer.text(of: instrument) == lowest.text(of: instrument), "\(instrument.id)")
      #expect(later.text(of: instrument) == new.text(of: instrument), "\(instrument.id)")
      #expect(fewer.text(of: instrument) == old.text(of: instrument), "\(instrument.id)")
    }
  }

  @Test func aStopEndsReadingEarly() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment())
    // The first three ask once each; those after them ask on the way too.
    for count in 0...3 {
      let asked = Counter()
      let readings = Readings(
        PassView(snapshot), ReadingRequest(Instruments.allIDs), budget: Budget(.unlimited) { asked.next() >= count })
      #expect(
        Instruments.all.filter { readings.text(of: $0) != nil }.map { $0.id }
          == Instruments.all.prefix(count).map { $0.id })
    }
  }

  @Test func weightsThatAreNotFiniteLeaveOutWhatTheyForbid() throws {
    var snapshot = try Fixture.snapshot(Fixture.experiment(length: 10))
    let entry = try #require(snapshot.layout["weight_hh_l0"])
    snapshot.parameters[entry.offset] = .infinity
    let readings = Fixture.readings(snapshot)
    #expect(readings[JacobianProductInstrument.self] == nil && readings[SpectrumInstrument.self] == nil)
    #expect(readings[HorizonInstrument.self] == nil && readings[TimeInstrument.self] != nil)
    #expect(
      readings.leftOut == [
        "jacobian-product": ["the product: a Jacobian is not finite"], "spectrum": ["the spectrum: W_hh is not finite"],
        "horizon": ["the horizon: a Jacobian is not finite"],
        "lyapunov": ["the Lyapunov exponents: a Jacobian is not finite"],
        "eigenvalues": [
          "the eigenvalues of W_hh: it is not finite", "the eigenvalues of J_t: it is not finite",
        ], "pseudospectrum": ["the pseudospectrum: the matrices are not finite, or huge"],
        "fixed-points": ["the fixed points: a state is not finite"],
        "loss-slice": ["the loss along the gradient: ‖g‖ is not finite"],
        "loss-plane": ["the loss over two weights: a weight is not finite"],
      ])
  }

  @Test func theInstrumentsAreThoseOfTheLayer() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(["network.layers": "2"]))
    let tape = snapshot.tape()
    let readings = Fixture.readings(snapshot, layer: 0)
    #expect(readings.layer == 0 && readings.layers == 2)
    let norms = try #require(readings[GradientNormInstrument.self])
    #expect(
      norms.layers.count == 2 && norms.norms == norms.layers[0] && norms.norms == GradientNorms.log10(tape, layer: 0))
    let product = try #require(readings[JacobianProductInstrument.self])
    #expect(product.time == (try ProductByLag(tape, layer: 0)) && product.depth?.layers == 2)
    #expect(readings[SpectrumInstrument.self]?.recurrent == (try MatrixSpectrum(recurrentWeightsOf: tape, layer: 0)))
    #expect(readings[FlowInstrument.self]?.matrix == FlowMatrix(tape, layer: 0))
    #expect(Fixture.readings(snapshot, layer: 9).layer == 1 && Fixture.readings(snapshot).layer == 1)
  }

  /// J_t of a gated cell is that of the step that was asked for.
  @Test func theJacobianIsThatOfTheStep() throws {
    let snapshot = try Fixture.snapshot(
      Fixture.experiment(["network.cell": "lstm", "training.k1": "5", "training.k2": "10"]), updates: 2)
    let steps = snapshot.window.steps, tape = snapshot.tape()
    let last = Fixture.readings(snapshot, ["spectrum", "gradient-norm"])
    let atRest = try #require(last[SpectrumInstrument.self])
    #expect(atRest.jacobian?.step == steps.upperBound - 1 && atRest.recurrent == nil)
    let moved = Fixture.readings(snapshot, ["spectrum", "gradient-norm"], step: steps.lowerBound + 2, previous: last)
    let spectrum = try #require(moved[SpectrumInstrument.self]), jacobian = try #require(spectrum.jacobian)
    #expect(jacobian.step == steps.lowerBound + 2)
    #expect(jacobian.spectrum == (try MatrixSpectrum(tape.jacobian(step: 2, sequence: 0, layer: 0))))
    #expect(jacobian.spectrum.eigenvalues.count == 2 * tape.hidden && jacobian.spectrum != atRest.jacobian?.spectrum)
    // A block a gate, in the order of the parameters.
    #expect(spectrum.weights.count == 4 && spectrum.gates.count == 4)
    let hidden = tape.hidden, weights = try #require(tape.parameter("weight_hh_l0"))
    let forget = Matrix(
      rows: hidden, columns: hidden, elements: Array(weights[hidden * hidden..<2 * hidden * hidden]))
    #expect(spectrum.weights[1] == (try MatrixSpectrum(forget)))
    #expect(spectrum.spectralRadius == spectrum.weights.map(\.spectralRadius).max())
  }

  /// Where each step has weights of its own, the spectrum is that of the step's.
  @Test func theSpectrumIsTheStepsOwn() throws {
    let snapshot = try Fixture.snapshot(
      Fixture.experiment(.temporalOrder, length: 12, ["network.cell": "gru", "training.untied": "true"]), updates: 20)
    let tape = snapshot.tape()
    let first = Fixture.readings(snapshot, step: 5)
    let moved = Fixture.readings(snapshot, step: 2, previous: first)
    #expect(first[SpectrumInstrument.self]?.weights == (try MatrixSpectrum.recurrentWeights(of: tape, step: 5)))
    let reading = try #require(moved[SpectrumInstrument.self])
    let weights = try MatrixSpectrum.recurrentWeights(of: tape, step: 2)
    #expect(reading.weightStep == 2 && reading.weights == weights)
    #expect(reading.weights != first[SpectrumInstrument.self]?.weights)
  }

  /// The gradient that an update clips is the algorithm's own, where that is not the tape's.
  @Test(arguments: ["rtrl", "snap1", "rflo", "uoro"]) func theUpdateIsTheAlgorithms(_ name: String) throws {
    let snapshot = try Fixture.snapshot(
      Fixture.experiment(["training.algorithm": name, "training.k1": "5"]), updates: 2)
    let readings = Fixture.readings(snapshot)
    let report = try #require(readings[LearningInstrument.self]).report
    let update = try #require(readings[StepInstrument.self]).update
    #expect(update.raw == euclideanNorm(report.gradient) && report.gradient != snapshot.tape().gradient)
    #expect(readings[BiasInstrument.self] == nil && readings[FlowInstrument.self]?.mask == nil)
    #expect(readings[GradientNormInstrument.self]?.trains == false && readings[StepInstrument.self]?.goesBack == false)
  }

  @Test func trendsAreTheReadingsNumbers() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(["training.k1": "5", "training.k2": "8"]), updates: 3)
    let readings = Fixture.readings(snapshot)
    let bias = try #require(readings[BiasInstrument.self]).overall
    #expect(readings.trends[TrendKey("bias", "cosine")] == bias.cosine)
    #expect(
      readings.trends[TrendKey("spectrum", "spectral_radius")] == readings[SpectrumInstrument.self]?.spectralRadius)
    #expect(readings.trends[TrendKey("horizon", "k2")] == 8)
    #expect(readings.trends.keys.allSatisfy { Instruments.allIDs.contains($0.instrument) })
  }

  @Test func requestsCoverEachOther() {
    let all = ReadingRequest(Instruments.allIDs), one = ReadingRequest(["flow"])
    #expect(one.isCovered(by: all) && !all.isCovered(by: one) && all.isCovered(by: all))
    #expect(!ReadingRequest(["flow"], focus: Focus(step: 3)).isCovered(by: all))
    #expect(!ReadingRequest(["flow"], focus: Focus(layer: 0)).isCovered(by: all))
  }

  @Test func passesAreToldApart() throws {
    let experiment = try Fixture.experiment(["training.k1": "5", "training.k2": "8"])
    let run = try TrainingRun(experiment: experiment)
    let first = PassIdentity(run.snapshot()), again = PassIdentity(run.snapshot())
    #expect(first != again && first.isSamePlace(as: again))
    run.trainOnce()
    let next = PassIdentity(run.snapshot())
    #expect(!next.isSamePlace(as: first) && next.update == 1 && next.firstStep == 5)
  }
}

/// Counts how often it was asked.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      defer { count += 1 }
      return count
    }
  }
}

extension Readings {
  /// Takes over another one's reading of an instrument.
  fileprivate mutating func take<I: Instrument>(_ instrument: I.Type, from other: Readings) {
    if let reading = other[instrument] { set(instrument, reading) }
  }
}
