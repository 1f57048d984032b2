import RecurrentNetworks

/// What a run draws random numbers for. Each use has streams of its own under the seed, told apart by their highest byte; initial
/// weights count theirs from 0.
enum RandomStream: UInt8, CaseIterable {
  /// The sequences of a task.
  case task = 1
  /// What a network writes.
  case text = 2
  /// Noise added to gradients.
  case gradientNoise = 3
  /// Where ARTBP cuts.
  case cuts = 5
  /// The signs of UORO.
  case signs = 6
  /// The feedback of RFLO.
  case feedback = 7
  /// Weights that are guessed.
  case guesses = 9
  /// Which clients take part in a round.
  case clients = 10
  /// Noise added to what clients send.
  case clientNoise = 11
}

extension CounterRandom {
  /// Stream `index` of one use of the seed; of the index the lower 56 bits count.
  init(seed: UInt64, for use: RandomStream, index: UInt64 = 0) {
    self.init(seed: seed, stream: UInt64(use.rawValue) << 56 | index)
  }
}
