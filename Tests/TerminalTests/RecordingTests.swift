import Canvas
import Foundation
import Synchronization
import Testing

@testable import Terminal

/// What is recorded of a terminal shows the same where it is played.
extension ScreenTests {
  /// A clock that tells another time at every look.
  private static func clock() -> @Sendable () -> Duration {
    let time = Mutex(Duration.seconds(100))
    return {
      time.withLock { time in
        time += .milliseconds(250)
        return time
      }
    }
  }

  // Few colors: nobody reads the pseudo terminal while a frame is written, and it holds 4 kB.
  private static func frame(_ size: TerminalSize, _ number: Int) -> Buffer {
    var buffer = Buffer(width: size.width, height: size.height)
    for y in 0..<size.height {
      for x in stride(from: y % 3, to: size.width, by: 2 + number % 3) {
        let letters = Array("aλ⣿█│\\\"é".unicodeScalars)
        let color = Color(UInt8(y * 20 % 256), 90, UInt8(number * 60 % 256))
        buffer[x, y] = Cell(letters[(x + y + number) % letters.count], Style(color))
      }
    }
    return buffer
  }

  /// The lines of a recording, as JSON.
  private static func events(_ lines: [String]) throws -> (header: [String: Any], events: [(Double, String, String)]) {
    let values = try lines.map { line in
      #expect(line.hasSuffix("\n") && line.filter { $0 == "\n" }.count == 1)
      return try JSONSerialization.jsonObject(with: Data(line.utf8))
    }
    let events = try values.dropFirst().map { value in
      let parts = try #require(value as? [Any])
      return (
        try #require(parts[0] as? Double), try #require(parts[1] as? String), try #require(parts[2] as? String)
      )
    }
    return (try #require(values.first as? [String: Any]), events)
  }

  @Test func aRecordingShowsWhatTheTerminalShowed() throws {
    let pty = try Pseudo(width: 20, height: 5)
    let lines = Mutex<[String]>([])
    let recording = TerminalRecording(now: Self.clock()) { line in lines.withLock { $0.append(line) } }
    let screen = try TerminalScreen(
      environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"], mouse: true,
      recording: recording, input: pty.slave, output: pty.slave)
    var last = Buffer(width: 0, height: 0)
    for number in 0..<6 {
      if number == 4 {
        pty.resize(width: 26, height: 6)
        _ = screen.readKeys()
      }
      last = Self.frame(screen.size, number)
      #expect(screen.present(last))
      _ = pty.received()
    }
    // Nothing changes, nothing is recorded.
    #expect(screen.present(last))
    #expect(recording.finish() == nil)
    let (header, events) = try Self.events(lines.withLock { $0 })
    #expect(header["version"] as? Int == 2 && header["width"] as? Int == 20 && header["height"] as? Int == 5)
    #expect((header["env"] as? [String: String]) == ["TERM": "xterm-256color"])
    // The screen's beginning, six frames and a size: 0.25 s apart, the header being the first look at the clock.
    #expect(events.map(\.0) == (1...8).map { Double($0) * 0.25 })
    #expect(events.map(\.1) == ["o", "o", "o", "o", "o", "r", "o", "o"] && events[5].2 == "26x6")
    #expect(events[0].2.contains("\u{1B}[?1049h") && events[0].2.contains("\u{1B}[?25l"))
    let text = events.map(\.2).joined()
    for mode in ["\u{1B}[?1002h", "\u{1B}[?2004h", "\u{1B}]11;"] { #expect(!text.contains(mode)) }

    // The frames after the new size draw all of it; those before the first.
    for (part, size, number) in [(1..<5, (20, 5), 3), (6..<8, (26, 6), 5)] {
      var model = ModelTerminal(width: size.0, height: size.1)
      // The model knows no character sets, which terminfo's reset names.
      for event in events[part] { model.write(Array(event.2.replacing("\u{1B}(B", with: "").utf8)) }
      let wanted = Self.frame(TerminalSize(width: size.0, height: size.1), number)
      #expect(model.unknown.isEmpty, "\(model.unknown)")
      let wrong = zip(model.cells, wanted.cells).filter { $0 != ModelTerminal.Shown($1, .trueColor) }
      #expect(wrong.count == 0, "\(wrong.prefix(1))")
    }
    screen.close()
    _ = recording.finish()
    #expect(lines.withLock { $0.last?.contains("[?1049l") } == true)
  }

  /// A full disk stops the recording and nothing else.
  @Test func aRecordingThatCannotBeWrittenIsTold() throws {
    struct Full: Error {}
    let pty = try Pseudo(width: 20, height: 5)
    let calls = Mutex(0)
    let recording = TerminalRecording(now: Self.clock()) { _ in
      try calls.withLock { calls in
        calls += 1
        if calls == 2 { throw Full() }
      }
    }
    let screen = try TerminalScreen(
      environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"], recording: recording, input: pty.slave,
      output: pty.slave)
    for number in 0..<3 {
      #expect(screen.present(Self.frame(screen.size, number)) == true)
      _ = pty.received()
    }
    screen.close()
    #expect(recording.finish() is Full && calls.withLock { $0 } == 2)
  }
}
