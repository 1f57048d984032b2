import Dispatch
import Foundation
import Instruments
import Sources
import Synchronization
import Testing

/// A run that is trained elsewhere, told in lines.
@Suite struct WatchLinesTests {
  /// The last frame after all lines were read.
  private func frame(_ text: String) throws -> Frame {
    let pipe = Pipe()
    let descriptor = dup(pipe.fileHandleForReading.fileDescriptor)
    let source = WatchSource(descriptor: descriptor, title: "a run", follows: false, wake: {})
    try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try pipe.fileHandleForWriting.close()
    let start = ContinuousClock.now
    var last: Frame?
    while start.duration(to: .now) < .seconds(20), last?.lanes[.a]?.summary.isRunning != false {
      for case .frame(let frame) in source.takeNews() { last = frame }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
    }
    // Norms are offered from the first line on that has them, and with them the way back and forth.
    let parts: [(String, InstrumentNeeds)] = [
      ("log10_grad_steps", .norms), ("jacobians", .jacobians), ("states", .states),
    ]
    let offers = parts.reduce(InstrumentNeeds.history) { text.contains($1.0) ? $0.union($1.1) : $0 }
    #expect(source.capabilities.commands == (offers == .history ? [] : .control))
    #expect(source.capabilities.offers == offers)
    return try #require(last)
  }

  @Test func aFileThatStopsGrowingIsTold() throws {
    let path = NSTemporaryDirectory() + "/lines-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let line = "{\"update\": 1, \"loss\": 0.7}\n"
    try line.write(toFile: path, atomically: true, encoding: .utf8)
    let written = Date().timeIntervalSince1970, time = Mutex(written)
    let source = WatchSource(
      descriptor: open(path, O_RDONLY), title: "a run", follows: true, now: { time.withLock { $0 } }, wake: {})
    defer { source.end() }
    /// Whether a title with these words comes, or one without them.
    func comes(_ words: String, _ isThere: Bool = true) -> Bool {
      let start = ContinuousClock.now
      while start.duration(to: .now) < .seconds(20) {
        for case .frame(let frame) in source.takeNews() {
          guard let title = frame.lanes[.a]?.summary.title, frame.lanes[.a]?.summary.update == 1 else { continue }
          if title.contains(where: { $0.hasPrefix(words) }) == isThere { return true }
        }
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
      }
      return false
    }
    #expect(comes("last line", false))
    time.withLock { $0 = written + 42.5 }
    #expect(comes("last line 42 s ago"))
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(line.utf8))
    time.withLock { $0 = written + 1 }
    #expect(comes("last line", false))
  }

  /// A pipe that stays open, as `ssh host tail -f` does when the loop there has died: no rate after two seconds, and words after ten.
  @Test func aPipeThatBringsNothingIsTold() throws {
    let pipe = Pipe(), time = Mutex(1000.0)
    let source = WatchSource(
      descriptor: dup(pipe.fileHandleForReading.fileDescriptor), title: "a run", follows: false,
      now: { time.withLock { $0 } }, wake: {})
    defer { source.end() }
    /// The first summary for which this holds.
    func summary(where holds: (RunSummary) -> Bool) throws -> RunSummary {
      let start = ContinuousClock.now
      while start.duration(to: .now) < .seconds(20) {
        for case .frame(let frame) in source.takeNews() {
          if let summary = frame.lanes[.a]?.summary, holds(summary) { return summary }
        }
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
      }
      throw CancellationError()
    }
    func write(_ updates: ClosedRange<Int>) throws {
      let lines = updates.map { "{\"update\": \($0), \"loss\": 0.7, \"time\": \(Double($0) / 40)}\n" }
      try pipe.fileHandleForWriting.write(contentsOf: Data(lines.joined().utf8))
    }
    try write(1...41)
    #expect(try abs(summary { $0.update == 41 }.updatesPerSecond - 40) < 1e-9)
    time.withLock { $0 += 2.5 }
    let late = try summary { $0.updatesPerSecond == 0 }
    #expect(late.isRunning && !late.title.contains { $0.hasPrefix("last line") })
    time.withLock { $0 += 40 }
    _ = try summary { $0.title.contains("last line 42 s ago") }
    try write(42...42)
    #expect(try summary { $0.update == 42 && $0.updatesPerSecond > 0 }.title == ["a run"])
    try pipe.fileHandleForWriting.close()
    let ended = try summary { !$0.isRunning }
    #expect(ended.title == ["a run", "ended"] && ended.updatesPerSecond == 0)
  }

  @Test func linesAreUpdates() throws {
    let frame = try frame(
      """
      {"update": 1, "loss": 0.7, "grad_norm": 2.5, "clip_scale": 0.4}
      {"update": 2, "loss": 0.6, "grad_norm": 1.5, "log10_grad_steps": [-3, null, -1]}

      """)
    let lane = try #require(frame.lanes[.a])
    #expect(
      lane.summary.title == ["a run", "ended"] && lane.summary.update == 2 && lane.summary.experiment == nil
        && lane.pass == nil)
    #expect(lane.summary.history.recent.map(\.loss) == [0.7, 0.6] && lane.summary.history.firstClipped == 1)
    #expect(lane.readings?[GradientNormInstrument.self]?.norms == [-3, -.infinity, -1])
    #expect(lane.readings?[LossInstrument.self]?.update == 2 && lane.readings?[FlowInstrument.self] == nil)
    #expect(frame.difference == nil)
  }

  @Test func jacobiansAreMultiplied() throws {
    // Diagonal: after two steps ½·3 and 2·4, after one 3 and 4.
    let frame = try frame(
      """
      {"update": 1, "jacobians": [[[0.5, 0], [0, 2]], [[3, 0], [0, 4]]]}
      {"update": 2, "jacobians": [[[1, 2]], [[1]]]}

      """)
    let lane = try #require(frame.lanes[.a])
    let product = try #require(lane.readings?[JacobianProductInstrument.self]?.time)
    #expect(product.steps == 2)
    let expected = [[4.0, 3], [8, 1.5]]
    for (spectrum, values) in zip(product.spectra, expected) {
      for (found, value) in zip(spectrum.log10, values) { #expect(abs(found - log10(value)) < 1e-12) }
    }
    // What is no square matrix is left out, and the rest of its line is not.
    #expect(
      lane.summary.title == [
        "a run", "ended", "line 2: jacobians: found a matrix of [1][2], expected a list of [H][H]; left out",
      ])
  }

  @Test func statesAreShownAsTheyWereRecorded() throws {
    let frame = try frame(
      """
      {"update": 1, "states": [[0.5, -2], [0.25, 1], [0, 3]], "log10_grad_steps": [-2, -1, 0]}
      {"update": 2, "states": [[0.5, -2], [0.25]]}
      {"update": 3, "states": []}

      """)
    let lane = try #require(frame.lanes[.a]), time = try #require(lane.readings?[TimeInstrument.self])
    #expect(time.length == 3 && time.units == 2 && time.window == 0..<3 && time.isRecorded)
    let h = try #require(time.layers.first)
    #expect((0..<3).map { h.value(unit: 1, step: $0) } == [-2, 1, 3] && h.value(unit: 0, step: 3) == nil)
    #expect(h.range == 3 && lane.readings?[GradientNormInstrument.self]?.norms == [-2, -1, 0])
    // States of two sizes, and none, are left out.
    let remark = "line 2: states: found lists of 2 and of 1, expected a list of [H], one a step; left out"
    #expect(
      lane.summary.title == ["a run", "ended", remark + " (and 1 more)"]
        || lane.summary.title == ["a run", "ended", remark])
  }

  @Test func whatIsNoLineIsLeftOutAndWhatGoesBackBeginsAnew() throws {
    let lane = try #require(
      try frame("{\"update\": 5, \"loss\": 1}\nnonsense\n{\"loss\": 3}\r\n{\"update\": 1, \"loss\": 2}\r\n\n").lanes[.a]
    )
    #expect(lane.summary.update == 1 && lane.summary.history.recent.map(\.loss) == [2])
    #expect(lane.summary.title == ["a run", "ended", "2 lines are no update, left out"])
    #expect(lane.readings?[GradientNormInstrument.self] == nil)
  }

  /// Python writes what is not finite as no JSON does.
  @Test func whatIsNotFiniteIsRead() throws {
    let lane = try #require(
      try frame("{\"update\": 1, \"loss\": NaN, \"grad_norm\": Infinity}\n{\"update\": 2, \"loss\": -Infinity}\n")
        .lanes[.a])
    let recent = lane.summary.history.recent
    #expect(recent.count == 2 && recent[0].loss.isNaN && recent[0].gradientNorm == .infinity)
    #expect(recent[1].loss == -.infinity && recent[1].gradientNorm.isNaN && lane.summary.title == ["a run", "ended"])
    // What the lines do not tell is not known.
    let reading = try #require(lane.readings?[LossInstrument.self])
    #expect(reading.clip == nil && reading.kind == nil && recent[0].clipScale.isNaN)
  }

  @Test func aFileWithoutALineSaysSo() throws {
    #expect(try frame("").lanes[.a]?.summary.title == ["a run", "ended before the first line"])
    let pipe = Pipe()
    let source = WatchSource(
      descriptor: dup(pipe.fileHandleForReading.fileDescriptor), title: "a run", follows: false, wake: {})
    var title: [String] = []
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(20), title.isEmpty {
      for case .frame(let frame) in source.takeNews() { title = frame.lanes[.a]?.summary.title ?? [] }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
    }
    #expect(title == ["a run", "waits for the first line"])
    source.end()
    try pipe.fileHandleForWriting.close()
  }

  /// The words that are told while some lines are read, and the last frame.
  private func told(_ text: String) throws -> (words: [String], lane: LaneFrame) {
    let pipe = Pipe()
    let source = WatchSource(
      descriptor: dup(pipe.fileHandleForReading.fileDescriptor), title: "a run", follows: false, wake: {})
    defer { source.end() }
    try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try pipe.fileHandleForWriting.close()
    let start = ContinuousClock.now
    var words: [String] = [], last: LaneFrame?
    while start.duration(to: .now) < .seconds(20), last?.summary.isRunning != false {
      for item in source.takeNews() {
        if case .ignored(let text) = item { words.append(text) }
        if case .frame(let frame) = item { last = frame.lanes[.a] }
      }
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
    }
    #expect(source.isSettled)
    return (words, try #require(last))
  }

  /// A value that is none is left out alone, in one line of words for each kind, and the rest is drawn.
  @Test func whatIsWrongInALineIsSaidOnce() throws {
    let (words, lane) = try told(
      """
      {"update": 1, "loss": 0.7, "grad_norm": -1.5, "gradnorm": 3}
      {"update": 2, "loss": 0.6, "grad_norm": -2, "gradnorm": 3, "step": 2, "held_out_loss": 1}
      {"update": 3, "loss": "low", "jacobians": [[[1, NaN], [0, 1]]]}
      {"update": 4, "loss": 0.4, "log10_grad_steps": [-3, null, -1], "states": [[1, 2], [3, 4]]}
      {"update": 5, "loss": 0.3, "time": true}

      """)
    #expect(
      words == [
        "line 1: grad_norm: found -1.5, expected a number from 0; left out",
        "line 1: gradnorm: no key here, nearest is grad_norm; left out",
        "line 3: loss: expected a number; left out",
        "line 3: jacobians: found nan, expected a list of [H][H]; left out",
        "line 4: log10_grad_steps: found 3 steps and 2 in states; drawn as they are",
        "line 5: time: expected seconds since 1970; left out",
      ])
    let recent = lane.summary.history.recent
    #expect(recent.map(\.update) == [1, 2, 3, 4, 5] && recent.allSatisfy { $0.gradientNorm.isNaN })
    #expect(recent.map(\.loss).filter { !$0.isNaN } == [0.7, 0.6, 0.4, 0.3])
    #expect(lane.readings?[GradientNormInstrument.self]?.norms == [-3, -.infinity, -1])
    #expect(lane.summary.title == ["a run", "ended", words[0] + " (and 5 more)"])
  }

  /// A run that begins anew is said; a second line of one update adds to the first.
  @Test func aRunThatBeginsAnewIsSaid() throws {
    let (words, lane) = try told(
      """
      {"update": 5, "loss": 1}
      {"update": 1, "loss": 2}
      {"update": 1, "log10_grad_steps": [-2, -1]}

      """)
    #expect(words == ["update 1 came after 5: the run begins anew"])
    #expect(lane.summary.history.recent.map(\.loss) == [2])
    #expect(lane.readings?[GradientNormInstrument.self]?.norms == [-2, -1])
  }

  /// An array is no lines, nor is an object over several.
  @Test func whatIsNoLineIsNamed() throws {
    #expect(try told("[{\"update\": 1}, {\"update\": 2}]\n").words.first?.contains("found a JSON array") == true)
    let open = try told("{\n  \"update\": 1\n}\n")
    #expect(open.words == ["line 1: JSON: found an object over several lines, expected one a line; left out"])
    #expect(open.lane.summary.title == ["a run", "3 lines are no update, left out"])
    #expect(JSONArray.problem(file: "a.json").contains("json.load(open('a.json'))]\" > a.lines.jsonl"))
  }

  /// A file of lines that is not there yet is waited for, by name.
  @Test func aFileThatIsNotThereIsWaitedFor() throws {
    let path = NSTemporaryDirectory() + "/awaited-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let source = WatchSource(awaited: path, title: "a run", now: { 0 }, wake: {})
    defer { source.end() }
    func comes(_ holds: (RunSummary) -> Bool) -> Bool {
      let start = ContinuousClock.now
      while start.duration(to: .now) < .seconds(20) {
        for case .frame(let frame) in source.takeNews() {
          if let summary = frame.lanes[.a]?.summary, holds(summary) { return true }
        }
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(2))
      }
      return false
    }
    #expect(comes { $0.title == ["a run", "waits for the file, which is not there yet"] })
    try "{\"update\": 3, \"loss\": 1}\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(comes { $0.update == 3 })
  }

  /// A last line that nobody ended is a line.
  @Test func theLastLineNeedsNoEnd() throws {
    #expect(try frame("{\"update\": 1}\n{\"update\": 2}").lanes[.a]?.summary.update == 2)
  }
}
