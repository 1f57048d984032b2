import Foundation
import Training

/// The dashboard's runs at one moment, and what the reader had on the screen: opened again, everything goes on from there, with
/// the same bits.
public struct Session: Sendable {
  /// The runs, all that they need to go on.
  public var lanes: [LaneID: RunCheckpoint]
  /// What the screen kept of itself, as it writes it.
  public var view: String
  /// The files that the runs' tasks read, as they were.
  public var files: [FileMark]

  /// A file by its path, its size in bytes and a checksum of its content.
  public struct FileMark: Codable, Hashable, Sendable {
    public var path: String, size: Int, checksum: UInt64
  }

  /// A session of some runs; the files that their tasks read are looked at now.
  public init(lanes: [LaneID: RunCheckpoint], view: String) {
    self.lanes = lanes
    self.view = view
    let paths = Set(lanes.values.compactMap(\.experiment.task.file))
    files = paths.sorted().compactMap(FileMark.init)
  }

  /// A session from its parts.
  init(lanes: [LaneID: RunCheckpoint], view: String, files: [FileMark]) {
    self.lanes = lanes
    self.view = view
    self.files = files
  }
}

extension Session.FileMark {
  /// The mark of a file as it is now; nil where it cannot be read.
  init?(_ path: String) {
    guard let bytes = try? InputFile.bytes(path: path, limit: 4 << 30) else { return nil }
    var checksum = Checksum()
    checksum.add(bytes)
    self.init(path: path, size: bytes.count, checksum: checksum.value)
  }
}

/// FNV-1a: a changed file is to be noticed, not a forged one.
struct Checksum {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// That of nothing.
  init() {}

  /// Goes on over some bytes.
  mutating func add(_ bytes: some Sequence<UInt8>) {
    value = bytes.reduce(value) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
