import Canvas
import GradientFlow
import RecurrentNetworks

/// W of a small fully recurrent network, with what it multiplies on the way forward and on the way back, so that s = W z and
/// ε = e + Wᵀδ can be done again by hand.
struct StepWeights {
  /// The names of the columns: the units, and the inputs.
  private let names: [String]
  /// z_t = [y_{t-1}; x_t], the rows of W, and δ_{t+1} by unit; nil at the window's last step.
  private let z: [Double], weights: [[Double]], delta: [Double]?
  private let t: Int

  /// Of sequence 0 at the tape's step `step`, counted from the window's first; nil for other networks, and for those that are
  /// too large to be read.
  init?(_ tape: Tape, step: Int) {
    guard StepText.showsUnits(tape), tape.hidden <= 4, tape.inputs <= 4, (0..<tape.steps).contains(step),
      let layer = tape.layers.first
    else { return nil }
    t = tape.window.steps.lowerBound + step + 1
    let state = step * layer.parts * tape.batch * tape.hidden, input = step * tape.batch * tape.inputs
    z = Array(layer.state[state..<state + tape.hidden] + tape.x[input..<input + tape.inputs])
    let recurrent = tape.layout.recurrentWeights(layer: 0, step: step)
    let read = tape.layout.inputWeights(layer: 0, step: step)
    weights = (0..<tape.hidden).map { k in
      (0..<tape.hidden).map { tape.parameters[recurrent.index(k, $0)] }
        + (0..<tape.inputs).map { tape.parameters[read.index(k, $0)] }
    }
    delta = UnitNumbers(tape, step: step + 1).map { $0.units.map(\.delta) }
    names = (0..<tape.hidden).map { "unit \($0 + 1)" } + (0..<tape.inputs).map { "input \($0 + 1)" }
  }

  /// The rows that it takes: the names, z, and a row a unit.
  var height: Int { weights.count + 2 }

  private static let cell = 9, head = 13

  /// Draws it where it fits, else nothing.
  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let width = Self.head + (names.count + 1) * Self.cell
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
    for (column, value) in z.enumerated() { put(NumberText.short(value), column: column, row: 1, .value) }
    if delta != nil { put("δ\(sub(t + 1))", column: names.count, row: 0, .future) }
    for (unit, row) in weights.enumerated() {
      head("W  to unit \(unit + 1)", row: unit + 2)
      for (column, value) in row.enumerated() { put(NumberText.short(value), column: column, row: unit + 2, .text) }
      if let delta { put(NumberText.short(delta[unit]), column: names.count, row: unit + 2, .value) }
    }
  }
}
