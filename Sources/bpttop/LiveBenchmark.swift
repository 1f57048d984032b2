import Canvas
import Dashboard
import Instruments
import Panels
import Sources
import Training

/// What the dashboard costs beside training, each part alone, on the classroom's network.
enum LiveBenchmark {
  static func rows() throws -> [Benchmarks.Row] {
    let run = try TrainingRun(
      experiment: Benchmarks.referenceExperiment(hidden: 64, precision: .float64),
      start: Benchmarks.start(inputs: 8, outputs: 8, steps: 100, batch: 1))
    for _ in 0..<2000 { run.trainOnce() }
    let size = Size(width: 120, height: 36)
    var state = DashboardState(experiment: run.experiment, size: size, theme: Theme())
    let snapshot = run.snapshot(running: true)
    let job = [LaneID.a: (snapshot: snapshot, request: state.requests[.a] ?? ReadingRequest())]
    _ = reduce(into: &state, .news(.frame(Frame(Analyst.read(job, .live)))))
    return [
      row("update (W1)", runs: 1000, "on the trainer's thread") { run.trainOnce() },
      row("snapshot", runs: 200, "on the trainer's thread, once a frame") { _ = run.snapshot(running: true) },
      row("readings of all panels", runs: 20, "on the analyst's thread") {
        _ = Analyst.read(job, .live)
      },
      row("frame 120x36", runs: 100, "on the screen's thread, drawn into a buffer") { _ = render(state) },
      row("key to frame", runs: 100, "a key taken and the frame drawn") {
        _ = reduce(into: &state, .key(.right))
        _ = render(state)
      },
    ]
  }

  private static func row(_ name: String, runs: Int, _ remark: String, _ body: () -> Void) -> Benchmarks.Row {
    Benchmarks.Row(
      name: name, milliseconds: Stopwatch.medianMilliseconds(warmup: 3, runs: runs, body), remark: remark)
  }
}
