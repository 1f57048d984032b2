/// One equation of a step with its numbers: what stands left of =, and the terms whose sum it is.
///
/// Read from left to right its pieces are an expression that can be evaluated by hand: vectors are columns, ⊙ multiplies unit by
/// unit, two operands side by side are a product.
public struct StepEquation: Equatable, Sendable {
  /// A symbol with its numbers.
  public struct Operand: Equatable, Sendable {
    /// The symbol, with the step's subscript: h₃₆.
    public let name: String
    /// Its numbers, a row each: a vector has one in a row, a scalar has one row. nil where there is none, as the target of a unit
    /// that has no target.
    public internal(set) var rows: [[Double?]]
    /// Whether a row is a unit of the layer, so that some of the units can be shown alone.
    public internal(set) var isByUnit: Bool
    /// Whether it multiplies the vector behind it; of one input W_ih has one column, and is a matrix still.
    var isMatrix = false

    /// Whether it stands for a sum without terms.
    public var isNothing: Bool { name == "0" }

    /// The first numbers of the rows.
    var values: [Double] { rows.map { $0.first.flatMap { $0 } ?? 0 } }
  }

  /// A piece of the right side.
  public enum Part: Equatable, Sendable {
    /// +, ⊙, `tanh(`, ), /8.
    case sign(String)
    /// Numbers.
    case operand(Operand)
  }

  /// Where a term of a gradient comes from.
  public enum Origin: Hashable, Sendable {
    /// The step itself.
    case own
    /// The step's own loss, or the layer above.
    case local
    /// The step after it.
    case future
  }

  /// What is added up, with its sign in front where it is not the first.
  public struct Term: Equatable, Sendable {
    /// All pieces.
    public internal(set) var parts: [Part]
    /// The same with every product of a matrix as the vector that comes of it.
    public internal(set) var folded: [Part]
    /// Where it comes from.
    public let origin: Origin
  }

  /// What the equation gives.
  public let result: Operand
  /// The terms.
  public let terms: [Term]

  /// The most rows and columns that are written out; what has more is shown by what comes of it.
  public static let most = 4
}

extension [StepEquation.Part] {
  /// The same with M v for M and v side by side.
  var folded: Self {
    var parts: Self = []
    for part in self {
      if case .operand(let vector) = part, case .operand(let matrix)? = parts.last, matrix.isMatrix {
        let v = vector.values
        let product = matrix.rows.map { row -> [Double?] in [zip(row, v).reduce(0) { $0 + ($1.0 ?? 0) * $1.1 }] }
        parts[parts.count - 1] = .operand(
          .init(name: matrix.name + " " + vector.name, rows: product, isByUnit: matrix.isByUnit))
      } else {
        parts.append(part)
      }
    }
    return parts
  }

  /// Whether all of its numbers are few enough to be written out.
  var isSmall: Bool {
    allSatisfy { part in
      guard case .operand(let operand) = part else { return true }
      return (operand.isByUnit || operand.rows.count <= StepEquation.most)
        && (operand.rows.first?.count ?? 0) <= StepEquation.most
    }
  }
}
