import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

extension Analysis {
  /// The analysis of `snapshot` with the instruments `wanted` of layer `layer` (nil: the top one), bounded by `limits` (nil: while it runs the live
  /// ones, else the patient ones). What is not finite, or too much, is left out and said.
  public static func compute(
    snapshot: Snapshot, wanted: Set<Instrument>, layer: Int? = nil, step: Int? = nil, limits: AnalysisLimits? = nil
  ) throws(AnalysisError) -> Analysis {
    let top = snapshot.experiment.network.layers - 1
    var builder = AnalysisBuilder(
      snapshot: snapshot, layer: min(max(0, layer ?? top), top),
      limits: limits ?? (snapshot.running ? .live(snapshot) : .patient(snapshot)))
    return builder.build(wanted, step: step)
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
    let spectrumStep = spectrumStep(step)
    let spectrum = wanted.contains(.spectrum) ? spectrum(window, spectrumStep) : nil
    let products = wanted.contains(.product) ? products(seen) : Products()
    let looksInside = wanted.contains(.saturation)
    return Analysis(
      snapshot: snapshot, instruments: wanted, layer: layer, window: window, full: full,
      truncatedGradientNorm: norms?.truncated[layer], fullGradientNorm: norms?.full,
      layerGradientNorms: norms?.truncated, product: products.time, carousel: products.carousel,
      depth: products.depth, paths: products.paths, flow: flow?.matrix, mask: flow?.mask, share: flow?.share,
      bias: wanted.contains(.bias) && snapshot.isCutByWindows ? bias() : nil, recurrentSpectrum: spectrum?.weights,
      jacobianSpectrum: spectrum?.jacobian, spectrumStep: spectrumStep,
      drift: CopyDrift(window, start: snapshot.startParameters, layer: layer),
      saturation: looksInside ? Saturation(seen, layer: layer) : nil,
      gates: looksInside ? GateActivity(seen, layer: layer) : nil,
      decay: looksInside ? DecayShares(seen, layer: layer) : nil,
      learner: wanted.contains(.learner) ? learner(step) : nil, cost: cost, leftOut: leftOut)
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
  private func gradientNorms(_ window: Tape, _ full: Tape?) -> (truncated: [[Double]], full: [Double]?) {
    let first = snapshot.window.steps.lowerBound
    let truncated = GradientNorms.log10ByLayer(window).map { norms in
      var whole = [Double](repeating: -.infinity, count: length)
      whole.replaceSubrange(first..<first + norms.count, with: norms)
      return whole
    }
    guard let full else { return (truncated, nil) }
    // Each loss weighs as it does in the window's objective.
    let shift = Decade.log10(window.injectionWeight / full.injectionWeight)
    return (truncated, GradientNorms.log10(full, layer: layer).map { $0 + shift })
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

  private mutating func learner(_ step: Int?) -> LearnerReport? {
    guard length <= limits.fullSteps else {
      leftOut.append("the learner's gradient against the exact one: too many steps")
      return nil
    }
    return LearnerReport.compute(snapshot, step: step, longest: limits.fullSteps)
  }

  /// The step whose spectrum is shown: with shared weights W_hh is that of all, and J_t the window's last.
  private func spectrumStep(_ wanted: Int?) -> Int {
    let steps = snapshot.window.steps
    let isUntied = snapshot.layout.copies > 1
    return min(max(steps.lowerBound, isUntied ? wanted ?? .max : .max), steps.upperBound - 1)
  }

  private mutating func spectrum(_ tape: Tape, _ step: Int) -> (weights: MatrixSpectrum?, jacobian: MatrixSpectrum?)? {
    let isAffine = tape.network.cellDescription.affineJacobian != nil
    guard tape.hidden * (isAffine ? 1 : tape.network.cell.parts) <= limits.spectrumUnits else {
      leftOut.append("the eigenvalues of \(isAffine ? "W_hh" : "J_t"): more than \(limits.spectrumUnits) units")
      return nil
    }
    do {
      let inWindow = step - snapshot.window.steps.lowerBound
      return isAffine
        ? (try MatrixSpectrum(recurrentWeightsOf: tape, step: inWindow, layer: layer), nil)
        : (nil, try MatrixSpectrum(jacobianOf: tape, step: inWindow, layer: layer))
    } catch {
      leftOut.append("the spectrum: W_hh is not finite")
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
