/// Points in the plane around circles about 0, both directions in one scale, whatever the cells' shape.
public struct CircleScatter: Sendable {
  /// (re, im), drawn over the circles.
  public var points: [(x: Double, y: Double)]
  /// A second set of points, drawn under the first.
  public var others: [(x: Double, y: Double)] = []
  /// Its color.
  public var otherRole = Role.newest
  /// Where the points were before: single dots, under the points and over all lines.
  public var trail: [(x: Double, y: Double)] = []
  /// A function over the plane, and the lines of equal value that are drawn of it.
  public var field: PlaneField?, contours: [Contour] = []
  /// Radius and color of each circle, the most important first.
  public var circles: [(radius: Double, role: Role)]

  /// The names of the circles, each beside its circle; none for those that are missing.
  public var names: [String] = []
  /// Whether the real and the imaginary axis are drawn and named.
  public var hasAxes = false

  /// A scatter plot; its range is chosen so that all circles and points are seen.
  public init(points: [(x: Double, y: Double)], circles: [(radius: Double, role: Role)]) {
    self.points = points
    self.circles = circles
  }

  /// The radius that touches the nearer edges: the largest of circles and points and a little more, on a coarse grid so that it
  /// stands still while points move.
  public var extent: Double {
    var most = circles.map(\.radius).filter(\.isFinite).max() ?? 0
    for point in points + others where point.x.isFinite && point.y.isFinite {
      most = max(most, (point.x * point.x + point.y * point.y).squareRoot())
    }
    guard most > 0 else { return 1 }
    let quantum = Axis.pleasant(most / 10)
    return (most * 1.04 / quantum).rounded(.up) * quantum
  }

  /// Draws into the rectangle, centred.
  public func draw(in rect: Rect, role: Role, into buffer: inout Buffer, theme: Theme) {
    guard !rect.isEmpty else { return }
    var canvas = DotCanvas(columns: rect.width, rows: rect.height, tier: theme.characters)
    // Dots of height 1 and width `aspect`: as many heights fit across as width·aspect.
    let aspect = canvas.dotAspect
    let radius = (min(Double(canvas.width) * aspect, Double(canvas.height)) - 1) / 2
    guard radius > 0 else { return }
    let scale = radius / extent
    let center = (x: Double(canvas.width - 1) / 2, y: Double(canvas.height - 1) / 2)
    func place(_ x: Double, _ y: Double) -> (x: Int, y: Int) {
      (Int((center.x + x * scale / aspect).rounded()), Int((center.y - y * scale).rounded()))
    }
    let size = theme.characters != .braille || rect.height < 12 ? 1 : rect.height < 24 ? 2 : 3
    // The first to set a dot owns it.
    let drawn = circles.prefix(250)
    let otherOwner = UInt8(drawn.count + 1)
    for (owner, points) in [(UInt8(0), points), (otherOwner, others)] {
      for point in points where point.x.isFinite && point.y.isFinite {
        let dot = place(point.x, point.y)
        // A single dot is lost on a projector: where there is room a point is some dots.
        for y in 0..<size { for x in 0..<size { canvas.set(dot.x + x - size / 2, dot.y + y - size / 2, owner: owner) } }
      }
    }
    for (index, circle) in drawn.enumerated() where circle.radius.isFinite && circle.radius > 0 {
      let count = max(12, Int(circle.radius * scale * 7 / aspect))
      for step in 0..<min(count, 4_000) {
        let (cosine, sine) = cosineSine(2 * .pi * Double(step) / Double(count))
        let dot = place(circle.radius * cosine, circle.radius * sine)
        if index == 0 || step % 8 < 3 { canvas.set(dot.x, dot.y, owner: UInt8(index + 1)) }
      }
    }
    let lineOwner = otherOwner + 1
    for point in trail where point.x.isFinite && point.y.isFinite {
      let dot = place(point.x, point.y)
      canvas.set(dot.x, dot.y, owner: lineOwner + UInt8(min(2, contours.count)))
    }
    for (index, contour) in contours.prefix(2).enumerated() {
      // A line passes where the value is on the other side at the next dot to the right or below.
      func isInside(_ x: Int, _ y: Int) -> Bool? {
        let (re, im) = ((Double(x) - center.x) * aspect / scale, (center.y - Double(y)) / scale)
        return field?.value(re, im).map { $0 < contour.level }
      }
      for y in 0..<canvas.height {
        for x in 0..<canvas.width {
          guard let here = isInside(x, y) else { continue }
          if isInside(x + 1, y) == !here || isInside(x, y + 1) == !here {
            canvas.set(x, y, owner: lineOwner + UInt8(index))
          }
        }
      }
    }
    if hasAxes { drawAxes(in: rect, &buffer, theme) }
    let middle = (rect.x + rect.width / 2, rect.y + (rect.height - 1) / 2)
    buffer.put("+", x: middle.0, y: middle.1, style: theme[.dimText])
    canvas.draw(
      at: rect.x, rect.y, into: &buffer,
      styles: [theme[role]] + drawn.map { theme[$0.role] } + [theme[otherRole]]
        + contours.prefix(2).map { theme[$0.role] } + [theme[.newest]],
      symbols: ["*"] + drawn.map { _ in "." } + ["o"] + contours.prefix(2).map(\.symbol) + [":"])
    // Each name at an angle of its own, outside of its circle.
    for (index, name) in names.enumerated().prefix(circles.count) where circles[index].radius.isFinite {
      let (cosine, sine) = cosineSine(.pi / 3 - .pi * 2 / 9 * Double(index))
      let dot = place(circles[index].radius * cosine, circles[index].radius * sine)
      let x = rect.x + dot.x / canvas.across + 2
      let y = rect.y + dot.y / canvas.down
      guard x >= rect.x && x + name.columns <= rect.maxX && (rect.y..<rect.maxY).contains(y) else { continue }
      buffer.put(name, x: x, y: y, style: theme[circles[index].role])
    }
  }

  /// Lines through 0, under everything else.
  private func drawAxes(in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    let middle = (x: rect.x + rect.width / 2, y: rect.y + (rect.height - 1) / 2)
    for x in rect.x..<rect.maxX { buffer.put("·", x: x, y: middle.y, style: theme[.grid]) }
    for y in rect.y..<rect.maxY { buffer.put("·", x: middle.x, y: y, style: theme[.grid]) }
    buffer.put("Re λ", x: rect.maxX - 4, y: middle.y, style: theme[.dimText], limit: 4)
    buffer.put("Im λ", x: middle.x + 2, y: rect.y, style: theme[.dimText], limit: max(0, rect.maxX - middle.x - 2))
  }
}
