/// An equation and its numbers, as pieces that are never cut: what finds no room is left away, the least needed first.
public struct EquationText {
  /// A number with its name, or a remark; it stays in one line.
  public struct Fact {
    /// What is written.
    public var spans: [Span]
    /// What is left away first has the largest.
    public var rank: Int
    /// The columns that it takes at least, so that stepping on moves nothing.
    public var width: Int

    /// A remark.
    public init(_ spans: [Span], rank: Int) {
      self.spans = spans
      self.rank = rank
      width = spans.columns
    }

    /// A number, in the room that it usually takes: 0.0123 by six columns.
    public init(_ name: Span, _ number: Span, columns: Int = 6, rank: Int) {
      self.init([name, number], rank: rank)
      width = max(width, name.columns + columns)
    }

    /// The same with other spans.
    public func map(_ change: (Span) -> Span) -> Fact {
      var fact = Fact(spans.map(change), rank: rank)
      fact.width = max(fact.width, width)
      return fact
    }
  }

  /// The equation in several lines, for where they find room; empty where one line says it all.
  public var block: [[Span]]
  /// Forms of the equation in one line, the fullest first.
  public var equations: [[Span]]
  /// In reading order.
  public var facts: [Fact]
  /// The same in place of `facts` where those that are needed most of these find no room: norms in place of vectors.
  public var shorter: [Fact] = []
  /// What says that some are missing.
  private let shortened: Span

  /// The text in words that `theme` can show.
  public init(equations: [[Span]], block: [[Span]] = [], facts: [Fact], shorter: [Fact] = [], theme: Theme) {
    self.block = block.map { $0.map { $0.words(theme) } }
    self.equations = equations.map { $0.map { $0.words(theme) } }
    self.facts = facts.map { $0.map { $0.words(theme) } }
    self.shorter = shorter.map { $0.map { $0.words(theme) } }
    shortened = Span("…", theme[.warning]).words(theme)
  }

  /// Draws as much as fits.
  /// - Returns: how many rows it took.
  @discardableResult
  public func draw(in rect: Rect, _ buffer: inout Buffer) -> Int {
    guard rect.height > 0 else { return 0 }
    if !shorter.isEmpty, !hasRoom(in: rect) {
      var text = self
      (text.facts, text.shorter) = (shorter, [])
      return text.draw(in: rect, &buffer)
    }
    func fits(_ line: [Span]) -> Bool { line.columns <= rect.width }
    // The numbers that matter most go before the equation, the equation before the others.
    let needed = Self.lines(facts.filter { $0.rank == 0 }, width: rect.width, gap: 2)
    let hasBlock = !block.isEmpty && block.allSatisfy(fits) && needed.count + block.count <= rect.height
    var row = 0
    for line in hasBlock ? block : equations.first(where: fits).map({ [$0] }) ?? []
    where needed.count + row < rect.height {
      buffer.put(line, in: rect, row: row)
      row += 1
    }
    var (lines, gap) = fitting(width: rect.width, height: rect.height - row)
    // What is needed and found no room is not left away without a sign, which covers nothing.
    let isShortened = lines.joined().count { $0.rank == 0 } < facts.count(where: { $0.rank == 0 })
    while isShortened, let last = lines.last, Self.width(last, gap) + 1 + shortened.columns > rect.width {
      lines[lines.count - 1].removeLast()
      if lines[lines.count - 1].isEmpty { lines.removeLast() }
    }
    for line in lines {
      var column = 0
      for fact in line {
        buffer.put(fact.spans, in: rect.inset(left: column), row: row)
        column += fact.width + gap
      }
      row += 1
    }
    if isShortened, row > 0 {
      let last = rect.line(row - 1)
      guard (last.maxX - shortened.columns..<last.maxX).allSatisfy({ buffer[$0, last.y].character == " " }) else {
        return row
      }
      buffer.put(shortened.text, x: last.maxX - shortened.columns, y: last.y, style: shortened.style)
    }
    return row
  }

  /// Whether a line of the equation and all facts that are needed but for remarks fit.
  private func hasRoom(in rect: Rect) -> Bool {
    let needed = facts.filter { $0.rank <= 1 }
    return needed.allSatisfy { $0.width <= rect.width }
      && Self.lines(needed, width: rect.width, gap: 2).count + (equations.isEmpty ? 0 : 1) <= rect.height
  }

  /// The facts in lines: with wide gaps if all find room, else with narrow ones; then without those least needed.
  private func fitting(width: Int, height: Int) -> (lines: [[Fact]], gap: Int) {
    for gap in [3, 2] {
      let lines = Self.lines(facts, width: width, gap: gap)
      if lines.count <= height, facts.allSatisfy({ $0.width <= width }) { return (lines, gap) }
    }
    var kept: Set<Int> = []
    // Where a fact finds no room, those needed much less take none.
    var last = Int.max
    for index in facts.indices.sorted(by: { (facts[$0].rank, $0) < (facts[$1].rank, $1) }) {
      guard facts[index].width <= width, facts[index].rank <= last else { continue }
      let tried = kept.union([index])
      if Self.lines(tried.sorted().map { facts[$0] }, width: width, gap: 2).count <= height {
        kept = tried
      } else {
        last = min(last, facts[index].rank + 1)
      }
    }
    return (Self.lines(kept.sorted().map { facts[$0] }, width: width, gap: 2), 2)
  }

  private static func width(_ line: [Fact], _ gap: Int) -> Int {
    line.reduce(-gap) { $0 + gap + $1.width }
  }

  private static func lines(_ facts: [Fact], width: Int, gap: Int) -> [[Fact]] {
    var lines: [[Fact]] = []
    var used = 0
    for fact in facts {
      if lines.isEmpty || used + gap + fact.width > width {
        lines.append([])
        used = -gap
      }
      lines[lines.count - 1].append(fact)
      used += gap + fact.width
    }
    return lines
  }
}
