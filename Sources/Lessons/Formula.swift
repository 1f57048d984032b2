/// A formula of a lesson file: `gradient[1] < gradient[n]`. What it names is read of the run when it is computed.
///
/// Numbers, names, `a[i]` (counted from 1), functions `f(a, b)`, `+ - * / ^`, comparisons, which may be chained, `and`, `or`, `not`.
/// Operators work on lists number by number.
public struct Formula: Equatable, Sendable {
  /// As it is written.
  public let text: String
  /// The line of the file, counted from 1.
  public let line: Int
  let root: Node

  /// A part of a formula.
  indirect enum Node: Equatable, Sendable {
    case number(Double)
    case name(String)
    case call(String, [Node])
    case index(Node, Node)
    case negative(Node), not(Node)
    case binary(String, Node, Node)
    /// a < b < c: each holds.
    case comparison([Node], [String])
  }

  /// Reads a formula.
  ///
  /// - Throws: what is not understood.
  public init(_ text: String, line: Int) throws(FormulaError) {
    self.text = text
    self.line = line
    var parser = try FormulaParser(text)
    root = try parser.whole()
  }

  /// The names that are read of the run: quantities, kept values, keys of the experiment.
  public var names: Set<String> { Self.names(root) }

  /// Its value where it is made of numbers and + - * / ^ alone.
  var constant: Double? { Self.constant(root) }

  private static func constant(_ node: Node) -> Double? {
    switch node {
    case .number(let number): return number
    case .negative(let part): return constant(part).map { -$0 }
    case .binary(let sign, let left, let right):
      guard sign != "and", sign != "or", let a = constant(left), let b = constant(right) else { return nil }
      return arithmetic(sign, a, b)
    case .name, .call, .index, .not, .comparison: return nil
    }
  }

  private static func names(_ node: Node) -> Set<String> {
    switch node {
    case .number: []
    case .name(let name): [name]
    case .call(let name, let arguments):
      arguments.reduce(Quantities.function(name) == nil ? [name] : []) { $0.union(names($1)) }
    case .index(let a, let b), .binary(_, let a, let b): names(a).union(names(b))
    case .negative(let a), .not(let a): names(a)
    case .comparison(let parts, _): parts.reduce([]) { $0.union(names($1)) }
    }
  }
}

/// Reads formulas.
private struct FormulaParser {
  private var tokens: [String] = []
  private var place = 0

  init(_ text: String) throws(FormulaError) {
    var rest = Substring(text)
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if first.isNumber {
        let match = rest.prefixMatch(of: /[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/)?.0 ?? rest.prefix(1)
        tokens.append(String(match))
        rest = rest.dropFirst(match.count)
      } else if first.isLetter || first == "_" {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        tokens.append(String(name))
        rest = rest.dropFirst(name.count)
      } else {
        let two = String(rest.prefix(2))
        let sign = ["<=", ">=", "==", "!="].contains(two) ? two : String(first)
        guard sign.count == 2 || "+-*/^()[],<>".contains(sign) else {
          throw FormulaError("found \(sign) in '\(text)', expected a number, a name, or one of + - * / ^ ( ) [ ] < >")
        }
        tokens.append(sign)
        rest = rest.dropFirst(sign.count)
      }
    }
  }

  private var next: String? { tokens.indices.contains(place) ? tokens[place] : nil }

  private mutating func take(_ token: String) -> Bool {
    guard next == token else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ token: String) throws(FormulaError) {
    guard take(token) else { throw FormulaError("found \(next ?? "the end"), expected \(token)") }
  }

  mutating func whole() throws(FormulaError) -> Formula.Node {
    let node = try logic()
    if let next { throw FormulaError("found \(next) behind the formula, expected its end") }
    return node
  }

  private mutating func logic() throws(FormulaError) -> Formula.Node {
    var node = try negation()
    while let word = next, word == "and" || word == "or" {
      place += 1
      node = .binary(word, node, try negation())
    }
    return node
  }

  private mutating func negation() throws(FormulaError) -> Formula.Node {
    take("not") ? .not(try negation()) : try comparison()
  }

  private mutating func comparison() throws(FormulaError) -> Formula.Node {
    var parts = [try sum()], signs: [String] = []
    while let sign = next, ["<", "<=", ">", ">=", "==", "!="].contains(sign) {
      place += 1
      signs.append(sign)
      parts.append(try sum())
    }
    return signs.isEmpty ? parts[0] : .comparison(parts, signs)
  }

  private mutating func sum() throws(FormulaError) -> Formula.Node {
    var node = try product()
    while let sign = next, sign == "+" || sign == "-" {
      place += 1
      node = .binary(sign, node, try product())
    }
    return node
  }

  private mutating func product() throws(FormulaError) -> Formula.Node {
    var node = try negative()
    while let sign = next, sign == "*" || sign == "/" {
      place += 1
      node = .binary(sign, node, try negative())
    }
    return node
  }

  private mutating func negative() throws(FormulaError) -> Formula.Node {
    take("-") ? .negative(try negative()) : try power()
  }

  private mutating func power() throws(FormulaError) -> Formula.Node {
    let base = try element()
    return take("^") ? .binary("^", base, try negative()) : base
  }

  private mutating func element() throws(FormulaError) -> Formula.Node {
    var node = try primary()
    while take("[") {
      node = .index(node, try logic())
      try expect("]")
    }
    return node
  }

  private mutating func primary() throws(FormulaError) -> Formula.Node {
    guard let token = next else { throw FormulaError("found the end, expected a number, a name or a bracket") }
    place += 1
    if token == "(" {
      let node = try logic()
      try expect(")")
      return node
    }
    if let number = Double(token) { return .number(number) }
    guard let first = token.first, first.isLetter || first == "_" else {
      throw FormulaError("found \(token), expected a number, a name or a bracket")
    }
    guard take("(") else { return .name(token) }
    var arguments: [Formula.Node] = []
    if !take(")") {
      repeat { arguments.append(try logic()) } while take(",")
      try expect(")")
    }
    return .call(token, arguments)
  }
}

extension Formula {
  /// What it gives of a run.
  ///
  /// - Throws: a name that nothing reads, an index outside of a list, or what there is no reading of.
  public func value(_ numbers: LessonNumbers) throws(FormulaError) -> LessonValue { try Self.value(root, numbers) }

  /// Whether it holds.
  public func holds(_ numbers: LessonNumbers) throws(FormulaError) -> Bool { try value(numbers).isTrue }

  /// The number that it gives.
  ///
  /// - Throws: as `value`, and where it gives a list.
  public func number(_ numbers: LessonNumbers) throws(FormulaError) -> Double {
    guard case .number(let number) = try value(numbers) else {
      throw FormulaError("found a list from '\(text)', expected one number")
    }
    return number
  }

  /// The two sides of its first comparison, for a message: "0.02 < 0.01".
  func sides(_ numbers: LessonNumbers) -> String? {
    guard case .comparison(let parts, let signs) = root else { return nil }
    let values = parts.map { part in
      (try? Self.value(part, numbers)).map { value in
        value.numbers.count > 1 ? "\(value.numbers.count) numbers" : value.numbers.first.map { "\($0)" } ?? "?"
      } ?? "?"
    }
    return values.enumerated().map { $0.offset == 0 ? $0.element : " \(signs[$0.offset - 1]) \($0.element)" }.joined()
  }

  private static func value(_ node: Node, _ numbers: LessonNumbers) throws(FormulaError) -> LessonValue {
    switch node {
    case .number(let number): return .number(number)
    case .name(let name): return try numbers.value(name)
    case .negative(let a): return try value(a, numbers).map { -$0 }
    case .not(let a): return .number(try value(a, numbers).isTrue ? 0 : 1)
    case .call(let name, let arguments):
      guard let function = Quantities.function(name) else {
        throw Quantities.unknown(name, among: Quantities.functionNames, what: "function")
      }
      var values: [LessonValue] = []
      for argument in arguments { values.append(try value(argument, numbers)) }
      return try function(values)
    case .index(let list, let index):
      let list = try value(list, numbers).numbers, place = try value(index, numbers).numbers.first ?? .nan
      guard place >= 1, place <= Double(list.count), place == place.rounded() else {
        throw FormulaError("found the index \(place), expected a whole number from 1 to \(list.count)")
      }
      return .number(list[Int(place) - 1])
    case .binary(let word, let a, let b) where word == "and" || word == "or":
      // The second side is computed only where the first does not decide.
      let first = try value(a, numbers).isTrue
      if first == (word == "or") { return .number(first ? 1 : 0) }
      return .number(try value(b, numbers).isTrue ? 1 : 0)
    case .binary(let sign, let a, let b):
      return try .zip(value(a, numbers), value(b, numbers)) { arithmetic(sign, $0, $1) }
    case .comparison(let parts, let signs):
      var result = LessonValue.number(1)
      for (place, sign) in signs.enumerated() {
        let holds = try LessonValue.zip(value(parts[place], numbers), value(parts[place + 1], numbers)) {
          compare(sign, $0, $1) ? 1 : 0
        }
        result = try .zip(result, holds) { min($0, $1) }
      }
      return result
    }
  }

  private static func arithmetic(_ sign: String, _ a: Double, _ b: Double) -> Double {
    switch sign {
    case "+": a + b
    case "-": a - b
    case "*": a * b
    case "/": a / b
    default: Quantities.power(a, b)
    }
  }

  private static func compare(_ sign: String, _ a: Double, _ b: Double) -> Bool {
    switch sign {
    case "<": a < b
    case "<=": a <= b
    case ">": a > b
    case ">=": a >= b
    case "==": a == b
    default: a != b
    }
  }
}
