import Experiments
import Foundation

/// How far each lesson has been gone through, kept in a file of the state folder: a line a lesson, its name, its step, and how
/// each step's question was answered: `r` rightly, `w` wrongly, `-` not at all.
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
    var step: Int, marks: String
  }

  private var records: [String: Record] {
    guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
    let pairs = text.split(separator: "\n").compactMap { line -> (String, Record)? in
      let words = line.split(separator: " ")
      guard (2...3).contains(words.count), let step = Int(words[1]), step >= 0 else { return nil }
      return (String(words[0]), Record(step: step, marks: words.count == 3 ? String(words[2]) : ""))
    }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// The step at which a lesson was left, counted from 0, its number of steps when it is done; nil where it was never begun.
  public func step(of name: String) -> Int? { records[name]?.step }

  /// How the questions of a lesson were answered so far: by step, counted from 0, whether rightly.
  public func verdicts(of name: String) -> [Int: Bool] {
    let marks = (records[name]?.marks ?? "").enumerated().filter { "rw".contains($0.element) }
    return Dictionary(uniqueKeysWithValues: marks.map { ($0.offset, $0.element == "r") })
  }

  /// Keeps the step of a lesson and how its questions were answered. A folder that cannot be written keeps nothing: the lesson goes on.
  public func keep(_ name: String, step: Int, verdicts: [Int: Bool] = [:]) {
    guard let path, !name.contains(where: \.isWhitespace) else { return }
    let last = verdicts.keys.max() ?? -1
    let marks = (0..<last + 1).map { index in verdicts[index].map { $0 ? "r" : "w" } ?? "-" }.joined()
    var records = records
    let record = Record(step: step, marks: marks)
    guard records[name] != record else { return }
    records[name] = record
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lines = records.sorted { $0.key < $1.key }.map { name, record in
      "\(name) \(record.step)" + (record.marks.isEmpty ? "" : " \(record.marks)") + "\n"
    }
    try? OutputFile.write(lines.joined(), to: path)
  }
}
