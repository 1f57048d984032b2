import Testing

@testable import Canvas

@Suite("Contours") struct ContourTests {
  @Test("between the values of its grid a field is bilinear, outside of it there is nothing")
  func bilinear() {
    // 1 + 2x - 3y + xy is bilinear itself.
    func f(_ x: Double, _ y: Double) -> Double { 1 + 2 * x - 3 * y + x * y }
    let places = [-2.0, 0, 2]
    let field = PlaneField(places.flatMap { y in places.map { f($0, y) } }, side: 3, radius: 2)
    for (x, y) in [(-2.0, -2.0), (2, 2), (0.5, -1.25), (-1.9, 0.1)] {
      #expect(abs((field.value(x, y) ?? .nan) - f(x, y)) < 1e-14)
    }
    #expect(field.value(2.01, 0) == nil && field.value(0, -3) == nil)
    #expect(PlaneField([1], side: 1, radius: 1).value(0, 0) == nil)
    #expect(PlaneField([.nan, 1, 1, 1], side: 2, radius: 1).value(-1, -1) == nil)
  }

  @Test("the line where x² + y² is 1/4 is the circle of radius 1/2")
  func circle() {
    let places = (0..<41).map { Double($0) / 20 - 1 }
    var scatter = CircleScatter(points: [], circles: [])
    // The range: 1 and a little more.
    scatter.others = [(1, 0)]
    scatter.field = PlaneField(places.flatMap { y in places.map { $0 * $0 + y * y } }, side: 41, radius: 1)
    scatter.contours = [Contour(0.25, role: .sigma, symbol: "1")]
    var drawn = Buffer(width: 60, height: 30), expected = drawn
    scatter.draw(in: drawn.bounds, role: .truncated, into: &drawn, theme: Theme())
    var circle = CircleScatter(points: [], circles: [(0.5, .sigma)])
    circle.others = scatter.others
    circle.draw(in: expected.bounds, role: .truncated, into: &expected, theme: Theme())
    // Each cell of the one has a neighbor in the other.
    func cells(_ buffer: Buffer) -> [(x: Int, y: Int)] {
      (0..<30).flatMap { y in (0..<60).map { ($0, y) } }
        .filter { (0x2801...0x28FF).contains(buffer[$0.0, $0.1].character.value) }
    }
    let (line, truth) = (cells(drawn), cells(expected))
    #expect(line.count > 40)
    for (a, b) in [(line, truth), (truth, line)] {
      for cell in a { #expect(b.contains { abs($0.x - cell.x) <= 1 && abs($0.y - cell.y) <= 1 }) }
    }
  }

  @Test("a glyph stands over what else is drawn; ASCII has the series' symbol")
  func glyph() {
    for (tier, sign) in [(CharacterTier.braille, "●"), (.ascii, "@")] {
      var buffer = Buffer(width: 21, height: 6)
      var plot = Plot(
        x: Axis(.linear, lower: 0, upper: 1), y: Axis(.linear, lower: 0, upper: 1),
        series: [
          Series([(0.5, 0.5)], .glyph("●"), role: .truncated, symbol: "@"),
          Series([(0, 0), (1, 1)], role: .full),
        ])
      plot.labelsX = false
      plot.draw(in: buffer.bounds, into: &buffer, theme: Theme(characters: tier))
      #expect(buffer.rows.joined().filter { String($0) == sign }.count == 1)
    }
  }
}
