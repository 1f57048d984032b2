/// A matrix as colors: two values a cell, one above the other, where the terminal has half blocks and 256 colors or more; else one
/// a cell, with fewer colors by density of ink. Larger matrices are reduced, smaller ones repeated.
public struct HeatMap: Sendable {
  /// How several values become one.
  public enum Reduction: Hashable, Sendable {
    /// The largest: for logarithms of magnitudes.
    case maximum
    /// The one of largest magnitude, with its sign: for states.
    case maximumMagnitude
    case mean
  }

  /// Which colors.
  public enum Map: Hashable, Sendable {
    /// Lowest to highest of the range.
    case sequential
    /// The middle of the range is neutral.
    case diverging
  }

  /// Row after row; -inf and nothing else is an empty place, NaN is marked.
  public var values: [Double]
  /// The matrix' shape.
  public let rows: Int, columns: Int
  /// The values at the ends of the colors.
  public var range: ClosedRange<Double>
  /// Which colors.
  public var map: Map
  /// How several values become one.
  public var reduction: Reduction
  /// Whether masked places are hatched, which is seen on every terminal; else they are only darker (dim where values are drawn by
  /// ink).
  public var hatchesMask = true
  /// Which places are shown dimmed and hatched, by row and column; nil for none.
  public var mask: (@Sendable (_ row: Int, _ column: Int) -> Bool)?

  /// A heat map of a matrix; values that are missing at the end are empty places.
  public init(
    _ values: [Double], rows: Int, columns: Int, range: ClosedRange<Double>, map: Map = .sequential,
    reduction: Reduction = .maximum, mask: (@Sendable (_ row: Int, _ column: Int) -> Bool)? = nil
  ) {
    self.values = values
    self.rows = max(0, min(rows, columns > 0 ? values.count / columns : 0))
    self.columns = max(0, columns)
    self.range = range
    self.map = map
    self.reduction = reduction
    self.mask = mask
  }

  /// Shares from 0 to `largest`, and the range that they are drawn over.
  ///
  /// Colors tell small shares apart. Ink has a few steps only, so there it is the logarithm that is drawn, three decades of it: each
  /// step is a few times the one before, and what is there is never blank.
  public static func shares(
    _ values: [Double], upTo largest: Double, theme: Theme
  ) -> (values: [Double], range: ClosedRange<Double>) {
    guard theme.drawsByInk else { return (values, 0...largest) }
    let top = log10(largest), lowest = top - 3, steps = Double(HeatPainter.inkSteps(theme))
    // The lowest value stands just above the first step, which is blank.
    let bottom = top - 3 * steps / (steps - 1) - 1e-6
    return (values.map { $0 == -.infinity || $0.isNaN ? $0 : max(lowest, log10($0)) }, bottom...top)
  }

  /// How many values stand one above the other in a cell.
  public static func valuesPerCell(_ theme: Theme) -> Int {
    theme.drawsByInk || theme.characters == .ascii ? 1 : 2
  }

  /// Draws the matrix over the whole rectangle. Masked places keep a third of their color and are hatched.
  public func draw(in rect: Rect, into buffer: inout Buffer, theme: Theme) {
    guard rows > 0 && columns > 0 && !rect.isEmpty else { return }
    let down = Self.valuesPerCell(theme)
    let painter = HeatPainter(map: map, hatches: hatchesMask, theme: theme)
    let height = rect.height * down
    for y in 0..<rect.height {
      for x in 0..<rect.width {
        let first = sample(x, y * down, rect.width, height)
        if down == 1 {
          painter.paint(first, x: rect.x + x, y: rect.y + y, into: &buffer)
        } else {
          let second = sample(x, y * down + 1, rect.width, height)
          painter.paint(first, over: second, x: rect.x + x, y: rect.y + y, into: &buffer)
        }
      }
    }
  }

  /// The place of the matrix that is seen at a cell of the map drawn over `rect`, of several the one whose value stands for them;
  /// nil beside the map.
  public func place(x: Int, y: Int, in rect: Rect) -> (row: Int, column: Int)? {
    guard rows > 0, columns > 0, rect.contains(x: x, y: y) else { return nil }
    func seen(_ cell: Int, _ cells: Int, _ count: Int) -> Range<Int> {
      let first = cell * count / cells
      return first..<min(count, max(first + 1, (cell + 1) * count / cells))
    }
    let (_, row, column) = reduced(seen(y - rect.y, rect.height, rows), seen(x - rect.x, rect.width, columns))
    return (row, column)
  }

  /// The matrix' place under a place of the picture: its value scaled to 0 … 1 (nil where empty), and whether it is masked.
  private func sample(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> HeatSample {
    let left = x * columns / width
    let right = max(left + 1, (x + 1) * columns / width)
    let top = y * rows / height
    let bottom = max(top + 1, (y + 1) * rows / height)
    let (value, row, column) = reduced(top..<min(bottom, rows), left..<min(right, columns))
    if value == -.infinity { return HeatSample(value: nil, isMasked: false) }
    let span = range.upperBound - range.lowerBound
    let scaled = span > 0 ? (value - range.lowerBound) / span : 0.5
    return HeatSample(
      value: scaled, isMasked: isMasked(row, column, top..<min(bottom, rows), left..<min(right, columns)))
  }

  /// Whether the place shown is masked, and with it all for which it stands: what is kept in part is not cut off.
  private func isMasked(_ row: Int, _ column: Int, _ rowRange: Range<Int>, _ columnRange: Range<Int>) -> Bool {
    guard let mask, mask(row, column) else { return false }
    return rowRange.allSatisfy { row in
      columnRange.allSatisfy { values[row * columns + $0] == -.infinity || mask(row, $0) }
    }
  }

  /// Several values as one, and the place that stands for them: the one whose value is shown, for the mean the middle.
  private func reduced(_ rowRange: Range<Int>, _ columnRange: Range<Int>) -> (value: Double, row: Int, column: Int) {
    if rowRange.count == 1 && columnRange.count == 1 {
      let (row, column) = (rowRange.lowerBound, columnRange.lowerBound)
      return (values[row * columns + column], row, column)
    }
    if reduction == .mean { return mean(rowRange, columnRange) }
    var chosen = (value: -Double.infinity, row: rowRange.lowerBound, column: columnRange.lowerBound)
    var largest = -Double.infinity
    for row in rowRange {
      for column in columnRange {
        let value = values[row * columns + column]
        if value.isNaN { return (value, row, column) }
        // Nothing is less than any state, whatever its magnitude.
        let rank = reduction == .maximum || value == -.infinity ? value : abs(value)
        if rank > largest {
          largest = rank
          chosen = (value, row, column)
        }
      }
    }
    return chosen
  }

  /// The mean of what is there.
  private func mean(_ rowRange: Range<Int>, _ columnRange: Range<Int>) -> (value: Double, row: Int, column: Int) {
    var sum = 0.0
    var count = 0.0
    for row in rowRange {
      for column in columnRange where values[row * columns + column] != -.infinity {
        sum += values[row * columns + column]
        count += 1
      }
    }
    let row = (rowRange.lowerBound + rowRange.upperBound - 1) / 2
    let column = (columnRange.lowerBound + columnRange.upperBound - 1) / 2
    return (count > 0 ? sum / count : -.infinity, row, column)
  }
}

/// One place of a heat map: 0 … 1, nil where there is nothing.
struct HeatSample {
  var value: Double?
  var isMasked: Bool
}

/// Draws places of heat maps with what a terminal has.
struct HeatPainter {
  let theme: Theme
  private let colors: ColorMap, dimmed: ColorMap
  private let isDiverging: Bool
  private let hatches: Bool
  private let ground: Color
  private static let asciiRamp: [Unicode.Scalar] = Array(" .:-=+*#%@".unicodeScalars)
  private static let shadeRamp: [Unicode.Scalar] = Array(" ·░▒▓█".unicodeScalars)
  /// How many steps of ink there are, blank among them.
  static func inkSteps(_ theme: Theme) -> Int { (theme.characters == .ascii ? asciiRamp : shadeRamp).count }
  private static let negativeRamp: [Unicode.Scalar] = Array(" -=".unicodeScalars)
  private static let positiveRamp: [Unicode.Scalar] = Array(" +#".unicodeScalars)

  init(map: HeatMap.Map, hatches: Bool, theme: Theme) {
    self.theme = theme
    self.hatches = hatches
    isDiverging = map == .diverging
    colors = isDiverging ? .diverging(theme) : .sequential(theme)
    dimmed = isDiverging ? .divergingDimmed(theme) : .sequentialDimmed(theme)
    ground = theme[.background].background ?? Color(0, 0, 0)
  }

  /// A cell that holds one place.
  func paint(_ sample: HeatSample, x: Int, y: Int, into buffer: inout Buffer) {
    guard let value = sample.value else { return }
    guard !value.isNaN else {
      buffer.put("!", x: x, y: y, style: theme[.error])
      return
    }
    if theme.drawsByInk {
      buffer.put(ink(value, sample.isMasked), x: x, y: y, style: inkStyle(value, sample.isMasked))
    } else {
      // ASCII with colors: the ground carries the value, a hatch the mask.
      let color = self.color(value, sample.isMasked)
      let isHatched = sample.isMasked && hatches
      let hatch = isHatched ? hatchColor(value) : color
      buffer.put(isHatched ? "/" : " ", x: x, y: y, style: Style(hatch, on: color))
    }
  }

  /// A cell that holds two places, one above the other.
  func paint(_ upper: HeatSample, over lower: HeatSample, x: Int, y: Int, into buffer: inout Buffer) {
    if upper.value?.isNaN == true || lower.value?.isNaN == true {
      buffer.put("!", x: x, y: y, style: theme[.error])
      return
    }
    switch (upper.value, lower.value) {
    case (nil, nil): return
    case (let top?, nil): paint(top, upper.isMasked, "▀", x: x, y: y, into: &buffer)
    case (nil, let bottom?): paint(bottom, lower.isMasked, "▄", x: x, y: y, into: &buffer)
    case (let top?, let bottom?):
      if hatches && upper.isMasked && lower.isMasked {
        let value = max(top, bottom)
        buffer.put("╱", x: x, y: y, style: Style(hatchColor(value), on: color(value, true)))
      } else {
        buffer.put("▀", x: x, y: y, style: Style(color(top, upper.isMasked), on: color(bottom, lower.isMasked)))
      }
    }
  }

  /// A cell of which only one half holds a place.
  private func paint(
    _ value: Double, _ isMasked: Bool, _ half: Unicode.Scalar, x: Int, y: Int, into buffer: inout Buffer
  ) {
    if isMasked && hatches {
      buffer.put("╱", x: x, y: y, style: Style(hatchColor(value)))
    } else {
      buffer.put(half, x: x, y: y, style: Style(color(value, isMasked)))
    }
  }

  /// In the palettes there is nothing to mix: a masked place is the ground, and its hatch has the color.
  private func color(_ value: Double, _ isMasked: Bool) -> Color? {
    guard isMasked else { return colors[value] }
    if !hatches { return dimmed[value] }
    return theme.colors == .trueColor ? colors[value]?.mixed(with: ground, 0.72) : ground
  }

  private func hatchColor(_ value: Double) -> Color? {
    theme.colors == .trueColor ? colors[value]?.mixed(with: theme.color(.dimText) ?? ground, 0.4) : colors[value]
  }

  private func ink(_ value: Double, _ isMasked: Bool) -> Unicode.Scalar {
    // Block fonts may lack the long stroke.
    if isMasked && hatches { return theme.characters == .braille && theme.colors != .mono ? "╱" : "/" }
    if isDiverging {
      let signed = max(-1, min(1, 2 * value - 1))
      let ramp = signed < 0 ? Self.negativeRamp : Self.positiveRamp
      return ramp[abs(signed) < 0.15 ? 0 : abs(signed) < 0.6 ? 1 : 2]
    }
    let ramp = theme.characters == .ascii ? Self.asciiRamp : Self.shadeRamp
    // Dim black is black on many terminals: what stands back is less dense as well.
    let density = isMasked && theme.colors != .mono ? value * 0.6 : value
    return ramp[Int(max(0, min(Double(ramp.count - 1), density * Double(ramp.count))))]
  }

  private func inkStyle(_ value: Double, _ isMasked: Bool) -> Style {
    if isMasked && (!hatches || theme.colors == .mono) { return Style(dim: true) }
    // A bold color may be drawn in another one, so colors are left as they are.
    guard theme.colors == .mono else { return Style(colors[value]) }
    return Style(bold: isDiverging && abs(2 * value - 1) >= 0.6)
  }
}
