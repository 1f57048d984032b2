import Foundation

/// The folder that a run is published in, as it was last looked at.
struct RunFolder {
  /// What has changed since the last look.
  struct Change {
    var cut = RunLines.Cut()
    /// The windows by their updates; nil where they are the same.
    var windows: [Int: String]?
  }

  private let path: String
  private var windows: [Int: String] = [:]
  private var scalars: FileHandle?
  /// The file's number in its file system: a run that is begun anew writes another file.
  private var scalarsNumber: Int?
  private var cutter = RunLines()
  /// When the last windows were written, and the last lines.
  private var arrivals = Arrivals(), lineArrivals = Arrivals()

  init(_ path: String) { self.path = path }

  /// Looks for new lines and windows.
  mutating func look() -> Change {
    var change = Change()
    let found = Self.windows(in: path)
    if found != windows {
      (windows, change.windows) = (found, found)
      arrivals = Arrivals(found.keys.sorted().suffix(16).compactMap { found[$0].flatMap(Self.time) })
    }
    openScalars()
    // Bounded, so that windows are not waited for while a long file is read.
    while let data = try? scalars?.read(upToCount: 1 << 20), !data.isEmpty {
      if let time = Self.time(path + "/scalars.jsonl") { lineArrivals.add(time) }
      let cut = cutter.take(data)
      change.cut.lines += cut.lines
      change.cut.unreadable += cut.unreadable
      change.cut.remarks += cut.remarks
    }
    return change
  }

  private mutating func openScalars() {
    let path = path + "/scalars.jsonl"
    let number = (try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber]) as? Int
    guard number != scalarsNumber, number != nil else { return }
    (scalars, scalarsNumber, cutter) = (FileHandle(forReadingAtPath: path), number, RunLines())
  }

  /// "last window 42 s ago" where the next is late.
  func silence(_ now: Double) -> String? { arrivals.silence(of: "window", now) }

  /// Whether lines come no longer as fast as they did.
  func linesAreLate(_ now: Double) -> Bool { lineArrivals.areLate(now) }

  /// The windows of a folder by their updates: window-000000120.safetensors.
  static func windows(in path: String) -> [Int: String] {
    var windows: [Int: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      guard name.hasPrefix("window-"), name.hasSuffix(".safetensors"),
        let update = Int(name.dropFirst(7).dropLast(12)), update >= 0
      else { continue }
      windows[update] = path + "/" + name
    }
    return windows
  }

  private static func time(_ path: String) -> Double? {
    let date = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    return date?.timeIntervalSince1970
  }
}
