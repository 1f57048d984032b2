import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// An instrument whose numbers an analysis can hold; one that no panel draws need not be computed.
public enum Instrument: String, CaseIterable, Sendable {
  /// ‖∂L/∂h_t‖ of the truncated and of the full gradient.
  case gradientNorm
  /// ‖∂h_T/∂h_k‖ by lag with its bound, slope, horizon and fan of singular values.
  case product
  /// The flow matrix and what the truncation keeps of it.
  case flow
  /// The truncated gradient against the full one: cosine and relative error.
  case bias
  /// Eigenvalues and singular values of W_hh.
  case spectrum
  /// φ′ or the gates, and who did it.
  case saturation
  /// What the learning algorithm has, and how near it comes to the exact gradient.
  case learner
}

/// What the analyst is asked for.
public struct AnalysisRequest: Hashable, Sendable {
  /// The instruments.
  public var instruments: Set<Instrument>
  /// The layer that they look into, counted from 0; nil is the top one.
  public var layer: Int?

  /// The step of the sequence, counted from 0, of which J_t and the learner's influence matrix are wanted; nil is the
  /// window's last.
  public var step: Int?

  /// So many instruments of one layer.
  public init(_ instruments: Set<Instrument>, layer: Int? = nil, step: Int? = nil) {
    self.instruments = instruments
    self.layer = layer
    self.step = step
  }

  /// Whether an analysis that was asked for as `other` has all of it.
  public func isCovered(by other: AnalysisRequest) -> Bool {
    layer == other.layer && step == other.step && instruments.isSubset(of: other.instruments)
  }
}

/// Everything that the panels draw of one snapshot: a pure function of it.
///
/// n is the length of the sequence in which the snapshot's next window lies; steps count from 0 in that sequence.
public struct Analysis: Sendable {
  /// The snapshot that was analysed.
  public let snapshot: Snapshot
  /// The instruments that were asked for.
  public let instruments: Set<Instrument>
  /// The layer that the instruments look into, counted from 0.
  public let layer: Int
  /// The next window's pass, as the trainer is about to make it. Its step 0 is `window.window.steps.lowerBound`.
  public let window: Tape
  /// The whole sequence at the snapshot's weights, from the sequence's first state, all losses injected: the same tape
  /// as `window` where that is the whole sequence with all its losses. nil where no instrument wanted needs it.
  public let full: Tape?
  /// n.
  public var sequenceLength: Int { snapshot.data.steps }
  /// Whether what is cut of the gradient is what lies outside of the windows, and nothing else.
  var isCutByWindows: Bool { snapshot.isCutByWindows }

  /// log10 ‖∂L/∂h_t‖ over the batch by step of the sequence, [n]: of the window's objective (-infinity outside the
  /// window), and of the full objective, weighted alike: each loss as the window's objective weighs it.
  public let truncatedGradientNorm: [Double]?, fullGradientNorm: [Double]?
  /// The same of ∂L/∂c_t of the window's objective, h_t held fixed, in the part of the state that the cell's carousel carries,
  /// where that is not h.
  public let carriedGradientNorm: [Double]?
  /// The norms of ∂L/∂h_t of the window's objective in every layer, the lowest first.
  public let layerGradientNorms: [[Double]]?

  /// The products of Jacobians over the sequence (sequence 0 of the batch): ∂s_n/∂s_{n-lag} in the layer.
  public let product: ProductByLag?
  /// The carousel against the gated paths in the layer, for cells that have one.
  public let carousel: CarouselByLag?
  /// Down the layers at one step, and along all paths through layers and time; nil with one layer.
  public let depth: ProductByDepth?, paths: ProductByPath?

  /// The flow matrix of sequence 0 over the whole sequence, n wide.
  public let flow: FlowMatrix?
  /// What the truncation (k1, k2, inject) keeps of it, n×n counts.
  public let mask: TruncationMask?
  /// The shares of terms and of mass that it keeps.
  public let share: TruncationShare?
  /// The truncated gradient (all updates of the sequence at these weights) against the full one.
  public let bias: TruncationBias?

  /// W_hh of the layer, a square block a gate; empty where it was not computed. Where each step has its own, that of `weightStep`.
  public internal(set) var weightSpectra: [MatrixSpectrum]
  /// The step of the sequence whose W_hh it is: the one that was asked for or the window's last.
  public internal(set) var weightStep: Int
  /// How far the steps' own W_hh have gone; nil where all steps share one.
  public let drift: CopyDrift?
  /// W_hh of the layer, for cells with one gate.
  public var recurrentSpectrum: MatrixSpectrum? { weightSpectra.count == 1 ? weightSpectra.first : nil }
  /// J_t = ∂s_t/∂s_{t-1} of sequence 0, s_t all parts of the state, at the step that was asked for or the window's last.
  public internal(set) var jacobianSpectrum: StepSpectrum?

  /// φ′ of sequence 0 over the whole sequence.
  public let saturation: Saturation?
  /// The gates of sequence 0 in the layer over the whole sequence, for cells that have them.
  public let gates: GateActivity?
  /// What φ′ and W_hh each do to the gradient on its way back.
  public let decay: DecayShares?

  /// The learning algorithm's gradient against the exact one, and its influence matrix.
  public internal(set) var learner: LearnerReport?
  /// What the algorithm holds and computes for an update.
  public let cost: Cost
  /// What was not computed to stay fast, a sentence each: "singular values at 12 of 200 lags". Empty when all is there.
  public let leftOut: [String]
  /// What bounded it.
  let limits: AnalysisLimits
  /// Whether something was left out that a patient reader gets.
  public var isHasty: Bool { !leftOut.isEmpty && limits != .patient(snapshot) }

  /// The spectrum of a step's Jacobian.
  public struct StepSpectrum: Equatable, Sendable {
    /// The step of the sequence, counted from 0.
    public let step: Int
    /// Of J at that step.
    public let spectrum: MatrixSpectrum
  }

  /// The cost of an update by the learning algorithm (n units, m inputs).
  public struct Cost: Equatable, Sendable {
    /// Floats held for a window; for BPTT (m + n) · k2 a sequence, times the batch.
    public let floatsHeld: Int
    /// The same for the whole sequence.
    public let floatsHeldFull: Int
    /// Multiply-adds of one update, forward and back.
    public let multiplyAdds: Int
  }
}
