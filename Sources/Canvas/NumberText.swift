/// Numbers as they are read on the screen: few digits, no locale, nothing that Double cannot hold lost.
public enum NumberText {
  /// A value with so many digits after the point; "NaN", "inf" or "-inf" for what is no number.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
    let decimals = max(0, min(decimals, 15))
    let scale = powersOfTen[decimals]
    guard abs(value) * scale < 9e15 else { return scientific(value, digits: decimals + 1) }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let whole = scaled / Int64(scale)
    guard decimals > 0 else { return sign + String(whole) }
    let fraction = String(scaled % Int64(scale))
    return sign + String(whole) + "." + String(repeating: "0", count: decimals - fraction.utf8.count) + fraction
  }

  /// A value with so many significant digits: 0.0123, 1.23, 123, 1.23e-5, 1.23e+6. An exact 0 is "0".
  public static func short(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, 0) }
    let exponent = exponent(of: abs(value), digits: digits)
    if exponent >= -3 && exponent < 5 { return fixed(value, max(0, digits - 1 - exponent)) }
    return scientific(value, digits: digits)
  }

  /// A value with at most so many significant digits, no zeros at the end of a fraction: 1, 0.5, 2.25.
  public static func trimmed(_ value: Double, digits: Int = 3) -> String {
    let text = short(value, digits: digits)
    guard text.contains("."), !text.contains("e") else { return text }
    var trimmed = Substring(text)
    while trimmed.last == "0" { trimmed.removeLast() }
    if trimmed.last == "." { trimmed.removeLast() }
    return String(trimmed)
  }

  /// A value as d.de±x with so many significant digits.
  public static func scientific(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, 0) }
    return (value < 0 ? "-" : "") + power(log10: log10(abs(value)), digits: digits, plainFrom: 1, to: 0)
  }

  /// 10^exponent, for exponents far outside of what Double holds: "3.2e-4000". "0" for -inf.
  /// - Parameters:
  ///   - exponent: the decimal logarithm of the value.
  ///   - digits: significant digits.
  ///   - plainFrom: the least decade that is written without an exponent.
  ///   - to: the last.
  public static func power(log10 exponent: Double, digits: Int = 2, plainFrom: Int = -2, to: Int = 3) -> String {
    guard exponent.isFinite else { return exponent.isNaN ? "NaN" : exponent < 0 ? "0" : "inf" }
    let digits = max(1, min(digits, 15))
    guard abs(exponent) < 1e15 else { return (exponent < 0 ? "1e-" : "1e+") + short(abs(exponent)) }
    var decade = exponent.rounded(.down)
    var mantissa = raise10(exponent - decade)
    // 9.996 with three digits is 10.0: the decade above.
    if (mantissa * powersOfTen[digits - 1]).rounded() >= powersOfTen[digits] {
      mantissa /= 10
      decade += 1
    }
    let whole = Int(decade)
    if whole >= plainFrom && whole <= to {
      return fixed(mantissa * raise10(decade), max(0, digits - 1 - whole))
    }
    return fixed(mantissa, digits - 1) + "e" + (whole < 0 ? "-" : "+") + String(abs(whole))
  }

  /// The label of a decade on a logarithmic axis: 1e2, 10, 1, 0.1, 1e-2, 1e-4000.
  public static func decade(_ exponent: Int) -> String {
    switch exponent {
    case 0: "1"
    case 1: "10"
    case -1: "0.1"
    default: "1e" + String(exponent)
    }
  }

  /// A whole number with its thousands apart: 1,204.
  public static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  /// A count: with its thousands apart, 239,616, below a million; else in millions, 1.24 M, or billions, 1.24 G.
  public static func count(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 999.5e9 else { return short(value) }
    if abs(value) < 999_999.5 { return grouped(Int(value.rounded())) }
    return abs(value) < 999.5e6 ? short(value / 1e6) + " M" : short(value / 1e9) + " G"
  }

  /// A share as percent: 99.6 %, 53 %, 0.04 %. What is not all is never shown as 100, what is not nothing never as 0.
  public static func percent(_ share: Double) -> String {
    guard share.isFinite else { return fixed(share, 0) + " %" }
    let percent = share * 100
    if percent > 0 && percent < 0.01 { return "<0.01 %" }
    if percent < 100 && percent >= 99.95 { return ">99.9 %" }
    let decimals = percent == percent.rounded() ? 0 : percent >= 10 && percent < 99 ? 0 : percent >= 1 ? 1 : 2
    return fixed(percent, decimals) + " %"
  }

  /// log₁₀ of a value; -infinity of 0.
  public static func log10(_ value: Double) -> Double { Canvas.log10(value) }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// The decade of a value after rounding to so many digits.
  private static func exponent(of value: Double, digits: Int) -> Int {
    let exponent = log10(value)
    let decade = exponent.rounded(.down)
    let mantissa = raise10(exponent - decade)
    let carried = (mantissa * powersOfTen[digits - 1]).rounded() >= powersOfTen[digits]
    return Int(decade) + (carried ? 1 : 0)
  }
}
