/// An equation with its numbers: a row of symbols, and under each symbol its numbers, a vector as a column, a matrix as columns
/// in brackets.
///
/// It is broken between terms where it is too wide, and never inside of one.
public struct EquationBlock: Equatable, Sendable {
  /// A symbol with its numbers, or a sign without.
  public struct Piece: Equatable, Sendable {
    let symbol: Span
    let rows: [[String]]
    let style: Style
    /// The width of each column, and of all of it.
    private let columns: [Int]
    let width: Int

    /// A sign: +, ⊙, `tanh(`.
    public init(sign: Span) { self.init(sign, [], sign.style) }

    /// A symbol and its numbers, row by row. Numbers take what three digits and a sign take, so that stepping on moves little.
    public init(_ symbol: Span, _ rows: [[String]], _ style: Style) {
      self.symbol = symbol
      self.rows = rows
      self.style = style
      columns = (0..<(rows.first?.count ?? 0)).map { column in
        let widest = rows.map { $0[column].columns }.max() ?? 0
        return widest > 2 ? max(widest, 6) : widest
      }
      let brackets = columns.count > 1 ? 2 : 0
      width = max(symbol.columns, columns.reduce(0, +) + max(0, columns.count - 1) + brackets)
    }

    /// The numbers of a row, as wide as the piece; a vector stands right under its symbol.
    fileprivate func line(_ row: Int) -> String {
      guard rows.indices.contains(row) else { return String(repeating: " ", count: width) }
      let text = zip(rows[row], columns).map { $0.padded(to: $1, .right) }.joined(separator: " ")
      return rows[row].count > 1 ? "[\(text)]".padded(to: width, .left) : text.padded(to: width, .right)
    }

    fileprivate var head: Span { Span(symbol.text.padded(to: width, columns.count > 1 ? .left : .right), symbol.style) }
  }

  /// Pieces that stay in one line: the result with its =, then each term.
  private let terms: [[Piece]]

  /// An equation of terms that can stand under each other.
  public init(_ terms: [[Piece]], _ theme: Theme) {
    self.terms = terms.map { $0.map { Piece($0.symbol.words(theme), $0.rows, $0.style) } }
  }

  /// The equation in rows of at most `width` columns; nil where a term is wider.
  func rows(width: Int) -> [[Span]]? {
    var lines: [[Piece]] = []
    let indent = Piece(sign: Span(" ", terms.first?.first?.symbol.style ?? Style(nil)))
    for term in terms {
      if let last = lines.last, Self.width(last + term) <= width {
        lines[lines.count - 1] += term
      } else {
        let line = lines.isEmpty ? term : [indent] + term
        guard Self.width(line) <= width else { return nil }
        lines.append(line)
      }
    }
    return lines.flatMap(Self.rows)
  }

  private static func rows(_ pieces: [Piece]) -> [[Span]] {
    let count = pieces.map(\.rows.count).max() ?? 0
    func row(_ span: (Piece) -> Span) -> [Span] {
      var spans: [Span] = []
      for (index, piece) in pieces.enumerated() {
        if index > 0, isApart(pieces[index - 1], piece) { spans.append(Span(" ", piece.symbol.style)) }
        spans.append(span(piece))
      }
      return spans
    }
    return [row(\.head)] + (0..<count).map { number in row { Span($0.line(number), $0.style) } }
  }

  /// Whether a space stands between two pieces: not inside of a parenthesis.
  private static func isApart(_ before: Piece, _ after: Piece) -> Bool {
    let (left, right) = (before.symbol.text, after.symbol.text)
    return !((left.hasSuffix("(") || left == "/") && before.rows.isEmpty)
      && !(after.rows.isEmpty && ")/²".contains(right.prefix(1)))
  }

  private static func width(_ pieces: [Piece]) -> Int {
    pieces.indices.reduce(0) { sum, index in
      sum + pieces[index].width + (index > 0 && isApart(pieces[index - 1], pieces[index]) ? 1 : 0)
    }
  }
}

/// Equations with their numbers side by side and under each other, as many of them as written out in full as find room.
public struct EquationSheet: Sendable {
  /// Equations that stand side by side, each band's rows.
  private let bands: [[[Span]]]

  /// The rows that it takes at least.
  public var height: Int { bands.reduce(0) { $0 + $1.count } }
  /// The blank lines that find a place between them.
  public var gaps: Int { bands.count - 1 }

  /// Equations in rows of at most so many columns.
  public struct Forms: Sendable {
    /// nil for an equation with a term that is wider.
    fileprivate let rows: [[[Span]]?]
    fileprivate let width: Int
    /// Whether there is none.
    public var isEmpty: Bool { rows.isEmpty }

    /// Some equations.
    public init(_ equations: [EquationBlock], width: Int) {
      self.width = width
      rows = equations.map { $0.rows(width: width) }
    }
  }

  /// Equations in at most `height` rows; nil where they do not fit.
  /// - Parameters:
  ///   - full: the equations in full.
  ///   - short: the same, each in a shorter form; from the last on so many of these stand in place of the full ones as must. Where
  ///     they are others, all of them do, or none.
  ///   - height: the rows that there are.
  public init?(_ full: Forms, orShortened short: Forms? = nil, height: Int) {
    if let short, short.rows.count != full.rows.count {
      guard let sheet = EquationSheet(full, height: height) ?? EquationSheet(short, height: height) else { return nil }
      self = sheet
      return
    }
    for shortened in 0...(short == nil ? 0 : full.rows.count) {
      let kept = full.rows.count - shortened
      let blocks = full.rows.indices.compactMap { $0 < kept ? full.rows[$0] ?? short?.rows[$0] : short?.rows[$0] }
      guard blocks.count == full.rows.count else { continue }
      for gap in [4, 2] {
        let bands = Self.bands(blocks, width: full.width, gap: gap)
        guard bands.reduce(0, { $0 + $1.count }) <= height else { continue }
        self.bands = bands
        return
      }
    }
    return nil
  }

  /// The equations in bands, from left to right while there is room.
  private static func bands(_ blocks: [[[Span]]], width: Int, gap: Int) -> [[[Span]]] {
    var bands: [[[Span]]] = []
    for rows in blocks {
      let used = bands.last.map { $0.map(\.columns).max() ?? 0 } ?? width
      if let last = bands.last, used + gap + (rows.map(\.columns).max() ?? 0) <= width {
        bands[bands.count - 1] = (0..<max(last.count, rows.count)).map { index in
          let left = last.indices.contains(index) ? last[index] : []
          guard rows.indices.contains(index) else { return left }
          let space = String(repeating: " ", count: used + gap - left.columns)
          return left + [Span(space, rows[index].first?.style ?? Style(nil))] + rows[index]
        }
      } else {
        bands.append(rows)
      }
    }
    return bands
  }

  /// Draws it, with blank lines between the equations where there is room for all of these.
  /// - Returns: how many rows it took.
  public func draw(in rect: Rect, _ buffer: inout Buffer) -> Int {
    let isWide = height + gaps <= rect.height
    let rows = bands.map { isWide ? $0 + [[]] : $0 }.joined().dropLast(isWide ? 1 : 0)
    for (row, spans) in rows.enumerated() { buffer.put(spans, in: rect, row: row) }
    return rows.count
  }
}

extension String {
  /// With spaces to so many columns.
  func padded(to columns: Int, _ alignment: Alignment) -> String {
    let space = String(repeating: " ", count: max(0, columns - self.columns))
    return alignment == .right ? space + self : self + space
  }
}
