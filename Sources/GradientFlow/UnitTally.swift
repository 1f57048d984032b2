import LinearAlgebra
import RecurrentNetworks

/// How many units of the top layer have each fault of `UnitActivity`, counted while the update's own pass goes back over its window.
package final class UnitTally {
  private let hidden: Int, gates: Int
  /// The gates' own functions; nil where φ′ is kept.
  private let functions: [Activation]?
  /// By unit, gate after gate, [G·H]: the φ′ under which it is flat, at how many steps it is, and the greatest φ′.
  private let limits: AlignedBuffer<Double>, flat: AlignedBuffer<Double>, steepest: AlignedBuffer<Double>
  /// By unit, [H]: the mean of h, and Σ (h - mean)².
  private let means: AlignedBuffer<Double>, squares: AlignedBuffer<Double>
  private var rows = 0
  private let (wide, values, slopes) = (WideRows(), WideRows(), WideRows())

  /// Whether all units of a network have a φ′ at every step: those with a clock have none where it is not their turn.
  package static func reads(_ network: NetworkSpecification) -> Bool { network.periods.isEmpty }

  /// A tally of the passes of a network that it reads.
  package init(_ network: NetworkSpecification) {
    (hidden, gates) = (network.hidden, network.cell.gates)
    functions = network.cellDescription.gateFunctions
    limits = AlignedBuffer(gates * hidden)
    (flat, steepest) = (AlignedBuffer(gates * hidden), AlignedBuffer(gates * hidden))
    (means, squares) = (AlignedBuffer(hidden), AlignedBuffer(hidden))
    for gate in 0..<gates {
      let greatest = functions?[gate].maximumDerivative ?? network.activation.maximumDerivative
      (limits.start + gate * hidden).update(repeating: UnitActivity.flat * greatest, count: hidden)
    }
  }

  /// How many units have each fault.
  package func counts() -> [UnitActivity.Fault: Int] {
    var counts = Dictionary(uniqueKeysWithValues: UnitActivity.Fault.allCases.map { ($0, 0) })
    for unit in 0..<gates * hidden {
      let deviation = gates == 1 ? (squares.start[unit] / Double(max(1, rows))).squareRoot() : .infinity
      let fault = UnitActivity.Fault(
        steps: rows, flat: Int(flat.start[unit]), steepest: steepest.start[unit], deviation: deviation)
      if let fault { counts[fault, default: 0] += 1 }
    }
    return counts
  }

  /// A pass begins, whose states are all there.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func begin<S: Scalar>(_ pass: Pass<S>, window: Range<Int>) {
    rows = 0
    flat.clear()
    steepest.start.update(repeating: -.infinity, count: gates * hidden)
    // Of gates nobody asks how their unit's h moves.
    guard gates == 1 else { return }
    means.clear()
    squares.clear()
    let (means, squares) = (means.start, squares.start)
    forEachState(pass, window) { h in for unit in 0..<hidden { means[unit] += h[unit] } }
    let count = Double(max(1, window.count * pass.batch))
    for unit in 0..<hidden { means[unit] /= count }
    forEachState(pass, window) { h in
      for unit in 0..<hidden {
        let apart = h[unit] - means[unit]
        squares[unit] += apart * apart
      }
    }
  }

  /// Takes h_t of every step of the window and sequence of the batch, [H].
  @inline(__always)
  private func forEachState<S: Scalar>(
    _ pass: Pass<S>, _ window: Range<Int>, _ body: (UnsafePointer<Double>) -> Void
  ) {
    let block = max(1, 128 / max(1, pass.batch))
    for start in stride(from: window.lowerBound, to: window.upperBound, by: block) {
      let steps = start..<min(start + block, window.upperBound)
      let h = wide(pass.states(after: steps, layer: pass.network.layers - 1))
      for row in 0..<h.count { body(h.start + row * h.stride) }
    }
  }

  /// Adds the φ′ of a block's steps.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func add<S: Scalar>(_ block: BackwardBlock<S>) {
    rows += block.rows
    if let derivative = block.derivative {
      add(wide(derivative), to: 0..<gates * hidden)
    } else if let functions {
      let a = wide(block.preactivation)
      let (value, stride) = values.room(rows: a.count, columns: hidden)
      let (slope, _) = slopes.room(rows: a.count, columns: hidden)
      for (gate, function) in functions.enumerated() {
        _ = Double.activate(
          function.function, rows: a.count, columns: hidden, a: a.start + gate * hidden, aStride: a.stride,
          value: value, valueStride: stride, derivative: slope, derivativeStride: stride)
        add(
          PassRows(start: UnsafePointer(slope), count: a.count, columns: hidden, stride: stride),
          to: gate * hidden..<(gate + 1) * hidden)
      }
    }
  }

  private func add(_ slopes: PassRows<Double>, to units: Range<Int>) {
    let limits = limits.start + units.lowerBound
    let (flat, steepest) = (flat.start + units.lowerBound, steepest.start + units.lowerBound)
    for row in 0..<slopes.count {
      let slope = slopes.start + row * slopes.stride
      for unit in 0..<units.count {
        flat[unit] += slope[unit] < limits[unit] ? 1 : 0
        steepest[unit] = slope[unit] > steepest[unit] ? slope[unit] : steepest[unit]
      }
    }
  }
}
