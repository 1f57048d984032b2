import RecurrentNetworks

/// The coin stream: x_t ∈ {0, 1} is fair, and P(y_t = 1) = 0.5 + 0.5 x_{t-3} - 0.25 x_{t-8}; two classes, a target at every
/// step. A stream without end: x before the first sequence is 0.
struct CoinTask: DrawnTask {
  static let widthEstimate = 2, isStream = true
  let seed: UInt64

  init(seed: UInt64, length: Int) { self.seed = seed }

  var description: TaskDescription {
    TaskDescription(
      name: "coin", summary: "a biased coin: P(1) = 0.5 + 0.5 x(t-3) - 0.25 x(t-8)", inputs: 1, outputs: 2,
      loss: .crossEntropy, isStream: Self.isStream, inputNames: ["coin"], outputNames: ["0", "1"],
      // The entropies of y, in nats: P(1) = 5/8 on average; 3/8 or 7/8 by x_{t-3}; 1/2, 1/4, 1 or 3/4 by both.
      floors: [
        .init(name: "knowing nothing", short: "nothing", loss: 0.66156),
        .init(name: "knowing lag 3", short: "lag 3", loss: 0.51917),
        .init(name: "knowing lags 3 and 8", short: "lags 3, 8", loss: 0.45445),
      ], dependencyLength: 8)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbersAndClasses { x, classes, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        // One endless row of words a row: bits 0 to 15 of word w are the coins of the steps 16 w …, and bits 16 to 47 two
        // random bits for each of their targets.
        var random = CounterRandom(seed: seed, sequence: 0, row: row)
        var step = index * n
        random.position = UInt64(step / 16)
        var word = random.next()
        var past = coinsBefore(step, random: random)
        for t in 0..<n {
          if step.isMultiple(of: 16), t > 0 { word = random.next() }
          let slot = step & 15
          let coin = Int(word >> UInt64(slot) & 1)
          // Quarters: 2 + 2 x_{t-3} - x_{t-8}, against a number of 0 … 3.
          let quarters = 2 + 2 * (past >> 2 & 1) - (past >> 7 & 1)
          let drawn = Int(word >> UInt64(16 + 2 * slot) & 3)
          x[t * batch + row] = Double(coin)
          classes[t * batch + row] = drawn < quarters ? 1 : 0
          past = past << 1 | coin
          step += 1
        }
      }
    }
  }

  /// The eight coins before `step`, the newest in bit 0; `random` is the row's row of words.
  private func coinsBefore(_ step: Int, random: CounterRandom) -> Int {
    var random = random
    var past = 0
    for earlier in max(0, step - 8)..<max(step, 0) {
      random.position = UInt64(earlier / 16)
      past = past << 1 | Int(random.next() >> UInt64(earlier & 15) & 1)
    }
    return past
  }
}
