import CTerminalGuard
import Canvas
import Glibc

/// What the loop tells its handler.
public enum TerminalEvent: Equatable, Sendable {
  case key(Key)
  /// Text that was pasted; line ends are "\n".
  case paste(String)
  /// The terminal has another size; a frame is drawn anyway.
  case resize(TerminalSize)
  /// The `Waker` was used, once or more often.
  case wake
  /// The handler's deadline has passed.
  case deadline
  /// The process was stopped and runs again; a frame is drawn anyway.
  case resumed
  /// The terminal told its background, so that a theme can be chosen for it.
  case ground(Ground)
  /// The mouse was used.
  case pointer(PointerEvent)
}

/// What the handler wants after an event.
public enum TerminalResponse: Equatable, Sendable {
  /// Nothing changed on the screen.
  case idle
  /// Something did: a frame is to be drawn.
  case redraw
  /// As `redraw`, and the whole screen is to be written again, whatever it shows.
  case repaint
  /// The loop is to end.
  case quit
}

/// How the loop ended.
public enum TerminalEnd: Equatable, Sendable {
  /// The handler wanted it.
  case quit
  /// A signal ended it, or the key that stands for one.
  case signal(Int32)
  /// The terminal went away.
  case hangUp

  /// The exit status that shells expect: 0, or 128 and the signal's number.
  public var exitCode: Int32 {
    switch self {
    case .quit: 0
    case .signal(let number): 128 + number
    case .hangUp: 128 + SIGHUP
    }
  }
}

/// The part of a program that answers events and draws frames.
public protocol TerminalHandler {
  /// Answers an event. Keys of one burst come one after the other, before the frame.
  mutating func handle(_ event: TerminalEvent) -> TerminalResponse
  /// The frame for a terminal of this size.
  mutating func draw(_ size: TerminalSize) -> Buffer
  /// When `TerminalEvent.deadline` is wanted; nil for never. Asked before every wait.
  var deadline: ContinuousClock.Instant? { get }
}

/// Waits for keys, signals, wakes and deadlines in one `poll`, and draws. When there is no frame to draw and no
/// deadline, it waits without a timeout.
public struct TerminalLoop {
  private let screen: TerminalScreen
  private let waker: Waker
  private let clock = ContinuousClock()
  private var limiter: FrameLimiter
  private var reportedSize: TerminalSize
  private var emptyReads = 0
  /// When a paste whose end has not come is taken as it is.
  private var pasteDeadline: ContinuousClock.Instant
  private static let pastePatience = Duration.seconds(1)
  /// Hundreds of keys in one go may take long: for so long frames and sizes wait for them.
  private static let keysPatience = Duration.milliseconds(50)
  /// Set while the terminal has not taken the last frame yet.
  private var isOutputFull = false

  /// A loop on this screen.
  public init(screen: TerminalScreen, waker: Waker, limiter: FrameLimiter = FrameLimiter()) {
    self.screen = screen
    self.waker = waker
    self.limiter = limiter
    reportedSize = screen.size
    pasteDeadline = clock.now
  }

  /// Milliseconds for which the first frame waits for the terminal to tell its background.
  private static let groundPatience: Int32 = 10

  /// Runs until the handler quits, a signal comes or the terminal goes away. The first frame is drawn at once.
  public mutating func run(_ handler: inout some TerminalHandler) -> TerminalEnd {
    limiter.request(.key)
    if let end = takeGround(&handler) { return end }
    while true {
      if let end = drawIfDue(&handler) { return end }
      let ready = wait(until: handler.deadline)
      let pending = terminal_guard_take()
      if let end = takeSignals(pending, &handler) { return end }
      // A new size is read as keys are.
      if ready.readable || pending != 0, let end = takeKeys(&handler, ready) { return end }
      if screen.isPasting, clock.now >= pasteDeadline, let end = takeAll(screen.abandonPaste(), &handler) { return end }
      if ready.wake, waker.take(), let end = send(.wake, to: &handler, for: .news) { return end }
      if let deadline = handler.deadline, clock.now >= deadline {
        if let end = send(.deadline, to: &handler, for: .news) { return end }
      }
    }
  }

  // MARK: Drawing

  private mutating func drawIfDue(_ handler: inout some TerminalHandler) -> TerminalEnd? {
    let now = clock.now
    guard let due = limiter.due(now: now), due <= now else { return nil }
    // A slow terminal gets fewer frames, instead of a queue of them.
    var descriptor = pollfd(fd: screen.output, events: Int16(POLLOUT), revents: 0)
    isOutputFull = poll(&descriptor, 1, 0) == 0
    if isOutputFull { return nil }
    limiter.drew(at: now)
    switch screen.draw(handler.draw(screen.size)) {
    case .whole, .interrupted: return nil
    case .gone: return .hangUp
    }
  }

  // MARK: Waiting

  private struct Ready {
    /// The terminal is readable; the waker was used; the terminal is gone.
    var readable = false, wake = false, hungUp = false
  }

  private func wait(until deadline: ContinuousClock.Instant?) -> Ready {
    let output = isOutputFull ? Int16(POLLOUT) : 0
    var descriptors = [
      pollfd(fd: screen.input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: screen.signals, events: Int16(POLLIN), revents: 0),
      pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isOutputFull ? screen.output : -1, events: output, revents: 0),
    ]
    // Interrupted by a signal, it leaves everything at "not ready"; what the signal was is asked for in any case.
    _ = poll(&descriptors, nfds_t(descriptors.count), timeout(until: deadline))
    let gone = Int16(POLLHUP | POLLERR | POLLNVAL)
    return Ready(
      readable: descriptors[0].revents != 0, wake: descriptors[2].revents != 0,
      hungUp: descriptors[0].revents & gone != 0)
  }

  /// Milliseconds until the next thing to do, rounded up, so that it is due after the wait; -1 for no limit.
  private func timeout(until deadline: ContinuousClock.Instant?) -> Int32 {
    let now = clock.now
    var next = deadline
    if !isOutputFull, let due = limiter.due(now: now) { next = min(next ?? due, due) }
    if screen.isPasting { next = min(next ?? pasteDeadline, pasteDeadline) }
    guard let next else { return -1 }
    let (seconds, attoseconds) = now.duration(to: next).components
    if seconds > 3600 { return 3_600_000 }
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return Int32(max(0, milliseconds))
  }

  // MARK: Events

  private mutating func send(
    _ event: TerminalEvent, to handler: inout some TerminalHandler, for reason: FrameLimiter.Reason
  ) -> TerminalEnd? {
    switch handler.handle(event) {
    case .idle: break
    case .redraw: limiter.request(reason)
    case .repaint:
      screen.invalidate()
      limiter.request(reason)
    case .quit: return .quit
    }
    return nil
  }

  private mutating func takeSignals(_ pending: UInt64, _ handler: inout some TerminalHandler) -> TerminalEnd? {
    func came(_ number: Int32) -> Bool { pending & 1 << UInt64(number) != 0 }
    for number in [SIGHUP, SIGTERM, SIGQUIT, SIGINT] where came(number) { return .signal(number) }
    if came(SIGTSTP) { return stop(&handler, group: false) }
    if came(SIGCONT) {
      screen.resume()
      return resumed(&handler)
    }
    return nil
  }

  /// Takes the terminal's background where it is told at once, so that no frame is drawn for another one.
  private mutating func takeGround(_ handler: inout some TerminalHandler) -> TerminalEnd? {
    guard screen.awaitsGround else { return nil }
    var descriptor = pollfd(fd: screen.input, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, Self.groundPatience) > 0 else { return nil }
    return takeKeys(&handler, Ready(readable: true, hungUp: false))
  }

  private mutating func takeKeys(_ handler: inout some TerminalHandler, _ ready: Ready) -> TerminalEnd? {
    let inputs = screen.readKeys()
    if let end = reportSize(&handler) { return end }
    // The end of a file is readable for ever, and gives nothing.
    emptyReads = ready.readable && inputs == nil ? emptyReads + 1 : 0
    if ready.hungUp || emptyReads > 20 { return .hangUp }
    if screen.isPasting { pasteDeadline = clock.now + Self.pastePatience }
    return takeAll(inputs ?? [], &handler)
  }

  private mutating func takeAll(_ inputs: [DecodedInput], _ handler: inout some TerminalHandler) -> TerminalEnd? {
    var pause = clock.now + Self.keysPatience
    for input in inputs {
      if let end = take(input, &handler) { return end }
      guard clock.now >= pause else { continue }
      pause = clock.now + Self.keysPatience
      screen.updateSize()
      if let end = reportSize(&handler) ?? drawIfDue(&handler) { return end }
    }
    return nil
  }

  private mutating func take(_ input: DecodedInput, _ handler: inout some TerminalHandler) -> TerminalEnd? {
    switch input {
    case .key(.control("c")): .signal(SIGINT)
    case .key(.control("\\")): .signal(SIGQUIT)
    case .key(.control("z")): stop(&handler, group: true)
    case .key(let key): send(.key(key), to: &handler, for: .key)
    case .paste(let text): send(.paste(text), to: &handler, for: .key)
    case .ground(let ground): send(.ground(ground), to: &handler, for: .key)
    case .pointer(let event): send(.pointer(event), to: &handler, for: .key)
    }
  }

  private mutating func reportSize(_ handler: inout some TerminalHandler) -> TerminalEnd? {
    guard screen.size != reportedSize else { return nil }
    reportedSize = screen.size
    limiter.request(.key)
    return send(.resize(screen.size), to: &handler, for: .key)
  }

  private mutating func stop(_ handler: inout some TerminalHandler, group: Bool) -> TerminalEnd? {
    screen.suspend(group: group)
    return resumed(&handler)
  }

  private mutating func resumed(_ handler: inout some TerminalHandler) -> TerminalEnd? {
    // Being continued is a signal of its own, answered with this.
    let pending = terminal_guard_take() & ~(1 << UInt64(SIGCONT) | 1 << UInt64(SIGTSTP))
    for number in [SIGHUP, SIGTERM, SIGQUIT, SIGINT] where pending & 1 << UInt64(number) != 0 { return .signal(number) }
    limiter.request(.key)
    if let end = send(.resumed, to: &handler, for: .key) { return end }
    return reportSize(&handler)
  }
}
