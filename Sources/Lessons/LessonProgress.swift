import Experiments
import Foundation

/// How many questions of a lesson were answered rightly at the first try, how many at the second, and how many there were.
public struct LessonScore: Comparable, Sendable {
  /// Right at the first try, right at the second, and all that were answered.
  public var first = 0, second = 0, questions = 0

  /// Counts how questions were answered.
  init(_ marks: some Sequence<LessonMark>) {
    for mark in marks {
      questions += 1
      if mark == .first { first += 1 }
      if mark == .second { second += 1 }
    }
  }

  /// Reads `best:3,2,5`.
  fileprivate init?(word: Substring) {
    let numbers = word.dropFirst(Self.label.count).split(separator: ",").compactMap { Int($0) }
    guard word.hasPrefix(Self.label), numbers.count == 3, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
    (first, second, questions) = (numbers[0], numbers[1], numbers[2])
  }

  fileprivate static let label = "best:"
  fileprivate var word: String { "\(Self.label)\(first),\(second),\(questions)" }

  /// The first tries count, then the second ones.
  public static func < (a: LessonScore, b: LessonScore) -> Bool { (a.first, a.second) < (b.first, b.second) }
}

extension LessonSession {
  /// How the questions were answered so far.
  public var score: LessonScore { LessonScore(verdicts.values) }
}

/// How far each lesson has been gone through, kept in a file of the state folder: a line a lesson, its name, its step, how
/// each step's question was answered: `r` rightly, `s` at the second try, `w` wrongly, `-` not at all; and the best score with
/// which it was done.
public struct LessonProgress: Sendable {
  private let path: String?

  /// The progress in the state folder that an environment names; nothing is kept without one.
  public init(environment: [String: String]) {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      path = state + "/bpttop/lessons"
    } else {
      path = environment["HOME"].map { $0 + "/.local/state/bpttop/lessons" }
    }
  }

  private struct Record: Equatable {
    var step: Int, marks = "", best: LessonScore?

    /// Reads the words behind a name.
    init?(_ words: some Sequence<Substring>) {
      var words = Array(words)
      guard let first = words.first, let step = Int(first), step >= 0 else { return nil }
      if let last = words.last, let best = LessonScore(word: last) {
        self.best = best
        words.removeLast()
      }
      guard words.count <= 2 else { return nil }
      self.step = step
      marks = words.count == 2 ? String(words[1]) : ""
    }

    init(step: Int, verdicts: [Int: LessonMark], best: LessonScore?) {
      let last = verdicts.keys.max() ?? -1
      (self.step, self.best) = (step, best)
      marks = String((0..<last + 1).map { index in verdicts[index]?.rawValue ?? "-" })
    }

    var line: String {
      (["\(step)"] + (marks.isEmpty ? [] : [marks]) + (best.map { [$0.word] } ?? [])).joined(separator: " ")
    }
    var score: LessonScore { LessonScore(marks.compactMap(LessonMark.init(rawValue:))) }

    /// The best score that is known of it, where the lesson has so many steps.
    func best(of steps: Int) -> LessonScore? { step >= steps ? max(best ?? score, score) : best }
  }

  private var records: [String: Record] {
    guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
    let pairs = text.split(separator: "\n").compactMap { line -> (String, Record)? in
      let words = line.split(separator: " ")
      guard let name = words.first, let record = Record(words.dropFirst()) else { return nil }
      return (String(name), record)
    }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// The step at which a lesson was left, counted from 0, its number of steps when it is done; nil where it was never begun.
  public func step(of name: String) -> Int? { records[name]?.step }

  /// How the questions of a lesson were answered so far, by step, counted from 0.
  public func verdicts(of name: String) -> [Int: LessonMark] {
    let marks = (records[name]?.marks ?? "").enumerated().compactMap { index, mark in
      LessonMark(rawValue: mark).map { (index, $0) }
    }
    return Dictionary(uniqueKeysWithValues: marks)
  }

  /// The best score with which a lesson of so many steps was done; nil where it never was.
  public func best(of name: String, steps: Int) -> LessonScore? { records[name]?.best(of: steps) }

  /// Keeps the step of a lesson of so many steps, and how its questions were answered. What was reached when it was done before
  /// stays. A folder that cannot be written keeps nothing: the lesson goes on.
  public func keep(_ name: String, step: Int, of steps: Int, verdicts: [Int: LessonMark] = [:]) {
    guard let path, !name.contains(where: \.isWhitespace) else { return }
    var records = records
    let old = records[name]
    // A lesson that is done stays done as long as it was only opened again.
    if let old, old.step >= steps, step == 0, verdicts.isEmpty { return }
    var record = Record(step: step, verdicts: verdicts, best: old?.best(of: steps))
    record.best = record.best(of: steps)
    guard record != old else { return }
    records[name] = record
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lines = records.sorted { $0.key < $1.key }.map { name, record in "\(name) \(record.line)\n" }
    try? OutputFile.write(lines.joined(), to: path)
  }
}
