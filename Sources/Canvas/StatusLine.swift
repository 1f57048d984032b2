/// One line of parts at its left and at its right. Where it is too narrow for all in full, parts get shorter or go, the least
/// important first; no word is cut.
public struct StatusLine: Sendable {
  /// Something that the line tells.
  public struct Part: Sendable {
    /// It in words, longest first; and how soon each form is given room, 0 before all others.
    public let forms: [String], ranks: [Int]
    let role: Role, label: String

    /// A part; `label` stands before each of its forms.
    public init(_ forms: [String], ranks: [Int], _ role: Role = .text, label: String = "") {
      (self.forms, self.ranks, self.role, self.label) = (forms, ranks, role, label)
    }
  }

  /// What stands before the others, with more room behind it; what follows with lines between; and what stands at the right.
  public var name: Part, left: [Part], right: [Part]

  /// A line.
  public init(name: Part, left: [Part], right: [Part]) { (self.name, self.left, self.right) = (name, left, right) }

  /// Draws it over the whole of a row.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    let parts = [name] + left + right
    let forms = parts.map { part in part.forms.map { $0.words(theme) } }
    let ranked = parts.indices.flatMap { part in
      zip(forms[part].indices, parts[part].ranks).map { (rank: $1, part: part, form: $0) }
    }
    var chosen = [String](repeating: "", count: parts.count)
    for (_, part, form) in ranked.sorted(by: { ($0.rank, $0.part) < ($1.rank, $1.part) }) {
      let before = chosen[part]
      chosen[part] = forms[part][form]
      let sides = spans(chosen, width: rect.width, theme)
      if sides.left.columns + sides.right.columns >= rect.width { chosen[part] = before }
    }
    let sides = spans(chosen, width: rect.width, theme)
    buffer.put(sides.left, in: rect)
    buffer.put(sides.right, in: rect, alignment: .right)
  }

  /// Both sides with one form of each part, "" for none.
  private func spans(_ texts: [String], width: Int, _ theme: Theme) -> (left: [Span], right: [Span]) {
    let margin = Span(" ", theme[.text]), gap = width < 100 ? " " : "  "
    var (leftSpans, rightSpans) = ([margin], [Span]())
    for (part, text) in zip([name] + left, texts) where !text.isEmpty {
      if leftSpans.count > 1 {
        leftSpans.append(Span(leftSpans.count == 2 && !texts[0].isEmpty ? "   " : " │ ", theme[.dimText]))
      }
      leftSpans.append(Span(part.label + text, theme[part.role]))
    }
    for (part, text) in zip(right, texts.dropFirst(1 + left.count)) where !text.isEmpty {
      if rightSpans.isEmpty { rightSpans.append(margin) } else { rightSpans[rightSpans.count - 1].text += gap }
      if !part.label.isEmpty { rightSpans.append(Span(part.label, theme[.text])) }
      rightSpans.append(Span(text, theme[part.role]))
    }
    return (leftSpans, rightSpans + [margin])
  }
}
