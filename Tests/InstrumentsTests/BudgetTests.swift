import Instruments
import Testing
import Training

/// What is left out for the screen to stay live, and when it is not.
@Suite struct BudgetTests {
  /// 129 units over 200 steps: more than fits into a frame.
  private func large(running: Bool) throws -> Snapshot {
    try Fixture.snapshot(
      Fixture.experiment(length: 200, hidden: 129, ["training.k1": "1", "training.k2": "5"]), running: running)
  }

  @Test func whatIsTooMuchIsLeftOutAndSaid() throws {
    let readings = Fixture.readings(try large(running: true), patience: .live)
    let spectra = try #require(readings[JacobianProductInstrument.self]).time
    #expect(spectra.spectra.count == 3 && spectra.log10Norm.count == 12)
    let rows = try #require(readings[FlowInstrument.self]).matrix.rows.count
    #expect(rows < 200 && readings[BiasInstrument.self] == nil && readings[SpectrumInstrument.self]?.recurrent == nil)
    #expect(
      readings.leftOut["jacobian-product"] == [
        "the product beyond lag 12 of 200", "all singular values at 3 of 12 lags",
      ])
    #expect(readings.leftOut["flow"] == ["the flow of \(rows) of 200 losses"])
    #expect(readings.leftOut["spectrum"] == ["the eigenvalues of W_hh: more than 128 units"])
    #expect(readings.leftOut["bias"] == ["the truncated gradient against the full one: too many steps to go back"])
    #expect(readings.isHasty && Set(readings.allLeftOut) == Set(readings.leftOut.values.joined()))
  }

  @Test func sequencesThatAreTooLongAreNotRunWhole() throws {
    let experiment = try Fixture.experiment(length: 3000, hidden: 32, ["training.k1": "10", "training.k2": "20"])
    let readings = Fixture.readings(
      try Fixture.snapshot(experiment, updates: 1), ["flow", "gradient-norm", "horizon"], patience: .live)
    #expect(readings.leftOut["flow"] == ["the flow matrix of 3000×3000 terms"])
    #expect(readings.leftOut["gradient-norm"] == nil)
    // 20 updates on, and 500,000 multiply-adds a step: what is cut is not gone back to the start.
    let wide = try Fixture.experiment(length: 3000, hidden: 129, ["training.k1": "10", "training.k2": "20"])
    let late = Fixture.readings(
      try Fixture.snapshot(wide, updates: 160), ["gradient-norm", "saturation"], patience: .live)
    #expect(late[GradientNormInstrument.self]?.uncut == nil)
    #expect(late.leftOut["gradient-norm"]?.first?.hasPrefix("the gradient with nothing cut off: ") == true)
    #expect(late.leftOut["saturation"] == ["the sequence's 3000 steps were not run whole: the window stands for them"])
    #expect(late[SaturationInstrument.self]?.firstStep == 1590)
  }

  /// No reason to leave anything out of a picture that stands.
  @Test func pausedNothingIsLeftOut() throws {
    let snapshot = try large(running: false)
    let hasty = Fixture.readings(snapshot, patience: .paused)
    #expect(hasty.isHasty)
    // What was read in haste is read again by who has the time.
    let patient = Fixture.readings(snapshot, patience: .patient, previous: hasty)
    #expect(patient.leftOut.isEmpty && !patient.isHasty && patient[BiasInstrument.self] != nil)
    #expect(patient[SpectrumInstrument.self]?.recurrent?.eigenvalues.count == 129)
    #expect(patient[FlowInstrument.self]?.matrix.rows.count == 200)
    #expect(patient[JacobianProductInstrument.self]?.time.spectra.count == 200)
  }

  /// The columns of a file have the same numbers, whatever is left out of the rest of the readings for them.
  @Test(arguments: Fixture.kinds)
  func columnsAloneAreTheSame(settings: [String: String]) throws {
    var experiment = try Fixture.experiment()
    for (key, value) in settings { try experiment.set(key, value) }
    let snapshot = try Fixture.snapshot(experiment, updates: 2)
    let instruments: Set<InstrumentID> = ["bias", "clipping", "decay", "units"]
    let whole = Fixture.readings(snapshot, instruments).trends
    let followed = Set(Instruments.trends.filter { instruments.contains($0.instrument) })
    for key in whole.keys { #expect(followed.contains(key)) }
    let columns = Readings(
      PassView(snapshot), ReadingRequest(instruments), budget: Budget(.unlimited, following: followed)
    ).trends
    #expect(Set(columns.keys) == Set(whole.keys) && !whole.isEmpty)
    for (key, value) in whole { #expect(columns[key] == value || value.isNaN, "\(key)") }
    // What a file does not have is not computed.
    let slopes = Readings(
      PassView(snapshot), ReadingRequest(["decay"]),
      budget: Budget(.unlimited, following: [TrendKey("decay", "whole")]))
    #expect(slopes[DecayInstrument.self]?.nonNormality == nil)
  }

  /// With 512 units the limits hold: 4 H³ multiply-adds a lag would take minutes over 5,000 lags.
  @Test func evenPausedAReadingEnds() {
    let cube = 512.0 * 512 * 512
    #expect(Budget(.patient).count(milliseconds: 40, cost: 4 * cube, least: 8) < 100)
    #expect(Budget(.patient).size(live: 128, patient: 256) == 256)
    #expect(
      Budget(.unlimited).count(milliseconds: 40, cost: 4 * cube) == .max
        && Budget(.unlimited).size(live: 1, patient: 2) == .max)
    #expect(Budget(.live).count(milliseconds: 40, cost: 1e30, least: 8) == 8)
    #expect(Budget(.live).count(milliseconds: 40, cost: 0, least: 8) == 600_000_000)
    let counts = [Budget.Patience.live, .paused, .patient, .unlimited].map {
      Budget($0).count(milliseconds: 4, cost: 1e6)
    }
    #expect(counts == counts.sorted() && Set(counts).count == 4)
  }
}
