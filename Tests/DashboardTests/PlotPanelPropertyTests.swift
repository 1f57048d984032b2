import Canvas
import LinearAlgebra
import Testing

@testable import Dashboard
@testable import GradientFlow
@testable import Training
@testable import Panels

/// Whatever the numbers, the size and the terminal: a panel draws inside of its rectangle, one column a character, and
/// does not crash.
@Suite struct PlotPanelPropertyTests {
  typealias Drawing = (Rect, inout Buffer, Theme) -> Void

  private func check(_ drawings: [Drawing], _ theme: Theme, widths: [Int], heights: [Int]) {
    let blank = Cell("~", Style(Color(1, 2, 3)))
    for width in widths {
      for height in heights {
        let rect = Rect(x: 2, y: 1, width: width, height: height)
        for (index, drawing) in drawings.enumerated() {
          var buffer = Buffer(width: width + 5, height: height + 3, fill: blank)
          drawing(rect, &buffer, theme)
          let stray = buffer.cells.indices.first { index in
            let cell = buffer.cells[index]
            guard cell != blank else { return false }
            return !rect.contains(x: index % buffer.width, y: index / buffer.width) || cell.character.displayWidth != 1
          }
          if let stray {
            Issue.record(
              "drawing \(index) at \(width)×\(height) drew (\(stray % buffer.width), \(stray / buffer.width))")
            return
          }
        }
      }
    }
  }

  @Test(arguments: [
    (ColorTier.trueColor, CharacterTier.braille), (.colors256, .block), (.colors16, .braille), (.mono, .ascii),
  ])
  func everySize(_ colors: ColorTier, _ characters: CharacterTier) {
    let theme = Theme(colors: colors, characters: characters)
    let drawings: [Drawing] = [
      { Sample.time().draw(in: $0, &$1, theme: $2) }, { Sample.gradient().draw(in: $0, &$1, theme: $2) },
      { ProductPicture(Sample.product()).draw(in: $0, &$1, theme: $2) }, { Sample.flow().draw(in: $0, &$1, theme: $2) },
      { Sample.spectrum(gamma: 0.25).draw(in: $0, &$1, theme: $2) }, { Sample.loss().draw(in: $0, &$1, theme: $2) },
    ]
    check(drawings, theme, widths: Array(0...40), heights: Array(0...9) + [11, 13, 16, 20])
  }

  /// Numbers that are none, infinite, denormal, or far outside of what a double holds as a power.
  private static let wild: [[Double]] = [
    [], [.nan], [-.infinity], [.infinity], [0], [.nan, -.infinity, .infinity, 0, -4000, 1e308, -1e308],
    [Double](repeating: -.infinity, count: 6), [Double](repeating: .leastNonzeroMagnitude, count: 6),
    [-4000, -3999.5, -2000, 0, 1, 2],
  ]

  @Test(arguments: wild.indices) func wildNumbers(_ index: Int) {
    let values = Self.wild[index]
    let count = values.count
    let drawings: [Drawing] = [
      { rect, buffer, theme in
        var picture = Sample.time(length: count)
        picture.window = 0..<count
        picture.injected = max(0, count - 2)..<count
        picture.symbols = nil
        picture.inputs = [("a name that is long", values), ("b", values)]
        picture.gradient = values
        picture.meanDerivative = values
        picture.leastDerivative = []
        picture.gradientAxis = .logarithmic(values)
        picture.state = { _, step in values.indices.contains(step) ? values[step] : nil }
        picture.draw(in: rect, &buffer, theme: theme)
      },
      { rect, buffer, theme in
        let cursor = Cursor(.backward, step: 3)
        var picture = GradientNormPicture(length: count, cursor: cursor)
        picture.curves = Sample.curves(values, values, cursor)
        picture.moved = values
        picture.clip = values.last
        picture.draw(in: rect, &buffer, theme: theme)
      },
      {
        GradientNormPicture(length: 0, cursor: Cursor(.update, step: 0)).draw(in: $0, &$1, theme: $2)
      },
      { rect, buffer, theme in
        let product = ProductByLag(
          steps: count, log10Norm: values, spectra: values.indices.map { .init(lag: $0 + 1, log10: values) },
          log10BoundPerStep: values.last, slope: values.first, horizon10: nil, horizon1: nil)
        var picture = ProductPicture(product)
        picture.lag = 1
        picture.draw(in: rect, &buffer, theme: theme)
      },
      { rect, buffer, theme in
        var picture = Sample.flow(steps: max(1, count))
        let matrix = (0..<count).flatMap { _ in values }
        picture.flow = FlowMatrix(steps: count, rows: Array(0..<count), log10: matrix)
        picture.draw(in: rect, &buffer, theme: theme)
      },
      {
        SpectrumPicture(
          eigenvalues: values.map { Complex($0, -$0) }, largestSingularValue: values.first, gamma: values.last ?? 1
        ).draw(in: $0, &$1, theme: $2)
      },
      { rect, buffer, theme in
        var picture = Sample.loss(updates: max(1, count))
        for (index, value) in values.enumerated() {
          picture.buckets[index].lossMean = value
          picture.buckets[index].lossMaximum = value
          picture.buckets[index].normMaximum = value
          picture.recent[index].loss = value
        }
        if count == 0 { picture.buckets = [] }
        picture.draw(in: rect, &buffer, theme: theme)
      },
    ]
    for theme in [Theme(), Theme(colors: .mono, characters: .ascii)] {
      check(
        drawings, theme, widths: Array(stride(from: 0, through: 100, by: 10)), heights: [0, 1, 2, 3, 4, 6, 8, 11, 14])
    }
  }

  /// Sequences longer than the panel is wide, at every place of the cursor.
  @Test func longSequences() {
    for step in stride(from: 0, to: 500, by: 7) {
      for phase in [Cursor.Phase.forward, .backward, .update] {
        var picture = Sample.time(cursor: Cursor(phase, step: step), length: 500)
        picture.window = max(0, step - 30)..<min(500, step + 3)
        picture.injected = step..<min(500, step + 3)
        check([{ picture.draw(in: $0, &$1, theme: $2) }], Theme(), widths: [60], heights: [10])
        let scale = TimeScale(length: 500, width: 50, focus: phase == .update ? nil : step)
        #expect(scale.column(of: step).map { (0..<50).contains($0) } == true, "the cursor is seen")
      }
    }
  }

  @Test func windowsAreNamed() {
    func words(_ window: Range<Int>, _ injected: Range<Int>, k1: Int, k2: Int) -> String? {
      var picture = Sample.time(length: 50)
      (picture.window, picture.injected) = (window, injected)
      (picture.wantedWindow, picture.wantedNewest) = (k2, k1)
      return picture.windowWords.first
    }
    #expect(words(20..<40, 30..<40, k1: 10, k2: 20) == "k2 = 20: BPTT(h; h′), h = 20, h′ = 10")
    #expect(words(20..<40, 39..<40, k1: 1, k2: 20) == "k2 = 20: BPTT(h), h = 20")
    #expect(words(0..<40, 39..<40, k1: 1, k2: 50) == "k2 = n = 50, only 40 steps so far: real-time BPTT")
    #expect(words(0..<25, 0..<25, k1: 25, k2: 50) == "k2 = n = 50, only 25 steps so far · k1 = 25")
    #expect(words(0..<10, 0..<10, k1: 10, k2: 20) == "k2 = 20, only 10 steps so far · k1 = 10")
    #expect(words(25..<50, 25..<50, k1: 25, k2: 25) == "k2 = k1 = 25")
    #expect(words(25..<50, 25..<50, k1: 50, k2: 25) == "k2 = 25 · k1 = 50")
    #expect(words(0..<50, 0..<50, k1: 50, k2: 50) == "k1 = k2 = n = 50, full (epochwise) backpropagation")
  }

  /// Nothing of the gradient is drawn before the backward pass, and in it nothing before the cursor.
  @Test func theGradientGrowsBackwards() {
    func drawn(_ cursor: Cursor) -> [String] {
      let buffer = Sample.draw(60, 9, Sample.ascii) {
        Sample.gradient(cursor: cursor).draw(in: $0, &$1, theme: Sample.ascii)
      }
      return buffer.rows
    }
    let forward = drawn(Cursor(.forward, step: 7))
    #expect(forward.contains { $0.contains("not yet") })
    #expect(!forward[1...6].joined().contains("*"))
    let half = drawn(Cursor(.backward, step: 7))[1...6].joined().count { $0 == "*" }
    let whole = drawn(Cursor(.update, step: 4))[1...6].joined().count { $0 == "*" }
    #expect(half > 0 && half < whole)
  }

  @Test func timeScale() {
    // All of the room is used: 12 steps in 40 columns are 3 or 4 wide each.
    #expect(TimeScale(length: 12, width: 40, focus: nil).columns == 40)
    #expect(Set(TimeScale(length: 12, width: 40, focus: nil).places.map(\.columns.count)) == [3, 4])
    #expect(TimeScale(length: 500, width: 100, focus: nil).steps(at: 99) == 495..<500)
    #expect(TimeScale(length: 500, width: 100, focus: nil).columns == 100)
    #expect(TimeScale(length: 501, width: 100, focus: nil).columns <= 100)
    #expect(TimeScale(length: 500, width: 100, focus: 499).steps == 400..<500)
    #expect(TimeScale(length: 500, width: 100, focus: 0).steps == 0..<100)
    #expect(TimeScale(length: 0, width: 100, focus: 0).columns == 0)
    #expect(TimeScale(length: 7, width: 0, focus: nil).steps(at: 0) == 0..<7)
    // Every step is in the column that says it holds it.
    for (length, width) in [(123, 50), (20, 50), (50, 110), (501, 100)] {
      let scale = TimeScale(length: length, width: width, focus: nil)
      for step in scale.steps {
        #expect(scale.column(of: step).map { scale.steps(at: $0).contains(step) } == true)
      }
      // Places lie side by side and hold all steps.
      #expect(scale.places.flatMap(\.columns) == Array(0..<scale.columns))
      #expect(Set(scale.places.flatMap(\.steps)) == Set(scale.steps))
    }
  }
}
