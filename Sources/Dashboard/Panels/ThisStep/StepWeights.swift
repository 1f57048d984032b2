import Canvas
import Instruments
import Instruments

/// W of a small fully recurrent network, with what it multiplies on the way forward and on the way back, so that s = W z and
/// ε = e + Wᵀδ can be done again by hand.
struct StepWeights {
  private let numbers: StepInstrument.UnitWeights

  init(_ numbers: StepInstrument.UnitWeights) { self.numbers = numbers }

  /// The rows that it takes: the names, z, and a row a unit.
  var height: Int { numbers.weights.count + 2 }

  /// The names of the columns: the units, and the inputs.
  private var names: [String] {
    (0..<numbers.units).map { "unit \($0 + 1)" } + (0..<numbers.inputs).map { "input \($0 + 1)" }
  }

  private static let cell = 9, head = 13

  /// Draws it where it fits, else nothing.
  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let width = Self.head + (names.count + 1) * Self.cell
    let (t, names, delta) = (numbers.t, names, numbers.delta)
    guard rect.height >= height, rect.width >= width else { return }
    func put(_ text: String, column: Int, row: Int, _ role: Role) {
      let place = Rect(x: rect.x + Self.head + column * Self.cell, y: rect.y, width: Self.cell, height: rect.height)
      buffer.put(text.words(theme), in: place, row: row, alignment: .right, style: theme[role])
    }
    func head(_ text: String, row: Int, _ role: Role = .dimText) {
      buffer.put(text.words(theme), in: rect, row: row, style: theme[role])
    }
    for (column, name) in names.enumerated() { put(name, column: column, row: 0, .dimText) }
    head("z = [y\(sub(t - 1)); x\(sub(t))]", row: 1)
    for (column, value) in numbers.z.enumerated() { put(NumberText.short(value), column: column, row: 1, .value) }
    if delta != nil { put("δ\(sub(t + 1))", column: names.count, row: 0, .future) }
    for (unit, row) in numbers.weights.enumerated() {
      head("W  to unit \(unit + 1)", row: unit + 2)
      for (column, value) in row.enumerated() { put(NumberText.short(value), column: column, row: unit + 2, .text) }
      if let delta { put(NumberText.short(delta[unit]), column: names.count, row: unit + 2, .value) }
    }
  }
}
