/// A number as a subscript: ₃₇.
public func sub(_ number: Int) -> String {
  String(
    String.UnicodeScalarView(
      "\(number)".unicodeScalars.map { digit in
        digit == "-" ? "₋" : Unicode.Scalar(0x2080 + digit.value - 0x30) ?? digit
      }))
}
