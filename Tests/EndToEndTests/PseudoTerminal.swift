import Foundation
import Synchronization

/// A program on a pseudo terminal of its own, whose every byte and whose times the test sees.
final class PseudoTerminal: Sendable {
  let master: Int32
  let identifier: Int32
  let started: ContinuousClock.Instant
  private let state = Mutex(State())

  private struct State {
    var bytes = Data(), total = 0, isClosed = false
  }

  var figures: ProcessFigures { ProcessFigures(identifier: identifier) }

  /// Starts a program as leader of a session whose terminal this is.
  init(
    _ path: String, _ arguments: [String] = [], width: Int = 120, height: Int = 36,
    environment: [String: String?] = [:],
    reads: Bool = true
  ) throws {
    // `posix_openpt`, `unlockpt` and `ptsname`, which Swift does not import, as Linux does them (ioctl_tty(2)).
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var unlocked: Int32 = 0, number: UInt32 = 0
    guard master >= 0, ioctl(master, 0x4004_5431, &unlocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw Tmux.Failure(description: "no pseudo terminal: \(errno)")
    }
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)

    started = ContinuousClock.now
    // The first terminal that a leader of a session opens becomes the session's.
    identifier = try start(path, arguments, environment: Bpttop.environment(environment), asSession: true) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/pts/\(number)", O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
    }
    guard reads else { return }
    // It reads all the time, as a terminal does.
    Thread.detachNewThread { self.read() }
  }

  deinit {
    if figures.isAlive { kill(identifier, SIGKILL) }
    close(master)
  }

  private func read() {
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = Glibc.read(master, &part, part.count), count > 0 {
      state.withLock {
        $0.bytes.append(contentsOf: part[..<count])
        $0.total += count
      }
    }
    state.withLock { $0.isClosed = true }
  }

  /// Types characters.
  func type(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(master, $0.baseAddress, $0.count) }
  }

  /// How many bytes were written to the terminal.
  var total: Int { state.withLock { $0.total } }

  /// All that was written since the last `forget`.
  var output: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

  /// Forgets what was written.
  func forget() { state.withLock { $0.bytes = Data() } }

  /// The time from now until a text was written; nil when it was not in time.
  func time(until text: String, seconds: Double = 15) -> Duration? {
    let start = ContinuousClock.now, needle = Data(text.utf8)
    while ContinuousClock.now - start < .seconds(seconds) {
      let found = state.withLock { $0.bytes.range(of: needle) != nil }
      if found { return ContinuousClock.now - start }
      usleep(200)
    }
    return nil
  }

  /// Waits for the end; the exit status, or 128 and the signal's number; nil when it did not end in time.
  func end(seconds: Double = 15) -> Int32? {
    var status: Int32 = 0
    let ended = wait(seconds: seconds) { waitpid(identifier, &status, WNOHANG) == identifier }
    guard ended else { return nil }
    _ = wait(seconds: 0.2) { state.withLock { $0.isClosed } }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}
