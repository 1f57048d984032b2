import Canvas
import Dashboard
import Experiments
import GradientFlow
import Instruments
import Panels
import Sources
import Training

/// What each instrument costs beside the bare update of the classroom's network, what all cost together, and how fast long
/// sequences and wide networks are on the screen. Times are the processor's, but for what is left of the speed of training.
enum InstrumentBenchmark {
  private static let size = Size(width: 120, height: 36)
  private static let updates = 200

  static func rows() throws -> [Benchmarks.Row] {
    let run = try network(hidden: 64, length: 100)
    let bare = Stopwatch.medianProcessorMilliseconds(warmup: 10, runs: 300) { run.trainOnce() }
    var rows = [Benchmarks.Row(name: "bare update (W1)", milliseconds: bare, remark: "everything below is beside it")]
    let snapshot = run.snapshot(running: true), tape = snapshot.tape()
    rows.append(row("nothing on the screen", beside: bare) { _ = read(snapshot, []) })
    rows.append(
      row("pass of the window", beside: bare, "which each of the following makes for itself") { _ = snapshot.tape() })
    for instrument in Instruments.all {
      rows.append(row("\(instrument.id)", beside: bare) { _ = read(snapshot, [instrument.id]) })
    }
    let lenses: [InstrumentID] = ["bias", "clipping", "decay", "units"]
    rows += [
      row("bias clipping decay units", beside: bare, "whole, one pass for all of them") {
        _ = read(snapshot, Set(lenses))
      },
      row("the same and flow", beside: bare) { _ = read(snapshot, Set(lenses + ["flow"])) },
      row("all instruments", beside: bare) { _ = read(snapshot, Instruments.allIDs) },
    ]
    rows += try lenses.map { try followed("\($0), every update", [$0], "its columns, as train --metrics has them") }
    rows += [
      try followed("all four, every update", lenses, "the columns of all of them"),
      try followed("and flow's", lenses + ["flow"], "of \(FlowTally.losses(batch: 1)) of the 100 losses"),
      try followed("and flow's, B=16", lenses + ["flow"], batch: 16, "of all losses of the first of 16 sequences"),
      row("flow of all losses", beside: bare, "T (T-1)/2 products of a row with W_hh, where the update takes 3 T") {
        _ = FlowMatrix(tape)
      },
    ]
    rows += try [live(), paused("flow n=1000", panel: "4"), paused("fan n=1000", panel: "3"), wide()]
    return rows
  }

  private static func network(hidden: Int, length: Int, batch: Int = 1) throws -> TrainingRun {
    let run = try TrainingRun(
      experiment: Benchmarks.referenceExperiment(hidden: hidden, precision: .float64),
      start: Benchmarks.start(inputs: 8, outputs: 8, steps: length, batch: batch))
    for _ in 0..<min(updates, 20_000 / hidden) { run.trainOnce() }
    return run
  }

  /// What the analyst does for a frame of a network that trains.
  private static func read(
    _ snapshot: Snapshot, _ instruments: Set<InstrumentID>, _ patience: Budget.Patience = .live
  ) -> Readings {
    Readings(PassView(snapshot), ReadingRequest(instruments), budget: Budget(patience))
  }

  /// Updates with the columns of some instruments measured at every one of them beside bare updates of the same run, in turn; what is
  /// measured less often has its share in it.
  private static func followed(
    _ name: String, _ instruments: [InstrumentID], batch: Int = 1, _ remark: String
  ) throws -> Benchmarks.Row {
    let columns = Instruments.trends.filter { instruments.contains($0.instrument) }
    let bare = try network(hidden: 64, length: 100, batch: batch)
    let measured = try network(hidden: 64, length: 100, batch: batch)
    var meter = UpdateMeter(columns: columns.map(MetricsRow.Column.reading))
    let interval = UpdateReadings.departureInterval(in: measured)
    var times: [(bare: Double, measured: Double)] = []
    for _ in 0..<9 {
      func time(_ body: () -> Void) -> Double {
        let start = Stopwatch.processorMilliseconds()
        for _ in 0..<interval { body() }
        return (Stopwatch.processorMilliseconds() - start) / Double(interval)
      }
      times.append(
        (
          time { bare.trainOnce() },
          time {
            meter.trainOnce(measured)
            _ = meter.row(measured)
          }
        ))
    }
    let median = times.sorted { $0.measured / $0.bare < $1.measured / $1.bare }[times.count / 2]
    return Benchmarks.Row(
      name: name, milliseconds: median.measured,
      remark: String(format: "%7.2f × the bare update, itself included: ", median.measured / median.bare) + remark)
  }

  private static func row(
    _ name: String, beside bare: Double, _ remark: String = "", _ body: () -> Void
  ) -> Benchmarks.Row {
    let time = Stopwatch.medianProcessorMilliseconds(warmup: 2, runs: 15, body)
    let ratio = String(format: "%7.2f × the bare update", time / bare)
    return Benchmarks.Row(name: name, milliseconds: time, remark: ratio + (remark.isEmpty ? "" : ", " + remark))
  }

  // MARK: On the screen

  /// A dashboard of a run, with every instrument's panel switched on that has room.
  private static func dashboard(_ run: sending TrainingRun, _ size: Size) -> (EffectRunner, any Source) {
    let experiment = run.experiment
    let source = TrainerSource(run: run, sampleLength: 0) {}
    let state = DashboardState(experiment: experiment, size: size, theme: Theme())
    return (EffectRunner(state, source: source, files: NoFiles()), source)
  }

  /// All instruments' panels at 30 frames a second, on a screen that has room for them: what is left of the speed of training.
  private static func live() throws -> Benchmarks.Row {
    let clock = ContinuousClock(), seconds = 2.0
    let headless = try network(hidden: 64, length: 100), first = headless.update, start = clock.now
    while start.duration(to: clock.now) < .seconds(seconds) { headless.trainOnce() }
    let alone = Double(headless.update - first) / seconds
    var (runner, source) = dashboard(try network(hidden: 64, length: 100), Size(width: 300, height: 100))
    defer { source.end() }
    // To the choice of panels that has every instrument's.
    for _ in 0..<2 { _ = runner.handle(.key(.character("p"))) }
    _ = runner.handle(.command(.runOrPause))
    func update() -> Int { runner.state.newest?.update ?? 0 }
    var begin = (update: 0, time: clock.now), frame = clock.now
    while true {
      source.requestFrame()
      _ = runner.takeNews()
      _ = render(runner.state)
      if begin.update == 0, update() > 0 { begin = (update(), clock.now) }
      if begin.update > 0, begin.time.duration(to: clock.now) >= .seconds(seconds) { break }
      frame = frame.advanced(by: .seconds(1.0 / 30))
      Stopwatch.sleep(until: frame)
    }
    let time = begin.time.duration(to: clock.now) / .seconds(1)
    let beside = Double(update() - begin.update) / time
    return Benchmarks.Row(
      name: "all panels, 30 frames/s", milliseconds: 1e3 / max(1, beside),
      remark: String(
        format: "%.0f %% of the headless speed of %.0f updates a second", 100 * beside / alone, alone))
  }

  /// A long sequence, paused: the instrument's reading and the frame of its panel, zoomed.
  private static func paused(_ name: String, panel: Character) throws -> Benchmarks.Row {
    let run = try network(hidden: 64, length: 1000)
    var state = DashboardState(experiment: run.experiment, size: size, theme: Theme())
    _ = reduce(into: &state, .key(.character(panel)))
    _ = reduce(into: &state, .key(.character("z")))
    let snapshot = run.snapshot()
    func request() -> [LaneID: (snapshot: Snapshot, request: ReadingRequest)] {
      [.a: (snapshot, state.requests[.a] ?? ReadingRequest())]
    }
    let time = Stopwatch.medianProcessorMilliseconds(warmup: 1, runs: 7) {
      _ = reduce(into: &state, .news(.frame(Frame(Analyst.read(request(), .paused)))))
      _ = render(state)
    }
    let frame = Stopwatch.medianProcessorMilliseconds(warmup: 1, runs: 15) { _ = render(state) }
    return Benchmarks.Row(
      name: name, milliseconds: time, remark: String(format: "read and drawn, of it %.2f ms for the frame", frame))
  }

  /// A key at 512 units: the frame that answers it.
  private static func wide() throws -> Benchmarks.Row {
    let run = try network(hidden: 512, length: 100)
    var state = DashboardState(experiment: run.experiment, size: size, theme: Theme())
    let job = [LaneID.a: (snapshot: run.snapshot(), request: state.requests[.a] ?? ReadingRequest())]
    _ = reduce(into: &state, .news(.frame(Frame(Analyst.read(job, .paused)))))
    let time = Stopwatch.medianProcessorMilliseconds(warmup: 2, runs: 31) {
      _ = reduce(into: &state, .key(.character(",")))
      _ = render(state)
    }
    return Benchmarks.Row(
      name: "key at H=512", milliseconds: time, remark: "a step through the pass and its frame; a frame has 33 ms")
  }
}
