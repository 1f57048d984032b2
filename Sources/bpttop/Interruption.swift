import Foundation
import Synchronization

/// Notes the signals that end a program, so that a run without a screen can finish its update and keep what it has.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// From now on SIGINT, SIGTERM and SIGHUP are noted; a second one ends the process at once.
  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// The signal that came, or nil.
  static var signalNumber: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
