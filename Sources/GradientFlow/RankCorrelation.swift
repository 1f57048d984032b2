/// Spearman's correlation: that of the ranks of two lists of numbers, equal ones sharing their mean rank.
public enum RankCorrelation {
  /// The correlation, from -1 to 1; nil for under three pairs, or where one of the lists is constant.
  public static func of(_ a: [Double], _ b: [Double]) -> Double? {
    guard a.count == b.count, a.count >= 3 else { return nil }
    let (x, y) = (ranks(a), ranks(b))
    let mean = Double(a.count - 1) / 2
    var (products, first, second) = (0.0, 0.0, 0.0)
    for (p, q) in zip(x, y) {
      products += (p - mean) * (q - mean)
      first += (p - mean) * (p - mean)
      second += (q - mean) * (q - mean)
    }
    return first > 0 && second > 0 ? products / (first * second).squareRoot() : nil
  }

  private static func ranks(_ numbers: [Double]) -> [Double] {
    let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
    var ranks = [Double](repeating: 0, count: numbers.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, numbers[order[end]] == numbers[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }
}
