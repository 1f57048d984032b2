import Dispatch
import Experiments
import Foundation
import Synchronization
import Training

/// Reads a run that is trained elsewhere, on a thread of its own: lines as they come, the windows of a folder, and one window whole
/// where it is asked for. The newest wish wins.
final class RunFeed: Sendable {
  /// Where the run is.
  enum Place: Sendable {
    /// A folder of windows, with `scalars.jsonl` beside them.
    case folder(String)
    /// Lines; closed at their end, after which more may come where it `follows`.
    case lines(Int32, follows: Bool)
    /// A file of lines that is not there yet.
    case awaited(String)
  }

  /// What came.
  struct News: Sendable {
    var lines: [RunLine] = []
    /// How many lines were none.
    var unreadable = 0
    /// What is to be said of the lines.
    var remarks: [RunRemark] = []
    /// The windows that are there, by their updates; nil where that is as it was.
    var windows: [Int: String]?
    /// The window that was asked for, or why it cannot be read.
    var loaded: (update: Int, window: Result<WatchedWindow, InputError>)?
    /// Tenths of seconds, while they are counted.
    var ticks = 0
    /// How long nothing has come: "last window 42 s ago"; nil while it grows as it did.
    var silence: String?
    /// Whether lines come no longer as fast as they did.
    var isLate = false
    var hasEnded = false
    /// Whether all that was there at first has been read.
    var hasCaughtUp = false
  }

  private struct Mailbox {
    var news = News(), hasNews = false
    var wish: (update: Int, path: String)?
    var countsTicks = false, isEnding = false
  }

  private let mailbox = Mutex(Mailbox())
  private let work = DispatchSemaphore(value: 0)
  private let wake: @Sendable () -> Void

  /// Begins to read; `now` is the time in seconds since 1970, `wake` is called from another thread when there is news.
  init(_ place: Place, now: @escaping @Sendable () -> Double, wake: @escaping @Sendable () -> Void) {
    self.wake = wake
    let thread = Thread { [self] in
      switch place {
      case .folder(let path): watch(RunFolder(path), now)
      case .lines(let descriptor, let follows): read(descriptor, follows: follows, now)
      case .awaited(let path): read(path, now)
      }
    }
    thread.name = "run"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// What has come since the last call; nil where nothing has.
  func take() -> News? {
    mailbox.withLock { mailbox in
      guard mailbox.hasNews else { return nil }
      let news = mailbox.news
      mailbox.hasNews = false
      mailbox.news = News(
        unreadable: news.unreadable, silence: news.silence, isLate: news.isLate, hasEnded: news.hasEnded,
        hasCaughtUp: news.hasCaughtUp)
      return news
    }
  }

  /// Reads this window next.
  func load(_ path: String, update: Int) {
    mailbox.withLock { $0.wish = (update, path) }
    work.signal()
  }

  /// Whether tenths of seconds are news.
  func countTicks(_ counts: Bool) { mailbox.withLock { $0.countsTicks = counts } }

  /// Lets the thread go.
  func end() {
    mailbox.withLock { $0.isEnding = true }
    work.signal()
  }

  private var isEnding: Bool { mailbox.withLock { $0.isEnding } }

  private func publish(_ change: (inout News) -> Bool) {
    let hasNews = mailbox.withLock { mailbox in
      let isNews = change(&mailbox.news)
      mailbox.hasNews = mailbox.hasNews || isNews
      return isNews
    }
    if hasNews { wake() }
  }

  private func add(_ cut: RunLines.Cut) {
    guard !cut.lines.isEmpty || cut.unreadable > 0 else { return }
    publish {
      $0.lines += cut.lines
      $0.unreadable += cut.unreadable
      $0.remarks += cut.remarks
      $0.hasEnded = $0.hasEnded || cut.lines.contains { $0.event == "end" }
      return true
    }
  }

  // MARK: Lines

  /// Waits until the file is there, and reads it as it grows.
  private func read(_ path: String, _ now: () -> Double) {
    publish { _ in true }
    while !isEnding {
      if let descriptor = try? InputFile.open(path: path) { return read(descriptor, follows: true, now) }
      tick()
    }
  }

  /// Reads to the end, or until it is ended.
  private func read(_ descriptor: Int32, follows: Bool, _ now: () -> Double) {
    var cutter = RunLines(), arrivals = Arrivals()
    // What is not there yet is told, too.
    publish { _ in true }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !isEnding {
      // A pipe or a terminal that has nothing now is not waited for: that nothing comes is told, too.
      guard Self.hasSomething(descriptor) else {
        publish(silence: arrivals.silence(of: "line", now()), isLate: arrivals.areLate(now()))
        tick()
        continue
      }
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        add(cutter.take(buffer[..<count]))
        arrivals.add(Self.changeTime(descriptor) ?? now())
      } else if follows, count == 0 {
        publish(silence: arrivals.silence(of: "line", now()), isLate: arrivals.areLate(now()))
        tick()
      } else if count < 0, errno == EINTR || errno == EAGAIN {
        continue
      } else {
        break
      }
    }
    close(descriptor)
    add(cutter.end())
    publish {
      ($0.hasEnded, $0.hasCaughtUp) = (true, true)
      return true
    }
    // What was read may still be played.
    while !isEnding { tick() }
  }

  /// Whether a read gives bytes, the end or an error at once. A regular file always does.
  private static func hasSomething(_ descriptor: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&wanted, 1, 0) != 0
  }

  /// When a regular file was last written, in seconds since 1970; nil of a pipe.
  private static func changeTime(_ descriptor: Int32) -> Double? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  }

  /// Tells that nothing comes any more, or that something does again.
  private func publish(silence: String?, isLate: Bool) {
    publish { news in
      defer { (news.silence, news.isLate) = (silence, isLate) }
      return (silence != news.silence || isLate != news.isLate) && !news.hasEnded
    }
  }

  /// Waits a tenth of a second, or less where something is wished.
  private func tick() {
    _ = work.wait(timeout: .now() + 0.1)
    guard mailbox.withLock({ $0.countsTicks }) else { return }
    publish {
      $0.ticks += 1
      return true
    }
  }

  // MARK: A folder

  private func watch(_ start: RunFolder, _ now: () -> Double) {
    var folder = start
    // What is not there yet is told, too.
    publish { _ in true }
    while !isEnding {
      loadWish()
      let change = folder.look()
      add(change.cut)
      publish { news in
        if let windows = change.windows { news.windows = windows }
        defer { news.hasCaughtUp = true }
        return change.windows != nil || !news.hasCaughtUp
      }
      publish(silence: folder.silence(now()), isLate: folder.linesAreLate(now()))
      tick()
    }
  }

  private func loadWish() {
    let wish = mailbox.withLock { mailbox in
      defer { mailbox.wish = nil }
      return mailbox.wish
    }
    guard let wish else { return }
    let window: Result<WatchedWindow, InputError>
    do throws(InputError) { window = .success(try WatchedWindow.read(path: wish.path)) } catch {
      window = .failure(error)
    }
    publish {
      $0.loaded = (wish.update, window)
      return true
    }
  }
}
