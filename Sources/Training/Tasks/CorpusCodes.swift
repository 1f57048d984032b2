/// The codes of a text's characters, a byte each as long as all of them fit, which most texts keep to: half of the memory and of
/// the disk.
struct CorpusCodes: Sendable {
  private let memoryLimit: Int
  private let narrow: SpilledArray<UInt8>
  /// All codes, once there are more than 256.
  private var wide: SpilledArray<UInt16>?

  /// No codes; `memoryLimit` is how many bytes of them are kept in memory.
  init(memoryLimit: Int) {
    self.memoryLimit = memoryLimit
    narrow = SpilledArray(memoryLimit: memoryLimit, lost: 0)
  }

  var count: Int { wide?.count ?? narrow.count }

  /// Adds codes, all below `characters`.
  /// - Throws: that the disk has no room.
  mutating func append(_ codes: [UInt16], of characters: Int) throws(FileProblem) {
    if wide == nil, characters > 256 { try widen() }
    if let wide {
      try wide.append(codes)
    } else {
      try narrow.append(
        [UInt8](unsafeUninitializedCapacity: codes.count) { bytes, count in
          for index in codes.indices { bytes[index] = UInt8(truncatingIfNeeded: codes[index]) }
          count = codes.count
        })
    }
  }

  private mutating func widen() throws(FileProblem) {
    let all = SpilledArray<UInt16>(memoryLimit: memoryLimit, lost: 0)
    try narrow.forEachBlock(of: 1) { codes throws(FileProblem) in try all.append(codes.map { UInt16($0) }) }
    narrow.truncate(to: 0)
    wide = all
  }

  /// Calls `body` with the place in `range` and the code of each character there.
  func read(_ range: Range<Int>, _ body: (_ index: Int, _ code: Int) -> Void) {
    if let wide {
      wide.read(range) { codes in for index in codes.indices { body(index, Int(codes[index])) } }
    } else {
      narrow.read(range) { codes in for index in codes.indices { body(index, Int(codes[index])) } }
    }
  }
}
