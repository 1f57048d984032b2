import Dashboard
import Experiments
import Foundation
import Synchronization
import Training

/// Saves the session every ten seconds beside a lock, so that the next start finds what was not closed: after a crash, a kill or a
/// machine that lost its power.
final class Autosave: FileOutlet {
  /// How long after a change it is saved.
  static let interval = Duration.seconds(10)

  /// Where it is saved, and the lock, which is held as long as the process lives.
  private let path: String, lockPath: String, lock: Int32
  private let isWriting = Atomic(false)
  /// What was last saved, so that nothing is written twice.
  private let saved = Mutex<[LaneID: [Int]]>([:])

  /// An autosave of this process; nil where there is no folder that can be written.
  init?(environment: [String: String]) {
    guard let folder = Self.folder(environment) else { return nil }
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    Self.removeOld(in: folder)
    // A process of the same number may have left a session there: it stays.
    for name in (0..<100).map({ "\(folder)/autosave-\(getpid())" + ($0 == 0 ? "" : "-\($0)") }) {
      guard access(name + ".bpttop", F_OK) != 0, let lock = Self.lock(name + ".lock") else { continue }
      (path, lockPath, self.lock) = (name + ".bpttop", name + ".lock", lock)
      return
    }
    return nil
  }

  /// Makes a file and locks it; nil where another process has it.
  private static func lock(_ path: String) -> Int32? {
    let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { return nil }
    var held = stat(), named = stat()
    // Between the two another process may have taken the file for one that was left, and removed it.
    if flock(lock, LOCK_EX | LOCK_NB) == 0, fstat(lock, &held) == 0, stat(path, &named) == 0,
      held.st_ino == named.st_ino
    {
      return lock
    }
    close(lock)
    return nil
  }

  /// The most sessions that were left and are kept.
  private static let kept = 8

  /// Removes what processes have left that ended: locks without a session, and all but the newest sessions.
  private static func removeOld(in folder: String) {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
      $0.hasPrefix("autosave-")
    }
    for name in names where name.hasSuffix(".lock") && !names.contains(name.dropLast(5) + ".bpttop") {
      let session = "\(folder)/\(name.dropLast(5)).bpttop"
      if !isLocked(session) { unlink("\(folder)/\(name)") }
    }
    for session in left(in: folder).dropFirst(kept) {
      unlink(session)
      unlink(session.dropLast(7) + ".lock")
    }
  }

  private static func folder(_ environment: [String: String]) -> String? {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/bpttop" }
    return environment["HOME"].map { $0 + "/.local/state/bpttop" }
  }

  /// The newest session of a process that has ended without closing it.
  static func left(environment: [String: String]) -> String? { folder(environment).flatMap { left(in: $0).first } }

  /// The sessions of processes that have ended without closing them, the newest first.
  private static func left(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let sessions = names.filter { $0.hasPrefix("autosave-") && $0.hasSuffix(".bpttop") }.map { "\(folder)/\($0)" }
    return sessions.filter { !isLocked($0) }.sorted { changed($0) > changed($1) }
  }

  private static func isLocked(_ path: String) -> Bool {
    let descriptor = open(path.dropLast(7) + ".lock", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0
  }

  private static func changed(_ path: String) -> Date {
    (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date) ?? .distantPast
  }

  /// Takes over a session that was left, so that it is this process' own until the next is saved.
  func adopt(_ left: String) {
    if rename(left, path) == 0 { unlink(left.dropLast(7) + ".lock") }
  }

  func write(_ file: OutletFile, update: Int) {
    guard case .session(let lanes, let view) = file, !isWriting.exchange(true, ordering: .acquiring) else { return }
    let thread = Thread { [self] in
      defer { isWriting.store(false, ordering: .releasing) }
      let state = lanes.mapValues { [$0.update, $0.timeline.count] }
      guard saved.withLock({ $0 }) != state else { return }
      // A disk that is full keeps what was saved before; training goes on.
      if (try? SessionFile.write(Session(lanes: lanes, view: view.text), to: path)) != nil {
        saved.withLock { $0 = state }
      }
    }
    thread.name = "autosave"
    thread.start()
  }

  func takeNews() -> [Action] { [] }

  func cancel() {}

  /// The session was closed: nothing is left of it here.
  func end() {
    unlink(path)
    unlink(lockPath)
    close(lock)
  }
}
