import Glibc

/// Why a file cannot be read, in the words of an error: found …, expected ….
package struct FileProblem: Error, Equatable {
  package var found: String
  package var expected: String
  /// Whether nothing is there.
  package var isMissing = false
}

/// Reads whole files into memory, within a limit.
package enum FileReader {
  static let folder = FileProblem(found: "a folder", expected: "a file")
  /// The most bytes of a pipe, which does not say how long it is.
  private static let pipeLimit = 256 << 20

  /// The bytes of the file at `path`; `-` is standard input.
  ///
  /// A regular file says its size: one beyond `limit` is refused before anything is allocated. Of a pipe at most 256 MiB are read.
  /// A device has no end, and is refused.
  package static func bytes(_ path: String, limit: Int) throws(FileProblem) -> [UInt8] {
    let descriptor = try open(path)
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(errno) }
    let most = try self.limit(of: status, descriptor, most: min(limit, MemoryLimit.bytes / 4))
    return try read(descriptor, size: Int(status.st_size), limit: most)
  }

  /// A text that was opened: a regular file, whose descriptor is the caller's, or all that a pipe brought.
  enum Opened {
    case regular(descriptor: Int32, size: Int)
    case whole([UInt8])
  }

  /// Opens the text at `path`: a regular file of any size is left to be read in pieces.
  static func openText(_ path: String) throws(FileProblem) -> Opened {
    let descriptor = try open(path)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw unreadable(code)
    }
    if status.st_mode & S_IFMT == S_IFREG { return .regular(descriptor: descriptor, size: Int(status.st_size)) }
    defer { close(descriptor) }
    let most = try limit(of: status, descriptor, most: min(pipeLimit, MemoryLimit.bytes / 4))
    return .whole(try read(descriptor, size: 0, limit: most))
  }

  /// Opens the file at `path`; `-` is standard input.
  package static func open(_ path: String) throws(FileProblem) -> Int32 {
    let descriptor = path == "-" ? STDIN_FILENO : Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor < 0 else { return descriptor }
    let code = errno
    if code == ENOENT, let target = brokenLink(path) {
      throw FileProblem(found: "a link to \(target), which is not there", expected: "a readable file")
    }
    throw FileProblem(
      found: code == ENOENT ? "no such file" : "a file that cannot be opened (\(String(cString: strerror(code))))",
      expected: "a readable file", isMissing: code == ENOENT)
  }

  /// Where a symbolic link points to that leads to nothing; nil where `path` is none.
  package static func brokenLink(_ path: String) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, stat(path, &status) != 0 else { return nil }
    var target = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &target, target.count)
    return String(decoding: target[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// How many bytes may be read of what `status` says is there.
  private static func limit(of status: stat, _ descriptor: Int32, most: Int) throws(FileProblem) -> Int {
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw folder
    case S_IFREG:
      if status.st_size > most { throw tooLarge(Int(status.st_size), most) }
      return most
    case S_IFIFO, S_IFSOCK: return min(most, pipeLimit)
    default:
      // What is typed ends with Ctrl-D.
      guard isatty(descriptor) == 1 else { throw FileProblem(found: "a device", expected: "a file or a pipe") }
      return min(most, pipeLimit)
    }
  }

  private static func read(_ descriptor: Int32, size: Int, limit: Int) throws(FileProblem) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    // A file may grow while it is read.
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw unreadable(errno)
      }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > limit { throw tooLarge(bytes.count, limit) }
    }
  }

  private static func unreadable(_ code: Int32) -> FileProblem {
    FileProblem(found: "a file that cannot be read (\(String(cString: strerror(code))))", expected: "a readable file")
  }

  private static func tooLarge(_ size: Int, _ limit: Int) -> FileProblem {
    FileProblem(found: "\(formatBytes(size)) or more", expected: "at most \(formatBytes(limit))")
  }
}

/// What the process may take of memory.
public enum MemoryLimit {
  /// Three quarters of the machine's memory, or of what the shell or a container allows, in bytes.
  public static var bytes: Int {
    let pages = sysconf(Int32(_SC_PHYS_PAGES)), size = sysconf(Int32(_SC_PAGESIZE))
    var limits = [Saturating(max(pages, 1)) * Saturating(max(size, 1))].map(\.value)
    var allowed = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &allowed) == 0 {
      limits.append(Int(clamping: allowed.rlim_cur))
    }
    if let container = containerLimit { limits.append(container) }
    return (limits.min() ?? .max) / 4 * 3
  }

  /// What the control group allows; nil without a limit.
  private static var containerLimit: Int? {
    let descriptor = open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 32)
    let count = read(descriptor, &text, text.count)
    // A number, or the word max.
    return count > 0 ? Int(String(decoding: text[..<count], as: UTF8.self).trimmed) : nil
  }
}
