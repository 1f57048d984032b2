import Canvas
import Foundation
import Glibc
import Testing

@testable import Terminal

/// The screen and its loop on a pseudo terminal inside of this process. One at a time: signals and ncurses are the
/// process's.
@Suite(.serialized) struct ScreenTests {
  private let environment = ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"]

  /// Keeps all events; quits at "q".
  private struct Recorder: TerminalHandler {
    var events: [TerminalEvent] = [], sizes: [TerminalSize] = []
    var deadline: ContinuousClock.Instant?

    mutating func handle(_ event: TerminalEvent) -> TerminalResponse {
      events.append(event)
      if event == .deadline { deadline = nil }
      return event == .key(.character("q")) ? .quit : .redraw
    }

    mutating func draw(_ size: TerminalSize) -> Buffer {
      sizes.append(size)
      return Buffer(width: size.width, height: size.height, fill: Cell("x"))
    }
  }

  private func run(
    _ pty: Pseudo, _ recorder: inout Recorder, waker: Waker? = nil, environment: [String: String]? = nil,
    before: (TerminalScreen) throws -> Void
  ) throws -> TerminalEnd {
    let environment = environment ?? self.environment
    let screen = try TerminalScreen(environment: environment, input: pty.slave, output: pty.slave)
    defer { screen.close() }
    try before(screen)
    var loop = TerminalLoop(screen: screen, waker: try waker ?? Waker())
    return loop.run(&recorder)
  }

  @Test func keysComeThroughNcurses() throws {
    let pty = try Pseudo(width: 40, height: 10)
    var recorder = Recorder()
    let end = try run(pty, &recorder) { _ in
      // An arrow as xterm sends it in application mode, one in normal mode that terminfo does not know, a
      // function key, UTF-8, and a paste that holds a "q".
      pty.send("a\u{1B}OA\u{1B}[27;2;13~\u{1B}OP\u{1B}[15~\u{1B}[Zλ\u{1B}[200~quit\u{1B}[201~\r\u{1B}[3~q")
    }
    #expect(end == .quit)
    #expect(
      recorder.events == [
        .key(.character("a")), .key(.up), .key(.function(1)), .key(.function(5)), .key(.backTab), .key(.character("λ")),
        .paste("quit"), .key(.enter), .key(.delete), .key(.character("q")),
      ])
  }

  /// Takes 5 ms a key; the terminal gets another size at the tenth.
  private struct Slow: TerminalHandler {
    let pty: Pseudo
    var keys = 0, sizes: [TerminalSize] = [], keysAtNewSize: Int?
    let deadline: ContinuousClock.Instant? = nil

    mutating func handle(_ event: TerminalEvent) -> TerminalResponse {
      guard case .key = event else { return .redraw }
      keys += 1
      if keys == 10 { pty.resize(width: 50, height: 12) }
      usleep(5000)
      return event == .key(.character("q")) ? .quit : .redraw
    }

    mutating func draw(_ size: TerminalSize) -> Buffer {
      if size.width == 50, keysAtNewSize == nil { keysAtNewSize = keys }
      sizes.append(size)
      return Buffer(width: size.width, height: size.height, fill: Cell("x"))
    }
  }

  @Test("Hundreds of keys that came in one go do not hold up a new size and frames")
  func burstOfSlowKeys() throws {
    let pty = try Pseudo(width: 40, height: 10)
    let screen = try TerminalScreen(environment: environment, input: pty.slave, output: pty.slave)
    defer { screen.close() }
    pty.send(String(repeating: "[", count: 200) + "q")
    var loop = TerminalLoop(screen: screen, waker: try Waker()), slow = Slow(pty: pty)
    #expect(loop.run(&slow) == .quit)
    #expect(slow.keys == 201)
    // 50 ms are ten keys; a loaded machine sleeps longer.
    #expect(try #require(slow.keysAtNewSize) <= 40)
    #expect(slow.sizes.count >= 5)
  }

  /// The theme depends on the terminal's ground, so the terminal is asked for it. What it says is no key.
  @Test func theTerminalTellsItsGround() throws {
    for (reply, ground) in [("rgb:ffff/ffff/ffff\u{07}", Ground.light), ("rgb:1010/1414/1b1b\u{1B}\\", .dark)] {
      let pty = try Pseudo(width: 40, height: 10)
      var recorder = Recorder()
      let end = try run(pty, &recorder, environment: ["TERM": "xterm", "LC_ALL": "C.UTF-8"]) { screen in
        #expect(screen.colorTier == .colors8 && screen.ground == .unknown)
        pty.send("a\u{1B}]11;" + reply + "q")
      }
      #expect(end == .quit)
      #expect(recorder.events == [.key(.character("a")), .ground(ground), .key(.character("q"))])
      #expect(pty.received().contains("\u{1B}]11;?\u{07}"))
    }
    // Not where it makes no difference: a theme was named, or there are no colors.
    for (environment, asks) in [(environment, false), (environment.merging(["NO_COLOR": "1"]) { $1 }, true)] {
      let pty = try Pseudo(width: 40, height: 10)
      let screen = try TerminalScreen(
        environment: environment, asksGround: asks, input: pty.slave, output: pty.slave)
      screen.close()
      #expect(!pty.received().contains("\u{1B}]11;?"))
    }
  }

  /// What terminfo of this machine does not know is most likely a newer emulator.
  @Test(arguments: ["xterm-kittens", "nonsense"]) func unknownTypesAreTakenAsTheCommonOne(_ type: String) throws {
    let pty = try Pseudo(width: 40, height: 10)
    var recorder = Recorder()
    _ = try run(pty, &recorder, environment: ["TERM": type, "LC_ALL": "C.UTF-8"]) { screen in
      #expect(screen.standIn == "xterm-256color" && screen.colorTier == .colors256)
      pty.send("q")
    }
    #expect(pty.received().contains("\u{1B}[?1049h"))
    let known = try TerminalScreen(environment: environment, input: pty.slave, output: pty.slave)
    defer { known.close() }
    #expect(known.standIn == nil)
  }

  /// Terminfo's expression for a color gives nonsense above its number of colors.
  @Test func forcedColorsAreSequencesThatTerminalsKnow() throws {
    for (colors, expected) in [
      (ColorTier.colors256, "\u{1B}[38;5;196m"), (.colors16, "\u{1B}[91m"), (.colors8, "\u{1B}[31m"),
    ] {
      let pty = try Pseudo(width: 4, height: 1)
      let screen = try TerminalScreen(
        environment: ["TERM": "xterm"], colors: colors, input: pty.slave, output: pty.slave)
      screen.present(Buffer(width: 4, height: 1, fill: Cell("x", Style(Color(255, 0, 0)))))
      screen.close()
      #expect(pty.received().contains(expected + "x"))
    }
  }

  @Test func theTerminalIsGivenBack() throws {
    let pty = try Pseudo(width: 40, height: 10)
    let before = pty.modes()
    var recorder = Recorder()
    _ = try run(pty, &recorder) { _ in
      #expect(pty.modes() != before)
      pty.send("q")
    }
    #expect(pty.modes() == before)
    let output = pty.received()
    #expect(output.contains("\u{1B}[?1049h"))
    let rest = try #require(output.range(of: "\u{1B}[?1049l", options: .backwards))
    #expect(!output[rest.upperBound...].contains("x"))
    #expect(output.contains("\u{1B}[?2004l"))
    #expect(
      output.contains("\u{1B}[?25l") && output.contains("\u{1B}[?25h") || output.contains("\u{1B}[34h\u{1B}[?25h"))
  }

  @Test(arguments: [(UInt8(0x03), SIGINT), (UInt8(0x1C), SIGQUIT)])
  func keysThatStandForSignals(_ key: UInt8, _ signal: Int32) throws {
    let pty = try Pseudo(width: 40, height: 10)
    var recorder = Recorder()
    let end = try run(pty, &recorder) { _ in pty.send(String(decoding: [key], as: UTF8.self)) }
    #expect(end == .signal(signal))
    #expect(end.exitCode == 128 + signal)
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
  func signalsEndTheLoop(_ signal: Int32) throws {
    let pty = try Pseudo(width: 40, height: 10)
    let before = pty.modes()
    var recorder = Recorder()
    let end = try run(pty, &recorder) { _ in kill(getpid(), signal) }
    #expect(end == .signal(signal))
    #expect(end.exitCode == 128 + signal)
    #expect(pty.modes() == before)
  }

  @Test func aTerminalThatGoesAwayEndsTheLoop() throws {
    let pty = try Pseudo(width: 40, height: 10)
    var recorder = Recorder()
    let end = try run(pty, &recorder) { _ in pty.hangUp() }
    #expect(end == .hangUp)
    #expect(end.exitCode == 129)
  }

  @Test func sizesAreFollowedAndStormsAreOne() throws {
    let pty = try Pseudo(width: 40, height: 10)
    var recorder = Recorder()
    _ = try run(pty, &recorder) { screen in
      #expect(screen.size == TerminalSize(width: 40, height: 10))
      for width in 1...50 {
        pty.resize(width: width, height: 1)
        kill(getpid(), SIGWINCH)
      }
      pty.resize(width: 1, height: 1)
      kill(getpid(), SIGWINCH)
      // Another thread may get the signal.
      usleep(50_000)
      pty.send("q")
    }
    #expect(recorder.events == [.resize(TerminalSize(width: 1, height: 1)), .key(.character("q"))])
  }

  @Test func wakesAndDeadlines() throws {
    let pty = try Pseudo(width: 40, height: 10)
    let waker = try Waker()
    var recorder = Recorder()
    recorder.deadline = ContinuousClock.now + .milliseconds(30)
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(120)) { pty.send("q") }
    _ = try run(pty, &recorder, waker: waker) { _ in
      for _ in 0..<10 { waker.wake() }
    }
    #expect(recorder.events == [.wake, .deadline, .key(.character("q"))])
  }

  @Test func nothingIsWrittenWhenNothingChanges() throws {
    let pty = try Pseudo(width: 40, height: 10)
    let screen = try TerminalScreen(environment: environment, input: pty.slave, output: pty.slave)
    defer { screen.close() }
    var frame = Buffer(width: 40, height: 10)
    frame[5, 5] = Cell("x")
    #expect(screen.present(frame))
    let written = screen.bytesWritten
    #expect(written > 0)
    _ = pty.received()
    for _ in 0..<10 { #expect(screen.present(frame)) }
    #expect(screen.bytesWritten == written)
    #expect(pty.received().isEmpty)
  }

  @Test func terminalsThatDoNotServeAreRefused() throws {
    let pty = try Pseudo(width: 40, height: 10)
    func failure(_ type: String?, input: Int32? = nil, output: Int32? = nil) -> TerminalError? {
      do throws(TerminalError) {
        let screen = try TerminalScreen(
          environment: type.map { ["TERM": $0] } ?? [:], input: input ?? pty.slave, output: output ?? pty.slave)
        screen.close()
        return nil
      } catch {
        return error
      }
    }
    let null = open("/dev/null", O_RDWR)
    defer { close(null) }
    #expect(failure(nil) == .typeUnset)
    #expect(failure("") == .typeUnset)
    #expect(failure("dumb") == .typeUnable("dumb"))
    #expect(failure("unknown") == .typeUnknown("unknown"))
    #expect(failure("xterm", input: null) == .notATerminal("standard input"))
    #expect(failure("xterm", output: null) == .notATerminal("standard output"))
    #expect(failure("vt100") == nil)
    #expect(failure("linux") == nil)
    #expect(pty.received().contains("\u{1B}") && !TerminalError.typeUnset.description.contains("\n"))
  }
}
