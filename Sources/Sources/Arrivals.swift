/// When something of a run came, and whether the next is late.
struct Arrivals {
  /// Seconds since 1970, the newest last: as many as tell the usual time between two.
  private var times: [Double]

  /// These arrivals.
  init(_ times: [Double] = []) { self.times = times.suffix(Self.most) }

  private static let most = 16

  /// Another one, at a time in seconds since 1970.
  mutating func add(_ time: Double) { times = (times + [time]).suffix(Self.most) }

  /// "last window 42 s ago" where the next one is late: more than three times the usual time, and ten seconds at least.
  ///
  /// - Parameters:
  ///   - name: what comes: window.
  ///   - now: the time in seconds since 1970.
  func silence(of name: String, _ now: Double) -> String? {
    guard let age = age(now), age > max(10, 3 * (usual ?? 10)) else { return nil }
    let words =
      age < 60
      ? "\(Int(age)) s"
      : age < 3600
        ? "\(Int(age / 60)) min"
        : age < 172_800
          ? "\(Int(age / 3600)) h" : "\(Int(age / 86400)) days"
    return "last \(name) \(words) ago"
  }

  /// Whether the next one is late by more than two of the usual times, and two seconds at least: what was measured before is no
  /// longer how fast they come.
  func areLate(_ now: Double) -> Bool { age(now).map { $0 > max(2, 3 * (usual ?? 0)) } ?? false }

  private func age(_ now: Double) -> Double? { times.last.map { now - $0 } }

  /// The median of the seconds between two; nil before there are two.
  private var usual: Double? {
    let gaps = zip(times.dropFirst(), times).map { $0 - $1 }.sorted()
    return gaps.isEmpty ? nil : gaps[gaps.count / 2]
  }
}
