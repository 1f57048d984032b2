/// Numbers at a cache line, all 0 at first, freed with their owner.
public final class AlignedBuffer<Element: BitwiseCopyable & AdditiveArithmetic> {
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
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(64, count * MemoryLayout<Element>.stride), alignment: 64)
    return bytes.initializeMemory(as: Element.self, repeating: .zero, count: max(1, count))
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  /// All become 0.
  public func clear() { start.update(repeating: .zero, count: count) }

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
