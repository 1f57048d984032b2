import Dispatch
import Glibc
import Testing

@testable import Terminal

struct WakerTests {
  private func isReadable(_ waker: Waker) -> Bool {
    var descriptor = pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) == 1
  }

  @Test func manyWakesAreOne() throws {
    let waker = try Waker()
    #expect(!isReadable(waker))
    #expect(!waker.take())
    for _ in 0..<1000 { waker.wake() }
    #expect(isReadable(waker))
    #expect(waker.take())
    #expect(!isReadable(waker))
    #expect(!waker.take())
    waker.wake()
    #expect(waker.take())
  }

  /// Whatever the threads do, the last wake is seen: the loop never sleeps on news.
  @Test func noWakeIsLostBetweenThreads() throws {
    let waker = try Waker()
    for _ in 0..<200 {
      DispatchQueue.concurrentPerform(iterations: 4) { thread in
        if thread < 3 { waker.wake() } else { _ = waker.take() }
      }
      waker.wake()
      #expect(isReadable(waker))
      #expect(waker.take())
      #expect(!waker.take())
    }
  }
}
