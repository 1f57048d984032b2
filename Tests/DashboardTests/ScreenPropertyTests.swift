import Canvas
import Foundation
import Testing
import Training

@testable import Dashboard

/// What holds of the whole screen in every size, tier and theme.
@Suite struct ScreenPropertyTests {
  /// Corners of 60×20 to 300×100, what is usual, and others drawn evenly, which differ from state to state.
  private static func sizes(_ state: Int) -> [Size] {
    var random = SeededRandom(seed: 12 + UInt64(state))
    let drawn = (0..<8).map { _ in
      Size(width: .random(in: 60...300, using: &random), height: .random(in: 20...100, using: &random))
    }
    let usual = [(60, 20), (300, 100), (60, 100), (300, 20), (80, 24), (100, 30), (120, 36), (132, 43), (200, 60)]
    return usual.map { Size(width: $0.0, height: $0.1) } + drawn
  }

  /// Every word of the program: what is made of letters in its sources. A word that is cut is none of them.
  private static let words: Set<String> = {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    var words: Set<String> = []
    for case let file as URL in FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil) ?? .init()
    {
      guard file.pathExtension == "swift", let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
      words.formUnion(ScreenPropertyTests.words(of: text))
    }
    // What demos say of themselves.
    for demo in Demo.all { words.formUnion(ScreenPropertyTests.words(of: demo.name + " " + demo.text)) }
    return words
  }()

  private static func words(of text: String) -> [String] {
    text.split { !($0.isLetter && $0.isASCII) }.map(String.init)
  }

  /// States that show everything that there is: paused, on both ways through the pass, two lanes, help, prompt, large numbers.
  private static func states() throws -> [DashboardState] { try made.get() }

  private static let made = Result { try makeStates() }

  private static func makeStates() throws -> [DashboardState] {
    var experiments = [Example.experiment()]
    var gated = Experiment()
    gated.task.name = .adding
    gated.network.cell = .lstm
    gated.network.hidden = 6
    var stacked = Experiment()
    stacked.network.layers = 3
    stacked.network.hidden = 5
    stacked.training.k1 = .steps(10)
    stacked.training.k2 = .steps(20)
    experiments += [Experiment(), gated, stacked]
    var states = try experiments.map { try Example.state($0) }
    var changed = Example.experiment()
    changed.training.k2 = .steps(4)
    states.append(try Example.pair(Example.experiment(), changed))
    for keys in [".......", "...............,", "?", ":training", "/lo", "B", "z", "\u{1B}w"] {
      var state = try Example.state()
      for key in keys { _ = reduce(into: &state, .key(key == "\u{1B}" ? .escape : .character(key))) }
      states.append(state)
    }
    states[0].tip = Tip.allCases
    return states
  }

  @Test func noWordIsCut() throws {
    #expect(Self.words.contains("Spectrum") && !Self.words.contains("Spectru"))
    for (index, state) in try Self.states().enumerated() {
      for size in Self.sizes(index) {
        // The symbols of the inputs are no words.
        let rows = render(state, size: size).rows.filter {
          !$0.contains("input x") && !$0.contains("│x ") && !$0.contains("┃x ")
        }
        let cut = rows.flatMap { row in
          Self.words(of: row).filter { $0.count > 2 && !Self.words.contains($0) }.map { "\($0) in: \(row)" }
        }
        #expect(cut.isEmpty, "state \(index), \(size.width)×\(size.height): \(cut.prefix(3))")
      }
    }
  }

  /// Panels share no cell, stay on the screen, and draw nothing beside their place.
  @Test func nothingOverlaps() throws {
    for (index, state) in try Self.states().enumerated() {
      for size in Self.sizes(index) {
        var state = state
        state.size = size
        let places = ScreenLayout(state).places
        var taken = [Bool](repeating: false, count: size.width * size.height)
        for place in places {
          let frame = place.frame
          #expect(frame.x >= 0 && frame.y >= 1 && frame.maxX <= size.width && frame.maxY <= size.height - 1)
          for y in frame.y..<frame.maxY {
            for x in frame.x..<frame.maxX {
              if taken[y * size.width + x] {
                Issue.record("state \(index), \(size): \(place.panel.id.name) lies over another panel")
                return
              }
              taken[y * size.width + x] = true
            }
          }
          var buffer = Buffer(width: size.width, height: size.height, fill: Cell("\u{1}"))
          place.panel.draw(state, in: place.inside, &buffer, theme: state.theme)
          for y in 0..<size.height {
            for x in 0..<size.width where !place.inside.contains(x: x, y: y) && buffer[x, y].character != "\u{1}" {
              Issue.record("state \(index), \(size): \(place.panel.id.name) draws beside its place")
              return
            }
          }
        }
      }
    }
  }

  @Test(arguments: ThemeName.allCases, ColorTier.allCases)
  func everyCharacterCanBeRead(_ name: ThemeName, _ tier: ColorTier) throws {
    for ground in Ground.allCases {
      let theme = Theme(name, colors: tier, ground: ground)
      let roles = Role.allCases.map { theme[$0] }
      for (index, state) in try Self.states().enumerated() {
        // Two of three sizes would show the same again.
        let sizes = [Size(width: 80, height: 24), Size(width: 120, height: 36), Size(width: 200, height: 60)]
        for size in [sizes[index % 3]] {
          var state = state
          state.theme = theme
          // Each look once.
          for cell in Set(render(state, size: size).cells) where cell.character.properties.isAlphabetic {
            let blank = theme.blank.style
            if theme.drawsByInk {
              // The terminal's own ink and the roles' looks, whose contrast is a matter of the theme.
              let isRole = roles.contains { $0.foreground == cell.style.foreground } || cell.style.foreground == nil
              if !isRole { Issue.record("no role: \(cell)") }
              continue
            }
            guard var ink = cell.style.foreground ?? blank.foreground,
              var ground = cell.style.background ?? blank.background
            else {
              Issue.record("no colors: \(cell)")
              return
            }
            if tier == .colors256 { (ink, ground) = (Color(index256: ink.index256), Color(index256: ground.index256)) }
            let (a, b) = (ink.luminance + 0.05, ground.luminance + 0.05)
            if max(a, b) / min(a, b) < 4.5 {
              Issue.record("\(name), \(tier), \(size): \(cell.character) at \(max(a, b) / min(a, b))")
              return
            }
          }
        }
      }
    }
  }
}
