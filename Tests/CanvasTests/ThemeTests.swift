import Testing

@testable import Canvas

@Suite struct ThemeTests {
  /// xterm's palette: index 196 is pure red, 244 the grey 0x80, 21 pure blue.
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
    #expect(abs((Color(255, 255, 255).luminance + 0.05) / (Color(0, 0, 0).luminance + 0.05) - 21) < 1e-9)
    #expect(abs(Color(0, 255, 0).luminance - 0.7152) < 1e-9)
  }

  @Test func everythingThatIsReadStandsOutFromTheGround() throws {
    let theme = Theme()
    for role in Role.allCases where ![.background, .grid, .border, .selection, .bar].contains(role) {
      let ground = try #require(theme[.background].background)
      let ink = try #require(theme[role].foreground)
      #expect((ink.luminance + 0.05) / (ground.luminance + 0.05) >= 4.5, "\(role)")
      let mapped =
        (Color(index256: ink.index256).luminance + 0.05) / (Color(index256: ground.index256).luminance + 0.05)
      #expect(mapped >= 4.5, "\(role) in 256 colours")
    }
  }

  @Test func monoHasNoColours() {
    let theme = Theme(colors: .mono)
    for role in Role.allCases { #expect(theme[role].foreground == nil && theme[role].background == nil) }
  }

  @Test(arguments: ColorTier.allCases) func luminanceRisesInTheSequentialMap(_ tier: ColorTier) {
    let colors = ColorMap.sequential(tier).colors
    for (a, b) in zip(colors, colors.dropFirst()) { #expect(a.luminance <= b.luminance + 1e-6) }
    if tier == .colors256 { #expect(Set(colors).count >= 12) }
  }

  /// The sign is the hue and the size the luminance: both sides grow lighter from the middle.
  @Test func divergingMapIsDarkInTheMiddle() {
    let map = ColorMap.diverging(.trueColor)
    #expect(map[0].luminance > map[0.25].luminance && map[0.25].luminance > map[0.5].luminance)
    #expect(map[1].luminance > map[0.75].luminance && map[0.75].luminance > map[0.5].luminance)
    #expect(map[0].blue > map[0].red && map[1].red > map[1].blue)
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
