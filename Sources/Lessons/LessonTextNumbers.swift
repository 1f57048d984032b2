import Canvas

extension LessonText {
  /// A number in a format of a text.
  static func written(_ number: Double, _ format: String, _ formula: Formula) throws(FormulaError) -> String {
    guard number.isFinite else {
      throw FormulaError("found \(number) from '\(formula.text)', expected a finite number")
    }
    switch format {
    case "%": return NumberText.percent(number)
    case "i": return NumberText.grouped(Int(max(-1e15, min(1e15, number.rounded()))))
    case "": return NumberText.trimmed(number)
    default: return NumberText.fixed(number, Int(format) ?? 3)
    }
  }
}
