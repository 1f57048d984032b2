import Glibc

/// Sinusoidal positions (Vaswani et al. 2017): p_{t,2i} = sin(t · 10000^(-2i/d)), p_{t,2i+1} = cos of the same.
enum PositionTable {
  /// The positions' codes, [steps, width].
  static func sinusoidal(steps: Int, width: Int) -> [Double] {
    (0..<steps).flatMap { t in
      (0..<width).map { column in
        let angle = Double(t) * frequency(pair: column / 2, width: width)
        return column.isMultiple(of: 2) ? sine(angle) : cosine(angle)
      }
    }
  }

  /// 10000^(-2i/d).
  static func frequency(pair i: Int, width d: Int) -> Double { pow(10_000, -2 * Double(i) / Double(d)) }

  static func sine(_ angle: Double) -> Double { sin(angle) }
  static func cosine(_ angle: Double) -> Double { cos(angle) }
}
