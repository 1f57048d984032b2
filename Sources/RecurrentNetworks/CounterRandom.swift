import Glibc

/// Random numbers that are a pure function of (seed, stream, position): Philox2x64-10.
///
/// Every block of two words is a bijection of its 128-bit counter (position, stream) under the key `seed`, so streams
/// never overlap, and any number can be had again without those before it (Salmon, Moraes, Dror & Shaw, "Parallel
/// random numbers: as easy as 1, 2, 3", SC 2011). A value, not an object: a copy goes on from the same position.
public struct CounterRandom: RandomNumberGenerator, Equatable, Sendable {
  /// The key.
  public let seed: UInt64
  /// Which of the 2^64 independent streams under the key.
  public let stream: UInt64
  /// The number of 64-bit words taken so far; may be set, to go anywhere in the stream at no cost.
  public var position: UInt64 = 0

  /// The stream `stream` of the seed, from its start.
  public init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let block = Self.philox(counter: (position / 2, stream), key: seed)
    defer { position += 1 }
    return position.isMultiple(of: 2) ? block.0 : block.1
  }

  /// A number uniform in [0, 1), a multiple of 2^-53.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number of mean 0 and variance 1, normally distributed; takes two words (Box & Muller 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()  // 1 - u lies in (0, 1]
    return radius * cos(2 * Double.pi * uniform())
  }

  /// An integer uniform in 0..<bound, without bias (Lemire 2019); `bound` is positive.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "a bound is positive")
    return Int(next(upperBound: UInt64(bound)))
  }

  /// Ten rounds of Philox2x64: (L, R) ← (hi(M·L) ⊕ k ⊕ R, lo(M·L)), k ← k + W.
  static func philox(counter: (UInt64, UInt64), key: UInt64) -> (UInt64, UInt64) {
    var (left, right) = counter
    var roundKey = key
    for _ in 0..<10 {
      let product = left.multipliedFullWidth(by: 0xD2B7_4407_B1CE_6E93)
      (left, right) = (product.high ^ roundKey ^ right, product.low)
      roundKey &+= 0x9E37_79B9_7F4A_7C15
    }
    return (left, right)
  }
}
