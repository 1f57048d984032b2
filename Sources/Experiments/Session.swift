import Foundation
import Synchronization
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
    files = Self.marks(of: lanes.values.map(\.experiment))
  }

  /// The marks of the files that the tasks of `experiments` read, as they are now.
  public static func marks(of experiments: [Experiment]) -> [FileMark] {
    let paths = experiments.flatMap { experiment in
      var heldOut: String?
      if case .file(let path) = experiment.task.heldOut { heldOut = path }
      return [experiment.task.file, heldOut].compactMap { $0 }
    }
    return Set(paths).sorted().compactMap(FileMark.init)
  }

  /// A session from its parts.
  public init(lanes: [LaneID: RunCheckpoint], view: String, files: [FileMark]) {
    self.lanes = lanes
    self.view = view
    self.files = files
  }
}

extension Session.FileMark {
  /// The mark of a file as it is now; nil where it cannot be read.
  init?(_ path: String) {
    guard let known = FileState(path) else {
      guard let mark = Self.looked(at: path) else { return nil }
      self = mark
      return
    }
    if let mark = Self.marks.withLock({ $0[known] }) {
      self = mark
      return
    }
    guard let mark = Self.looked(at: path) else { return nil }
    Self.marks.withLock { $0[known] = mark }
    self = mark
  }

  /// A file that did not change since it was looked at: a session that saves itself does not read it again.
  private struct FileState: Hashable {
    var path: String, size: Int, node: UInt64, seconds: Int, nanoseconds: Int

    /// The state of a regular file; nil of what is none.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      (self.path, size, node) = (path, Int(status.st_size), UInt64(status.st_ino))
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  private static let marks = Mutex<[FileState: Session.FileMark]>([:])

  private static func looked(at path: String) -> Session.FileMark? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    var checksum = Checksum(), size = 0
    // In pieces: the file may be larger than memory.
    while let piece = try? handle.read(upToCount: 1 << 20), !piece.isEmpty {
      checksum.add(piece)
      size += piece.count
    }
    return Session.FileMark(path: path, size: size, checksum: checksum.value)
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
