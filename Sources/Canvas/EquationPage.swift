/// Several groups of equations under each other, each with a title and with facts: what is most wanted is written out with its
/// numbers before the others, and everything is shortened before anything is left away.
public struct EquationPage {
  /// One group. What it has is made when it is asked for: most of it is never drawn.
  public struct Part {
    /// The title where so many of the units are shown, its fullest form first; nil where the equations have no numbers.
    fileprivate let titles: (Range<Int>?) -> [String]
    /// The equations with the numbers of some units; 0 in full, then shorter and shorter.
    fileprivate let equations: (_ units: Range<Int>, _ shortening: Int) -> [EquationBlock]
    /// How often they can be shortened.
    fileprivate let shortenings: Int
    /// What is said beside the equations, or in place of them where they do not stand there with their numbers.
    fileprivate let text: (_ hasNumbers: Bool) -> EquationText
    /// The rows that are kept for what is said beside the equations.
    fileprivate let least: Int

    /// A group; `least` rows are kept for what is said beside its equations, which can be shortened so often.
    public init(
      least: Int, shortenings: Int = 1, titles: @escaping (Range<Int>?) -> [String],
      equations: @escaping (_ units: Range<Int>, _ shortening: Int) -> [EquationBlock],
      text: @escaping (_ hasNumbers: Bool) -> EquationText
    ) {
      self.least = least
      self.shortenings = shortenings
      self.titles = titles
      self.equations = equations
      self.text = text
    }
  }

  private let parts: [Part]
  private let here: Int
  private let units: Int, most: Int, first: Int
  private let theme: Theme

  /// A page of groups, `here` the index of that which is wanted most.
  /// - Parameters:
  ///   - parts: the groups.
  ///   - here: the index of the one that is wanted most.
  ///   - units: the units that there are.
  ///   - most: the most of them that are shown.
  ///   - first: the first that is shown, counted from 0.
  ///   - theme: how it looks.
  public init(_ parts: [Part], here: Int, units: Int, most: Int, first: Int, theme: Theme) {
    self.parts = parts
    self.here = here
    (self.units, self.most, self.first) = (units, most, first)
    self.theme = theme
  }

  /// A group as it is drawn: its equations, if they find room, and the rows of all of it.
  private struct Place {
    var sheet: EquationSheet?
    var shown: Range<Int>?
    var height: Int
  }

  /// Draws it.
  public func draw(in rect: Rect, _ buffer: inout Buffer) {
    var row = 0
    for (index, place) in places(in: rect).enumerated() where place.height > 0 {
      let (part, isHere) = (parts[index], index == here)
      let titles = part.titles(place.shown).map {
        [Span(((isHere ? "▸ " : "  ") + $0).words(theme), theme[isHere ? .accent : .dimText])]
      }
      buffer.put(fitting: titles, in: rect, row: row)
      var inside = rect.inset(left: 2, top: row + 1)
      inside.height = min(inside.height, place.height - 1)
      row += place.height
      let used = place.sheet?.draw(in: inside.inset(bottom: part.least), &buffer) ?? 0
      part.text(place.sheet != nil).draw(in: inside.inset(top: used), &buffer)
    }
  }

  /// What is wanted most takes what it needs to be written out in full, and leaves the others three rows each if it can, else a
  /// title, else nothing.
  private func places(in rect: Rect) -> [Place] {
    var places = [Place](repeating: Place(height: 0), count: parts.count)
    var rest = rect.height
    let order = [here] + parts.indices.filter { $0 != here }
    for (turn, index) in order.enumerated() {
      let others = parts.count - 1 - turn
      let heights = (index == here ? [3, 1, 0] : [3]).map { rest - $0 * others }
      places[index] =
        place(parts[index], width: rect.width - 2, heights: heights)
        ?? Place(height: max(0, min(index == here ? 4 : 3, rest - others)))
      rest -= places[index].height
    }
    // What is left over goes to the facts, then to blank lines between the equations.
    func give(_ most: (Place) -> Int) {
      for index in order where places[index].height > 0 {
        let more = min(rest, most(places[index]))
        places[index].height += more
        rest -= more
      }
    }
    give { _ in 2 }
    give { $0.sheet?.gaps ?? 0 }
    return places
  }

  /// The equations of as many units as find room in the first of some heights, in full before they are shortened, with the rows of
  /// the title and the facts; nil where not one unit does.
  private func place(_ part: Part, width: Int, heights: [Int]) -> Place? {
    for count in stride(from: min(units, most), through: 1, by: -1) {
      let start = min(max(0, first), units - count)
      let shown = start..<start + count
      let full = EquationSheet.Forms(part.equations(shown, 0), width: width)
      guard !full.isEmpty else { return nil }
      func place(_ sheet: (_ height: Int) -> EquationSheet?) -> Place? {
        for height in heights {
          guard let sheet = sheet(height - 1 - part.least) else { continue }
          return Place(sheet: sheet, shown: shown, height: sheet.height + 1 + part.least)
        }
        return nil
      }
      if let place = place({ EquationSheet(full, height: $0) }) { return place }
      for shortening in 1...max(1, part.shortenings) {
        let short = EquationSheet.Forms(part.equations(shown, shortening), width: width)
        if let place = place({ EquationSheet(full, orShortened: short, height: $0) }) { return place }
      }
    }
    return nil
  }
}
