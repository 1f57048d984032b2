/// What is wrong with a key of an experiment or with its value.
public struct ExperimentKeyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The dotted key.
  public var key: String
  /// What was found and what is expected: "found 0, expected a whole number from 1, or full".
  public var problem: String
  /// The nearest valid key or choice, where one is near.
  public var nearest: String?

  /// An error about `key`.
  public init(key: String, problem: String, nearest: String? = nil) {
    self.key = key
    self.problem = problem
    self.nearest = nearest
  }

  /// One line: `KEY: found …, expected …; nearest is …`.
  public var description: String {
    shortened(key, to: 100) + ": " + shortened(problem, to: 400)
      + (nearest.map { "; nearest is " + shortened($0, to: 100) } ?? "")
  }

  /// `key` is no key of an experiment.
  static func unknown(_ name: String) -> ExperimentKeyError {
    if let error = absent(name) { return error }
    if ExperimentKey.groups.contains(name) {
      let members = ExperimentKey.members(of: name).joined(separator: ", ")
      return ExperimentKeyError(key: name, problem: "found one value, expected a group of keys (\(members))")
    }
    // The members of the deepest group that exists: "training.optimizer.rate" is told of name, learning_rate, ….
    var group = name.split(separator: ".").dropLast().joined(separator: ".")
    while !group.isEmpty, ExperimentKey.members(of: group).isEmpty {
      group = group.split(separator: ".").dropLast().joined(separator: ".")
    }
    let expected = ExperimentKey.members(of: group).joined(separator: ", ")
    let place = group.isEmpty ? "" : " of \(group)"
    return ExperimentKeyError(
      key: name, problem: "unknown key, expected one\(place): \(expected)", nearest: nearestKey(to: name))
  }

  /// The key or group nearest to `name`, compared whole and by its last word.
  private static func nearestKey(to name: String) -> String? {
    if let labeled = ExperimentKey.labeled(name) { return labeled.name }
    let last = name.split(separator: ".").last.map(String.init) ?? name
    let scored = (ExperimentKey.all.map(\.name) + ExperimentKey.groups).map { key in
      let keyLast = key.split(separator: ".").last.map(String.init) ?? key
      return (key, min(2 * editDistance(name, key), 1 + 2 * editDistance(last, keyLast)))
    }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= 2 * max(2, last.count / 2) else { return nil }
    return best.0
  }
}

/// `text` with at most `limit` characters: of a longer one the middle is left out, as `…`.
package func shortened(_ text: String, to limit: Int) -> String {
  guard text.unicodeScalars.count > limit else { return text }
  let scalars = text.unicodeScalars
  let head = scalars.prefix(limit * 2 / 3), tail = scalars.suffix(limit - 1 - limit * 2 / 3)
  return String(String.UnicodeScalarView(head)) + "…" + String(String.UnicodeScalarView(tail))
}

/// The candidate nearest to `word` by edit distance, or nil where more than half of the word would have to change.
public func nearestName(to word: String, among candidates: [String]) -> String? {
  let scored = candidates.map { ($0, editDistance(word.lowercased(), $0.lowercased())) }
  guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, max(word.count, best.0.count) / 2) else {
    return candidates.first { !word.isEmpty && $0.hasPrefix(word) }
  }
  return best.0
}

/// The least number of insertions, deletions, substitutions and swaps of neighbors that turn `a` into `b`.
func editDistance(_ a: String, _ b: String) -> Int {
  // A name is short; what a file brings may not be.
  let a = Array(a.prefix(80)), b = Array(b.prefix(80))
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
      row.append(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
