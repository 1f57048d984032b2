import Experiments
import GradientFlow
import Instruments
import Testing
import Training

@Suite struct UpdateMeterTests {
  /// What a row tells is what the whole pass before the update says, however the update came about.
  @Test(arguments: [
    [], ["precision=float32"], ["training.k1=3", "training.k2=7"],
    ["training.k1=3", "training.k2=7", "training.inject=last"],
    ["training.clip.kind=step", "training.clip.threshold=0.01"],
    ["training.history=stale", "training.k1=2", "training.k2=6"],
    ["training.checkpoints=sqrt"], ["training.algorithm=rtrl", "training.k1=1"], ["training.algorithm=artbp"],
    ["network.cell=lstm"], ["network.cell=gru", "network.layers=2"], ["network.cell=leaky", "network.beta=0.4"],
    ["network.cell=residual", "network.layers=2"], ["task.name=sine"], ["training.untied=true"],
    ["network.init.scale=1e-3"], ["network.init.scale=3", "network.activation=identity"],
  ])
  func tellsWhatTheWholePassTells(_ settings: [String]) throws {
    let sizes = ["task.name=copy", "task.length=24", "network.hidden=6", "training.batch=3"]
    let run = try TrainingRun(experiment: ExperimentFile.parse("", file: "t", settings: sizes + settings))
    for update in 1...12 {
      let tape = run.snapshot().tape()
      let norms = GradientNorms.log10(tape)
      let all = try ProductByLag(tape).log10Norm
      let slope = slope(EvenSpread.choose(8, of: Array(1...tape.steps)).map { (Double($0), all[$0 - 1]) })
      var meter = UpdateMeter()
      #expect(meter.trainOnce(run) == .trained)
      let row = try #require(meter.row(run))
      #expect(row.record.update == update)
      #expect(isNear(row.log10GradientFirst, norms.first, 1e-5))
      #expect(isNear(row.log10GradientLast, norms.last, 1e-5))
      #expect(isNear(row.log10ProductPerStep, slope, 1e-5))
    }
  }

  /// Of the least-squares line: Σ (x - mean)(y - mean)/Σ (x - mean)².
  private func slope(_ points: [(x: Double, y: Double)]) -> Double? {
    guard points.count > 1 else { return nil }
    let n = Double(points.count)
    let mx = points.reduce(0) { $0 + $1.x } / n, my = points.reduce(0) { $0 + $1.y } / n
    return points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) } / points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
  }

  private func isNear(_ a: Double?, _ b: Double?, _ tolerance: Double) -> Bool {
    guard let a, let b else { return a == b }
    return a == b || abs(a - b) < tolerance * max(1, abs(b))
  }

  /// A column of an instrument tells what the instrument reads of the pass before the update.
  @Test func columnsOfInstrumentsAreTheirReadings() throws {
    let run = try TrainingRun(
      experiment: ExperimentFile.parse(
        "", file: "t", settings: ["task.length=12", "training.k1=4", "training.k2=4", "network.hidden=4"]))
    let columns = try MetricsRow.Column.list(
      "update,clipping.angle,bias.relative_error,lyapunov.largest,learning.cosine")
    var meter = UpdateMeter(columns: columns)
    let tape = run.snapshot().wholeTape()
    #expect(meter.trainOnce(run) == .trained)
    let row = try #require(meter.row(run))
    let largest = try LyapunovSpectrum(tape).exponents.first
    #expect(row.readings[TrendKey("lyapunov", "largest")] == largest)
    // Clipping by norm turns nothing.
    #expect(try #require(row.readings[TrendKey("clipping", "angle")]) < 1e-9)
    let line = MetricsWriter.Format.csv.line(row, columns: columns)
    #expect(line.hasPrefix("1,") && line.split(separator: ",").count == 5)
    #expect(throws: InputError.self) { try MetricsRow.Column.list("lyapunov.large") }
  }

  /// However a number is read, it is the instrument's; a departure is there at the first update, and then at every so many.
  @Test(arguments: [
    [], ["training.k1=4", "training.k2=8"], ["training.algorithm=rtrl", "training.k1=1"],
    ["training.checkpoints=sqrt"], ["network.cell=lstm", "network.projection=3"], ["network.delays=[1,3]"],
    ["network.periods=[1,2]"], ["network.cell=leaky", "network.beta=0.5", "network.learn_beta=true"],
    ["training.algorithm=artbp"],
    ["network.kind=bidirectional"], ["training.federated.clients=2", "training.batch=4"],
  ])
  func numbersFollowedAtEveryUpdateAreTheInstruments(_ settings: [String]) throws {
    let sizes = ["task.name=copy", "task.length=24", "network.hidden=6", "training.batch=2"]
    let run = try TrainingRun(experiment: ExperimentFile.parse("", file: "t", settings: sizes + settings))
    let instruments: Set<InstrumentID> = ["bias", "clipping", "decay", "units", "flow"]
    let keys = Set(Instruments.trends.filter { instruments.contains($0.instrument) })
    var meter = UpdateMeter(columns: keys.map(MetricsRow.Column.reading))
    for _ in 1...4 {
      let isDue = run.update.isMultiple(of: UpdateReadings.departureInterval(in: run))
      var expected = Readings(
        PassView(run.snapshot()), ReadingRequest(instruments), budget: Budget(.unlimited, following: keys)
      ).trends
      if !isDue { expected[TrendKey("decay", "departure")] = nil }
      #expect(meter.trainOnce(run) == .trained)
      let row = try #require(meter.row(run))
      #expect(Set(row.readings.keys) == Set(expected.keys))
      for (key, value) in expected {
        let found = try #require(row.readings[key])
        #expect(found.isNaN && value.isNaN || isNear(found, value, 1e-9), "\(key)")
      }
    }
  }

  @Test func whatIsNotAskedForIsNotThere() throws {
    let run = try TrainingRun(experiment: .opening)
    var meter = UpdateMeter(columns: [.loss, .update])
    #expect(meter.trainOnce(run) == .trained)
    let row = try #require(meter.row(run))
    #expect(row.log10GradientFirst == nil && row.log10GradientLast == nil && row.log10ProductPerStep == nil)
    #expect(row.record.update == 1)
  }
}
