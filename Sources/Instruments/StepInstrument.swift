import GradientFlow
import RecurrentNetworks
import Training

/// The recursion's own numbers at every step of the window, forward and back, and those of the update that follows.
public enum StepInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "step"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.window
    return Reading(
      tape: tape, drift: CopyDrift(tape, start: pass.snapshot.startParameters, layer: pass.layer(focus)),
      goesBack: !pass.snapshot.experiment.training.algorithm.description.isForward,
      update: Update(pass, pass.updateGradient(budget)), noGradientReason: pass.noGradientReason)
  }

  /// A pass of which every step can be asked for.
  public struct Reading: Sendable {
    private let tape: Tape
    private let drift: CopyDrift?
    /// Whether the gradient goes back over the window; not where it is carried forward.
    public let goesBack: Bool
    /// The update that the window makes.
    public let update: Update
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?

    /// The window's steps in their sequence, and the sequences of the batch.
    public var window: Range<Int> { tape.window.steps }
    /// The number of sequences.
    public var batch: Int { tape.batch }
    /// The steps whose losses are injected.
    public var injected: Range<Int> { tape.window.injected }
    /// What the cell says of itself, and the network.
    public var cell: CellDescription { tape.network.cellDescription }
    /// The shape of the network.
    public var network: NetworkSpecification { tape.network }
    /// Whether units are shown one by one, as they are stepped by hand: of small fully recurrent networks.
    public var showsUnits: Bool { tape.network.cell.isFullyRecurrent && tape.hidden <= 8 }

    init(tape: Tape, drift: CopyDrift?, goesBack: Bool, update: Update, noGradientReason: String?) {
      self.tape = tape
      self.drift = drift
      self.goesBack = goesBack
      self.update = update
      self.noGradientReason = noGradientReason
    }

    /// The numbers at a step of the sequence in a layer, both counted from 0; nil outside of the window.
    public func place(step: Int, layer: Int) -> Place? {
      let index = step - tape.window.steps.lowerBound
      let layer = min(max(0, layer), tape.layers.count - 1)
      guard let forward = ForwardNumbers(tape, step: index, layer: layer),
        let backward = BackwardNumbers(tape, step: index, layer: layer)
      else { return nil }
      return Place(tape, index, layer, drift, forward, backward)
    }

    /// The units one by one at a step of the sequence, and the matrix they are stepped with; nil where they are too many.
    public func units(step: Int) -> UnitNumbers? {
      showsUnits ? UnitNumbers(tape, step: step - tape.window.steps.lowerBound) : nil
    }

    /// The weights that step a small fully recurrent network.
    public func unitWeights(step: Int) -> UnitWeights? {
      showsUnits ? UnitWeights(tape, step: step - tape.window.steps.lowerBound) : nil
    }
  }

  /// The numbers of one step in one layer.
  public struct Place: Sendable {
    /// The step, counted from 1 in its sequence, and the layer, counted from 0.
    public let t: Int, layer: Int
    /// Whether it is the window's first step, its last, and in the top layer.
    public let isFirst: Bool, isLast: Bool, isTop: Bool
    public let forward: ForwardNumbers, backward: BackwardNumbers
    /// Whether a loss of any sequence is injected here; how many losses the objective is a mean of (1 for a sum).
    public let isInjected: Bool, lossCount: Int
    /// What clipping at every step multiplied δ_t by: 1 where it did nothing.
    public let clipScale: Double
    /// What multiplied the gradient that came from the step after: 0 where it is cut at random; nil where nothing is.
    public let gradientScale: Double?
    /// Whether the gradient is that of a fixed point at the last step; and how far h moved from the step before.
    public let isFixedPoint: Bool, distanceMoved: Double
    /// ‖W_hh of this step - the copies' mean‖ relative to it, and log10 ‖∂L/∂W_hh‖ of this step's copy; nil where all steps
    /// share one.
    public let copyFromMean: Double?, log10CopyGradient: Double?

    fileprivate init(
      _ tape: Tape, _ index: Int, _ layer: Int, _ drift: CopyDrift?, _ forward: ForwardNumbers,
      _ backward: BackwardNumbers
    ) {
      t = tape.window.steps.lowerBound + index + 1
      self.layer = layer
      (isFirst, isLast, isTop) = (index == 0, index + 1 == tape.steps, layer == tape.layers.count - 1)
      self.forward = forward
      self.backward = backward
      isInjected = tape.mask.dropFirst(index * tape.batch).prefix(tape.batch).contains { $0 != 0 }
      lossCount = tape.injectionWeight > 0 ? Int((1 / tape.injectionWeight).rounded()) : 1
      clipScale = tape.clipScale(step: index, layer: layer)
      gradientScale = isLast || tape.gradientScale.isEmpty ? nil : tape.gradientScale[index + 1]
      isFixedPoint = tape.isFixedPoint
      distanceMoved = tape.isFixedPoint ? tape.distanceMoved(step: index) : 0
      copyFromMean = drift?.fromMean[index]
      log10CopyGradient = drift?.log10Gradient[index]
    }
  }

  /// W of a small fully recurrent network, with what it multiplies on the way forward and on the way back, so that s = W z and
  /// ε = e + Wᵀδ can be done again by hand.
  public struct UnitWeights: Sendable {
    /// The step, counted from 1 in its sequence.
    public let t: Int
    /// The units and the inputs.
    public let units: Int, inputs: Int
    /// z_t = [y_{t-1}; x_t], the rows of W, and δ_{t+1} by unit; nil at the window's last step.
    public let z: [Double], weights: [[Double]], delta: [Double]?

    /// Of sequence 0; nil for networks that are too large to be read.
    fileprivate init?(_ tape: Tape, step: Int) {
      guard tape.hidden <= 4, tape.inputs <= 4, (0..<tape.steps).contains(step), let layer = tape.layers.first else {
        return nil
      }
      t = tape.window.steps.lowerBound + step + 1
      (units, inputs) = (tape.hidden, tape.inputs)
      let state = step * layer.stateComponents * tape.batch * tape.hidden, input = step * tape.batch * tape.inputs
      z = Array(layer.state[state..<state + tape.hidden] + tape.x[input..<input + tape.inputs])
      let recurrent = tape.layout.recurrentWeights(layer: 0, step: step)
      let read = tape.layout.inputWeights(layer: 0, step: step)
      weights = (0..<tape.hidden).map { k in
        (0..<tape.hidden).map { tape.parameters[recurrent.index(k, $0)] }
          + (0..<tape.inputs).map { tape.parameters[read.index(k, $0)] }
      }
      delta = UnitNumbers(tape, step: step + 1).map { $0.units.map(\.delta) }
    }
  }
}

extension StepInstrument {
  /// The numbers of the update that a window's gradient makes.
  public struct Update: Sendable {
    /// The update, counted from 1.
    public let number: Int
    /// ‖g‖ before and after clipping, and ‖w‖.
    public let raw: Double, clipped: Double, weights: Double
    /// How gradients are clipped; and at how many of the steps clipping at every step did something.
    public let clip: ClipSpecification, clippedSteps: Int, steps: Int
    /// The optimiser, and η now.
    public let optimizer: OptimizerSpecification, learningRate: Double
    /// The standard deviation of the noise that is added to g, where there is any; Ω and whether its gradient is in g.
    public let noiseDeviation: Double?, omega: Double?
    /// How g is made: the sum over the steps, or the algorithm's own last equation.
    public let equation: Equation
    /// ‖copy - mean‖/‖mean‖ of the untied W_hh that is farthest from their mean, and their number; nil where all steps share one.
    public let farthestCopy: Double?, copies: Int
    /// Numbers that the algorithm holds for the window and for the whole sequence, and its multiply-adds for the update.
    public let numbersHeld: Double, numbersHeldWhole: Double, multiplyAdds: Double

    /// How the weights' gradient is written.
    public enum Equation: Hashable, Sendable {
      /// g = Σ_t ∂L/∂a_t ⊗ [x_t, h_{t-1}, 1]; `isUntied` for each step's own.
      case sum(isUntied: Bool)
      /// ∂J/∂W = Σ_t δ_t ⊗ [y_{t-1}, x_t] of Williams & Zipser's network.
      case unitSum(isUntied: Bool)
      /// The algorithm's, with {t} for subscripts.
      case other(String)
    }

    /// The share that clipping leaves: 1 where it does nothing.
    public var scale: Double { raw > 0 ? clipped / raw : 1 }

    init(_ pass: PassView, _ gradient: [Double]) {
      let tape = pass.window, snapshot = pass.snapshot
      let training = snapshot.experiment.training
      number = snapshot.update + 1
      raw = euclideanNorm(gradient)
      clipped = Self.clippedNorm(gradient, raw, training.clip)
      weights = euclideanNorm(tape.parameters)
      clip = training.clip
      clippedSteps = (0..<tape.steps).count { step in
        tape.layers.indices.contains { tape.clipScale(step: step, layer: $0) < 1 }
      }
      steps = tape.steps
      optimizer = training.optimizer
      learningRate = training.learningRate(after: snapshot.update)
      noiseDeviation = training.regularizer.noise > 0 ? training.noiseDeviation(after: snapshot.update) : nil
      omega = training.regularizer.omega > 0 ? tape.omega : nil
      equation = Self.equation(tape, training)
      let drift = CopyDrift(tape, start: snapshot.startParameters, layer: nil)
      (farthestCopy, copies) = (drift?.fromMean.filter(\.isFinite).max(), tape.layout.copies)
      var sizes = snapshot.updateSizes
      let cost = training.algorithm.cost(sizes)
      numbersHeld = cost.floats
      multiplyAdds = cost.multiplyAdds * Double(sizes.k1)
      // Against the whole sequence with every step kept.
      sizes.segmentSteps = nil
      (sizes.k1, sizes.k2) = (pass.length, pass.length)
      numbersHeldWhole = training.algorithm.cost(sizes).floats
    }

    private static func clippedNorm(_ gradient: [Double], _ raw: Double, _ clip: ClipSpecification) -> Double {
      switch clip.kind {
      case .none, .step, .weight: raw
      case .norm: min(raw, clip.threshold)
      case .value: euclideanNorm(gradient.map { min(max($0, -clip.threshold), clip.threshold) })
      }
    }

    private static func equation(_ tape: Tape, _ training: TrainingSpecification) -> Equation {
      let algorithm = training.algorithm.description
      if !algorithm.isTape { return .other(algorithm.equations.last ?? "") }
      let isUntied = tape.layout.copies > 1
      return tape.layout.hasReadout ? .sum(isUntied: isUntied) : .unitSum(isUntied: isUntied)
    }
  }
}
