import LinearAlgebra
import RecurrentNetworks

/// How many units of the top layer have each fault of `UnitActivity`, counted while the update's own pass goes back over its window.
package final class UnitTally {
  private let hidden: Int, gates: Int
  /// The gates' own functions; nil where φ′ is kept.
  private let functions: [Activation]?
  /// By unit, gate after gate, [G·H]: the φ′ under which it is flat, at how many steps it is, and the greatest φ′.
  private let limits: AlignedBuffer<Double>, flat: AlignedBuffer<Double>, steepest: AlignedBuffer<Double>
  /// By unit, [H]: h of the first row, and Σ d and Σ d² of h's distances d from it.
  private let origins: AlignedBuffer<Double>, sums: AlignedBuffer<Double>, squares: AlignedBuffer<Double>
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
    (origins, sums, squares) = (AlignedBuffer(hidden), AlignedBuffer(hidden), AlignedBuffer(hidden))
    for gate in 0..<gates {
      let greatest = functions?[gate].maximumDerivative ?? network.activation.maximumDerivative
      (limits.start + gate * hidden).update(repeating: UnitActivity.flat * greatest, count: hidden)
    }
  }

  /// How many units have each fault.
  package func counts() -> [UnitActivity.Fault: Int] {
    var (dead, saturated, still) = (0, 0, 0)
    for unit in 0..<gates * hidden {
      let deviation = gates == 1 ? deviation(of: unit) : .infinity
      switch UnitActivity.Fault(
        steps: rows, flat: Int(flat.start[unit]), steepest: steepest.start[unit], deviation: deviation)
      {
      case .dead: dead += 1
      case .saturated: saturated += 1
      case .still: still += 1
      case nil: break
      }
    }
    return [.dead: dead, .saturated: saturated, .still: still]
  }

  /// √(Σ (h - mean)² / n), without cancellation: what the distances are measured from is one of the h.
  private func deviation(of unit: Int) -> Double {
    let count = Double(max(1, rows)), mean = sums.start[unit] / count
    let variance = squares.start[unit] / count - mean * mean
    return variance <= 0 ? 0 : variance.squareRoot()
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
    sums.clear()
    squares.clear()
    let layer = pass.network.layers - 1, block = max(1, 128 / max(1, pass.batch))
    for start in stride(from: window.lowerBound, to: window.upperBound, by: block) {
      let h = wide(pass.states(after: start..<min(start + block, window.upperBound), layer: layer))
      if start == window.lowerBound { origins.start.update(from: h.start, count: hidden) }
      add(states: h)
    }
  }

  /// Adds rows of h, some units at a time, whose sums stay in registers.
  private func add(states h: PassRows<Double>) {
    let (origins, sums, squares) = (origins.start, sums.start, squares.start)
    for unit in Groups.whole(hidden) {
      let origin = Groups.load(origins + unit)
      var sum = Groups.load(sums + unit), square = Groups.load(squares + unit)
      var state = h.start + unit
      for _ in 0..<h.count {
        let apart = Groups.load(state) - origin
        sum += apart
        square += apart * apart
        state += h.stride
      }
      Groups.store(sum, sums + unit)
      Groups.store(square, squares + unit)
    }
    for unit in Groups.rest(hidden) {
      for row in 0..<h.count {
        let apart = h.start[row * h.stride + unit] - origins[unit]
        sums[unit] += apart
        squares[unit] += apart * apart
      }
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

  /// Adds rows of φ′ of some units, some of them at a time, whose numbers stay in registers.
  private func add(_ slopes: PassRows<Double>, to units: Range<Int>) {
    let limits = limits.start + units.lowerBound
    let (flat, steepest) = (flat.start + units.lowerBound, steepest.start + units.lowerBound)
    for unit in Groups.whole(units.count) {
      let limit = Groups.load(limits + unit)
      var count = Groups.load(flat + unit), most = Groups.load(steepest + unit)
      var row = slopes.start + unit
      for _ in 0..<slopes.count {
        let slope = Groups.load(row)
        count += SIMD8(repeating: 0).replacing(with: 1, where: slope .< limit)
        most.replace(with: slope, where: slope .> most)
        row += slopes.stride
      }
      Groups.store(count, flat + unit)
      Groups.store(most, steepest + unit)
    }
    for unit in Groups.rest(units.count) {
      for row in 0..<slopes.count {
        let slope = slopes.start[row * slopes.stride + unit]
        flat[unit] += slope < limits[unit] ? 1 : 0
        steepest[unit] = slope > steepest[unit] ? slope : steepest[unit]
      }
    }
  }
}

/// Units, eight at a time, and those that are left over.
private enum Groups {
  /// The first units of whole groups.
  static func whole(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count & ~7, by: 8) }
  static func rest(_ count: Int) -> Range<Int> { count & ~7..<count }

  @inline(__always)
  static func load(_ start: UnsafePointer<Double>) -> SIMD8<Double> {
    UnsafeRawPointer(start).loadUnaligned(as: SIMD8<Double>.self)
  }

  @inline(__always)
  static func store(_ values: SIMD8<Double>, _ start: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(start).storeBytes(of: values, as: SIMD8<Double>.self)
  }
}
