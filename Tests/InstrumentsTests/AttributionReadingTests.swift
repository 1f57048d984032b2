import GradientFlow
import Testing

@testable import Instruments
@testable import Training

@Suite("Attribution, terms and costs as they are read") struct AttributionReadingTests {
  @Test("the loss is the one that is named, else the next at the cursor, else the last")
  func loss() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(.temporalOrder, length: 20))
    func loss(_ focus: Focus) -> Int? {
      Readings(PassView(snapshot), ReadingRequest(["attribution", "term"], focus: focus), budget: Budget(.unlimited))[
        AttributionInstrument.self]?.attribution.loss
    }
    // Only the last step has a loss.
    #expect(loss(Focus()) == 19 && loss(Focus(step: 3)) == 19)
    let dense = try Fixture.snapshot(Fixture.experiment(.coin, length: 20))
    let view = PassView(dense)
    #expect(view.loss(Focus(step: 7)) == 7 && view.loss(Focus()) == 19)
    #expect(view.loss(Focus(step: 7, term: TermPlace(loss: 4, step: 2))) == 4)
    #expect(view.loss(Focus(step: 7, term: TermPlace(loss: 99, step: 2))) == 7)
  }

  @Test("symbols are those that go in, and the reach is told over training")
  func symbols() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(.temporalOrder, length: 20), updates: 3)
    let readings = Fixture.readings(snapshot, ["attribution"])
    let reading = try #require(readings[AttributionInstrument.self])
    #expect(reading.symbols?.count == 20 && reading.attribution.inputs == snapshot.data.inputs)
    let reach = try #require(readings.trends[TrendKey("attribution", "reach")])
    let half = try #require(readings.trends[TrendKey("attribution", "half")])
    #expect(half <= reach && (1...20).contains(reach))
    // Against the sum itself.
    let norms = reading.attribution.log10Norm.map { Log10.power($0) }, whole = norms.reduce(0, +)
    let last = norms.suffix(Int(reach)).reduce(0, +), less = norms.suffix(Int(reach) - 1).reduce(0, +)
    #expect(last >= 0.9 * whole - 1e-9 * whole && less < 0.9 * whole)
  }

  @Test(
    "a term's norm is the flow matrix's, and the updates that carry it are those of the mask", arguments: [1, 3, 5])
  func terms(k1: Int) throws {
    let experiment = try Fixture.experiment(
      .coin, length: 20, ["training.k1": "\(k1)", "training.k2": "7", "training.inject": "window"])
    let snapshot = try Fixture.snapshot(experiment)
    let flow = try #require(Fixture.readings(snapshot, ["flow"])[FlowInstrument.self])
    let mask = try #require(flow.mask)
    for (loss, step) in [(19, 0), (19, 15), (12, 8), (3, 3), (4, 9)] {
      let focus = Focus(term: TermPlace(loss: loss, step: step))
      let reading = try #require(
        Readings(PassView(snapshot), ReadingRequest(["term"], focus: focus), budget: Budget(.unlimited))[
          TermInstrument.self])
      #expect(reading.carriedBy?.count == mask[loss, step])
      let row = try #require(flow.matrix.rows.firstIndex(of: loss))
      let expected = flow.matrix[row, step]
      #expect(reading.term.log10Norm == expected || abs(reading.term.log10Norm - expected) < 1e-12)
    }
  }

  @Test("costs are measured only by those who wait for them")
  func costs() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(hidden: 4))
    let live = Fixture.readings(snapshot, ["cost"], patience: .live)
    #expect(live[CostInstrument.self]?.rows.allSatisfy { $0.measured == nil } == true && !live.isHasty)
    let paused = Fixture.readings(snapshot, ["cost"], patience: .paused)
    #expect(paused[CostInstrument.self]?.rows[0].measured != nil && !paused.isHasty)
    let whole = try #require(Fixture.readings(snapshot, ["cost"])[CostInstrument.self])
    #expect(whole.rows.map(\.subject) == AlgorithmKind.allCases.map(CostSubject.algorithm))
    for row in whole.rows where row.subject != .algorithm(.recurrentBackprop) {
      let measured = try #require(row.measured, "\(row.subject)")
      // Of the same order as the formula: it counts the largest products alone.
      #expect(measured.perStep > row.perStep / 5 && measured.perStep < row.perStep * 5, "\(row.subject)")
      #expect(
        measured.numbersHeld > row.numbersHeld / 5 && measured.numbersHeld < row.numbersHeld * 6, "\(row.subject)")
    }
  }
}
