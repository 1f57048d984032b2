import Foundation

/// Bytes on their way into a file, or to standard output (`-`); buffered, every failure one line.
///
/// An `atomic` file is written beside its place and takes it by a rename at `close`, so that a reader never sees half of it
/// and a full disk leaves what was there. A stream is written where it stands, to be read while it grows; a write that fails
/// leaves it at the end of its last whole line. What is no regular file (a pipe, a device) is always written as it stands.
///
/// A process that is killed leaves the file that it wrote beside its place. The next atomic write into that folder removes it.
public final class OutputFile {
  /// Whether the file appears whole at the end, or grows in place.
  public enum Mode: Sendable { case atomic, stream }

  private let name: String
  private var descriptor: Int32
  /// The file written beside `target`, both nil for a stream.
  private var temporary: String?
  private let target: String?
  private var buffer: [UInt8] = []
  private static let capacity = 1 << 16

  /// Opens `path` for writing; what a stream held before is gone.
  public init(path: String, mode: Mode) throws(OutputError) {
    name = path == "-" ? "standard output" : path
    if path == "-" {
      (descriptor, temporary, target) = (STDOUT_FILENO, nil, nil)
      return
    }
    guard mode == .atomic, let place = Self.regularPlace(path) else {
      (temporary, target) = (nil, nil)
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      if descriptor < 0 { throw OutputError(file: name, code: errno) }
      return
    }
    // A name of its own beside the target: the same file system, so that the rename is atomic.
    let slash = place.lastIndex(of: "/").map { place.index(after: $0) } ?? place.startIndex
    Leftovers.remove(in: slash == place.startIndex ? "." : String(place[..<slash]))
    var attempt = 0
    repeat {
      temporary = place[..<slash] + Leftovers.name(String(place[slash...]), attempt: attempt)
      descriptor = temporary.map { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) } ?? -1
      attempt += 1
    } while descriptor < 0 && errno == EEXIST && attempt < 1000
    target = place
    if descriptor < 0 {
      let code = errno
      temporary = nil
      throw OutputError(file: name, code: code)
    }
    // The lock ends with the process: who holds it lives.
    flock(descriptor, LOCK_EX | LOCK_NB)
    var status = stat()
    if stat(place, &status) == 0 { fchmod(descriptor, status.st_mode & 0o777) }
  }

  deinit {
    if descriptor >= 0, descriptor != STDOUT_FILENO { Glibc.close(descriptor) }
    if let temporary { unlink(temporary) }
  }

  /// Where an atomic file is to appear: `path`, or what it links to; nil if a pipe or a device is there.
  private static func regularPlace(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFDIR else { return nil }
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Whether two outputs would be written to one file, by whatever names; devices take any number of outputs.
  public static func isOnePlace(_ first: String, _ second: String) -> Bool {
    if first == second { return !first.hasPrefix("/dev/") || first == "-" }
    var (a, b) = (stat(), stat())
    if stat(first, &a) == 0, stat(second, &b) == 0 {
      return a.st_mode & S_IFMT == S_IFREG && a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
    return first != "-" && second != "-"
      && URL(fileURLWithPath: first).standardizedFileURL.resolvingSymlinksInPath()
        == URL(fileURLWithPath: second).standardizedFileURL.resolvingSymlinksInPath()
  }

  /// Appends `text`.
  public func write(_ text: String) throws(OutputError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.capacity { try flush() }
  }

  /// Appends `bytes`.
  public func write(bytes: [UInt8]) throws(OutputError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.capacity { try flush() }
  }

  /// Hands everything that was appended to the system.
  public func flush() throws(OutputError) {
    var done = 0
    while done < buffer.count {
      let count = buffer[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let code = errno
        cutToWholeLine(written: done)
        buffer = []
        throw OutputError(file: name, code: code)
      }
      done += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Cuts a stream to the end of its last whole line, `written` bytes of the buffer having arrived.
  private func cutToWholeLine(written: Int) {
    guard temporary == nil, written > 0 else { return }
    let whole = buffer[..<written].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let end = lseek(descriptor, 0, SEEK_CUR)
    // A pipe has no end to cut; what went into it is gone.
    guard end >= off_t(written - whole) else { return }
    if ftruncate(descriptor, end - off_t(written - whole)) == 0 { lseek(descriptor, 0, SEEK_END) }
  }

  /// Writes what is left and puts an atomic file in its place. Without it an atomic file vanishes.
  public func close() throws(OutputError) {
    guard descriptor >= 0 else { return }
    try flush()
    if descriptor == STDOUT_FILENO { return }
    // A quota or a remote disk may refuse only now.
    if temporary != nil, fsync(descriptor) != 0, errno != EINVAL {
      throw OutputError(file: name, code: errno)
    }
    let closed = Glibc.close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw OutputError(file: name, code: errno) }
    guard let temporary, let target else { return }
    guard rename(temporary, target) == 0 else { throw OutputError(file: name, code: errno) }
    self.temporary = nil
  }

  /// Writes `text` to `path` whole, or not at all.
  public static func write(_ text: String, to path: String) throws(OutputError) {
    let file = try OutputFile(path: path, mode: .atomic)
    try file.write(text)
    try file.close()
  }

  /// Writes `bytes` to `path` whole, or not at all.
  public static func write(bytes: [UInt8], to path: String) throws(OutputError) {
    let file = try OutputFile(path: path, mode: .atomic)
    try file.write(bytes: bytes)
    try file.close()
  }
}
