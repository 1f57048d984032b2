/// A line that is being written, and where its caret stands.
public struct LineEditor: Hashable, Sendable {
  /// The characters before and behind the caret.
  public private(set) var before: [Character], behind: [Character]
  /// The entry of the history that is shown, counted from the latest; nil for the line itself.
  public var historyIndex: Int?
  /// Which of the things that the line finds is chosen.
  public var chosen = 0
  /// What is wrong with the line.
  public var problem: String?

  /// A line with the caret at its end.
  public init(_ text: String = "") {
    before = Array(text)
    behind = []
  }

  /// The whole line.
  public var text: String { String(before + behind) }

  /// The most characters of a line: what a key and its value need, and no page that was pasted by mistake.
  public static let limit = 400

  /// Takes text at the caret, line ends as blanks, as far as there is room.
  public mutating func insert(_ text: String) {
    let room = max(0, Self.limit - before.count - behind.count)
    before += text.prefix(room).map { $0.isNewline ? " " : $0 }
    problem = nil
  }

  /// Takes a key that edits a line (characters, arrows, Ctrl-A E U W); false when it is none.
  public mutating func edit(_ key: Key) -> Bool {
    switch key {
    case .character(let character): if before.count + behind.count < Self.limit { before.append(character) }
    case .backspace: _ = before.popLast()
    case .delete: if !behind.isEmpty { behind.removeFirst() }
    case .left: if let last = before.popLast() { behind.insert(last, at: 0) }
    case .right: if !behind.isEmpty { before.append(behind.removeFirst()) }
    case .home, .control("a"):
      behind = before + behind
      before = []
    case .end, .control("e"):
      before += behind
      behind = []
    case .control("u"): before = []
    case .control("w"):
      while before.last == " " { before.removeLast() }
      while let last = before.last, last != " ", last != "." { before.removeLast(); _ = last }
    default: return false
    }
    chosen = 0
    problem = nil
    return true
  }
}
