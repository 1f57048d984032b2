import Canvas

/// Pages of A4 in points, written from the top; what does not fit goes on the next page.
struct SheetPages {
  private static let width = 595.0, height = 842.0, margin = 56.0
  private var pages: [String] = [], body = "", y = margin

  /// All pages, as SVG.
  var finished: [String] {
    var all = self
    all.turn()
    return all.pages
  }

  /// Writes what is to stay on one page, on the next one where this has no room for all of it.
  mutating func together(_ write: (inout SheetPages) -> Void) {
    var trial = self
    write(&trial)
    if trial.pages.count > pages.count { turn() }
    write(&self)
  }

  /// Begins another page, unless this one is empty.
  mutating func turn() {
    guard !body.isEmpty else { return }
    pages.append(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Self.width)pt\" height=\"\(Self.height)pt\" "
        + "viewBox=\"0 0 \(Self.width) \(Self.height)\" font-family=\"DejaVu Sans, sans-serif\">"
        + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\(body)</svg>\n")
    (body, y) = ("", Self.margin)
  }

  private mutating func need(_ height: Double) {
    if y + height > Self.height - Self.margin { turn() }
  }

  /// Writes a text, wrapped at the margins.
  mutating func write(_ text: String, size: Double, isBold: Bool = false, above: Double = 4) {
    // A character of this face is some 0.56 of its size wide on average, in bold 0.64.
    let columns = Int((Self.width - 2 * Self.margin) / (size * (isBold ? 0.64 : 0.56)))
    y += above
    for line in text.wrapped(to: columns) {
      need(size * 1.4)
      y += size * 1.4
      put(line, x: Self.margin, size: size, isBold: isBold)
    }
  }

  private mutating func put(_ text: String, x: Double, size: Double, isBold: Bool = false) {
    let weight = isBold ? " font-weight=\"bold\"" : ""
    body +=
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\"\(weight) xml:space=\"preserve\">\(Self.escaped(text))</text>"
  }

  /// A line to write on, with words before it.
  mutating func rule(_ text: String) {
    need(26)
    y += 26
    put(text, x: Self.margin, size: 10.5)
    let from = Self.margin + (text.isEmpty ? 0 : 64)
    stroke(from, y + 2, Self.width - Self.margin, y + 2)
  }

  /// Axes to draw a curve on, with a light grid, the words at their ends, and a curve where there is one.
  mutating func axes(x: String, y name: String, ends: (top: String, foot: String), _ values: [Double]) {
    let height = 130.0, left = Self.margin + 48, right = Self.width - Self.margin - 60
    need(height + 40)
    y += 16
    put(name, x: Self.margin, size: 9)
    y += 6
    let top = y, foot = y + height
    for line in 0...8 {
      let at = left + (right - left) * Double(line) / 8
      stroke(at, top, at, foot, "#ccc")
      if line <= 4 { stroke(left, top + height * Double(line) / 4, right, top + height * Double(line) / 4, "#ccc") }
    }
    stroke(left, top, left, foot)
    stroke(left, foot, right, foot)
    if let low = values.min(), let high = values.max(), values.count > 1 {
      let points = values.enumerated().map { index, value in
        let share = high > low ? (value - low) / (high - low) : 0.5
        let place = left + (right - left) * Double(index) / Double(values.count - 1)
        return "\(NumberText.fixed(place, 2)),\(NumberText.fixed(foot - height * share, 2))"
      }
      body +=
        "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"black\" stroke-width=\"1.5\"/>"
    }
    for (word, at) in [(ends.top, top + 6), (ends.foot, foot)] {
      y = at
      put(word, x: Self.margin, size: 9)
    }
    y = foot + 14
    put(x, x: left + (right - left) * 0.4, size: 9)
  }

  private mutating func stroke(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String = "black") {
    body += "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" stroke=\"\(color)\" stroke-width=\"0.7\"/>"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
