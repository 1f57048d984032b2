import Instruments
import Training

/// Two runs that are trained elsewhere, side by side: a lane each.
///
/// Both go on, stand, and go to other updates together; each to its own windows.
public final class WatchedPair: Source {
  private let runs: [LaneID: WatchSource]
  /// The lanes that are shown, and what the last frame had.
  private var shown: Set<LaneID> = [.a, .b], told: Set<LaneID> = []
  private var latest: [LaneID: LaneFrame] = [:]
  /// Reads how the passes differ: of which ones it was asked, and its answer.
  private let analyst: Analyst
  private var compared: [UInt64] = [], difference: LaneDifference?
  private var news: [SourceNews] = []
  private let wake: @Sendable () -> Void

  /// A pair of runs; `wake` is called from another thread when there is news to take.
  public init(_ a: WatchSource, _ b: WatchSource, wake: @escaping @Sendable () -> Void) {
    runs = [.a: a, .b: b]
    self.wake = wake
    analyst = Analyst(onResult: wake)
  }

  deinit { analyst.end() }

  /// What either run has; a lane can be closed and opened again.
  public var capabilities: Capabilities {
    let each = shown.compactMap { runs[$0]?.capabilities }
    return Capabilities(
      offers: each.reduce([]) { $0.union($1.offers) }, commands: each.reduce(.fork) { $0.union($1.commands) })
  }

  /// Goes on, stands, or goes to other windows, in both; closes a lane or opens it again.
  public func send(_ command: Trainer.Command) {
    switch command {
    case .drop(let lane): show(shown.subtracting([lane]))
    case .fork: show([.a, .b])
    default: for run in runs.values { run.send(command) }
    }
  }

  private func show(_ lanes: Set<LaneID>) {
    guard !lanes.isEmpty, lanes != shown else { return }
    shown = lanes
    tell()
    // Neither run has to say anything for it.
    wake()
  }

  /// What the reader looks at.
  public func look(_ requests: [LaneID: ReadingRequest]) {
    for (lane, run) in runs {
      if let request = requests[lane] { run.look([.a: request]) }
    }
  }

  /// Asks for a frame.
  public func requestFrame() {}
  /// The checkpoints to take the runs up from: there are none.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {}

  /// Ends the source and lets its threads go.
  public func end() {
    for run in runs.values { run.end() }
    analyst.end()
  }

  /// What has happened since the last call.
  public func takeNews() -> [SourceNews] {
    var isNew = false
    for (lane, run) in runs.sorted(by: { $0.key < $1.key }) {
      for item in run.takeNews() {
        switch item {
        case .frame(let frame):
          latest[lane] = frame.lanes[.a]
          isNew = true
        case .ignored(let words): news.append(.ignored("\(lane.rawValue.uppercased()): \(words)"))
        // Where both arrive, one says so.
        case .report, .refused: if lane == .a { news.append(item) }
        }
      }
    }
    compare()
    if let result = analyst.take() {
      difference = result.difference
      isNew = true
    }
    if isNew { tell() }
    defer { news = [] }
    return news
  }

  /// Asks how the passes differ, where there are two.
  private func compare() {
    guard let a = latest[.a]?.pass, let b = latest[.b]?.pass, [a.serial, b.serial] != compared else { return }
    compared = [a.serial, b.serial]
    analyst.submit([.a: (a, ReadingRequest()), .b: (b, ReadingRequest())])
  }

  private func tell() {
    let lanes = latest.filter { shown.contains($0.key) }
    guard !lanes.isEmpty else { return }
    if Set(lanes.keys) != told {
      // Lanes come and go with their states, before their readings.
      told = Set(lanes.keys)
      news.append(.frame(Frame(lanes: lanes.mapValues { LaneFrame(summary: $0.summary) })))
    }
    news.append(.frame(Frame(lanes: lanes, difference: lanes.count > 1 ? difference : nil)))
  }
}
