import CTerminalGuard
import Glibc
import Synchronization

/// Wakes the screen's loop from any thread. Wakes that come before the loop looks are one.
public final class Waker: Sendable {
  /// Readable when a wake is waiting.
  let descriptor: Int32
  private let isAwake = Atomic(false)

  /// A waker of its own; throws when the system has no descriptors left.
  public init() throws(TerminalError) {
    descriptor = terminal_guard_event()
    guard descriptor >= 0 else { throw .system("cannot create an event descriptor", errno: errno) }
  }

  deinit { close(descriptor) }

  /// Wakes the loop. Costs a system call only if no wake is waiting already.
  public func wake() {
    if isAwake.exchange(true, ordering: .acquiringAndReleasing) { return }
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Takes the waiting wake, if any. What was done before `wake` is seen after this.
  func take() -> Bool {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    return isAwake.exchange(false, ordering: .acquiringAndReleasing)
  }
}
