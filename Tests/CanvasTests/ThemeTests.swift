import Testing

@testable import Canvas

@Suite struct ThemeTests {
  /// xterm's palette: index 196 is pure red, 244 the gray 0x80, 21 pure blue.
  @Test func paletteOf256() {
    #expect(Color(255, 0, 0).index256 == 196)
    #expect(Color(0x80, 0x80, 0x80).index256 == 244)
    #expect(Color(0, 0, 255).index256 == 21)
    #expect(Color(255, 255, 255).index256 == 231)
    for index in UInt8(16)...255 { #expect(Color(index256: Color(index256: index).index256) == Color(index256: index)) }
  }

  @Test func paletteOf16() {
    for index in UInt8(0)..<16 { #expect(Color.ansi[Int(index)].index16 == index) }
  }

  /// WCAG 2's own example values: white on black is 21:1.
  @Test func luminance() {
    #expect(abs(Color(255, 255, 255).contrast(with: Color(0, 0, 0)) - 21) < 1e-9)
    #expect(abs(Color(0, 255, 0).luminance - 0.7152) < 1e-9)
  }

  /// CSS Color 4's sample of sRGB's red: oklab(0.62796 0.22486 0.12585); white is (1, 0, 0).
  @Test func oklab() {
    let (red, white) = (Color(255, 0, 0).oklab, Color(255, 255, 255).oklab)
    #expect(abs(red.lightness - 0.62796) < 1e-4 && abs(red.a - 0.22486) < 1e-4 && abs(red.b - 0.12585) < 1e-4)
    #expect(abs(white.lightness - 1) < 1e-4 && abs(white.a) < 1e-4 && abs(white.b) < 1e-4)
  }

  @Test(arguments: ColorTier.allCases, Ground.allCases)
  func everyRoleStandsOutFromItsGround(_ tier: ColorTier, _ ground: Ground) {
    let theme = Theme(colors: tier, ground: ground)
    for paper in PaperAndInk.all(theme) {
      for role in Role.allCases {
        for (ink, behind) in paper.looks(theme[role], on: theme[.background]) {
          #expect(ink != behind, "\(role)")
          #expect(ink.contrast(with: behind) >= 4.5, "\(role): \(ink.contrast(with: behind))")
        }
        // Nothing has its border or a grid in the bar.
        guard ![.border, .grid].contains(role) else { continue }
        for (ink, behind) in paper.looks(theme[role], on: theme[.bar]) {
          #expect(ink.contrast(with: behind) >= 4.5, "\(role) in the bar: \(ink.contrast(with: behind))")
        }
      }
    }
  }

  /// With 8 and 16 colors nothing is painted over the terminal's ground but what brings its ink along.
  @Test(arguments: [ColorTier.colors8, .colors16], Ground.allCases)
  func fewColorsKeepTheTerminalsOwnGround(_ tier: ColorTier, _ ground: Ground) {
    let theme = Theme(colors: tier, ground: ground)
    for role in Role.allCases {
      #expect(theme[role].background == nil || theme[role].foreground != nil, "\(role)")
      if tier == .colors8, let ink = theme[role].foreground { #expect(Color.ansi.prefix(8).contains(ink), "\(role)") }
    }
    for role in [Role.background, .text, .dimText, .title, .value, .border, .grid] {
      #expect(theme[role].foreground == nil && theme[role].background == nil, "\(role)")
    }
  }

  @Test func monoHasNoColors() {
    let theme = Theme(colors: .mono)
    for role in Role.allCases { #expect(theme[role].foreground == nil && theme[role].background == nil) }
  }

  /// More is brighter on a dark ground, and darker on a light one.
  @Test(arguments: ColorTier.allCases.filter { $0 != .mono }, Ground.allCases)
  func lightnessOfTheScalesIsMonotonic(_ tier: ColorTier, _ ground: Ground) {
    let theme = Theme(colors: tier, ground: ground)
    for paper in PaperAndInk.all(theme) {
      func luminances(_ map: ColorMap) -> [Double] { map.colors.map { paper.shown($0 ?? paper.ink).luminance } }
      let sequential = luminances(.sequential(theme)), rises = !paper.isLight
      #expect(sequential.count >= 2)
      for (a, b) in zip(sequential, sequential.dropFirst()) {
        let (less, more) = rises ? (a, b) : (b, a)
        #expect(less < more + 1e-4 && (less < more || tier == .trueColor))
      }
      // The signs have colors of their own, and each grows away from the middle.
      let diverging = luminances(.diverging(theme)), half = diverging.count / 2
      if theme.drawsByInk {
        let map = ColorMap.diverging(theme)
        #expect(map[0.2] != map[0.8])
      }
      for index in 0..<max(0, half - 1) {
        let (low, high) = (diverging[half - 1 - index], diverging[half - 2 - index])
        #expect(rises ? low <= high + 1e-4 : low >= high)
        let (near, far) = (diverging[diverging.count - half + index], diverging[diverging.count - half + index + 1])
        #expect(rises ? near <= far + 1e-4 : near >= far)
      }
    }
  }

  /// By inks, the characters say the same as the colors.
  @Test(arguments: [ColorTier.colors8, .colors16, .mono], Ground.allCases)
  func charactersGrowDenserWithTheColors(_ tier: ColorTier, _ ground: Ground) {
    let theme = Theme(colors: tier, ground: ground)
    var buffer = Buffer(width: 60, height: 2)
    HeatMap((0..<60).map { Double($0) / 59 }, rows: 1, columns: 60, range: 0...1)
      .draw(in: Rect(x: 0, y: 0, width: 60, height: 1), into: &buffer, theme: theme)
    HeatMap([-1, -0.3, 0, 0.3, 1], rows: 1, columns: 5, range: -1...1, map: .diverging)
      .draw(in: Rect(x: 0, y: 1, width: 5, height: 1), into: &buffer, theme: theme)
    let places = buffer.rows[0].map { Array(" ·░▒▓█").firstIndex(of: $0) ?? -1 }
    #expect(places == places.sorted() && Set(places) == [0, 1, 2, 3, 4, 5])
    #expect(buffer.rows[1].hasPrefix("=- +#"))
    #expect(buffer.cells.allSatisfy { $0.style.background == nil })
  }

  /// What is masked stands back by its characters too, since dim black is black.
  @Test(arguments: [ColorTier.colors8, .colors16], Ground.allCases)
  func maskedInkIsLessDense(_ tier: ColorTier, _ ground: Ground) {
    let theme = Theme(colors: tier, ground: ground)
    func drawn(hatched: Bool) -> Buffer {
      var buffer = Buffer(width: 2, height: 1)
      var map = HeatMap([1, 1], rows: 1, columns: 2, range: 0...1) { _, column in column == 1 }
      map.hatchesMask = hatched
      map.draw(in: buffer.bounds, into: &buffer, theme: theme)
      return buffer
    }
    #expect(drawn(hatched: false).rows == ["█▒"] && drawn(hatched: true).rows == ["█╱"])
    // A hatch keeps the color of its value.
    let hatched = drawn(hatched: true)
    #expect(hatched[0, 0].style == hatched[1, 0].style)
  }

  /// viridis at nine of its places, as matplotlib publishes it.
  @Test func theScaleOf256IsAsNearAsItLooks() {
    let places: [(Double, Color)] = [
      (0, Color(0x44, 0x01, 0x54)), (0.125, Color(0x47, 0x2D, 0x7B)), (0.25, Color(0x3B, 0x52, 0x8B)),
      (0.375, Color(0x2C, 0x72, 0x8E)), (0.5, Color(0x21, 0x91, 0x8C)), (0.625, Color(0x28, 0xAE, 0x80)),
      (0.75, Color(0x5E, 0xC9, 0x62)), (0.875, Color(0xAD, 0xDC, 0x30)), (1, Color(0xFD, 0xE7, 0x25)),
    ]
    let map = ColorMap.sequential(Theme(colors: .colors256))
    #expect(map.colors.count >= 10)
    for (place, color) in places {
      let shown = map[place] ?? Color(0, 0, 0)
      #expect(shown.oklab.squaredDistance(to: color.oklab) < 0.12 * 0.12, "\(place)")
    }
    for case let color? in map.colors { #expect(Color(index256: color.index256) == color) }
  }

  /// The sign is the hue and the size the luminance: both sides grow lighter from the middle.
  @Test func divergingMapIsDarkInTheMiddle() throws {
    let map = ColorMap.diverging(Theme())
    let luminances = try [0, 0.25, 0.5, 0.75, 1].map { try #require(map[$0]).luminance }
    #expect(luminances[0] > luminances[1] && luminances[1] > luminances[2])
    #expect(luminances[4] > luminances[3] && luminances[3] > luminances[2])
    let (lowest, highest) = (try #require(map[0]), try #require(map[1]))
    #expect(lowest.blue > lowest.red && highest.red > highest.blue)
    #expect(map[.nan] == map[0] && map[-5] == map[0] && map[7] == map[1])
  }

  @Test func everythingHasAnAsciiForm() {
    var buffer = Buffer(width: 24, height: 1)
    buffer.put("‖∂L/∂hₜ‖ λ₁ γσ φ′ é ⣿⠁█▁│…", x: 0, y: 0, style: Style())
    buffer.reduce(to: .ascii)
    #expect(buffer.rows[0] == "|dL/dht| l1 gs f' e :.#:")
    #expect(Unicode.Scalar(0x416).map(\.ascii) == "?")
    for character in "╭╮╰╯┏┓┗┛├┤─│━┃◂▸▲▼●×²⁻¹₀₉⁵".unicodeScalars {
      #expect(character.ascii.isASCII && character.ascii != "?")
    }
  }
}

extension Color {
  /// WCAG 2: the lighter luminance to the darker one, 0.05 added to both.
  func contrast(with other: Color) -> Double {
    let (a, b) = (luminance + 0.05, other.luminance + 0.05)
    return max(a, b) / min(a, b)
  }
}

/// A terminal's own colors, as xterm has them, and what it makes of a style.
struct PaperAndInk {
  let tier: ColorTier
  let isLight: Bool
  var paper: Color { isLight ? Color(255, 255, 255) : Color(0, 0, 0) }
  var ink: Color { isLight ? Color(0, 0, 0) : Color(0xE5, 0xE5, 0xE5) }

  /// All terminals that a theme may be on.
  static func all(_ theme: Theme) -> [PaperAndInk] {
    if !theme.drawsByInk { return [PaperAndInk(tier: theme.colors, isLight: theme.name == .light)] }
    let grounds = theme.ground == .unknown ? [false, true] : [theme.ground == .light]
    return grounds.map { PaperAndInk(tier: theme.colors, isLight: $0) }
  }

  func shown(_ color: Color) -> Color {
    switch tier {
    case .trueColor, .mono: color
    case .colors256: Color(index256: color.index256)
    case .colors16: Color.ansi[Int(color.index16)]
    case .colors8: Color.ansi[Int(color.index8)]
    }
  }

  /// Ink and ground of a style; two of them where some terminals draw bold in the bright colors and some do not.
  func looks(_ style: Style, on ground: Style) -> [(Color, Color)] {
    let behind = (style.background ?? ground.background).map(shown) ?? paper
    var inks = [style.foreground.map(shown) ?? ink]
    if tier == .colors8 || tier == .colors16, style.bold, style.foreground != nil,
      let index = Color.ansi.prefix(8).firstIndex(of: inks[0])
    {
      inks.append(Color.ansi[index + 8])
    }
    // xterm's dim: two thirds.
    if style.dim { inks = inks.map { $0.mixed(with: Color(0, 0, 0), 1 / 3) } }
    let isReversed = style.reverse || style.background == nil && ground.reverse
    return inks.map { isReversed ? (behind, $0) : ($0, behind) }
  }
}
