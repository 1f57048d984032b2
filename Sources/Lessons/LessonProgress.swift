import Experiments
import Foundation

/// How far each lesson has been gone through, kept in a file of the state folder: a line a lesson, its name and its step.
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

  private var steps: [String: Int] {
    guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
    let pairs = text.split(separator: "\n").compactMap { line -> (String, Int)? in
      let words = line.split(separator: " ")
      guard words.count == 2, let step = Int(words[1]), step >= 0 else { return nil }
      return (String(words[0]), step)
    }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// The step at which a lesson was left, counted from 0, its number of steps when it is done; nil where it was never begun.
  public func step(of name: String) -> Int? { steps[name] }

  /// Keeps the step of a lesson. A folder that cannot be written keeps nothing: the lesson goes on.
  public func keep(_ name: String, step: Int) {
    guard let path, !name.contains(where: \.isWhitespace) else { return }
    var steps = steps
    guard steps[name] != step else { return }
    steps[name] = step
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let text = steps.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    try? OutputFile.write(text, to: path)
  }
}
