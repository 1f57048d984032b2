extension Buffer {
  /// The styles of a frame as text, for tests that hold a screen as literals: the same letter for the same style, the most frequent
  /// style a point, the others a, b, c … in the order in which they appear; and what each letter stands for.
  public var styleRows: (rows: [String], legend: [(letter: Character, style: Style)]) {
    var counts: [Style: Int] = [:]
    for cell in cells { counts[cell.style, default: 0] += 1 }
    var order: [Style] = []
    var letters: [Style: Character] = [:]
    let names = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    let most = cells.first.map { first in
      cells.reduce(first.style) { (counts[$1.style] ?? 0) > (counts[$0] ?? 0) ? $1.style : $0 }
    }
    for cell in cells where letters[cell.style] == nil {
      if cell.style == most {
        letters[cell.style] = "."
      } else {
        letters[cell.style] = order.count < names.count ? names[order.count] : "?"
        order.append(cell.style)
      }
    }
    let rows = (0..<height).map { y in
      String((0..<width).map { x in letters[cells[y * width + x].style] ?? "?" })
    }
    return (rows, order.map { (letters[$0] ?? "?", $0) })
  }
}
