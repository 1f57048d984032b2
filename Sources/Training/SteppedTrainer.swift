/// A trainer that works in turn, on its caller's thread: each command is done whole before `perform` returns.
public final class SteppedTrainer {
  private let mailbox = TrainerMailbox()
  private let worker: TrainerThread

  /// A trainer of one run, or of two in lock step, paused.
  public init(run: TrainingRun, second: TrainingRun? = nil, sampleLength: Int = 0) {
    worker = TrainerThread(
      run: run, second: second, mailbox: mailbox, sampleLength: sampleLength, now: { .zero }, onPublish: {})
  }

  /// Does a command, and all the updates that it asks for. `run` trains by itself, which nothing does here.
  public func perform(_ command: Trainer.Command) {
    guard command != .run else { return }
    mailbox.send(.command(command))
    worker.workThrough()
  }

  /// Publishes the lanes as they stand.
  public func publish() {
    mailbox.request()
    worker.workThrough()
  }

  /// Hands out a checkpoint of every lane.
  public func checkpoints(_ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {
    mailbox.send(.checkpoints(afterSteps: true, body))
    worker.workThrough()
  }

  /// The newest snapshots.
  public func takeSnapshots() -> [LaneID: Snapshot] { mailbox.takeSnapshots() }

  /// The commands that were refused since the last call.
  public func takeRefusals() -> [Trainer.Refusal] { mailbox.takeRefusals() }
  /// The reports of commands that were done since the last call.
  public func takeReports() -> [TrainerReport] { mailbox.takeReports() }
}
