import LinearAlgebra

extension Pass {
  /// The window's pass, whole, after `forward` and `backward` over it with the same reduction, by a pass that records.
  public func tape(window: Window, reduction: Reduction) -> Tape {
    precondition(plan.recordsTape, "the pass was made to record")
    let w = window.steps
    let rows = w.count * batch
    let injected = window.injected.clamped(to: w)
    let count = injected.reduce(0) { $0 + targetCounts[$1] }
    let weight = injectionWeight(reduction, injected: count)
    let losses = recordLosses(w)
    let target: Targets =
      switch loss {
      case .crossEntropy: .classes(Array(UnsafeBufferPointer(start: classes + w.lowerBound * batch, count: rows)))
      case .squared, .given:
        .values(
          Self.gathered(
            arena + plan.target + w.lowerBound * batch * plan.outputStride, rows: rows, columns: layout.outputs,
            stride: plan.outputStride))
      }
    let targetMask = Array(UnsafeBufferPointer(start: targetMask + w.lowerBound * batch, count: rows))
    let mask = w.flatMap { t in (0..<batch).map { injected.contains(t) ? self.targetMask[t * batch + $0] : 0 } }
    let outputMask = outputMask.map {
      Array(UnsafeBufferPointer(start: $0 + w.lowerBound * batch * layout.outputs, count: rows * layout.outputs))
    }
    // In the order of `addLosses`.
    let objective = w.indices.reversed().reduce(0.0) { sum, t in
      let rows = (t - w.lowerBound) * batch..<(t - w.lowerBound + 1) * batch
      return rows.reduce(sum) { mask[$1] == 0 ? $0 : $0 + losses.loss[$1] }
    }
    return Tape(
      network: network, layout: layout, parameters: parameters.map { Double($0) },
      gradient: gradient.map { Double($0) }, steps: w.count, batch: batch, inputs: layout.inputs,
      outputs: layout.outputs, hidden: network.hidden, window: window, lossKind: loss, reduction: reduction,
      objective: weight * objective, injectionWeight: weight,
      x: Self.gathered(
        arena + plan.x + w.lowerBound * batch * plan.inputStride, rows: rows, columns: layout.inputs,
        stride: plan.inputStride),
      target: target, targetMask: targetMask, mask: mask, outputMask: outputMask, output: losses.output,
      loss: losses.loss, lossGradient: losses.gradient, gradientScale: gradientScale, isFixedPoint: isFixedPoint,
      layers: (0..<network.layers).map { recordLayer($0, w, injected, weight: S(weight)) })
  }

  /// y_t, l_t and ∂l_t/∂h_t of every step of the window, whether injected or not.
  private func recordLosses(_ window: Range<Int>) -> (output: [Double], loss: [Double], gradient: [Double]) {
    packReadout()
    var output: [Double] = []
    var gradient: [Double] = []
    let scratch = Self.zeroed(plan.blockSteps * stateRow)
    defer { scratch.deallocate() }
    forEachBlock(window) { block in
      let rows = block.count * batch
      readOut(block)
      output += Self.gathered(
        arena + plan.output, rows: rows, columns: layout.outputs, stride: plan.outputStride)
      differentiateLoss(block, weight: 1)
      sendLosses(rows: rows, into: scratch)
      gradient += Self.gathered(scratch, rows: rows, columns: network.hidden, stride: plan.stateStride)
    }
    let losses = UnsafeBufferPointer(
      start: arena + plan.loss + window.lowerBound * batch, count: window.count * batch)
    return (output, losses.map { Double($0) }, gradient)
  }

  private func forEachBlock(_ window: Range<Int>, _ body: (Range<Int>) -> Void) {
    for start in stride(from: window.lowerBound, to: window.upperBound, by: plan.blockSteps) {
      body(start..<min(start + plan.blockSteps, window.upperBound))
    }
  }

  private func recordLayer(_ layer: Int, _ window: Range<Int>, _ injected: Range<Int>, weight: S) -> LayerTape {
    let stateComponents = network.stateComponents
    let h = network.hidden
    let gh = network.cell.gates * h
    let rows = window.count * batch
    let gateStart = window.lowerBound * batch * plan.gateStride
    let offsets = plan.layers[layer]
    /// [T, components, B, H] from arrays that are apart by component.
    func byStep(_ steps: Range<Int>, _ pointer: (Int, Int) -> UnsafeMutablePointer<S>) -> [Double] {
      // A long sequence's states are the largest arrays of a tape: they take what they need and no more.
      var states: [Double] = []
      states.reserveCapacity(steps.count * stateComponents * batch * h)
      for t in steps {
        for component in 0..<stateComponents {
          states += Self.gathered(pointer(component, t), rows: batch, columns: h, stride: plan.stateStride)
        }
      }
      return states
    }
    func gates(_ offset: Int) -> [Double] {
      Self.gathered(arena + offset + gateStart, rows: rows, columns: gh, stride: plan.gateStride)
    }
    let preactivation = gates(offsets.preactivation)
    let preactivationGradient = gates(offsets.preactivationGradient)
    let isApart = network.cell.resetGatedInputs > 0
    return LayerTape(
      stateComponents: stateComponents,
      state: byStep(window.lowerBound..<window.upperBound + 1) { statePointer(layer: layer, component: $0, row: $1) },
      preactivation: preactivation,
      derivative: plan.keepsPreactivation ? gateDerivatives(preactivation) : gates(offsets.derivative),
      recurrentInput: isApart
        ? Self.gathered(
          arena + offsets.recurrentInput + window.lowerBound * batch * plan.apartStride, rows: rows,
          columns: network.cell.resetGatedInputs * h, stride: plan.apartStride) : [],
      gradient: byStep(window) { gradientPointer(layer: layer, component: $0, slot: $1) },
      localGradient: recordLocalGradient(layer, window, injected, weight: weight),
      futureGradient: recordFutureGradient(layer, window), preactivationGradient: preactivationGradient,
      recurrentGradient: isApart ? gates(offsets.recurrentGradient) : preactivationGradient)
  }

  /// φ′(a) of gates with functions of their own, [.., G·H].
  private func gateDerivatives(_ preactivation: [Double]) -> [Double] {
    let functions = network.cellDescription.gateFunctions ?? []
    let h = network.hidden
    let gh = functions.count * h
    var (value, derivative) = (preactivation, preactivation)
    preactivation.withUnsafeBufferPointer { a in
      value.withUnsafeMutableBufferPointer { value in
        derivative.withUnsafeMutableBufferPointer { derivative in
          guard let a = a.baseAddress, let value = value.baseAddress, let derivative = derivative.baseAddress else {
            return
          }
          for (gate, function) in functions.enumerated() {
            _ = Double.activate(
              function.function, rows: preactivation.count / gh, columns: h, a: a + gate * h, aStride: gh,
              value: value + gate * h, valueStride: gh, derivative: derivative + gate * h, derivativeStride: gh)
          }
        }
      }
    }
    return derivative
  }

  /// What arrives at each step's h from its own loss (the top layer) or from the layer above.
  private func recordLocalGradient(
    _ layer: Int, _ window: Range<Int>, _ injected: Range<Int>, weight: S
  ) -> [Double] {
    let scratch = Self.zeroed(window.count * stateRow)
    defer { scratch.deallocate() }
    if layer == network.layers - 1 {
      for block in stride(from: 0, to: injected.count, by: plan.blockSteps).map({
        injected.lowerBound + $0..<min(injected.lowerBound + $0 + plan.blockSteps, injected.upperBound)
      }) {
        readOut(block)
        differentiateLoss(block, weight: weight)
        sendLosses(rows: block.count * batch, into: scratch + (block.lowerBound - window.lowerBound) * stateRow)
      }
    } else {
      let above = plan.layers[layer + 1]
      // What was packed last serves all steps, or one.
      let count = plan.isUntied ? 1 : window.count
      for t in stride(from: window.lowerBound, to: window.upperBound, by: count) {
        if plan.isUntied { packBackward(gates: network.cell.gates, step: t) }
        S.multiplyPacked(
          m: count * batch, n: plan.seenUnits, k: network.cell.gates * network.hidden,
          a: arena + above.preactivationGradient + t * batch * plan.gateStride, aRowStride: plan.gateStride,
          aColumnStride: 1, packedB: arena + above.inputBackward, c: scratch + (t - window.lowerBound) * stateRow,
          cRowStride: plan.stateStride, accumulate: false)
      }
    }
    return Self.gathered(scratch, rows: window.count * batch, columns: network.hidden, stride: plan.stateStride)
  }

  /// What arrives at each step's h from the step after it; 0 at the last.
  private func recordFutureGradient(_ layer: Int, _ window: Range<Int>) -> [Double] {
    let size = window.count * stateRow
    let stateComponents = network.stateComponents
    let scratch = Self.zeroed(stateComponents * size)
    let discarded = Self.zeroed(2 * batch * plan.gateStride)
    defer {
      scratch.deallocate()
      discarded.deallocate()
    }
    @discardableResult
    func pullBack(_ t: Int, into receiver: Int) -> UnsafeMutablePointer<S> {
      if plan.isUntied { packBackward(gates: network.cell.gates, step: t) }
      var step = step(layer: layer, t: t, block: window)
      let previous = scratch + (receiver - window.lowerBound) * stateRow
      step.previousGradient = previous
      step.previousGradientComponentDistance = size
      step.preactivationGradient = discarded
      step.recurrentGradient = network.cell.resetGatedInputs > 0 ? discarded + batch * plan.gateStride : discarded
      _ = network.cell.accept(BackwardStep(step: step), network)
      return previous
    }
    // At a fixed point the step after the last one is the same step again.
    if let t = window.last, isFixedPoint { pullBack(t, into: t) }
    for t in window.dropFirst() {
      let factor = gradientScale.isEmpty ? 1 : gradientScale[t - window.lowerBound]
      guard factor != 0, !isFixedPoint else { continue }
      let previous = pullBack(t, into: t - 1)
      guard factor != 1 else { continue }
      S.scaleAdd(
        rows: batch, columns: network.hidden, alpha: 0, x: previous, xStride: plan.stateStride, beta: S(factor),
        y: previous, yStride: plan.stateStride)
    }
    return Self.gathered(scratch, rows: window.count * batch, columns: network.hidden, stride: plan.stateStride)
  }
}

extension Tape {
  /// The tape of a window: a pure function of the parameters, the state carried into the window, the data and the
  /// settings, bit for bit what a `Pass` of the same precision does in training.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - layout: its parameters' layout.
  ///   - parameters: the parameters, flat.
  ///   - data: the whole sequences; only the window's steps are read.
  ///   - window: the steps, and whose losses are injected.
  ///   - carriedState: the state before the window's first step, [components, B, H] a layer.
  ///   - reduction: how the losses make the objective.
  ///   - precision: that of the pass; a tape's numbers are doubles.
  ///   - variant: what the pass does otherwise than plain backpropagation.
  ///   - flow: what it does with the gradient on its way.
  public static func compute(
    network: NetworkSpecification, layout: ParameterLayout, parameters: [Double], data: SequenceBatch, window: Window,
    carriedState: [[Double]], reduction: Reduction, precision: Precision, variant: PassVariant = PassVariant(),
    flow: FlowControl = FlowControl()
  ) -> Tape {
    func run<S: Scalar>(_: S.Type) -> Tape {
      precondition(layout.copies == 1 || window.steps.lowerBound == 0, "copy t is step t's")
      let pass = Pass<S>(
        network: network, layout: layout, steps: window.steps.count, batch: data.batch, loss: data.loss,
        recordsTape: true)
      pass.flow = flow
      pass.beginsSequence = window.steps.lowerBound == 0
      for (index, value) in parameters.enumerated() { pass.parameters[index] = S(value) }
      for (layer, state) in carriedState.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
      let shift = window.steps.lowerBound
      let inside = window.injected.clamped(to: window.steps)
      let moved = Window(
        steps: 0..<window.steps.count, injected: inside.lowerBound - shift..<inside.upperBound - shift)
      pass.load(data.slice(window.steps))
      pass.firstStep = window.steps.lowerBound
      if let kept = variant.kept { pass.restore(kept) }
      pass.forward(min(variant.kept?.steps ?? 0, moved.steps.count)..<moved.steps.count)
      if let fixedPoint = variant.fixedPoint {
        _ = pass.backwardAtFixedPoint(
          step: moved.steps.count - 1, reduction: reduction, tolerance: fixedPoint.tolerance, limit: fixedPoint.limit)
      } else {
        _ = pass.backward(moved, reduction: reduction, gradientScale: variant.gradientScale)
      }
      var tape = pass.tape(window: moved, reduction: reduction).placed(at: window)
      tape.clipScales = pass.clipScales(moved.steps)
      tape.omega = pass.omega
      tape.flossed = pass.flossed
      return tape
    }
    return precision == .float64 ? run(Double.self) : run(Float.self)
  }

  /// The same tape, said to lie at another place of its sequence.
  private func placed(at window: Window) -> Tape {
    Tape(
      network: network, layout: layout, parameters: parameters, gradient: gradient, steps: steps, batch: batch,
      inputs: inputs, outputs: outputs, hidden: hidden, window: window, lossKind: lossKind, reduction: reduction,
      objective: objective, injectionWeight: injectionWeight, x: x, target: target, targetMask: targetMask, mask: mask,
      outputMask: outputMask, output: output, loss: loss, lossGradient: lossGradient, gradientScale: gradientScale,
      isFixedPoint: isFixedPoint, layers: layers)
  }
}

extension SequenceBatch {
  /// Some steps of the sequences.
  func slice(_ range: Range<Int>) -> SequenceBatch {
    func rows<T>(_ array: [T], _ columns: Int) -> [T] {
      Array(array[range.lowerBound * batch * columns..<range.upperBound * batch * columns])
    }
    let target: Targets =
      switch target {
      case .classes(let classes): .classes(rows(classes, 1))
      case .values(let values): .values(rows(values, outputs))
      }
    var slice = SequenceBatch(
      steps: range.count, batch: batch, inputs: inputs, outputs: outputs, x: rows(x, inputs),
      symbols: symbols.map { rows($0, 1) }, target: target, targetMask: rows(targetMask, 1),
      outputMask: outputMask.map { rows($0, outputs) })
    slice.givesGradients = givesGradients
    return slice
  }
}
