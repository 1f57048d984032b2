import Dispatch
import Foundation
import Instruments
import Testing
import Training

@testable import Sources

/// Two runs that are trained elsewhere, a lane each.
@Suite struct WatchedPairTests {
  /// A folder in which one window was published.
  private static func run(_ fixture: String, _ title: String) throws -> (source: WatchSource, folder: URL) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pair-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: WatchedWindowTests.path(fixture), toPath: folder.path + "/window-000000000.safetensors")
    return (WatchSource(folder: folder.path, title: title, now: { 0 }, wake: {}), folder)
  }

  /// Takes frames until one is as wanted.
  private func frame(_ pair: WatchedPair, until isWanted: (Frame) -> Bool) throws -> Frame {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(30) {
      for case .frame(let frame) in pair.takeNews() where isWanted(frame) { return frame }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5))
    }
    return try #require(nil)
  }

  @Test func twoRunsAreTwoLanes() throws {
    let (a, b) = (try Self.run("gru_1_13", "a"), try Self.run("gru_1_13", "b"))
    defer { for folder in [a.folder, b.folder] { try? FileManager.default.removeItem(at: folder) } }
    let pair = WatchedPair(a.source, b.source, wake: {})
    defer { pair.end() }
    let request = ReadingRequest([GradientNormInstrument.id])
    pair.look([.a: request, .b: request])
    let frame = try frame(pair) { $0.difference != nil && $0.lanes.values.allSatisfy { $0.readings != nil } }
    #expect(frame.lanes[.a]?.summary.title.first == "a" && frame.lanes[.b]?.summary.title.first == "b")
    // The same window twice: the same gradient and the same weights.
    let difference = try #require(frame.difference)
    #expect(abs(difference.cosine - 1) < 1e-12 && difference.ratio == 1 && difference.weightDistance == 0)
    let norms = frame.lanes.mapValues { $0.readings?[GradientNormInstrument.self]?.norms ?? [] }
    #expect(norms[.a]?.count == 13 && norms[.a] == norms[.b])

    // One is closed: what is left says so before it is read, and can be joined by the other again.
    pair.send(.drop(.a))
    #expect(Set(try self.frame(pair) { $0.lanes.values.allSatisfy { $0.readings == nil } }.lanes.keys) == [.b])
    pair.send(.drop(.b))
    pair.send(.fork(from: .b))
    #expect(try self.frame(pair) { $0.lanes.count == 2 }.lanes.values.allSatisfy { $0.readings == nil })
  }

  @Test func otherNetworksShareNoWeights() throws {
    let (a, b) = (try Self.run("gru_1_13", "a"), try Self.run("lstm_2_5", "b"))
    defer { for folder in [a.folder, b.folder] { try? FileManager.default.removeItem(at: folder) } }
    let pair = WatchedPair(a.source, b.source, wake: {})
    defer { pair.end() }
    let difference = try #require(try frame(pair) { $0.difference != nil }.difference)
    #expect(difference.sharedTensors == 0)
  }
}
