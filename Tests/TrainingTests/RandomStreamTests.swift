import RecurrentNetworks
import Testing

@testable import Training

@Suite("Streams of random numbers")
struct RandomStreamTests {
  /// The numbers that the streams had as they were first given out: runs of old sessions depend on them.
  @Test func areWhatTheyAlwaysWere() {
    let streams: [(RandomStream, UInt64)] = [
      (.task, 0x0100_0000_0000_0000), (.text, 0x0200_0000_0000_0000), (.gradientNoise, 0x0300_0000_0000_0000),
      (.cuts, 0x0500_0000_0000_0000), (.signs, 0x0600_0000_0000_0000), (.feedback, 0x0700_0000_0000_0000),
      (.guesses, 0x0900_0000_0000_0000), (.clients, 0x0A00_0000_0000_0000), (.clientNoise, 0x0B00_0000_0000_0000),
    ]
    #expect(streams.map(\.0) == RandomStream.allCases)
    for (use, stream) in streams {
      #expect(CounterRandom(seed: 5, for: use).stream == stream)
      #expect(CounterRandom(seed: 5, for: use, index: 77).stream == stream + 77)
    }
    #expect(CounterRandom(seed: 5, sequence: 3, row: 2).stream == 0x0100_0000_0300_0002)
  }
}
