import Foundation

/// Numbers as the sentences of a diagnosis have them.
enum Wording {
  /// 3 digits: 0.0123, 1.5e-07.
  static func number(_ value: Double) -> String { String(format: "%.3g", value) }
  /// A factor from its logarithm: 0.77, or 10^-15 where it is very small or large.
  static func power(_ log10: Double) -> String {
    log10 == -.infinity ? "0" : abs(log10) < 3 ? number(pow(10, log10)) : String(format: "10^%.0f", log10)
  }
  /// A share: 83 %.
  static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
  /// A number of things: 1 step, 2 steps.
  static func count(_ count: Int, _ name: String) -> String { "\(count) \(name)\(count == 1 ? "" : "s")" }
  /// As a setting's value, 2 digits: 0.0013.
  static func setting(_ value: Double) -> String { String(format: "%.2g", value) }
}
