import Instruments
import Training

/// Runs that are trained here, on the trainer's thread, and read on the analyst's.
public final class TrainerSource: Source {
  private let trainer: Trainer
  private let analyst: Analyst
  private var requests: [LaneID: ReadingRequest] = [:]
  private var newest: [LaneID: Snapshot] = [:]
  /// What the analyst was last asked for.
  private var asked: [LaneID: ReadingRequest] = [:]

  /// What it can do.
  public let capabilities = Capabilities.all

  /// A source of one run or two, paused.
  ///
  /// - Parameters:
  ///   - run: what is trained; it is the source's from here on.
  ///   - second: the run of the second lane, where there is one from the start.
  ///   - sampleLength: how many characters a network that learns a text writes.
  ///   - wake: called from other threads when there is news to take.
  public init(
    run: sending TrainingRun, second: sending TrainingRun? = nil, sampleLength: Int,
    wake: @escaping @Sendable () -> Void
  ) {
    trainer = Trainer(run: run, second: second, sampleLength: sampleLength, onPublish: wake)
    analyst = Analyst(onResult: wake)
  }

  /// A source whose runs are made on the trainer's thread.
  ///
  /// - Parameters:
  ///   - sampleLength: how many characters a network that learns a text writes.
  ///   - wake: called from other threads when there is news to take.
  ///   - make: makes the run of the first lane and, where there is one, of the second.
  public init(
    sampleLength: Int, wake: @escaping @Sendable () -> Void,
    make: @escaping @Sendable () throws(TrainingError) -> (run: TrainingRun, second: TrainingRun?)
  ) {
    trainer = Trainer(sampleLength: sampleLength, onPublish: wake, make: make)
    analyst = Analyst(onResult: wake)
  }

  deinit { end() }

  /// Gives the run a command.
  public func send(_ command: Trainer.Command) { trainer.send(command) }

  /// What the reader looks at.
  public func look(_ requests: [LaneID: ReadingRequest]) {
    self.requests = requests
    if !requests.isCovered(by: asked, in: newest.keys) { read() }
  }

  /// Asks for a frame.
  public func requestFrame() { trainer.request() }

  /// What has happened since the last call.
  public func takeNews() -> [SourceNews] {
    var news: [SourceNews] = trainer.takeReports().map { .report($0) }
    news += trainer.takeRefusals().map { .refused($0.lane, keys: $0.settings.map(\.key), reason: $0.reason) }
    let snapshots = trainer.takeSnapshots()
    if !snapshots.isEmpty {
      newest = snapshots
      news.append(.frame(Frame(lanes: newest.mapValues { LaneFrame(summary: RunSummary($0)) })))
      read()
    }
    if let result = analyst.take() { news.append(.frame(Frame(result))) }
    return news
  }

  private func read() {
    asked = requests
    guard !newest.isEmpty else { return }
    analyst.submit(requests.job(newest))
  }

  /// The checkpoints to take the run up from.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {
    trainer.checkpoints(afterSteps: afterSteps, body)
  }

  /// Ends the source and lets its threads go.
  public func end() {
    trainer.send(.quit)
    analyst.end()
  }
}

extension Frame {
  /// What an analyst has read.
  public init(_ result: Analyst.Result) {
    self.init(
      lanes: result.lanes.mapValues {
        LaneFrame(summary: RunSummary($0.snapshot), readings: $0.readings, pass: $0.snapshot)
      }, difference: result.difference)
  }
}
