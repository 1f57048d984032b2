import Glibc
import LinearAlgebra
import RecurrentNetworks

/// The means of `DecayShares` over a window, taken while the update's own pass goes back over it: the numbers of every update, for
/// one more product with W_hh a step.
///
/// It reads the top layer over the whole batch. What a step does is told by norms alone, so that nothing is kept of a block of
/// steps but sums of logarithms.
package final class DecayTally {
  /// What a step back is made of.
  package enum Part: Int, CaseIterable { case activation, recurrent, memoryPath, gates, directPath, whole }

  private let cell: CellDescription
  private let hidden: Int
  /// The offset of w_co, by which the gate that h reads the memory through sees the memory too, in the parameters; nil without.
  private let peephole: Int?
  /// Σ log10 of each part's factor over the steps where it is finite, and the number of these.
  private let sums = AlignedBuffer<Double>(Part.allCases.count), counts = AlignedBuffer<Double>(Part.allCases.count)
  // Where a block's numbers are read as doubles, and room for what is made of them.
  private let (delta, carried, u, weights, a, c, w) = (
    WideRows(), WideRows(), WideRows(), WideRows(), WideRows(), WideRows(), WideRows()
  )
  private let (pulled, factors, memory, spare, slopes) = (WideRows(), WideRows(), WideRows(), WideRows(), WideRows())
  private let norms = (0..<6).map { _ in WideRows() }

  /// Whether a step back of a network has such parts, and has them alike for all units.
  package static func reads(_ network: NetworkSpecification) -> Bool {
    !network.hasOtherDelays && !network.isProjected && !network.hasUnitRates && network.periods.isEmpty
      && network.cellDescription.affineJacobian?.scale != 0
  }

  /// A tally of the passes of a network that it reads.
  package init(_ network: NetworkSpecification, _ layout: ParameterLayout) {
    let cell = network.cellDescription
    self.cell = cell
    hidden = network.hidden
    let gate = cell.memoryPath.flatMap { $0.component > 0 ? $0.outputGate : nil }
    peephole = gate.flatMap { layout["weight_c\(cell.gates[$0])_l\(network.layers - 1)"]?.offset }
  }

  /// The mean of log10 of a part's factor; nil where no step has one.
  package func mean(_ part: Part) -> Double? {
    let count = counts.start[part.rawValue]
    return count > 0 ? sums.start[part.rawValue] / count : nil
  }

  /// A pass begins.
  package func begin() {
    sums.clear()
    counts.clear()
  }

  /// Adds the steps of a block.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func add<S: Scalar>(_ block: BackwardBlock<S>) {
    // From the window's first step nothing goes on.
    let first = block.steps.lowerBound == block.window.lowerBound ? 1 : 0
    let steps = Steps(range: first..<block.steps.count, batch: block.batch)
    let delta = delta(block.gradient()), u = u(block.recurrentGradient)
    let back = block.recurrentWeights.map { pullBack(u, weights($0)) }
    if let jacobian = cell.affineJacobian, let back {
      addAffine(jacobian, delta, u, back, steps)
    } else if let path = cell.memoryPath, let functions = cell.gateFunctions {
      let other = block.stateComponents > 1 ? carried(block.gradient(component: 1)) : nil
      let a = a(block.preactivation)
      let v: PassRows<Double>
      if path.component > 0, let other, let gate = path.outputGate {
        v = wholeMemoryGradient(
          other, delta, c(block.state(component: path.component)), gate, functions[gate], a, u,
          peephole.map { w(block.unitTensor(at: $0)) })
      } else {
        v = other.map { path.component > 0 ? $0 : delta } ?? delta
      }
      addGated(delta, other, v, kept(path, functions[path.gate], a), u, back, steps)
    }
  }

  /// Steps of a block, of so many rows each.
  private struct Steps {
    let range: Range<Int>, batch: Int
  }
}

// MARK: Steps back

extension DecayTally {
  /// J_tᵀ δ_t = κ δ_t + W_hhᵀ u, u = ∂L/∂a_t = s φ′_t ⊙ δ_t.
  private func addAffine(
    _ jacobian: CellDescription.AffineJacobian, _ delta: PassRows<Double>, _ u: PassRows<Double>,
    _ back: PassRows<Double>, _ steps: Steps
  ) {
    let log10Scale = log10(abs(jacobian.scale)), log10Direct = log10(abs(jacobian.directPath))
    let arrivingNorms = StepNorms(delta, steps.batch, norms[0]), leavingNorms = StepNorms(u, steps.batch, norms[1])
    let recurrentNorms = StepNorms(back, steps.batch, norms[2])
    var wholeNorms = recurrentNorms
    if jacobian.directPath != 0 {
      Double.scaleAdd(
        rows: back.count, columns: hidden, alpha: jacobian.directPath, x: delta.start, xStride: delta.stride, beta: 1,
        y: UnsafeMutablePointer(mutating: back.start), yStride: back.stride)
      wholeNorms = StepNorms(back, steps.batch, norms[3])
    }
    for t in steps.range {
      let arriving = arrivingNorms.log10(t)
      guard arriving.isFinite else { continue }
      let leaving = leavingNorms.log10(t)
      add(.activation, leaving - log10Scale - arriving)
      let recurrent = recurrentNorms.log10(t)
      if leaving.isFinite { add(.recurrent, recurrent - leaving) }
      guard jacobian.directPath != 0 else {
        add(.whole, recurrent - arriving)
        continue
      }
      add(.directPath, log10Direct)
      add(.whole, wholeNorms.log10(t) - arriving)
    }
  }

  /// f ⊙ v of the memory path, and W_hhᵀ u behind the gates.
  private func addGated(
    _ delta: PassRows<Double>, _ other: PassRows<Double>?, _ v: PassRows<Double>, _ kept: PassRows<Double>,
    _ u: PassRows<Double>, _ back: PassRows<Double>?, _ steps: Steps
  ) {
    let (product, stride) = spare.room(rows: v.count, columns: hidden)
    Double.multiplyElements(
      rows: v.count, columns: hidden, scale: 1, x: v.start, xStride: v.stride, y: kept.start, yStride: kept.stride,
      into: product, zStride: stride)
    let keptMemory = PassRows(start: UnsafePointer(product), count: v.count, columns: hidden, stride: stride)
    let stateNorms = StepNorms(delta, steps.batch, norms[0])
    let otherNorms = other.map { StepNorms($0, steps.batch, norms[1]) }
    let wholeNorms = StepNorms(v, steps.batch, norms[2]), keptNorms = StepNorms(keptMemory, steps.batch, norms[3])
    let leavingNorms = StepNorms(u, steps.batch, norms[4])
    let recurrentNorms = back.map { StepNorms($0, steps.batch, norms[5]) }
    for t in steps.range {
      let ofState = stateNorms.log10(t)
      let arriving = otherNorms.map { Log10.hypotenuse(ofState, $0.log10(t)) } ?? ofState
      guard arriving.isFinite else { continue }
      let whole = wholeNorms.log10(t)
      if whole.isFinite { add(.memoryPath, keptNorms.log10(t) - whole) }
      guard let recurrentNorms else { continue }
      let leaving = leavingNorms.log10(t)
      add(.gates, leaving - arriving)
      if leaving.isFinite { add(.recurrent, recurrentNorms.log10(t) - leaving) }
    }
  }

  private func add(_ part: Part, _ log10: Double) {
    guard log10.isFinite else { return }
    sums.start[part.rawValue] += log10
    counts.start[part.rawValue] += 1
  }
}

/// The norms of vectors over the steps of a block, so many rows each: the squares of all rows are summed at once, into a room that is
/// theirs as long as they are asked.
private struct StepNorms {
  private let rows: PassRows<Double>, batch: Int
  private let squares: UnsafePointer<Double>

  init(_ rows: PassRows<Double>, _ batch: Int, _ room: WideRows) {
    (self.rows, self.batch) = (rows, batch)
    let start = room.room(rows: 1, columns: rows.count).start
    VectorNorms.squared(
      count: rows.count, length: rows.stride, stride: rows.stride, vectors: rows.start, into: start)
    squares = UnsafePointer(start)
  }

  /// log10 ‖v‖ over a step's rows, as exact where the norm itself would leave the range.
  func log10(_ step: Int) -> Double {
    let first = step * batch
    var sum = 0.0
    for row in first..<first + batch { sum += squares[row] }
    guard sum > 1e-250, sum < 1e300 else {
      let start = rows.start + first * rows.stride
      return Log10.norm(UnsafeBufferPointer(start: start, count: batch * rows.stride))
    }
    return 0.5 * log2(sum) * Log10.of2
  }
}

// MARK: What a step back is made of

extension DecayTally {
  /// W_hhᵀ u of all rows, [rows, H].
  private func pullBack(_ u: PassRows<Double>, _ weights: PassRows<Double>) -> PassRows<Double> {
    let (product, stride) = pulled.room(rows: u.count, columns: weights.columns)
    Double.multiply(
      m: u.count, n: weights.columns, k: weights.count, a: u.start, aRowStride: u.stride, aColumnStride: 1,
      b: weights.start, bRowStride: weights.stride, c: product, cRowStride: stride, accumulate: false)
    return PassRows(start: product, count: u.count, columns: weights.columns, stride: stride)
  }

  /// What the memory path keeps: its gate, or 1 - gate, [rows, H].
  private func kept(
    _ path: CellDescription.MemoryPath, _ function: Activation, _ a: PassRows<Double>
  ) -> PassRows<Double> {
    let (value, stride) = factors.room(rows: a.count, columns: hidden)
    var input = a.start + path.gate * hidden, inputStride = a.stride
    if path.isComplement, function == .sigmoid {
      // 1 - σ(a) = σ(-a), without cancellation.
      Double.scaleAdd(
        rows: a.count, columns: hidden, alpha: -1, x: input, xStride: inputStride, beta: 0, y: value, yStride: stride)
      (input, inputStride) = (UnsafePointer(value), stride)
    }
    activate(function.function, a.count, input, inputStride, into: value, stride)
    if path.isComplement, function != .sigmoid {
      for row in 0..<a.count {
        for unit in 0..<hidden { value[row * stride + unit] = 1 - value[row * stride + unit] }
      }
    }
    return PassRows(start: value, count: a.count, columns: hidden, stride: stride)
  }

  /// ∂L/∂c_t by all paths: own + o_t ⊙ tanh′(c_t) ⊙ δh_t, and with a peephole + w_co ⊙ ∂L/∂a_o, [rows, H].
  private func wholeMemoryGradient(
    _ own: PassRows<Double>, _ delta: PassRows<Double>, _ c: PassRows<Double>, _ gate: Int, _ function: Activation,
    _ a: PassRows<Double>, _ u: PassRows<Double>, _ peephole: PassRows<Double>?
  ) -> PassRows<Double> {
    let rows = own.count, (v, stride) = memory.room(rows: rows, columns: hidden)
    activate(function.function, rows, a.start + gate * hidden, a.stride, into: v, stride)
    let (slope, _) = slopes.room(rows: rows, columns: hidden), (unused, _) = spare.room(rows: rows, columns: hidden)
    _ = Double.activate(
      .tanh, rows: rows, columns: hidden, a: c.start, aStride: c.stride, value: unused, valueStride: stride,
      derivative: slope, derivativeStride: stride)
    for (factor, factorStride) in [(UnsafePointer(slope), stride), (delta.start, delta.stride)] {
      Double.multiplyElements(
        rows: rows, columns: hidden, scale: 1, x: v, xStride: stride, y: factor, yStride: factorStride, into: v,
        zStride: stride)
    }
    add(own.start, own.stride, to: v, stride, rows)
    if let peephole {
      Double.multiplyElements(
        rows: rows, columns: hidden, scale: 1, x: u.start + gate * hidden, xStride: u.stride, y: peephole.start,
        yStride: 0, into: unused, zStride: stride)
      add(UnsafePointer(unused), stride, to: v, stride, rows)
    }
    return PassRows(start: v, count: rows, columns: hidden, stride: stride)
  }

  private func add(
    _ x: UnsafePointer<Double>, _ xStride: Int, to y: UnsafeMutablePointer<Double>, _ yStride: Int, _ rows: Int
  ) {
    Double.scaleAdd(
      rows: rows, columns: hidden, alpha: 1, x: x, xStride: xStride, beta: 1, y: y, yStride: yStride)
  }

  private func activate(
    _ function: ElementwiseFunction, _ rows: Int, _ a: UnsafePointer<Double>, _ aStride: Int,
    into value: UnsafeMutablePointer<Double>, _ stride: Int
  ) {
    let (slope, slopeStride) = slopes.room(rows: rows, columns: hidden)
    _ = Double.activate(
      function, rows: rows, columns: hidden, a: a, aStride: aStride, value: value, valueStride: stride,
      derivative: slope, derivativeStride: slopeStride)
  }
}
