import Glibc

extension Quantities {
  /// A power: the C library's, whose name the functions of formulas do not hide here.
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
