import Instruments
import Training

/// Runs that train only when they are told to, read at once: everything happens in turn, on one thread.
public final class SteppedSource: Source {
  private let trainer: SteppedTrainer
  private let patience: Budget.Patience
  private var requests: [LaneID: ReadingRequest] = [:]
  private var asked: [LaneID: ReadingRequest] = [:]
  private var news: [SourceNews] = []
  private var result: Analyst.Result?
  private var snapshots: [LaneID: Snapshot] = [:]

  /// What it can do.
  public let capabilities = Capabilities.all

  /// A source of one run or two.
  ///
  /// - Parameters:
  ///   - run: what is trained.
  ///   - second: the run of the second lane, where there is one from the start.
  ///   - sampleLength: how many characters a network that learns a text writes.
  ///   - patience: how much is read.
  public init(
    run: TrainingRun, second: TrainingRun? = nil, sampleLength: Int = 0, patience: Budget.Patience = .patient
  ) {
    trainer = SteppedTrainer(run: run, second: second, sampleLength: sampleLength)
    self.patience = patience
  }

  /// Gives the run a command.
  public func send(_ command: Trainer.Command) {
    if command == .run {
      news.append(.ignored("nothing trains by itself in a drawn frame: n makes an update"))
      return
    }
    guard command != .pause else { return }
    trainer.perform(command)
    take()
  }

  /// Asks for a frame.
  public func requestFrame() {
    trainer.publish()
    take()
  }

  private func take() {
    news += trainer.takeReports().map { .report($0) }
    news += trainer.takeRefusals().map { .refused($0.lane, keys: $0.settings.map(\.key), reason: $0.reason) }
    snapshots = trainer.takeSnapshots()
    news.append(.frame(Frame(lanes: snapshots.mapValues { LaneFrame(summary: RunSummary($0)) })))
    asked = [:]
  }

  /// What the reader looks at.
  public func look(_ requests: [LaneID: ReadingRequest]) {
    self.requests = requests
    guard !snapshots.isEmpty, !requests.isCovered(by: asked, in: snapshots.keys) else { return }
    asked = requests
    let read = Analyst.read(requests.job(snapshots), patience, previous: result)
    result = read
    news.append(.frame(Frame(read)))
  }

  /// What has happened since the last call.
  public func takeNews() -> [SourceNews] {
    defer { news = [] }
    return news
  }

  /// The checkpoints to take the run up from; every step has been made.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {
    trainer.checkpoints(body)
  }

  /// Ends the source and lets its threads go.
  public func end() {}
}
