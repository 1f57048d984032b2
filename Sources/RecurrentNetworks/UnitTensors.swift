import LinearAlgebra

// What a cell has to train beside its matrices and biases: a number for each unit, such as a leaky unit's β or λ of a linear
// recurrent unit. The cell says what they are called, makes of them the constants that its steps read, and adds up their
// gradient; what is here calls it.

extension NetworkSpecification {
  /// The rows of H numbers that a step of the cell reads beside weights and states.
  var constantRows: Int { cell.accept(ConstantRows(), self) }

  /// What the unit tensors of a layer start with.
  func initialUnitTensors(_ random: inout CounterRandom) -> [Double] {
    let drawn = cell.accept(InitialUnitTensors(initialization: initialization, random: random), self)
    random = drawn.random
    return drawn.values
  }
}

extension Pass {
  /// A layer's constants become those of the parameters as they stand.
  @inline(__always)
  func fillConstants<C: Cell>(_ cell: C, layer: Int) {
    guard cell.constantRows > 0 else { return }
    let offsets = plan.layers[layer]
    cell.fillConstants(
      from: UnsafePointer(parameterBase + offsets.unitTensors), hidden: network.hidden,
      into: arena + offsets.constants)
  }

  /// A block's share of the gradient by the unit tensors: its rows lie one after the other, as those of one step do.
  @inline(__always)
  func addUnitGradient<C: Cell>(_ cell: C, layer: Int, block: Range<Int>) {
    guard !layout.unitTensors(layer: layer).isEmpty else { return }
    var step = step(layer: layer, t: block.lowerBound, block: block)
    step.rows *= block.count
    cell.addUnitGradient(step, to: gradientBase + plan.layers[layer].unitTensors)
  }
}

extension Tape {
  /// The constants that the steps of a layer read, to be given back by the caller; nil where the cell has none.
  func unitConstants(layer: Int) -> UnsafeMutablePointer<Double>? {
    let rows = network.constantRows
    guard rows > 0 else { return nil }
    let constants = Pass<Double>.zeroed(rows * PassPlan<Double>.stride(hidden))
    parameters.withUnsafeBufferPointer { parameters in
      guard let base = parameters.baseAddress else { return }
      network.cell.accept(
        FillConstants(
          tensors: base + layout.unitTensors(layer: layer).lowerBound, hidden: hidden, constants: constants), network)
    }
    return constants
  }

  /// Row `row` of those constants, [H]; empty where there is none.
  public func unitConstants(layer: Int, row: Int) -> [Double] {
    guard row < network.constantRows, let constants = unitConstants(layer: layer) else { return [] }
    defer { constants.deallocate() }
    return Array(UnsafeBufferPointer(start: constants + row * PassPlan<Double>.stride(hidden), count: hidden))
  }

  /// What one step adds to the gradient by a layer's unit tensors, Σ over the batch, s_{t-1} held fixed.
  func unitContribution(layer: Int, step t: Int) -> [Double] {
    let kept = layers[layer], gates = network.cell.gates * hidden
    let count = layout.unitTensors(layer: layer).count
    return (0..<batch).reduce(into: [Double](repeating: 0, count: count)) { sum, b in
      let place = (t * kept.stateComponents * batch + b) * hidden, row = (t * batch + b) * gates
      let term = unitContribution(
        layer: layer, step: t, sequence: b, delta: kept.gradient[place..<place + hidden],
        byInput: kept.preactivationGradient[row..<row + gates])
      for index in sum.indices { sum[index] += term[index] }
    }
  }

  /// The same of one sequence, from δ_t of h, [H], and ∂L/∂a_t, [G·H], as they are given: it is linear in them.
  public func unitContribution(
    layer: Int, step t: Int, sequence: Int, delta: ArraySlice<Double>, byInput: ArraySlice<Double>
  ) -> [Double] {
    let kept = layers[layer], gates = network.cell.gates * hidden, size = batch * hidden
    let stride = PassPlan<Double>.stride(hidden)
    let before = (t * kept.stateComponents * batch + sequence) * hidden
    let after = before + kept.stateComponents * size
    // s_{t-1}, s_t, a_t, δ_t and ∂L/∂a_t of one row, one after the other.
    let width = kept.stateComponents * hidden
    func components(_ start: Int) -> [Double] {
      (0..<kept.stateComponents).flatMap { kept.state[start + $0 * size..<start + $0 * size + hidden] }
    }
    let row = (t * batch + sequence) * gates
    let numbers = components(before) + components(after) + kept.preactivation[row..<row + gates] + delta + byInput
    let room = Pass<Double>.zeroed(numbers.count)
    let gradient = Pass<Double>.zeroed(layout.unitTensors(layer: layer).count)
    let constants = unitConstants(layer: layer)
    defer {
      room.deallocate()
      gradient.deallocate()
      constants?.deallocate()
    }
    for (index, number) in numbers.enumerated() { room[index] = number }
    let a = room + 2 * width, back = a + gates + hidden
    var step = CellStep<Double>(
      rows: 1, hidden: hidden, previousState: room, state: room + width, stateStride: stride, componentDistance: hidden,
      preactivation: a, derivative: a, activationStride: gates, recurrentInput: a, recurrentBias: a,
      recurrentInputStride: 0, gradient: a + gates, previousGradient: nil, gradientStride: stride,
      gradientComponentDistance: hidden, previousGradientComponentDistance: hidden, preactivationGradient: back,
      recurrentGradient: back, preactivationGradientStride: gates, accumulates: false, forwardWeights: a,
      backwardWeights: a)
    step.constants = constants
    network.cell.accept(AddUnitGradient(step: step, gradient: gradient), network)
    return Array(UnsafeBufferPointer(start: gradient, count: layout.unitTensors(layer: layer).count))
  }
}

private struct ConstantRows: CellVisitor {
  func visit<C: Cell>(_ cell: C) -> Int { cell.constantRows }
}

private struct InitialUnitTensors: CellVisitor {
  let initialization: Initialization
  let random: CounterRandom

  func visit<C: Cell>(_ cell: C) -> (values: [Double], random: CounterRandom) {
    var random = random
    return (cell.initialUnitTensors(initialization, &random), random)
  }
}

private struct FillConstants: CellVisitor {
  let tensors: UnsafePointer<Double>
  let hidden: Int
  let constants: UnsafeMutablePointer<Double>

  func visit<C: Cell>(_ cell: C) { cell.fillConstants(from: tensors, hidden: hidden, into: constants) }
}

/// One step's share of the gradient by the unit tensors of whatever cell.
struct AddUnitGradient<S: Scalar>: CellVisitor {
  let step: CellStep<S>
  let gradient: UnsafeMutablePointer<S>

  func visit<C: Cell>(_ cell: C) { cell.addUnitGradient(step, to: gradient) }
}
