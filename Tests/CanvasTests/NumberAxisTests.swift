import Testing

@testable import Canvas

@Suite struct NumberTextTests {
  @Test func fixedAndShort() {
    #expect(NumberText.fixed(1.25, 1) == "1.3")
    #expect(NumberText.fixed(-0.04, 1) == "0.0")
    #expect(NumberText.fixed(-0.06, 1) == "-0.1")
    #expect(NumberText.fixed(12, 0) == "12")
    #expect(NumberText.fixed(.nan, 3) == "NaN" && NumberText.fixed(-.infinity, 3) == "-inf")
    #expect(NumberText.short(0) == "0")
    #expect(NumberText.short(0.012345) == "0.0123")
    #expect(NumberText.short(9.999) == "10.0")
    #expect(NumberText.short(12_345) == "12345")
    #expect(NumberText.short(1.2345e-5) == "1.23e-5")
    #expect(NumberText.short(-6.02e23) == "-6.02e+23")
    #expect(NumberText.short(.leastNonzeroMagnitude, digits: 1) == "5e-324")
    #expect(NumberText.fixed(1.7976931348623157e308, 2) == "1.80e+308")
  }

  @Test func powersFarOutsideOfDouble() {
    #expect(NumberText.power(log10: -4000.5) == "3.2e-4001")
    #expect(NumberText.power(log10: 5000) == "1.0e+5000")
    #expect(NumberText.power(log10: -1) == "0.10")
    #expect(NumberText.power(log10: 0.30103, digits: 3) == "2.00")
    #expect(NumberText.power(log10: 2.9999999, digits: 2) == "1000")
    #expect(NumberText.power(log10: -3.0000001, digits: 2) == "1.0e-3")
    #expect(NumberText.power(log10: -.infinity) == "0" && NumberText.power(log10: .infinity) == "inf")
    #expect(NumberText.power(log10: 1e300).hasPrefix("1e+1"))
    #expect([2, 1, 0, -1, -5, -4000].map(NumberText.decade) == ["1e2", "10", "1", "0.1", "1e-5", "1e-4000"])
  }

  @Test func groupsAndPercent() {
    #expect([0, 999, 1_204, -1_234_567].map(NumberText.grouped) == ["0", "999", "1,204", "-1,234,567"])
    #expect(
      [1, 0.5, 0.996, 0.99999, 0.0001, 1e-9, 0].map(NumberText.percent)
        == ["100 %", "50 %", "99.6 %", ">99.9 %", "0.01 %", "<0.01 %", "0 %"])
    #expect(NumberText.percent(.nan) == "NaN %")
  }
}

@Suite struct AxisTests {
  @Test func logarithmicAxesEndOnDecades() {
    let axis = Axis.logarithmic([-4.2, 1.3, -.infinity, .nan])
    #expect(axis.lower == -5 && axis.upper == 2)
    #expect(axis.ticks(atMost: 4).map(\.label) == ["1e-4", "1e-2", "1", "1e2"])
    #expect(
      Axis.logarithmic([-3987, 0]).ticks(atMost: 5).map(\.label) == ["1e-4000", "1e-3000", "1e-2000", "1e-1000", "1"])
    #expect(Axis.logarithmic([]).upper > Axis.logarithmic([]).lower)
    // Within a decade: 0.013 … 0.03 lies in 0.01 … 0.05, 100 alone in 100 … 200.
    let narrow = Axis.logarithmic([-1.88, -1.52])
    #expect(narrow.ticks(atMost: 4).map(\.label) == ["0.01", "0.02", "0.05"])
    #expect(narrow.ticks(atMost: 2).map(\.label) == ["0.01", "0.05"])
    #expect(Axis.logarithmic([2, 2]).ticks(atMost: 3).map(\.label) == ["100", "200"])
    #expect(Axis.logarithmic([-100, 0], floor: 12).lower == -12)
    // Where two labels must do and growth and decay are both seen, one of them is 1.
    #expect(Axis.logarithmic([-20, 23]).ticks(atMost: 2).map(\.label) == ["1", "1e25"])
    #expect(Axis.logarithmic([-9, 2]).ticks(atMost: 2).map(\.label) == ["1e-5", "1"])
    #expect(Axis.logarithmic([-0.5, 0.2]).ticks(atMost: 2).map(\.label) == ["0.2", "1"])
  }

  @Test func linearAxesHavePleasantTicks() {
    let axis = Axis.linear([0.3, 1.386], including: [0])
    #expect(axis.lower == 0 && abs(axis.upper - 1.4) < 1e-12)
    #expect(axis.ticks(atMost: 4).map(\.label) == ["0.0", "0.5", "1.0"])
    // One value stands in the middle, and no two labels are the same.
    for value in [5.0, -3, 1, 1e-7, 2.5e6] {
      let axis = Axis.linear([value, value, value * (1 + 1e-9)])
      #expect(axis.lower < value && axis.upper > value)
      let labels = axis.ticks(atMost: 5).map(\.label)
      #expect(labels.count >= 2 && Set(labels).count == labels.count, "\(labels)")
    }
    #expect(Axis.linear([-1e9, 1e9]).ticks(atMost: 3).contains { $0.label == "0" })
  }

  @Test func stepAxesNameFirstAndLast() {
    #expect(Axis.steps(1, 50).ticks(atMost: 4).map(\.label) == ["1", "20", "50"])
    #expect(Axis.steps(1, 1).ticks(atMost: 9).map(\.label) == ["1"])
    #expect(Axis.steps(1, 1000).ticks(atMost: 2).map(\.label) == ["1", "1,000"])
  }

  /// The point of quanta: data that move a little leave the axis where it is.
  @Test func rangesStandStill() {
    #expect(Axis.logarithmic([-4.2, 1.3]) == Axis.logarithmic([-4.7, 1.1]))
  }

  @Test func neverMoreTicksThanAsked() {
    for scale in [Axis.Scale.linear, .logarithmic, .steps] {
      for span in [0.001, 0.7, 1, 3, 17, 250, 4000, 1e7] {
        for count in 0...7 {
          let axis = Axis(scale, lower: -span / 3, upper: span)
          let ticks = axis.ticks(atMost: count)
          #expect(ticks.count <= count)
          #expect(
            scale == .steps
              || ticks.allSatisfy { $0.value >= axis.lower - 1e-6 * span && $0.value <= axis.upper + 1e-6 * span })
        }
      }
    }
  }

  @Test func endsThatAreNoNumbers() {
    #expect(Axis(.linear, lower: .nan, upper: 1).fraction(0.25) == 0.25)
    #expect(Axis(.linear, lower: 2, upper: 2).upper == 1)
  }
}
