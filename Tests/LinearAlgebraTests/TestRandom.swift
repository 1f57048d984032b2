import LinearAlgebra

/// A small generator of numbers in ±1 for tests: SplitMix64.
struct TestRandom {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-52 - 1
  }

  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in next() })
  }
}

extension Matrix {
  /// The columns made orthonormal one after the other, twice over (Gram-Schmidt): uniformly distributed of a gaussian matrix.
  var orthonormalColumns: Matrix {
    var q = self
    for j in 0..<columns {
      for _ in 0..<2 {
        for i in 0..<j {
          let along = (0..<rows).reduce(0) { $0 + q[$1, i] * q[$1, j] }
          for row in 0..<rows { q[row, j] -= along * q[row, i] }
        }
      }
      let norm = (0..<rows).reduce(0) { $0 + q[$1, j] * q[$1, j] }.squareRoot()
      for row in 0..<rows { q[row, j] /= norm }
    }
    return q
  }
}
