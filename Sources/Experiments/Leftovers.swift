import Foundation

/// The files that atomic writes leave when their process is killed.
enum Leftovers {
  private static let ending = ".partial", mark = ".bpttop."

  /// What the file beside the target `name` is called while this process writes it.
  static func name(_ name: String, attempt: Int) -> String {
    // Names have 255 bytes at most; the rest of this one takes under 40.
    let short = String(decoding: name.utf8.prefix(200), as: UTF8.self)
    return ".\(short)\(mark)\(getpid())-\(attempt)\(ending)"
  }

  /// Removes the files in `folder` whose writers are dead.
  static func remove(in folder: String) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let writer = writer(of: name), kill(writer, 0) != 0, errno == ESRCH else { continue }
      let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
      if isUnlocked(path) { unlink(path) }
    }
  }

  /// The process that wrote the file `name`; nil where it is another file.
  static func writer(of name: String) -> pid_t? {
    guard name.hasPrefix("."), name.hasSuffix(ending), let mark = name.range(of: mark, options: .backwards) else {
      return nil
    }
    let numbers = name[mark.upperBound...].dropLast(ending.count)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard numbers.count == 2, let writer = pid_t(numbers[0]), writer > 0, Int(numbers[1]) != nil else { return nil }
    return writer
  }

  /// Whether no process holds the file at `path`: one in another container has a number that says nothing here.
  private static func isUnlocked(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }
}
