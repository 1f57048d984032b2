import Glibc
import Testing

@testable import Canvas

/// What every theme promises, on every terminal.
@Suite struct NamedThemeTests {
  private static let tiers = ColorTier.allCases

  /// All terminals: with 8 and 16 colors and without any, on each ground.
  private func themes(_ name: ThemeName, _ tier: ColorTier) -> [Theme] {
    Ground.allCases.map { Theme(name, colors: tier, ground: $0) }
  }

  @Test(arguments: ThemeName.allCases, tiers)
  func everyRoleCanBeRead(_ name: ThemeName, _ tier: ColorTier) {
    let least = name == .highContrast && (tier == .trueColor || tier == .colors256) ? 7 : 4.5
    for theme in themes(name, tier) {
      for paper in PaperAndInk.all(theme) {
        for role in Role.allCases {
          for (ink, behind) in paper.looks(theme[role], on: theme[.background]) {
            #expect(ink.contrast(with: behind) >= least, "\(role): \(ink.contrast(with: behind))")
          }
          // Nothing has its border or a grid in the bar.
          guard ![.border, .grid].contains(role) else { continue }
          for (ink, behind) in paper.looks(theme[role], on: theme[.bar]) {
            #expect(ink.contrast(with: behind) >= 4.5, "\(role) in the bar: \(ink.contrast(with: behind))")
          }
        }
      }
    }
  }

  /// Away from the ground: on a dark one more is lighter, on a light one darker, in every step of every scale.
  @Test(arguments: ThemeName.allCases, tiers.filter { $0 != .mono })
  func lightnessOfEveryScaleIsMonotonic(_ name: ThemeName, _ tier: ColorTier) {
    for theme in themes(name, tier) {
      for paper in PaperAndInk.all(theme) {
        func lightness(_ map: ColorMap) -> [Double] { map.colors.map { paper.shown($0 ?? paper.ink).oklab.lightness } }
        func rises(_ values: [Double]) -> Bool {
          zip(values, values.dropFirst()).allSatisfy { paper.isLight ? $1 <= $0 + 2e-3 : $1 >= $0 - 2e-3 }
        }
        for map in [ColorMap.sequential(theme), .sequentialDimmed(theme)] {
          let values = lightness(map)
          #expect(rises(values), "\(values)")
          if map.colors.count > 1 { #expect(Set(values).count > 1) }
        }
        for map in [ColorMap.diverging(theme), .divergingDimmed(theme)] where !theme.drawsByInk {
          let values = lightness(map), half = (values.count + 1) / 2
          #expect(rises(values.prefix(half).reversed()), "below the middle: \(values)")
          #expect(rises(Array(values.suffix(half))), "above the middle: \(values)")
        }
      }
    }
  }

  /// The maps as matplotlib publishes them, at their ends and in the middle.
  @Test(arguments: [
    (ThemeName.dark, 0x440154, 0x21918C, 0xFDE725), (.light, 0xFDE725, 0x21918C, 0x440154),
    (.redGreenBlind, 0x00224E, 0x7D7C78, 0xFEE838),
  ])
  func scalesArePublishedOnes(_ name: ThemeName, _ low: UInt32, _ middle: UInt32, _ high: UInt32) throws {
    let map = ColorMap.sequential(Theme(name))
    for (value, color) in [(0, low), (0.5, middle), (1, high)] {
      let shown = try #require(map[value])
      #expect(shown.oklab.squaredDistance(to: Color(integerLiteral: color).oklab) < 0.01 * 0.01, "\(value)")
    }
  }

  /// What stands in one plot is told apart by those whom the theme is for, in colors as they see them (G. Machado, M. Oliveira and
  /// L. Fernandes, 2009, whole deficiency).
  @Test(arguments: [
    (ThemeName.redGreenBlind, Deficiency.protanopia), (.redGreenBlind, .deuteranopia), (.blueYellowBlind, .tritanopia),
  ])
  func colorBlindReadersTellRolesApart(_ name: ThemeName, _ deficiency: Deficiency) throws {
    let pairs: [(Role, Role)] = [
      (.truncated, .full), (.truncated, .bound), (.truncated, .sigma), (.bound, .sigma), (.truncated, .window),
      (.full, .window), (.loss, .gradientNorm), (.loss, .floor), (.loss, .threshold), (.gradientNorm, .threshold),
      (.window, .newest), (.local, .future), (.truncated, .newest),
    ]
    let theme = Theme(name)
    for (a, b) in pairs {
      let (first, second) = (try #require(theme.color(a)), try #require(theme.color(b)))
      let distance = deficiency.seen(first).oklab.squaredDistance(to: deficiency.seen(second).oklab).squareRoot()
      #expect(distance >= 0.1, "\(a) and \(b): \(distance)")
    }
    // The signs of states.
    let signs = ColorMap.diverging(theme)
    let (negative, positive) = (try #require(signs[0.1]), try #require(signs[0.9]))
    #expect(
      deficiency.seen(negative).oklab.squaredDistance(to: deficiency.seen(positive).oklab).squareRoot() >= 0.1)
  }

  /// The usual green and red cannot be told apart so: the simulation sees something.
  @Test func theSimulationMixesGreenAndRed() {
    let (green, red): (Color, Color) = (0x6F9A1F, 0xC47A1F)
    let plain = green.oklab.squaredDistance(to: red.oklab).squareRoot()
    let seen = Deficiency.deuteranopia.seen(green).oklab.squaredDistance(to: Deficiency.deuteranopia.seen(red).oklab)
    #expect(seen.squareRoot() < 0.6 * plain)
  }

  /// Without a name the terminal's background decides; a name stays whatever the terminal says.
  @Test func theGroundChoosesWhereNobodyDid() {
    #expect(Theme(ground: .light).name == .light && Theme(ground: .dark).name == .dark)
    #expect(Theme(ground: .unknown).name == .dark && Theme(ground: .unknown).ground == .unknown)
    #expect(Theme(.dark, ground: .light).with(.dark, ground: .light).name == .dark)
    #expect(Theme(.dark, colors: .colors8, ground: .light).ground == .dark)
    #expect(Theme().with(nil, ground: .light) == Theme(ground: .light))
    #expect(ThemeName.allCases.map(\.next) == ThemeName.allCases.dropFirst() + [.dark])
  }
}

/// A kind of color blindness.
enum Deficiency {
  case protanopia, deuteranopia, tritanopia

  private var matrix: [[Double]] {
    switch self {
    case .protanopia:
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    case .deuteranopia:
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    case .tritanopia:
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    }
  }

  /// A color as it is seen: the matrix works on linear sRGB.
  func seen(_ color: Color) -> Color {
    func linear(_ value: UInt8) -> Double {
      let c = Double(value) / 255
      return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
    }
    let channels = [color.red, color.green, color.blue].map(linear)
    let bytes = matrix.map { row -> UInt8 in
      let sum = min(1, max(0, zip(row, channels).reduce(0) { $0 + $1.0 * $1.1 }))
      return UInt8((255 * (sum <= 0.0031308 ? 12.92 * sum : 1.055 * pow(sum, 1 / 2.4) - 0.055)).rounded())
    }
    return Color(bytes[0], bytes[1], bytes[2])
  }
}
