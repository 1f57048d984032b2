import Architectures
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
      update: Update(pass, pass.updateGradient(budget), layer: pass.layer(focus)),
      noGradientReason: pass.noGradientReason, firstState: FirstState(pass.snapshot))
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
    /// Where the state before the sequence's first step comes from.
    let firstState: FirstState

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
    /// The width of a layer's state.
    public var hidden: Int { tape.hidden }

    init(
      tape: Tape, drift: CopyDrift?, goesBack: Bool, update: Update, noGradientReason: String?, firstState: FirstState
    ) {
      self.tape = tape
      self.drift = drift
      self.goesBack = goesBack
      self.update = update
      self.noGradientReason = noGradientReason
      self.firstState = firstState
    }

    /// The numbers at a step of the sequence in a layer, forward of one sequence, all counted from 0; nil outside of the window.
    public func place(step: Int, layer: Int, sequence: Int = 0) -> Place? {
      let index = step - tape.window.steps.lowerBound
      let layer = min(max(0, layer), tape.layers.count - 1)
      guard let forward = ForwardNumbers(tape, step: index, layer: layer, sequence: sequence),
        let backward = BackwardNumbers(tape, step: index, layer: layer)
      else { return nil }
      return Place(tape, index, layer, sequence, drift, forward, backward)
    }

    /// All equations of a step of the sequence in a layer with their numbers, of one sequence; nil outside of the window.
    public func equations(step: Int, layer: Int, sequence: Int) -> StepEquations? {
      let index = step - tape.window.steps.lowerBound
      guard (0..<tape.steps).contains(index), (0..<tape.batch).contains(sequence) else { return nil }
      return StepEquations(tape, index: index, layer: min(max(0, layer), tape.layers.count - 1), sequence: sequence)
    }
  }

  /// The numbers of one step in one layer.
  public struct Place: Sendable {
    /// The step, counted from 1 in its sequence, and the layer, counted from 0.
    public let t: Int, layer: Int
    /// Whether it is the window's first step, its last, and in the top layer.
    public let isFirst: Bool, isLast: Bool, isTop: Bool
    public let forward: ForwardNumbers, backward: BackwardNumbers
    /// Whether a loss of any sequence is injected here; how many losses the objective is a mean of (1 for a sum), and at how many
    /// steps each sequence has one of them (nil where the sequences differ).
    public let isInjected: Bool, lossCount: Int, lossSteps: Int?
    /// x, and at the top ŷ and y where the step has a target, of the sequence.
    public let given: [Given]
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
      _ tape: Tape, _ index: Int, _ layer: Int, _ sequence: Int, _ drift: CopyDrift?, _ forward: ForwardNumbers,
      _ backward: BackwardNumbers
    ) {
      t = tape.window.steps.lowerBound + index + 1
      self.layer = layer
      (isFirst, isLast, isTop) = (index == 0, index + 1 == tape.steps, layer == tape.layers.count - 1)
      self.forward = forward
      self.backward = backward
      isInjected = tape.mask.dropFirst(index * tape.batch).prefix(tape.batch).contains { $0 != 0 }
      lossCount = tape.injectionWeight > 0 ? Int((1 / tape.injectionWeight).rounded()) : 1
      let steps = (0..<tape.batch).map { b in (0..<tape.steps).count { tape.mask[$0 * tape.batch + b] != 0 } }
      lossSteps = steps.allSatisfy { $0 == steps[0] } ? steps[0] : nil
      given = Given.all(StepOperands(tape: tape, index: index, layer: layer, sequence: sequence))
      clipScale = tape.clipScale(step: index, layer: layer)
      gradientScale = isLast || tape.gradientScale.isEmpty ? nil : tape.gradientScale[index + 1]
      isFixedPoint = tape.isFixedPoint
      distanceMoved = tape.isFixedPoint ? tape.distanceMoved(step: index) : 0
      copyFromMean = drift?.fromMean[index]
      log10CopyGradient = drift?.log10Gradient[index]
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
    /// The optimizer, and η now.
    public let optimizer: OptimizerSpecification, learningRate: Double
    /// The standard deviation of the noise that is added to g, where there is any; Ω, and what its gradient in g is multiplied by.
    public let noiseDeviation: Double?, omega: Double?, omegaWeight: Double
    /// F of gradient flossing, and what its gradient in g is multiplied by.
    public let flossed: Double?, flossingWeight: Double
    /// ‖Δw‖; nil where it is not known before the update is made.
    public let distance: Double?
    /// The update of one weight, the first of W_hh, with its numbers; empty where not all of them are known.
    public var ofOneWeight: [StepEquation] { made?.ofOneWeight(firstWeights, layer: layer) ?? [] }
    /// The same of all weights, with ‖g‖ and what clips it; empty where the network is not small.
    public var ofAllWeights: [StepEquation] { made?.ofAll ?? [] }
    /// The update with its numbers, the fullest form first: all of it, what is added to each weight, and one weight.
    public var equations: [[StepEquation]] {
      let all = ofAllWeights
      return (all.isEmpty ? [] : [all, all.filter { $0.result.name.hasPrefix("Δ") }]) + [ofOneWeight]
    }
    private let made: UpdateEquations?, firstWeights: String, layer: Int
    /// How g is made: the sum over the steps that share the weights, or each step's own; or the algorithm's own last equation.
    public let equation: String
    /// How ∂L/∂a in it comes from δ, where one line says it.
    public let preactivationGradient: String?
    /// ‖copy - mean‖/‖mean‖ of the untied W_hh that is farthest from their mean, and their number; nil where all steps share one.
    public let farthestCopy: Double?, copies: Int
    /// Numbers that the algorithm holds for the window and for the whole sequence, and its multiply-adds for the update.
    public let numbersHeld: Double, numbersHeldWhole: Double, multiplyAdds: Double
    /// Whether another program makes the update, of which no more is known than this gradient.
    public let isMadeElsewhere: Bool

    /// The same of a pass that is no recurrent one: all sequences whole, one set of weights.
    init(_ pass: PassView, _ recording: GraphRecording, _ gradient: [Double]) {
      let snapshot = pass.snapshot, training = snapshot.experiment.training
      number = snapshot.update + 1
      raw = euclideanNorm(gradient)
      clipped = Self.clippedNorm(gradient, raw, training.clip, snapshot.layout)
      weights = euclideanNorm(snapshot.parameters)
      (clip, clippedSteps, steps) = (training.clip, 0, recording.steps)
      optimizer = training.optimizer
      learningRate = training.learningRate(after: snapshot.update)
      noiseDeviation = training.regularizer.noise > 0 ? training.noiseDeviation(after: snapshot.update) : nil
      (omega, omegaWeight, flossed, flossingWeight) = (nil, 0, nil, 0)
      (preactivationGradient, farthestCopy, copies, firstWeights, layer) = (nil, nil, 1, "", 0)
      equation =
        training.federated.clients > 1 ? Self.averagedEquation : "g = ∂L/∂w, summed over all places that share w"
      (numbersHeld, numbersHeldWhole, multiplyAdds, isMadeElsewhere) = (0, 0, 0, false)
      made = noiseDeviation == nil ? UpdateEquations(snapshot, gradient, rate: learningRate) : nil
      distance = made?.distance
    }

    /// The share that clipping leaves: 1 where it does nothing.
    public var scale: Double { raw > 0 ? clipped / raw : 1 }

    init(_ pass: PassView, _ gradient: [Double], layer: Int) {
      let tape = pass.window, snapshot = pass.snapshot
      let training = snapshot.experiment.training
      number = snapshot.update + 1
      raw = euclideanNorm(gradient)
      clipped = Self.clippedNorm(gradient, raw, training.clip, tape.layout)
      weights = euclideanNorm(tape.parameters)
      clip = training.clip
      clippedSteps = (0..<tape.steps).count { step in
        tape.layers.indices.contains { tape.clipScale(step: step, layer: $0) < 1 }
      }
      steps = tape.steps
      optimizer = training.optimizer
      learningRate = training.learningRate(after: snapshot.update)
      noiseDeviation = training.regularizer.noise > 0 ? training.noiseDeviation(after: snapshot.update) : nil
      (omega, omegaWeight) = (training.regularizer.omega > 0 ? tape.omega : nil, training.regularizer.omega)
      (flossed, flossingWeight) = (
        training.regularizer.flossing > 0 ? tape.flossed : nil, training.regularizer.flossing
      )
      let isAveraged = training.federated.clients > 1
      equation = isAveraged ? Self.averagedEquation : Self.equation(tape, training)
      preactivationGradient =
        training.algorithm.description.isTape && !isAveraged ? CellEquations(tape.network).preactivationGradient : nil
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
      isMadeElsewhere = snapshot.data.givesGradients
      (firstWeights, self.layer) = (CellEquations(tape.network).firstWeights, layer)
      // Noise is drawn when the update is made.
      made =
        noiseDeviation == nil && copies == 1 && !isMadeElsewhere
        ? UpdateEquations(snapshot, gradient, rate: learningRate) : nil
      distance = made?.distance
    }

    private static func clippedNorm(
      _ gradient: [Double], _ raw: Double, _ clip: ClipSpecification, _ layout: ParameterLayout
    ) -> Double {
      switch clip.kind {
      case .none, .step, .weight: raw
      case .norm: min(raw, clip.threshold)
      case .value, .tensor: euclideanNorm(clip.clipping(gradient, layout))
      }
    }

    /// What a server's step is made of: Δ_k is how far client k has moved (McMahan et al. 2017).
    private static let averagedEquation = "g = -mean Δₖ/η, Δₖ = wₖ - w"

    private static func equation(_ tape: Tape, _ training: TrainingSpecification) -> String {
      let algorithm = training.algorithm.description
      guard algorithm.isTape else {
        return (algorithm.equations.last ?? "").replacing("{t-1}", with: "ₜ₋₁").replacing("{t+1}", with: "ₜ₊₁")
          .replacing("{t}", with: "ₜ")
      }
      let isUntied = tape.layout.copies > 1
      let delta = CellEquations(tape.network).preactivationGradientName
      let network = tape.network.cell
      let read =
        ["xₜ"] + (network.hasRecurrentWeights ? ["hₜ₋₁"] : [])
        + tape.network.furtherDelays.map { "hₜ₋" + sub($0) } + (network.hasBias ? ["1"] : [])
      // Williams & Zipser maximize J, so theirs is -g.
      let (left, right) =
        tape.network.cellDescription.maximizesNegativeErrors
        ? ("∂J/∂W", "[yₜ₋₁, xₜ] = -g") : ("g", "[\(read.joined(separator: ", "))]")
      return isUntied
        ? "\(left)ₜ = \(delta) ⊗ \(right)" + (left == "g" ? "" : "ₜ") : "\(left) = Σₜ \(delta) ⊗ \(right)"
    }
  }
}
