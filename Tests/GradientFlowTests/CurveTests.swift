import GradientFlow
import LinearAlgebra
import Testing

@Suite struct LineFitTests {
  @Test func aLineIsFoundExactly() throws {
    let fit = try #require(LineFit((0..<10).map { 2 - 0.25 * Double($0) }))
    #expect(abs(fit.slope + 0.25) < 1e-15 && abs(fit.intercept - 2) < 1e-15)
    #expect(abs(fit.rSquared - 1) < 1e-15 && fit.largestResidual < 1e-15 && fit.count == 10)
    #expect(abs(fit.value(at: 4) - 1) < 1e-15)
  }

  @Test func aTextbookExample() throws {
    // (1, 1), (2, 2), (3, 2), (4, 5): slope 1.2, intercept -0.5, residuals 0.3, 0.1, -1.1, 0.7; R² = 1 - 1.8/9 = 0.8.
    let fit = try #require(LineFit([(1.0, 1.0), (2, 2), (3, 2), (4, 5)].map { (x: $0.0, y: $0.1) }))
    #expect(abs(fit.slope - 1.2) < 1e-14 && abs(fit.intercept + 0.5) < 1e-14)
    #expect(abs(fit.rSquared - 0.8) < 1e-14 && abs(fit.largestResidual - 1.1) < 1e-14)
  }

  @Test func whatIsNotFiniteIsLeftOut() throws {
    let fit = try #require(LineFit([0, -.infinity, 2, .nan, 4]))
    #expect(abs(fit.slope - 1) < 1e-15 && fit.count == 3)
    #expect(LineFit([1, -.infinity]) == nil && LineFit([(x: 1.0, y: 2.0), (x: 1, y: 3)]) == nil)
    #expect(LineFit([3, 3, 3])?.rSquared == 1)
  }
}

@Suite struct CurveShapeTests {
  private func noise(_ count: Int, _ size: Double, seed: UInt64 = 2) -> [Double] {
    var random = TestRandom(seed)
    return (0..<count).map { _ in size * random.next() }
  }

  private func parts(_ shape: CurveShape) -> [CurveShape.Part] {
    if case .parts(let parts) = shape { return parts }
    return []
  }

  @Test(arguments: [-0.3, -0.02, 0.02, 0.5]) func aFactorAStepIsALine(slope: Double) throws {
    let values = zip(0..<100, noise(100, 0.2)).map { 1 + slope * Double($0) + $1 }
    guard case .line(let fit, let steps) = CurveShape(values) else {
      Issue.record("no line: \(CurveShape(values))")
      return
    }
    #expect(abs(fit.slope - slope) < 0.005 && steps == 0...99)
  }

  @Test func aSmallButRegularChangeIsALineAndASmallIrregularOneIsSteady() {
    // ×0.995 a step back over 50 steps: 0.1 decades, without noise.
    guard case .line = CurveShape((0..<50).map { 0.002 * Double($0) }) else {
      Issue.record("a regular change is a line")
      return
    }
    guard case .steady(let level) = CurveShape(noise(50, 0.2).map { $0 - 3 }) else {
      Issue.record("noise around a level is steady")
      return
    }
    #expect(abs(level + 3) < 0.2)
    #expect(CurveShape([1, 1, 1, 1]) == .steady(log10: 1) && CurveShape([2]) == .steady(log10: 2))
  }

  @Test(arguments: [0.0, 0.2]) func aVFallsAndThenRises(noiseSize: Double) {
    // Least at t = 25: from 60 back it falls to 25, and rises before.
    let values = zip(0...60, noise(61, noiseSize)).map { 0.15 * abs(Double($0) - 25) + $1 }
    let found = parts(CurveShape(values))
    #expect(found.map(\.direction) == [.falls, .rises])
    #expect(found.count == 2 && (found[0].steps.lowerBound - 25).magnitude <= (noiseSize > 0 ? 4 : 0))
    #expect(found.first?.steps.upperBound == 60 && found.last?.steps.lowerBound == 0)
    #expect(
      found.allSatisfy { abs($0.change.magnitude - ($0.direction == .falls ? 5.25 : 3.75)) < 2 * noiseSize + 0.05 })
  }

  @Test func aHillRisesAndThenFalls() {
    let found = parts(CurveShape((0...60).map { -0.15 * abs(Double($0) - 25) }))
    #expect(found.map(\.direction) == [.rises, .falls] && found.map(\.steps) == [25...60, 0...25])
  }

  @Test(arguments: [0.0, 0.2]) func aUHasABottom(noiseSize: Double) {
    // Falls over 40 … 60, level over 20 … 40, rises over 0 … 20.
    let values = zip(0...60, noise(61, noiseSize)).map { 0.2 * Double(max(0, $0 - 40, 20 - $0)) + $1 }
    let found = parts(CurveShape(values))
    #expect(found.map(\.direction) == [.falls, .steady, .rises])
    if found.count == 3 {
      #expect((found[1].steps.lowerBound - 20).magnitude <= 4 && (found[1].steps.upperBound - 40).magnitude <= 4)
    }
  }

  @Test func aFallThatLevelsOff() {
    // 20 steps of 0.5 decades, then a plateau of 80: R² of one line is far below 0.95.
    let random = noise(100, 0.1)
    let values: [Double] = (0..<100).map { t in
      let level = 0.5 * Double(max(0, t - 80))
      return level - 10 + random[t]
    }
    let found = parts(CurveShape(values))
    #expect(found.map(\.direction) == [.falls, .steady])
    #expect(found.first.map { ($0.steps.lowerBound - 80).magnitude <= 4 } ?? false)
  }

  @Test func aParabolaIsNoLine() {
    // R² = 15/16 of a line through half a parabola: under the least that counts.
    let values = (0...100).map { 10 * Double($0 * $0) / 1e4 }
    #expect(abs((LineFit(values)?.rSquared ?? 0) - 0.9375) < 0.005)
    #expect(
      parts(CurveShape(values)).map(\.direction) == [.falls]
        || parts(CurveShape(values)).map(\.direction) == [.falls, .steady])
  }

  @Test func oneStepAloneMakesNoPart() {
    var values = (0...60).map { 0.15 * abs(Double($0) - 25) }
    (values[40], values[10]) = (9, -9)
    #expect(parts(CurveShape(values)).map(\.direction) == [.falls, .rises])
  }

  @Test func twoStepsAreNoLine() {
    #expect(parts(CurveShape([0, 5])) == [.init(direction: .falls, steps: 0...1, change: -5)])
    #expect(CurveShape([1, 1.2]) == .steady(log10: 1.1))
  }

  @Test func aLevelWithASpikeIsSteady() {
    var values = [Double](repeating: -2, count: 40)
    values[17] = 3
    #expect(CurveShape(values) == .steady(log10: -2))
  }

  @Test func zerosAreParts() {
    #expect(CurveShape([-.infinity, -.infinity]) == .zero && CurveShape([]) == .empty && CurveShape([.nan]) == .empty)
    // No gradient after the last loss is no part; an exact zero before is one.
    let line = (0..<30).map { 0.2 * Double($0) }
    guard case .line(let fit, let steps) = CurveShape(line + [-.infinity, -.infinity]) else {
      Issue.record("a line up to the last loss")
      return
    }
    #expect(abs(fit.slope - 0.2) < 1e-12 && steps == 0...29)
    let cut = parts(CurveShape([-.infinity, -.infinity, -.infinity] + line))
    #expect(cut.map(\.direction) == [.falls, .zero] && cut.map(\.steps) == [3...32, 0...2])
    let broken = parts(CurveShape(line + [-.infinity, -.infinity] + line))
    #expect(broken.map(\.direction) == [.falls, .zero, .falls] && broken.map(\.steps) == [32...61, 30...31, 0...29])
  }
}

@Suite struct HorizonTests {
  @Test func whereAPowerCrosses() {
    // ½^lag: 10 % at lag log2 10 = 3.32, 1 % at 6.64.
    let horizon = Horizon(log10Norm: (1...10).map { -Double($0) * Log10.of(2) })
    #expect(horizon.lag10 == 4 && horizon.lag1 == 7)
    #expect(abs((horizon.crossing10 ?? 0) - 3.321928094887362) < 1e-12)
    #expect(abs((horizon.crossing1 ?? 0) - 6.643856189774724) < 1e-12)
    // At the first lag already: between the identity at lag 0 and 1e-4 at lag 1.
    let sudden = Horizon(log10Norm: [-4, -.infinity])
    #expect(sudden.lag10 == 1 && sudden.crossing10 == 0.25 && sudden.crossing1 == 0.5)
    let cut = Horizon(log10Norm: [-0.5, -.infinity])
    #expect(cut.lag10 == 2 && cut.crossing10 == 2 && cut.lag1 == 2)
    let never = Horizon(log10Norm: [0, 0.1, -0.9])
    #expect(never.lag10 == nil && never.crossing10 == nil && never.crossing1 == nil)
  }

  @Test func itIsTheProducts() throws {
    let product = try ProductByLag(TestNetwork(hidden: 4, steps: 40, scale: 0.4).tape())
    let horizon = Horizon(product)
    #expect(horizon.lag10 == product.horizon10 && horizon.lag1 == product.horizon1 && horizon.lag1 != nil)
  }
}
