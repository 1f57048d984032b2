import Glibc

/// Elements in a row that are appended once and then read in pieces: in memory while they are few, else in a file without a
/// name, so that data larger than memory can be trained on.
///
/// It crosses threads. That is safe because it is written before it is shared and from then on only read.
final class SpilledArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  /// The bytes that are kept in memory.
  private let memoryLimit: Int
  private(set) var count = 0
  /// All elements, or those that are not written yet.
  private var memory: [Element] = []
  private var descriptor: Int32 = -1
  /// How many elements are in the file.
  private var written = 0
  /// What stands for an element that the disk does not give back.
  private let lost: Element
  private static var stride: Int { MemoryLayout<Element>.stride }
  /// The bytes that are written at once.
  private static var blockBytes: Int { 1 << 20 }

  /// An empty array.
  ///
  /// - Parameters:
  ///   - memoryLimit: the bytes up to which all of it stays in memory.
  ///   - lost: what is read where the disk fails.
  init(memoryLimit: Int = 32 << 20, lost: Element) {
    self.memoryLimit = memoryLimit
    self.lost = lost
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether it lies in a file.
  var isSpilled: Bool { descriptor >= 0 }

  /// Adds an element.
  /// - Throws: that the disk has no room.
  func append(_ element: Element) throws(FileProblem) {
    memory.append(element)
    count += 1
    let limit = isSpilled ? Self.blockBytes : memoryLimit
    if memory.count &* Self.stride >= limit { try spill() }
  }

  /// Adds elements.
  func append(_ elements: [Element]) throws(FileProblem) {
    memory.append(contentsOf: elements)
    count += elements.count
    let limit = isSpilled ? Self.blockBytes : memoryLimit
    if memory.count &* Self.stride >= limit { try spill() }
  }

  /// Takes the last elements away, so that `count` remain.
  func truncate(to count: Int) {
    guard count < self.count else { return }
    if count >= written { memory.removeLast(self.count - count) } else { (written, memory) = (count, []) }
    self.count = count
  }

  /// Puts `element` in the place of another.
  func replace(_ index: Int, by element: Element) {
    guard index < written else {
      memory[index - written] = element
      return
    }
    withUnsafeBytes(of: element) { _ = pwrite(descriptor, $0.baseAddress, Self.stride, off_t(index * Self.stride)) }
  }

  /// Writes what is in memory behind what is in the file.
  private func spill() throws(FileProblem) {
    if descriptor < 0 { descriptor = try Self.openUnnamed() }
    var done = 0
    let total = memory.count * Self.stride, start = written * Self.stride
    while done < total {
      let put = memory.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress.map { $0 + done }, total - done, off_t(start + done))
      }
      if put < 0, errno == EINTR { continue }
      guard put > 0 else {
        throw FileProblem(
          found: "more than fits in memory, and \(Self.folder) cannot take it (\(String(cString: strerror(errno))))",
          expected: "room for \(formatBytes((written + memory.count) * Self.stride)) or more in \(Self.folder)")
      }
      done += put
    }
    written += memory.count
    memory.removeAll(keepingCapacity: written * Self.stride > 2 * Self.blockBytes)
    if memory.capacity * Self.stride > 4 * Self.blockBytes { memory = [] }
  }

  /// Where the system keeps large files for a while.
  private static var folder: String { "/var/tmp" }

  /// A file that vanishes with its descriptor.
  private static func openUnnamed() throws(FileProblem) -> Int32 {
    // O_TMPFILE, which Swift does not import.
    let unnamed: Int32 = 0o20000000 | O_DIRECTORY
    for folder in [folder, "/tmp"] {
      var descriptor = open(folder, O_RDWR | O_CLOEXEC | unnamed, 0o600)
      if descriptor >= 0 { return descriptor }
      // Some file systems have no files without a name.
      var name = Array("\(folder)/bpttop-XXXXXX".utf8CString)
      descriptor = mkstemp(&name)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(name)
        return descriptor
      }
    }
    throw FileProblem(
      found: "more than fits in memory, and no file can be made in \(folder) (\(String(cString: strerror(errno))))",
      expected: "a folder that can be written")
  }

  /// Calls `body` with the elements of `range`.
  func read<Result>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
    if range.lowerBound >= written {
      return memory.withUnsafeBufferPointer {
        body(UnsafeBufferPointer(rebasing: $0[range.lowerBound - written..<range.upperBound - written]))
      }
    }
    return withUnsafeTemporaryAllocation(of: Element.self, capacity: range.count) { buffer in
      buffer.initialize(repeating: lost)
      let inFile = min(range.upperBound, written) - range.lowerBound
      load(
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(inFile * Self.stride)]),
        at: range.lowerBound * Self.stride)
      for index in inFile..<range.count { buffer[index] = memory[range.lowerBound + index - written] }
      return body(UnsafeBufferPointer(buffer))
    }
  }

  private func load(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    var done = 0
    while done < bytes.count {
      let got = pread(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return }
      done += got
    }
  }

  /// Calls `body` with all elements in order, `group` of them and its multiples at once.
  func forEachBlock<Failure>(
    of group: Int, _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    let block = max(1, Self.blockBytes / Self.stride / max(group, 1)) * group
    var start = 0
    while start < count {
      let end = min(start + block, count)
      let outcome = read(start..<end) { elements in
        Swift.Result { () throws(Failure) in try body(elements) }
      }
      try outcome.get()
      start = end
    }
  }
}
