import Canvas
import LinearAlgebra
import Testing

@testable import Dashboard
@testable import GradientFlow
@testable import Training
@testable import Panels

/// Panels as they look in ASCII without colors, of numbers that can be checked by eye.
@Suite struct PlotPanelGoldenTests {
  private func rows(_ width: Int, _ height: Int, _ body: (Rect, inout Buffer) -> Void) -> [String] {
    Sample.draw(width, height, Sample.ascii, body).plainText.split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast().map(String.init)
  }

  @Test func aWindow() {
    let drawn = rows(48, 8) { Sample.time().draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "input x   c   c  A  c  c   c  c  c  c   c  c  c",
        "h 2      #################################",
        "h +-1    =================================",
        "phi'     +++++++++++++++++++++++++++++++++",
        "       1                           ....###",
        "|dL/dh|                         :::#######",
        "    1e-5                        ##########",
        "window      carried   +- k2 = 6 -^-[-----]",
      ])
  }

  /// Wherever the cursor stands, it overwrites no letter of a bracket's name.
  @Test(arguments: [(48, 8), (60, 8), (80, 8), (80, 12), (120, 14)])
  func theCursorLeavesNamesWhole(_ width: Int, _ height: Int) {
    for step in 4..<10 {
      let drawn = rows(width, height) {
        Sample.time(cursor: Cursor(.backward, step: step)).draw(in: $0, &$1, theme: Sample.ascii)
      }
      let row = drawn.first { $0.hasPrefix("window") } ?? ""
      for (sign, name) in [("k2", "k2 = 6"), ("BPTT", "BPTT(h; h'), h = 6, h' = 2"), ("k1", "k1 = 2")] {
        #expect(!row.contains(sign) || row.contains(name), "step \(step): \(row)")
      }
      #expect(row.contains("^"), "step \(step): \(row)")
    }
  }

  @Test func gradientNorm() {
    let drawn = rows(48, 9) { Sample.gradient().draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "     ** cut at k2 = 6 0.010 at t = 8  .. uncut",
        "                               . . . . . . . .",
        "   1                           |     ***",
        "                               | ****",
        "1e-2                           **",
        "                               |",
        "1e-4                           |",
        "                               |",
        "   t  1              5         ^              12",
      ])
  }

  /// Stepped back to lag 8, the product shows the lags up to 8 on the same axes, and none of what is said of all of them.
  @Test func jacobianProductAsFarAsThePassIs() {
    var picture = ProductPicture(Sample.product())
    picture.lag = 8
    let drawn = rows(48, 9) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "      ** largest sigma  -- bound  .. other sigma",
        "    1  --*-*-*-*- - -|",
        "          . . . ******",
        "                . . .|",
        "1e-10                |",
        "                     |",
        "                     |",
        "1e-20                |",
        "  lag  1       5     ^   10         15        20",
      ])
    picture.lag = 0
    let none = rows(48, 9) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(none.joined().contains("not yet: backward pass") && !none.joined().contains("*-"))
  }

  @Test func jacobianProduct() {
    let drawn = rows(48, 9) { ProductPicture(Sample.product()).draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "      ** x0.316 a step  -- bound  .. other sigma",
        "    1 -*-*-*-*- - - - -",
        "          . . **********- - - - - - - -",
        "              . . .     ***********",
        "1e-10               . .            ***** sigma_1",
        "                        . . .",
        "                              . . .",
        "1e-20                              .. .  sigma_2",
        "  lag 1               10              20",
      ])
  }

  @Test func flow() {
    let drawn = rows(40, 9) { Sample.flow().draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "@@@                TBPTT(2,4) newest",
        "%%%@@              keeps 67 % of terms",
        "###%%@@            >99.9 % of norms",
        "+++##%%@@          cos   0.930 to full",
        "/////##%%@@        error 0.38 of full",
        "/////++##%%@@      // cut off",
        "/////////##%%@@",
        "/////////++##%%@@",
        "t=1             8  1e-7  .:-=+*#%@ 1",
      ])
  }

  /// Back in time the map grows from the right: nothing before the cursor, nothing at all in the forward pass.
  @Test func theFlowGrowsBackwards() {
    var picture = Sample.flow()
    picture.cursor = 5
    var drawn = rows(40, 9) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(drawn[7].prefix(17) == "           ##%%@@" && drawn[8].contains("^"))
    picture.isBackward = false
    drawn = rows(40, 9) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(drawn[0].hasPrefix("not yet") && !drawn[7].contains("@"))
  }

  /// Where W_hh alone says little, J_t stands beside it, and both are named.
  @Test func spectrumOfAStep() {
    var picture = Sample.spectrum()
    picture.beside = (["J_t, t = 7", "J_t"], MatrixSpectrum(eigenvalues: [Complex(0, -0.9)], singularValues: [0.95]))
    picture.needsBoth = true
    let drawn = rows(22, 10) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(drawn[9].contains("J_t, t = 7"), "\(drawn)")
    #expect(drawn[7].contains("o"))
    let wide = rows(44, 12) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(wide[7].hasSuffix("J_t, t = 7") && wide[8].hasSuffix("p     0.900"))
  }

  /// Three units beside two inputs are all shown on the usual screen.
  @Test func fewUnitsAreAllShown() {
    let rows = TimeRows(height: 7, inputs: 2, states: 2, hasTargets: false)
    #expect(rows.states == 2 && rows.inputs == 2 && rows.gradients == 1 && rows.derivatives == 1 && rows.brackets == 1)
    #expect(TimeRows(height: 7, inputs: 2, states: 8, hasTargets: false).gradients == 2)
  }

  /// A few steps of 1 in an input without a row are told in the first row.
  @Test func marksWithoutARow() {
    var picture = Sample.time()
    picture.symbols = nil
    let numbers = (0..<12).map { Double($0) / 12 }
    picture.inputs = [("number", numbers), ("mark", numbers.indices.map { $0 % 5 == 0 ? 1 : 0 })]
    #expect(picture.marks(hiddenFrom: 1) == 1 && picture.marks(hiddenFrom: 2) == nil)
    picture.inputs[1].values = numbers.indices.map { $0 % 2 == 0 ? 1 : 0 }
    #expect(picture.marks(hiddenFrom: 1) == nil)
  }

  @Test func spectrum() {
    let drawn = rows(40, 9) { Sample.spectrum().draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "         ....",
        "      ...    ...      p     0.707",
        "    ..        * ..    s_max 0.800",
        "   ..            ..   must vanish",
        "   .  *    +      .   o |l| = 1",
        "   ..            ..",
        "    ..        * ..",
        "      ...    ...",
        "         ....",
      ])
  }

  @Test func lossAndNorm() {
    let drawn = rows(48, 12) { Sample.loss().draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(
      drawn == [
        "    ----------------------------- guessing 1.386",
        "",
        "1.0 *",
        "     *",
        "0.5  *",
        "     ***",
        "0.0    ************************** loss 0.0250",
        "|g| clipped in 20 % of the last 40",
        " 10    !  !   !   !  !   !   !  !",
        "  1 |||!||!|||!|||!||!|||!|||!||! clip at 1",
        "    |||!||!|||!|||!||!|||!|||!||!",
        "    1             20           40",
      ])
  }

  /// A loss over many decades has a logarithmic axis; an exploded spectrum says so.
  @Test func explosions() {
    var picture = Sample.loss()
    for index in picture.buckets.indices {
      picture.buckets[index].lossMean = index < 20 ? 1 : 1e290
      picture.buckets[index].lossMaximum = picture.buckets[index].lossMean
    }
    let drawn = rows(60, 14) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(drawn[0...5].contains { $0.contains("1e") } && drawn[0...8].contains { $0.hasPrefix("    1 ") })
    var spectrum = Sample.spectrum()
    spectrum.eigenvalues[0] = Complex(1e287)
    let words = rows(40, 9) { spectrum.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(words.joined(separator: " ").contains("e+287") && words.joined().contains("exploded"))
  }

  /// Floors keep a name where the panel is narrow.
  @Test func floorsKeepTheirNames() {
    var picture = Sample.loss()
    picture.floors = [
      .init(name: "knowing the letters' frequencies", short: "frequencies", loss: 0.9),
      .init(name: "knowing the letter before", short: "1 before", loss: 0.5),
    ]
    let drawn = rows(49, 12) { picture.draw(in: $0, &$1, theme: Sample.ascii) }
    #expect(drawn.contains { $0.contains("frequencies 0.9") } && drawn.contains { $0.contains("before 0.5") })
  }

  @Test func wordsWhereThereIsNothing() {
    let none = LossPicture(buckets: [], recent: [], floors: [], clip: ClipSpecification())
    #expect(
      rows(30, 2) { none.draw(in: $0, &$1, theme: Sample.ascii) } == [
        "no update yet: space trains, n", "makes one update",
      ])
    var cut = GradientNormPicture(length: 1, cursor: Cursor(.update, step: 0))
    cut.curves = Sample.curves([-.infinity], nil, cut.cursor)
    #expect(rows(40, 3) { cut.draw(in: $0, &$1, theme: Sample.ascii) }[0] == "the gradient is exactly 0: no loss was")
  }

  /// A factor a step where there is one, else what the curve does on its way back.
  @Test func curvesInWords() {
    // 10^(-t/4) going back from step 9 to step 5: a factor 10^-0.25 = 0.562 a step.
    let norms = (5..<10).map { -Double(9 - $0) / 4 }
    #expect(CurveWords(norms)?.long == "vanishes ×0.562 a step back")
    #expect(CurveWords(norms.map { -$0 })?.long == "explodes ×1.78 a step back")
    #expect(CurveWords([1, 1, 1, 1])?.long == "steady")
    #expect(CurveWords([]) == nil && CurveWords([-.infinity, -.infinity]) == nil)
    // A U: 6 decades down to t = 25 and up again; no factor is told for it.
    let valley = (0..<49).map { abs(Double($0) - 24) / 4 }
    #expect(CurveWords(valley)?.long == "falls to t = 25, rises before")
    #expect(CurveWords(valley, firstStep: 10)?.long == "falls to t = 35, rises before")
  }

  @Test func theCutIsSeenInEveryPalette() {
    for colors in ColorTier.allCases {
      let theme = Theme(colors: colors)
      let drawn = Sample.draw(40, 9, theme) { Sample.flow().draw(in: $0, &$1, theme: theme) }
      // Loss 7 of 8 at state 1 is cut by a window of 4 steps, at state 7 it is kept.
      let hatches = Set<Unicode.Scalar>(["/", "╱"])
      #expect(hatches.contains(drawn[0, 6].character), "\(colors)")
      #expect(!hatches.contains(drawn[11, 6].character), "\(colors)")
    }
  }
}
