import Testing

@testable import RecurrentNetworks

@Suite struct CounterRandomTests {
  /// The known answers of Random123's `kat_vectors` for philox2x64 with 10 rounds.
  @Test func knownAnswers() {
    #expect(CounterRandom.philox(counter: (0, 0), key: 0) == (0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5))
    #expect(
      CounterRandom.philox(counter: (.max, .max), key: .max) == (0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20))
    #expect(
      CounterRandom.philox(counter: (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344), key: 0xa409_3822_299f_31d0)
        == (0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d))
  }

  @Test func anyPositionIsReachedAtOnce() {
    var walked = CounterRandom(seed: 7, stream: 3)
    var words: [UInt64] = []
    for _ in 0..<9 { words.append(walked.next()) }
    for (index, word) in words.enumerated() {
      var jumped = CounterRandom(seed: 7, stream: 3)
      jumped.position = UInt64(index)
      #expect(jumped.next() == word)
    }
    #expect(Set(words).count == 9)
  }

  @Test func momentsOfTheDistributions() {
    var random = CounterRandom(seed: 1, stream: 0)
    let n = 30_000
    var mean = 0.0
    var square = 0.0
    var fourth = 0.0
    var uniformMean = 0.0
    var inRange = true
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<n {
      let z = random.normal()
      mean += z / Double(n)
      square += z * z / Double(n)
      fourth += z * z * z * z / Double(n)
      let u = random.uniform()
      inRange = inRange && u >= 0 && u < 1
      uniformMean += u / Double(n)
      counts[random.integer(below: 7)] += 1
    }
    #expect(inRange)
    // Five standard errors each.
    #expect(abs(mean) < 5 / Double(n).squareRoot())
    #expect(abs(square - 1) < 5 * (2 / Double(n)).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / Double(n)).squareRoot())
    #expect(abs(uniformMean - 0.5) < 5 * (1 / 12 / Double(n)).squareRoot())
    for count in counts { #expect(abs(Double(count) - Double(n) / 7) < 5 * (Double(n) / 7).squareRoot()) }
  }
}
