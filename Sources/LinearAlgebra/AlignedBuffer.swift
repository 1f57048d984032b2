/// Numbers at a cache line, all 0 at first, freed with their owner.
public final class AlignedBuffer<Element: Scalar> {
  /// The first of them.
  public private(set) var start: UnsafeMutablePointer<Element>
  /// How many there are.
  public let count: Int

  /// `count` zeros.
  public init(_ count: Int) {
    self.count = count
    start = Self.zeros(count)
  }

  /// `count` zeros at a cache line, to be deallocated by the caller.
  public static func zeros(_ count: Int) -> UnsafeMutablePointer<Element> {
    let size = max(64, count * MemoryLayout<Element>.stride)
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    // Of a number all bytes of 0 are 0, and bytes are set many at a time whatever the element.
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return bytes.bindMemory(to: Element.self, capacity: max(1, count))
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  /// All become 0.
  public func clear() {
    UnsafeMutableRawBufferPointer(start: start, count: count * MemoryLayout<Element>.stride)
      .initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Takes what another of the same size holds.
  public func copy(_ other: AlignedBuffer) {
    precondition(count == other.count)
    start.update(from: other.start, count: count)
  }

  /// The two change places.
  public func swapContents(with other: AlignedBuffer) {
    precondition(count == other.count)
    (start, other.start) = (other.start, start)
  }

  /// How far apart rows of `columns` numbers lie: an odd number of cache lines, so that the same column of successive rows
  /// does not fall into the same few cache sets.
  public static func rowStride(_ columns: Int) -> Int {
    let line = 64 / MemoryLayout<Element>.size
    return ((columns + line - 1) / line | 1) * line
  }
}
