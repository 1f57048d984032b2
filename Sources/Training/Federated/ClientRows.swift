import RecurrentNetworks

extension SequenceBatch {
  /// The rows that each client has, in equal parts: a share `skew` of them dealt by their targets, the rest as they come
  /// (Karimireddy et al. 2020, "SCAFFOLD": "s % of the data i.i.d., the remaining by sorting according to label").
  ///
  /// - Parameters:
  ///   - clients: K, a divisor of the batch.
  ///   - skew: from 0, all clients alike, to 1, each its own part of the targets.
  func dealt(to clients: Int, skew: Double) -> [[Int]] {
    let each = batch / clients, asTheyCome = each - Int((skew * Double(each)).rounded())
    let ranks = (0..<batch).map(meanTarget)
    let sorted = (0..<batch).filter { $0 % each >= asTheyCome }
      .sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    return (0..<clients).map { client in
      Array(client * each..<client * each + asTheyCome)
        + sorted[client * (each - asTheyCome)..<(client + 1) * (each - asTheyCome)]
    }
  }

  /// The mean of the classes or of the numbers that a sequence is to give, by which it is sorted.
  private func meanTarget(_ row: Int) -> Double {
    var (sum, count) = (0.0, 0.0)
    for place in stride(from: row, to: steps * batch, by: batch) where targetMask[place] != 0 {
      switch target {
      case .classes(let classes): sum += Double(classes[place])
      case .values(let values):
        sum += values[place * outputs..<(place + 1) * outputs].reduce(0, +) / Double(outputs)
      }
      count += 1
    }
    return count > 0 ? sum / count : 0
  }
}
