import Dispatch
import Experiments
import Foundation
import Instruments
import Synchronization
import Testing
import Training

@testable import Sources

/// A folder in which another program publishes, as it grows.
@Suite(.serialized) struct WatchSourceTests {
  private let folder: URL
  private let clock = TestClock()

  private final class TestClock: Sendable {
    /// How far the clock is ahead, in seconds.
    let ahead = Mutex(0.0)
    var now: Double { Date().timeIntervalSince1970 + ahead.withLock { $0 } }
  }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("watch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Publishes a fixture as the window of `update`, beside and renamed.
  private func publish(_ fixture: String, _ update: Int) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: WatchedWindowTests.path(fixture)))
    // Metadata says update 0 in as many digits.
    let from = Data(#""update":"0""#.utf8), to = Data("\"update\":\"\(update)\"".utf8)
    if from.count == to.count, let range = data.range(of: from) { data.replaceSubrange(range, with: to) }
    let name = "window-" + String(repeating: "0", count: 9 - "\(update)".count) + "\(update).safetensors"
    let part = folder.appendingPathComponent("." + name + ".part")
    try data.write(to: part)
    try FileManager.default.moveItem(at: part, to: folder.appendingPathComponent(name))
  }

  private func append(_ text: String) throws {
    let file = folder.appendingPathComponent("scalars.jsonl")
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  private func source() -> WatchSource {
    let clock = clock
    let source = WatchSource(folder: folder.path, title: "runs/a", now: { clock.now }, wake: {})
    source.look([.a: ReadingRequest([GradientNormInstrument.id, FlowInstrument.id, LossInstrument.id])])
    return source
  }

  /// Takes news until a frame is as wanted; gives it, and every word on the way.
  private func wait(
    _ source: WatchSource, until isWanted: (LaneFrame) -> Bool
  ) throws -> (frame: LaneFrame, words: [String]) {
    let start = ContinuousClock.now
    var words: [String] = []
    var last: LaneFrame?
    while start.duration(to: .now) < .seconds(20) {
      for news in source.takeNews() {
        switch news {
        case .frame(let frame):
          last = frame.lanes[.a]
          if let last, isWanted(last) { return (last, words) }
        case .ignored(let text): words.append(text)
        default: break
        }
      }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5))
    }
    return (try #require(nil as LaneFrame?, "the last frame was \(String(describing: last?.summary.title))"), words)
  }

  @Test func aWindowIsReadByEveryInstrument() throws {
    try publish("lstm_2_13", 0)
    try append("{\"update\": 1, \"loss\": 0.7, \"grad_norm\": 2, \"clip_scale\": 0.5, \"window\": 0}\n{\"upda")
    let source = source()
    defer { source.end() }
    let frame = try wait(source) { $0.pass != nil }.frame
    #expect(source.capabilities.offers.isSuperset(of: [.pass, .sequence, .settings, .history, .norms]))
    #expect(source.capabilities.commands == .control)
    #expect(
      frame.summary.title.first == "runs/a" && frame.summary.title.last == "nn.LSTM H=4×2 T=13 B=2, state carried in")
    #expect(frame.summary.isRunning && frame.summary.length == 13 && frame.pass != nil)
    #expect(frame.readings?[GradientNormInstrument.self]?.layers.count == 2)
    #expect(frame.readings?[FlowInstrument.self] != nil)
    // The half of a line waits for its other half, and is no fault.
    try append("te\": 2, \"loss\": 0.6}\n")
    let next = try wait(source) { $0.summary.history.newest?.update == 2 && $0.pass != nil }.frame
    #expect(next.readings?[LossInstrument.self]?.history.recent.map(\.loss) == [0.7, 0.6])
    #expect(next.summary.title.allSatisfy { !$0.contains("no update") })
  }

  @Test func itFollowsAndIsScrubbed() throws {
    try publish("rnn_1_5", 0)
    let source = source()
    defer { source.end() }
    _ = try wait(source) { $0.pass != nil }
    try append(
      "{\"update\": 1, \"loss\": 3, \"window\": 0}\n{\"update\": 2, \"loss\": 2}\n{\"update\": 3, \"loss\": 1}\n")
    try publish("rnn_1_5", 2)
    _ = try wait(source) { $0.summary.update == 2 && $0.readings?[LossInstrument.self]?.history.newest?.loss == 1 }
    source.send(.rewind(updates: 1))
    let back = try wait(source) { $0.summary.update == 0 && $0.pass != nil }.frame
    #expect(!back.summary.isRunning && back.summary.rewindable == 0 && back.summary.history.newest == nil)
    // What comes while it stands is not gone to.
    try publish("rnn_1_5", 4)
    source.send(.go(to: 3))
    let two = try wait(source) { $0.summary.update == 2 && $0.pass != nil }.frame
    #expect(two.summary.rewindable == 2 && !two.summary.isRunning)
    source.send(.run)
    #expect(try wait(source) { $0.summary.update == 4 && $0.pass != nil }.frame.summary.isRunning)
  }

  @Test func changedShapesAndBadWindowsAreToldInALine() throws {
    try publish("rnn_1_5", 0)
    let source = source()
    defer { source.end() }
    _ = try wait(source) { $0.pass != nil }
    try publish("gru_2_13", 2)
    let next = try wait(source) { $0.summary.update == 2 && $0.pass != nil }
    #expect(
      next.words == [
        "from update 2 on it is nn.GRU H=4×2 T=13 B=2, state carried in, before nn.RNN tanh H=4 T=5 B=2, state carried in"
      ])
    // A file that is cut short, as by a full disk.
    let cut = try Data(contentsOf: URL(fileURLWithPath: WatchedWindowTests.path("gru_2_13"))).prefix(3000)
    try cut.write(to: folder.appendingPathComponent("window-000000004.safetensors"))
    let bad = try wait(source) { $0.summary.update == 4 }
    #expect(bad.frame.readings?[FlowInstrument.self] == nil && bad.frame.pass == nil)
    #expect(bad.frame.summary.title.contains("window 4 cannot be read"))
    #expect(bad.words.count == 1)
    #expect(bad.words.contains { $0.contains("window-000000004.safetensors") && $0.contains("cut short") })
    // The next good one is drawn again.
    try publish("gru_2_13", 6)
    _ = try wait(source) { $0.summary.update == 6 && $0.readings?[FlowInstrument.self] != nil }
  }

  @Test func aRunThatStopsGrowingAndOneThatEndsAreTold() throws {
    try publish("rnn_1_5", 0)
    let source = source()
    defer { source.end() }
    _ = try wait(source) { $0.pass != nil }
    clock.ahead.withLock { $0 = 42.5 }
    let late = try wait(source) { $0.summary.title.contains { $0.hasPrefix("last window") } }.frame
    #expect(late.summary.title.contains("last window 42 s ago") && late.summary.isRunning)
    clock.ahead.withLock { $0 = 7300 }
    _ = try wait(source) { $0.summary.title.contains("last window 2 h ago") }
    try append("{\"event\": \"end\"}\n")
    let ended = try wait(source) { $0.summary.title.contains("ended") }.frame
    #expect(!ended.summary.isRunning && !ended.summary.title.contains { $0.hasPrefix("last window") })
  }

  @Test func anEmptyFolderWaits() throws {
    let source = source()
    defer { source.end() }
    try append("{\"update\": 1, \"loss\": 0.5}\n")
    let frame = try wait(source) { $0.summary.history.newest != nil }.frame
    #expect(frame.summary.title == ["runs/a", "waits for the first window"])
    #expect(frame.pass == nil && source.capabilities.offers == .history && source.capabilities.commands == [])
    try publish("lstm_1_2", 1)
    // The screen takes what has the larger serial.
    let next = try wait(source) { $0.readings?[FlowInstrument.self] != nil }.frame
    #expect(next.summary.serial > frame.summary.serial && next.summary.title.count == 3)
  }
}
