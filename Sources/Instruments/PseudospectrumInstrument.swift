import GradientFlow
import LinearAlgebra

/// The pseudospectra of W_hh and of J_t: how far a small change of the matrix moves its eigenvalues.
public enum PseudospectrumInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "pseudospectrum"
  /// It does: J_t is that of the step under the cursor.
  public static let followsCursor = true

  /// σ_min(zI - A) of one matrix over a square of the plane.
  public struct Field: Equatable, Sendable {
    /// Which matrix: recurrent, jacobian.
    public let name: String
    /// The points lie at -radius … radius in both directions, `side` of them each.
    public let radius: Double, side: Int
    /// log10 σ_min(zI - A), a row for each imaginary part from -radius up, in it the real parts from -radius up; -∞ at an eigenvalue.
    public let log10Distance: [Double]

    /// sup (|z| - 1)/σ_min(zI - A) over the points outside of the unit circle (Kreiss 1962): some power of A has at least this norm;
    /// 1 at least.
    public var kreissConstant: Double {
      var largest = 1.0
      for row in 0..<side {
        for column in 0..<side {
          let excess = Complex(place(column), place(row)).magnitude - 1
          if excess > 0 { largest = max(largest, excess / Log10.power(log10Distance[row * side + column])) }
        }
      }
      return largest
    }

    /// The coordinate of a column, or of a row.
    public func place(_ index: Int) -> Double { radius * (2 * Double(index) / Double(max(1, side - 1)) - 1) }
  }

  /// The fields of the matrices that there are of a layer.
  public typealias Reading = [Field]

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> [Field]? {
    let matrices = EigenvaluesInstrument.matrices(pass, focus, budget)
    // A point takes some 15 steps of two triangular systems in complex numbers, which no kernel multiplies.
    let cost = 600 * pass.width * pass.width * Double(max(1, matrices.count))
    let points = budget.count(milliseconds: 8, cost: cost, least: 0)
    // The lower half of the plane mirrors the upper.
    let side = min(41, Int((2 * Double(points)).squareRoot()) / 2 * 2 - 1)
    guard side >= 11 else {
      if !matrices.isEmpty { budget.leaveOut("the pseudospectrum of a state of \(Int(pass.width)) numbers") }
      return nil
    }
    let fields = matrices.compactMap { name, _, matrix -> Field? in
      guard let whole = try? Pseudospectrum(matrix), let radius = try? matrix.spectralRadius(), radius < 1e6 else {
        return nil
      }
      return field(whole, name, radius: 1.25 * max(1, (radius * 8).rounded(.up) / 8), side: side)
    }
    if fields.isEmpty { budget.leaveOut("the pseudospectrum: the matrices are not finite, or huge") }
    return fields.isEmpty ? nil : fields
  }

  private static func field(_ whole: Pseudospectrum, _ name: String, radius: Double, side: Int) -> Field {
    var values = [Double](repeating: 0, count: side * side)
    let empty = Field(name: name, radius: radius, side: side, log10Distance: [])
    for row in 0...side / 2 {
      for column in 0..<side {
        let z = Complex(empty.place(column), empty.place(row))
        let value = Log10.of(whole.smallestSingularValue(at: z))
        values[row * side + column] = value
        values[(side - 1 - row) * side + column] = value
      }
    }
    return Field(name: name, radius: radius, side: side, log10Distance: values)
  }

  /// What is followed over training.
  public static let trendNames = ["recurrent_kreiss", "jacobian_kreiss"]

  /// What is followed over training.
  public static func trend(_ reading: [Field]) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: reading.map { ("\($0.name)_kreiss", $0.kreissConstant) })
  }

  /// log10 σ_min(zI - A) by imaginary and real part, and the radius of the square.
  public static func arrays(_ reading: [Field]) -> [ReadingArray] {
    reading.flatMap { field in
      [
        ReadingArray("\(field.name)", field.log10Distance, shape: [field.side, field.side]),
        ReadingArray("\(field.name)_radius", [field.radius]),
      ]
    }
  }
}
