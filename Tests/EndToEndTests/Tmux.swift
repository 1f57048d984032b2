import Foundation

/// A terminal of fixed size in a tmux server of its own, with a shell in it.
final class Tmux {
  private let socket: String
  private(set) var isRunning = false

  /// Where tmux is; nil when it is not installed.
  static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    .map { "\($0)/tmux" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// A terminal of `width` × `height`. Its shell is interactive, without the user's settings.
  init(width: Int = 120, height: Int = 36, environment: [String: String?] = [:]) throws {
    socket = "bpttop-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    var variables = Bpttop.environment(environment)
    variables["TERM"] = nil
    try run(
      [
        "-f", "/dev/null", "start-server", ";", "set", "-g", "default-terminal", "tmux-256color", ";", "new-session",
        "-d",
      ]
        + ["-x", "\(width)", "-y", "\(height)", "--", "env", "-i", "TERM=tmux-256color"]
        + variables.map { "\($0.key)=\($0.value)" } + ["bash", "--norc", "--noprofile"])
    isRunning = true
    guard try wait(until: { try text().contains(">") }) else { throw Failure(description: "no shell in tmux") }
  }

  deinit { kill() }

  /// Ends the server, and with it the terminal.
  func kill() {
    if isRunning { _ = try? run(["kill-server"]) }
    isRunning = false
  }

  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    guard let path = Self.path else { throw Failure(description: "tmux is not installed") }
    let (status, output) = try runTool(path, ["-u", "-L", socket] + arguments)
    guard status == 0 else { throw Failure(description: "tmux \(arguments): \(output)") }
    return output
  }

  /// Presses keys, by tmux' names: "Space", "Escape", "C-c", "]".
  func press(_ keys: String...) throws { try run(["send-keys", "--"] + keys) }

  /// Types a line and a return.
  func enter(_ line: String) throws {
    try run(["send-keys", "-l", "--", line])
    try run(["send-keys", "Enter"])
  }

  /// Sends characters as they are, control characters too.
  func send(_ text: String) throws { try run(["send-keys", "-l", "--", text]) }

  /// Pastes a text, between the brackets of a paste if the program wants them.
  func paste(_ text: String) throws {
    try run(["set-buffer", "--", text])
    try run(["paste-buffer", "-p"])
  }

  /// What is on the screen, line by line.
  func text() throws -> String { try run(["capture-pane", "-p"]) }

  /// Waits until the screen satisfies the condition; the screen that did, or nil when none did in time.
  func screen(seconds: Double = 15, where condition: (String) -> Bool) throws -> String? {
    var last = ""
    let came = try wait(seconds: seconds) {
      last = try text()
      return condition(last)
    }
    if !came { print("not what was waited for:\n\(last)") }
    return came ? last : nil
  }

  /// What is on the screen when nothing has changed on it for half a second.
  func settled() throws -> String {
    var last = try text()
    _ = try wait {
      usleep(500_000)
      let next = try text()
      defer { last = next }
      return next == last
    }
    return last
  }

  /// Waits for a text on the screen.
  func shows(_ part: String, seconds: Double = 15) throws -> Bool {
    try screen(seconds: seconds) { $0.contains(part) } != nil
  }

  /// Changes the size.
  func resize(width: Int, height: Int) throws { try run(["resize-window", "-x", "\(width)", "-y", "\(height)"]) }

  /// Whether the alternate screen is on.
  func isAlternate() throws -> Bool { try value("alternate_on") == "1" }

  /// One of tmux' format variables of the pane.
  func value(_ name: String) throws -> String {
    try run(["display-message", "-p", "#{\(name)}"]).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits until the program under test has ended; its files are whole then.
  func ended() throws -> Bool { try wait { try !isAlternate() && program() == nil } }

  /// The process that runs the program under test: the first of its name below the shell.
  func program() throws -> ProcessFigures? {
    guard let shell = Int32(try value("pane_pid")) else { return nil }
    var waiting = [shell]
    while let next = waiting.popLast() {
      let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(next)/exe")
      if let executable, executable == URL(fileURLWithPath: Bpttop.path).resolvingSymlinksInPath().path {
        return ProcessFigures(identifier: next)
      }
      waiting += ProcessFigures(identifier: next).children
    }
    return nil
  }
}
