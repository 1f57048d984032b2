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
    public package(set) var rows: [[Double?]]
    /// Whether a row is a unit of the layer, so that some of the units can be shown alone.
    public package(set) var isByUnit: Bool
    /// Whether it multiplies the vector behind it; of one input W_ih has one column, and is a matrix still.
    package var isMatrix = false

    /// A symbol with its rows of numbers.
    package init(name: String, rows: [[Double?]], isByUnit: Bool, isMatrix: Bool = false) {
      (self.name, self.rows, self.isByUnit, self.isMatrix) = (name, rows, isByUnit, isMatrix)
    }

    /// Whether it stands for a sum without terms.
    public var isNothing: Bool { name == "0" }

    /// The first numbers of the rows.
    package var values: [Double] { rows.map { $0.first.flatMap { $0 } ?? 0 } }
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
    public package(set) var parts: [Part]
    /// The same with every product of a matrix as the vector that comes of it.
    public package(set) var folded: [Part]
    /// Where it comes from.
    public let origin: Origin

    /// Pieces, products of a matrix as what comes of them where their numbers are too many to be written out; `folded` where
    /// that is more than such products.
    package init(_ parts: [Part], folded: [Part]? = nil, origin: Origin = .own) {
      self.folded = folded ?? parts.folded
      self.parts = parts.isSmall ? parts : self.folded
      self.origin = origin
    }

    /// Pieces that are written out, however many numbers they have.
    package init(whole parts: [Part]) { (self.parts, folded, origin) = (parts, parts, .own) }
  }

  /// What the equation gives.
  public let result: Operand
  /// The terms.
  public let terms: [Term]

  /// `result` as the sum of `terms`.
  package init(result: Operand, terms: [Term]) { (self.result, self.terms) = (result, terms) }

  /// The most rows and columns that are written out; what has more is shown by what comes of it.
  public static let most = 4
}

extension [StepEquation.Part] {
  /// The same with M v for M and v side by side.
  package var folded: Self {
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
  package var isSmall: Bool {
    allSatisfy { part in
      guard case .operand(let operand) = part else { return true }
      return (operand.isByUnit || operand.rows.count <= StepEquation.most)
        && (operand.rows.first?.count ?? 0) <= StepEquation.most
    }
  }
}

// MARK: Equations of a graph's sites

extension StepEquation.Part {
  /// A vector with a number a unit.
  package static func vector(_ name: String, _ values: [Double]) -> Self {
    .operand(.init(name: name, rows: values.map { [$0] }, isByUnit: true))
  }

  /// A number.
  package static func scalar(_ name: String, _ value: Double) -> Self {
    .operand(.init(name: name, rows: [[value]], isByUnit: false))
  }
}

extension [StepEquation.Part] {
  /// M v, each row of M a unit.
  package static func product(_ matrix: String, _ rows: [[Double]], _ name: String, _ vector: [Double]) -> Self {
    var operand = StepEquation.Operand(name: matrix, rows: rows, isByUnit: true)
    operand.isMatrix = true
    return [.operand(operand), .operand(.init(name: name, rows: vector.map { [$0] }, isByUnit: false))]
  }

  /// The same behind a function: tanh( … ).
  package func inside(_ function: String) -> Self { [.sign("\(function)(")] + self + [.sign(")")] }
}

extension StepEquation {
  /// `name` = `values`, the sum of some terms.
  package init(_ name: String, _ values: [Double], _ terms: [[Part]]) {
    self.init(
      result: .init(name: name, rows: values.map { [$0] }, isByUnit: true),
      terms: terms.enumerated().map { Term($0 > 0 ? [.sign("+")] + $1 : $1) })
  }

  /// `name` = the sum of products and vectors, which gives its numbers.
  package init(_ name: String, sumOf terms: [[Part]]) {
    var sum: [Double] = []
    for part in terms.flatMap(\.folded) {
      guard case .operand(let operand) = part else { continue }
      sum = sum.isEmpty ? operand.values : zip(sum, operand.values).map { $0 + $1 }
    }
    self.init(name, sum, terms)
  }

  /// `name` = a sum of many of which the `most` largest are written out, the others as what they add up to.
  package init(_ name: String, sumOfMany terms: [(parts: [Part], value: [Double])], most: Int = 3) {
    let sizes = terms.map { $0.value.reduce(0) { $0 + $1 * $1 } }
    let chosen =
      terms.count > most + 1
      ? sizes.indices.sorted { sizes[$0] > sizes[$1] }.prefix(most).sorted() : Array(sizes.indices)
    let others = Set(sizes.indices).subtracting(chosen)
    func sum(_ indices: some Sequence<Int>) -> [Double] {
      (terms.first?.value.indices ?? 0..<0).map { j in indices.reduce(0) { $0 + terms[$1].value[j] } }
    }
    self.init(
      name, sum(sizes.indices),
      chosen.map { terms[$0].parts }
        + (others.isEmpty ? [] : [[.vector("(\(others.count) others)", sum(others.sorted()))]]))
  }

  /// The equation in symbols: h₃ = tanh(W₃ h₂ + b₃).
  public var symbols: String {
    let right = terms.flatMap(\.folded).map { part in
      switch part {
      case .sign(let sign): sign
      case .operand(let operand): operand.name
      }
    }
    return "\(result.name) = \(right.joined(separator: " "))"
      .replacing("( ", with: "(").replacing(" )", with: ")")
  }
}
