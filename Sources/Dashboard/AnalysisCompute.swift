import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

extension Analysis {
  /// The analysis of `snapshot` with the instruments `wanted` of layer `layer` (nil: the top one), bounded by `limits` (nil: while it runs the live
  /// ones, else the patient ones). What is not finite, or too much, is left out and said. Where `previous` is an analysis of
  /// the same pass, only what depends on the step is computed.
  public static func compute(
    snapshot: Snapshot, wanted: Set<Instrument>, layer: Int? = nil, step: Int? = nil, limits: AnalysisLimits? = nil,
    previous: Analysis? = nil
  ) throws(AnalysisError) -> Analysis {
    let top = snapshot.experiment.network.layers - 1
    let layer = min(max(0, layer ?? top), top)
    if let previous, previous.snapshot.serial == snapshot.serial, previous.layer == layer,
      previous.instruments == wanted
    {
      return previous.moved(to: step)
    }
    var builder = AnalysisBuilder(
      snapshot: snapshot, layer: layer,
      limits: limits ?? (snapshot.running ? .live(snapshot) : .patient(snapshot)))
    return builder.build(wanted, step: step)
  }

  /// The same pass, looked at at another step.
  private func moved(to step: Int?) -> Analysis {
    var moved = self
    var builder = AnalysisBuilder(snapshot: snapshot, layer: layer, limits: limits)
    if instruments.contains(.spectrum) {
      moved.jacobianSpectrum = builder.jacobian(window, step)
      moved.weightStep = builder.index(step, window) + window.window.steps.lowerBound
      if drift != nil { moved.weightSpectra = builder.weights(window, step) }
    }
    if instruments.contains(.learner) { moved.learner = builder.learner(step) }
    return moved
  }
}

/// An analysis on its way.
private struct AnalysisBuilder {
  let snapshot: Snapshot
  let layer: Int
  let limits: AnalysisLimits
  var leftOut: [String] = []

  /// n.
  var length: Int { snapshot.data.steps }

  init(snapshot: Snapshot, layer: Int, limits: AnalysisLimits) {
    self.snapshot = snapshot
    self.layer = layer
    self.limits = limits
  }

  mutating func build(_ wanted: Set<Instrument>, step: Int?) -> Analysis {
    let window = tape(snapshot.window, carriedState: snapshot.carriedState, variant: snapshot.variant)
    let full = wanted.isDisjoint(with: Self.needingFull) ? nil : fullTape(window)
    // Where the sequence is too long to be run whole, the window stands for it.
    let seen = full ?? window
    let norms = wanted.contains(.gradientNorm) ? gradientNorms(window, full) : nil
    let flow = wanted.contains(.flow) ? flow(full) : nil
    let wantsSpectrum = wanted.contains(.spectrum)
    let products = wanted.contains(.product) ? products(seen) : Products()
    let looksInside = wanted.contains(.saturation)
    return Analysis(
      snapshot: snapshot, instruments: wanted, layer: layer, window: window, full: full,
      truncatedGradientNorm: norms?.truncated[layer], fullGradientNorm: norms?.full,
      carriedGradientNorm: norms?.carried,
      layerGradientNorms: norms?.truncated, product: products.time, carousel: products.carousel,
      depth: products.depth, paths: products.paths, flow: flow?.matrix, mask: flow?.mask, share: flow?.share,
      bias: wanted.contains(.bias) && snapshot.isCutByWindows ? bias() : nil,
      weightSpectra: wantsSpectrum ? weights(window, step) : [],
      weightStep: index(step, window) + window.window.steps.lowerBound,
      drift: CopyDrift(window, start: snapshot.startParameters, layer: layer),
      jacobianSpectrum: wantsSpectrum ? jacobian(window, step) : nil,
      saturation: looksInside ? Saturation(seen, layer: layer) : nil,
      gates: looksInside ? GateActivity(seen, layer: layer) : nil,
      decay: looksInside ? DecayShares(seen, layer: layer) : nil,
      learner: wanted.contains(.learner) ? learner(step) : nil, cost: cost, leftOut: leftOut, limits: limits)
  }

  /// The products of Jacobians, along time and down the layers.
  private struct Products {
    var time: ProductByLag?, carousel: CarouselByLag?, depth: ProductByDepth?, paths: ProductByPath?
  }

  private static let needingFull: Set<Instrument> = [.gradientNorm, .product, .flow, .saturation]
}

// MARK: Passes

extension AnalysisBuilder {
  private func tape(_ window: Window, carriedState: [[Double]], variant: PassVariant = PassVariant()) -> Tape {
    Tape.compute(
      network: snapshot.experiment.network, layout: snapshot.layout, parameters: snapshot.parameters,
      data: snapshot.data, window: window, carriedState: carriedState,
      reduction: snapshot.experiment.training.reduction, precision: snapshot.experiment.precision,
      variant: variant, flow: snapshot.experiment.training.flow)
  }

  private mutating func fullTape(_ window: Tape) -> Tape? {
    let whole = Window(steps: 0..<length, injected: 0..<length)
    if snapshot.window == whole, snapshot.variant == PassVariant() { return window }
    guard length <= limits.fullSteps else {
      leftOut.append("the sequence's \(length) steps were not run whole: the window stands for them")
      return nil
    }
    return tape(whole, carriedState: snapshot.sequenceState)
  }
}

// MARK: Instruments

extension AnalysisBuilder {
  private func gradientNorms(
    _ window: Tape, _ full: Tape?
  ) -> (truncated: [[Double]], full: [Double]?, carried: [Double]?) {
    let first = snapshot.window.steps.lowerBound
    /// [n] from the window's [T].
    func whole(_ norms: [Double]) -> [Double] {
      var whole = [Double](repeating: -.infinity, count: length)
      whole.replaceSubrange(first..<first + norms.count, with: norms)
      return whole
    }
    let truncated = GradientNorms.log10ByLayer(window).map(whole)
    let part = window.network.cellDescription.carousel?.part ?? 0
    let carried = part > 0 ? whole(GradientNorms.log10(window, part: part, layer: layer)) : nil
    guard let full else { return (truncated, nil, carried) }
    // Each loss weighs as it does in the window's objective.
    let shift = Decade.log10(window.injectionWeight / full.injectionWeight)
    return (truncated, GradientNorms.log10(full, layer: layer).map { $0 + shift }, carried)
  }

  private mutating func products(_ tape: Tape) -> Products {
    let longest = min(tape.steps, limits.longestLag)
    do {
      let product = try ProductByLag(tape, layer: layer, maximumLags: limits.lags, longest: longest)
      let carousel = try CarouselByLag(tape, layer: layer, maximumLags: limits.lags, longest: longest)
      let isDeep = tape.layers.count > 1
      let depth = isDeep ? try ProductByDepth(tape, maximumSteps: limits.lags) : nil
      let paths = isDeep ? try ProductByPath(tape, maximumLags: limits.lags, longest: longest - 1) : nil
      if longest < tape.steps { leftOut.append("the product beyond lag \(longest) of \(tape.steps)") }
      if product.spectra.count < longest {
        leftOut.append("all singular values at \(product.spectra.count) of \(longest) lags")
      }
      return Products(time: product, carousel: carousel, depth: depth, paths: paths)
    } catch {
      leftOut.append("the product: a Jacobian is not finite")
      return Products()
    }
  }

  private mutating func flow(_ full: Tape?) -> (matrix: FlowMatrix, mask: TruncationMask?, share: TruncationShare?)? {
    guard let full, length <= limits.flowSteps else {
      leftOut.append("the flow matrix of \(length)×\(length) terms")
      return nil
    }
    let matrix = FlowMatrix(full, layer: layer, maximumRows: limits.flowRows)
    let targets = (0..<length).count { full.targetMask[$0 * full.batch] != 0 }
    if matrix.rows.count < targets { leftOut.append("the flow of \(matrix.rows.count) of \(targets) losses") }
    guard snapshot.isCutByWindows else { return (matrix, nil, nil) }
    let mask = TruncationMask(steps: length, windows: windows)
    return (matrix, mask, TruncationShare(mask: mask, flow: matrix))
  }

  private mutating func bias() -> TruncationBias? {
    guard TruncationBias.stepsBack(windows) <= limits.biasSteps, length <= limits.fullSteps else {
      leftOut.append("the truncated gradient against the full one: too many steps to go back")
      return nil
    }
    let pass = Pass<Double>(
      network: snapshot.experiment.network, layout: snapshot.layout, steps: length, batch: snapshot.data.batch,
      loss: snapshot.data.loss)
    for (index, value) in snapshot.parameters.enumerated() { pass.parameters[index] = value }
    for (layer, state) in snapshot.sequenceState.enumerated() { pass.setState(at: 0, layer: layer, from: state) }
    pass.load(snapshot.data)
    pass.forward(0..<length)
    return TruncationBias(pass, windows: windows)
  }

  /// The windows of all updates of a sequence like this one.
  private var windows: [Window] {
    let (mask, batch) = (snapshot.data.targetMask, snapshot.data.batch)
    let schedule = snapshot.schedule
    return TruncationSchedule(length: length, k1: schedule.k1, k2: schedule.k2, inject: schedule.inject)
      .windows { t in mask[t * batch..<(t + 1) * batch].contains { $0 != 0 } }
  }

  mutating func learner(_ step: Int?) -> LearnerReport? {
    guard length <= limits.fullSteps else {
      leftOut.append("the learner's gradient against the exact one: too many steps")
      return nil
    }
    return LearnerReport.compute(snapshot, step: step, longest: limits.fullSteps)
  }

  /// Where step `step` of the sequence lies in the tape; its last where it is nil.
  func index(_ step: Int?, _ tape: Tape) -> Int {
    step.map { min(max(0, $0 - tape.window.steps.lowerBound), tape.steps - 1) } ?? tape.steps - 1
  }

  /// W_hh; where each step has its own, that of step `step` of the sequence, or of the window's last.
  mutating func weights(_ tape: Tape, _ step: Int?) -> [MatrixSpectrum] {
    // What is left out is said once, of what the panel is about.
    let isMain = tape.network.cell.gates == 1
    // A block a gate: while it runs they share what one matrix may cost.
    let blocks = snapshot.running ? tape.network.cell.gates : 1
    guard tape.hidden * blocks <= limits.spectrumUnits else {
      if isMain { leftOut.append("the eigenvalues of W_hh: more than \(limits.spectrumUnits) units") }
      return []
    }
    do {
      return try MatrixSpectrum.recurrentWeights(of: tape, step: index(step, tape), layer: layer)
    } catch {
      if isMain { leftOut.append("the spectrum: W_hh is not finite") }
      return []
    }
  }

  /// J at `step` of the sequence, or at the window's last.
  mutating func jacobian(_ tape: Tape, _ step: Int?) -> Analysis.StepSpectrum? {
    // Where a step multiplies by φ′ W_hh and no more, W_hh says enough while it runs.
    let isPlain = tape.network.cellDescription.affineJacobian?.directPath == 0
    guard tape.steps > 0, !isPlain || !snapshot.running else { return nil }
    let isMain = tape.network.cell.gates > 1
    guard tape.hidden * tape.network.cell.parts <= limits.spectrumUnits else {
      if isMain { leftOut.append("the eigenvalues of J_t: a state of more than \(limits.spectrumUnits)") }
      return nil
    }
    let first = tape.window.steps.lowerBound
    let index = index(step, tape)
    do {
      return .init(step: first + index, spectrum: try MatrixSpectrum(jacobianOf: tape, step: index, layer: layer))
    } catch {
      if isMain { leftOut.append("the spectrum: J_t is not finite") }
      return nil
    }
  }

  private var cost: Analysis.Cost {
    let training = snapshot.experiment.training
    var sizes = AlgorithmSizes(
      snapshot.experiment, inputs: snapshot.data.inputs, outputs: snapshot.data.outputs)
    func held(_ steps: Int) -> AlgorithmCost {
      (sizes.k1, sizes.k2) = (steps, steps)
      return training.algorithm.cost(sizes)
    }
    let steps = snapshot.window.steps.count
    let window = held(steps)
    // Against the whole sequence with every step kept.
    sizes.segmentSteps = nil
    return Analysis.Cost(
      floatsHeld: Self.whole(window.floats), floatsHeldFull: Self.whole(held(length).floats),
      multiplyAdds: Self.whole(window.multiplyAdds * Double(steps)))
  }

  /// A whole number, the largest where `value` is beyond it.
  private static func whole(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? .max }
}

extension Snapshot {
  /// Whether the gradient that trains is backpropagation through the windows, of which nothing is cut in another way.
  var isCutByWindows: Bool {
    experiment.training.algorithm.description.isTape && variant.passage.isEmpty && variant.fixedPoint == nil
  }
}
