import Foundation

/// The program under test: the one that was built together with these tests.
enum Bpttop {
  /// Whether it was built with optimisation: only then are its speeds asserted.
  static let isRelease: Bool = {
    #if DEBUG
      return false
    #else
      return true
    #endif
  }()

  /// Its path; `BPTTOP` names another one.
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["BPTTOP"] { return path }
    // `swift test` runs .build/debug/…PackageTests.xctest; the program lies beside it.
    let runner =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let beside = URL(fileURLWithPath: runner).deletingLastPathComponent().appendingPathComponent("bpttop").path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return package.appendingPathComponent(".build/\(isRelease ? "release" : "debug")/bpttop").path
  }()

  /// The home folders of the tests. They go when the tests end.
  private static let homes: URL = {
    atexit { try? FileManager.default.removeItem(at: Bpttop.homes) }
    return FileManager.default.temporaryDirectory.appending(path: "bpttop-homes-\(getpid())")
  }()

  /// A clean environment with a home of its own: nothing of the user's terminal, settings and sessions reaches the
  /// tests, and nothing of one test the next.
  static func environment(_ changes: [String: String?] = [:]) -> [String: String] {
    let outer = ProcessInfo.processInfo.environment
    var environment = ["LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "PS1": "> "]
    environment["HOME"] = homes.appending(path: UUID().uuidString).path
    for name in ["PATH", "LD_LIBRARY_PATH"] { environment[name] = outer[name] }
    for (name, value) in changes { environment[name] = value }
    return environment
  }
}

/// Starts a program with the standard streams that `redirect` opens, all signals unblocked: the tests' own threads
/// block them, and children would inherit that. Foundation's `Process` does not do so.
func start(
  _ path: String, _ arguments: [String], environment: [String: String], asSession: Bool,
  redirect: (inout posix_spawn_file_actions_t) -> Void
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t(), none = sigset_t(), all = sigset_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawnattr_init(&attributes)
  sigemptyset(&none)
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  // POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK, and POSIX_SPAWN_SETSID, which Swift does not import.
  posix_spawnattr_setflags(&attributes, 0x04 | 0x08 | (asSession ? 0x80 : 0))
  redirect(&actions)
  var words = ([path] + arguments).map { strdup($0) } + [nil]
  var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  var child: pid_t = 0
  let status = posix_spawn(&child, path, &actions, &attributes, &words, &variables)
  for pointer in words + variables { free(pointer) }
  posix_spawn_file_actions_destroy(&actions)
  posix_spawnattr_destroy(&attributes)
  guard status == 0 else { throw Tmux.Failure(description: "cannot start \(path): error \(status)") }
  return child
}

/// Runs a tool to its end; its exit status (of a process that was killed, 128 and the signal) and what it wrote.
func runTool(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { throw Tmux.Failure(description: "no pipe") }
  defer { close(ends[0]) }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  let child: pid_t
  do {
    defer { close(ends[1]) }
    child = try start(path, arguments, environment: Bpttop.environment(), asSession: false) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    }
  }
  var output: [UInt8] = [], part = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = read(ends[0], &part, part.count), count > 0 { output += part[..<count] }
  var status: Int32 = 0
  waitpid(child, &status, 0)
  return (status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F, String(decoding: output, as: UTF8.self))
}

/// What a test waits for, and how long.
func wait(seconds: Double = 15, until condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + .seconds(seconds)
  repeat {
    if try condition() { return true }
    usleep(20_000)
  } while ContinuousClock.now < end
  return try condition()
}

/// What the system says about a process.
struct ProcessFigures {
  let identifier: Int32

  /// Whether it runs (a zombie does not).
  var isAlive: Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
      let state = status.split(separator: ")").last?.split(separator: " ").first
    else { return false }
    return state != "Z" && state != "X"
  }

  /// Processor time of all its threads, in seconds, to the nanosecond.
  var processorTime: Double {
    let folder = "/proc/\(identifier)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.reduce(0) { sum, thread in
      let text = (try? String(contentsOfFile: "\(folder)/\(thread)/schedstat", encoding: .utf8)) ?? ""
      return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) * 1e-9
    }
  }

  /// Memory that is resident, in MB of 2^20 bytes.
  var residentMegabytes: Double {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
  }

  /// The processes that it started.
  var children: [Int32] {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/task/\(identifier)/children", encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }
}
