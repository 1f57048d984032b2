import Experiments
import Glibc
import RecurrentNetworks
import Training

/// One key of a sweep, and the values that it takes.
public struct SweepAxis: Codable, Equatable, Sendable {
  /// The dotted key of the experiment.
  public let key: String
  /// The values as text, in their order.
  public let values: [String]
  /// Where they lie in a range, its ends: random values are drawn from there.
  public let range: Range?

  /// The ends of a range of numbers.
  public struct Range: Codable, Equatable, Sendable {
    /// The ends, both taken.
    public let lower: Double, upper: Double
    /// Whether equal factors lie between neighbors, and not equal differences.
    public let isLogarithmic: Bool
    /// Whether only whole numbers are taken: where both ends are written as such.
    public let isWhole: Bool

    /// The number at a share of the way from the lower to the upper end.
    func value(at share: Double) -> String {
      let number =
        isLogarithmic ? lower * pow(upper / lower, share) : lower + share * (upper - lower)
      return isWhole ? "\(Int(number.rounded()))" : SweepAxis.text(number)
    }
  }

  /// How many values a range may have.
  private static let counts = 2...10_000

  /// Reads `key=5,10,full`, `key=0.8..1.4:7` (seven values evenly apart) or `key=1e-4..1e-1:4:log` (equal factors apart).
  ///
  /// - Throws: what of it cannot be read.
  public init(_ text: String) throws(InputError) {
    func wrong(_ problem: String) -> InputError { InputError(file: "--over", problem: problem) }
    guard let equals = text.firstIndex(of: "=") else {
      throw wrong("found \(text), expected KEY=VALUES, as in training.k2=5,10,20")
    }
    key = String(text[..<equals])
    let list = String(text[text.index(after: equals)...])
    let names = ExperimentKey.all.map(\.name)
    guard names.contains(key) else {
      throw InputError(
        file: "--over", key: key, problem: "unknown key, expected one that `bpttop keys` lists",
        nearest: nearestName(to: key, among: names))
    }
    guard key != "seed" else { throw wrong("found seed, expected --seeds N for several seeds") }
    if let dots = list.range(of: "..") {
      let parts = list[dots.upperBound...].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let lowerText = String(list[..<dots.lowerBound])
      guard (2...3).contains(parts.count), let lower = Double(lowerText), let upper = Double(parts[0]),
        lower.isFinite, upper.isFinite, let count = Int(parts[1]), parts.count == 2 || parts[2] == "log"
      else { throw wrong("\(key): found \(list), expected LOW..HIGH:COUNT or LOW..HIGH:COUNT:log, as in 0.8..1.4:7") }
      guard Self.counts.contains(count) else {
        throw wrong(
          "\(key): found \(count) values in \(list), expected \(Self.counts.lowerBound) to \(Self.counts.upperBound)")
      }
      let isLogarithmic = parts.count == 3
      guard lower < upper, !isLogarithmic || lower > 0 else {
        throw wrong("\(key): found \(list), expected a range that rises" + (isLogarithmic ? " from above 0" : ""))
      }
      let range = Range(
        lower: lower, upper: upper, isLogarithmic: isLogarithmic,
        isWhole: Int(lowerText) != nil && Int(parts[0]) != nil)
      self.range = range
      var values: [String] = []
      for index in 0..<count {
        let value = range.value(at: Double(index) / Double(count - 1))
        if values.last != value { values.append(value) }
      }
      self.values = values
    } else {
      range = nil
      values = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !values.contains(where: \.isEmpty), Set(values).count == values.count else {
        throw wrong("\(key): found \(list), expected values that differ, separated by commas")
      }
    }
  }

  /// A value drawn at random: from the range where there is one, else one of the values.
  func drawn(_ random: inout CounterRandom) -> String {
    let share = random.uniform()
    return range.map { $0.value(at: share) } ?? values[min(values.count - 1, Int(share * Double(values.count)))]
  }

  /// A number rounded to six digits, in its shortest form.
  private static func text(_ number: Double) -> String {
    guard number != 0 else { return "0" }
    let scale = pow(10, 5 - floor(log10(abs(number))))
    return "\((number * scale).rounded() / scale)"
  }
}
