import Testing
import Training

@testable import Lessons

/// Formulas that need no run.
struct FormulaTests {
  /// What a formula without names gives.
  private func value(_ text: String) throws -> [Double] {
    try Formula(text, line: 1).value(Example.numbers()).numbers
  }

  @Test(
    "Formulas give what arithmetic gives",
    arguments: [
      ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("7 / 2 - 1", 2.5), ("1 < 2 < 3", 1),
      ("1 < 3 < 2", 0), ("not 1 > 2", 1), ("1 > 2 or 2 > 1", 1), ("1 > 2 and 2 > 1", 0), ("max(3, 1, 2)", 3),
      ("abs(-1.5e1)", 15), ("round(2.4)", 2), ("when(1 > 2, 5, 6)", 6), ("log10(1000)", 3), ("1 == 1", 1),
      ("1 != 1", 0),
    ])
  func arithmetic(text: String, expected: Double) throws { #expect(try value(text) == [expected]) }

  @Test("Lists are computed number by number, and counted from 1")
  func lists() throws {
    let numbers = try Example.numbers(kept: ["a": .list([3, 1, 2]), "b": .list([1, 1, 5])])
    func of(_ text: String) throws -> [Double] { try Formula(text, line: 1).value(numbers).numbers }
    #expect(try of("a + b") == [4, 2, 7])
    #expect(try of("2 * a") == [6, 2, 4])
    #expect(try of("a[3]") == [2])
    #expect(try of("argmax(a)") == [1])
    #expect(try of("argmin(a)") == [2])
    #expect(try of("first(a < 3)") == [2])
    #expect(try of("count(a > b)") == [1])
    #expect(try of("sum(part(a, 2, 3))") == [3])
  }

  @Test(
    "What is not understood is told",
    arguments: [
      ("1 +", "found the end, expected a number, a name or a bracket"), ("(1", "found the end, expected )"),
      ("1 2", "found 2 behind the formula, expected its end"), ("a # b", "found #"),
    ])
  func syntax(text: String, expected: String) {
    #expect { _ = try Formula(text, line: 1) } throws: { ($0 as? FormulaError)?.problem.hasPrefix(expected) ?? false }
  }

  @Test("An unknown name gets the nearest one, an index its range")
  func names() throws {
    let numbers = try Example.numbers()
    #expect { _ = try Formula("gradent[1]", line: 1).value(numbers) } throws: {
      ($0 as? FormulaError)?.nearest == "gradient"
    }
    #expect { _ = try Formula("x[0]", line: 1).value(numbers) } throws: {
      ($0 as? FormulaError)?.problem == "found the index 0.0, expected a whole number from 1 to 6"
    }
  }

  @Test("A gradient that truncation leaves is known by its reach, and a bug by the tensors that it spoils")
  func reaches() throws {
    let wrong = WrongGradients(try Example.snapshot().wholeTape())
    let (all, one) = (wrong.gradient(nil), wrong.gradient(nil, reach: 1))
    #expect(wrong.isSame(one, wrong.gradient(.noRecursion)) && !wrong.isSame(all, one))
    // The window has 3 of the 6 steps.
    #expect(wrong.isSame(all, wrong.gradient(nil, reach: 3)) && !wrong.isSame(all, wrong.gradient(nil, reach: 2)))
    let errors = wrong.checkedErrors(.lateInput, try Example.snapshot())
    #expect(errors.count == 3 && errors[0] > 0.0001 && errors[1] < 1e-6 && errors[2] < 1e-6, "\(errors)")
  }

  @Test("Bugs that are written out for an Elman cell are no numbers of another network", arguments: ["lstm", "gru"])
  func otherCells(cell: String) throws {
    var experiment = try Example.snapshot().experiment
    try experiment.set("network.cell", cell)
    let snapshot = try TrainingRun(experiment: experiment).snapshot()
    let wrong = WrongGradients(snapshot.tape())
    #expect(wrong.gradient(.noSlope).allSatisfy(\.isNaN) && wrong.cosine(.noRecursion).isNaN)
  }
}
