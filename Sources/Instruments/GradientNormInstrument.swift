import GradientFlow
import RecurrentNetworks
import Training

/// ‖∂L/∂h_t‖ by step: of the window's losses as they train, and of the same losses with nothing cut off.
public enum GradientNormInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "gradient-norm"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = .norms
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// Norms over the whole batch in log10, a step of the sequence each, [n]; -infinity where nothing arrives.
  public struct Reading: Sendable {
    /// n, and the sequences of the batch.
    public let length: Int, batch: Int
    /// The window's steps, and those of them whose losses are injected.
    public let window: Range<Int>, injected: Range<Int>
    /// ‖∂L/∂h_t‖ of the window's objective in every layer, the lowest first.
    public let layers: [[Double]]
    /// The layer that is looked into.
    public let layer: Int
    /// The same losses' gradient in that layer where nothing is cut off, back to the sequence's start; nil where nothing is cut, and
    /// where the way is too long to be gone.
    public let uncut: [Double]?
    /// A part of the gradient that is worth a curve: ‖∂L/∂c_t‖ with h_t held fixed, in the part of the state that the memory path
    /// carries, where that is not h; what attention sends past time. And its names, the longest first.
    public let carried: [Double]?, carriedNames: [String]
    /// log10 of how far each step's own W_hh has moved, relative to what it was; nil where all steps share one.
    public let moved: [Double]?
    /// The norm that every ‖δ_t‖ is clipped to; nil where none is.
    public let clipThreshold: Double?
    /// Whether the window's gradient is the one that trains.
    public let trains: Bool
    /// The truncation by its name, and whether the window reaches the sequence's start.
    public let truncationName: String, reachesStart: Bool
    /// The first step of the sequence whose loss is injected.
    public let firstLoss: Int?
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?

    /// ‖∂L/∂h_t‖ in the layer that is looked into.
    public var norms: [Double] { layers[layer] }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    if let recording = pass.recording {
      return reading(pass, (0..<recording.layers).map { recording.log10GradientNorms(layer: $0) }, pass.layer(focus))
    }
    let tape = pass.window, layer = pass.layer(focus), window = pass.snapshot.window
    /// [n] from the window's [T].
    func whole(_ norms: [Double]) -> [Double] {
      var whole = [Double](repeating: -.infinity, count: pass.length)
      whole.replaceSubrange(window.steps.lowerBound..<window.steps.lowerBound + norms.count, with: norms)
      return whole
    }
    let cell = tape.network.cellDescription
    let component = cell.memoryPath?.component ?? 0, name = cell.stateComponents[component]
    let training = pass.snapshot.experiment.training
    return Reading(
      length: pass.length, batch: pass.batch, window: window.steps, injected: window.injected,
      layers: GradientNorms.log10ByLayer(tape).map(whole), layer: layer,
      uncut: uncut(pass, layer, budget),
      carried: component > 0 ? whole(GradientNorms.log10(tape, component: component, layer: layer)) : nil,
      carriedNames: ["∂L/∂\(name), h_t held fixed", "∂L/∂\(name), h fixed"],
      moved: CopyDrift(tape, start: pass.snapshot.startParameters, layer: layer)?.log10Moved,
      clipThreshold: training.clip.kind == .step ? training.clip.threshold : nil,
      trains: training.algorithm.description.isTape, truncationName: pass.truncationName,
      reachesStart: window.steps.lowerBound == 0,
      firstLoss: window.injected.clamped(to: window.steps).first(where: pass.hasTarget),
      noGradientReason: pass.noGradientReason)
  }

  /// Norms by layer of a whole sequence, with nothing cut and nothing carried beside them.
  private static func reading(_ pass: PassView, _ layers: [[Double]], _ layer: Int) -> Reading {
    let window = pass.snapshot.window
    return Reading(
      length: pass.length, batch: pass.batch, window: window.steps, injected: window.injected, layers: layers,
      layer: layer, uncut: nil, carried: pass.recording?.log10DirectNorms(layer: layer),
      carriedNames: ["by attention alone, paths of length 1", "paths of length 1", "length 1"], moved: nil,
      clipThreshold: nil, trains: true,
      truncationName: pass.truncationName, reachesStart: true, firstLoss: window.injected.first(where: pass.hasTarget),
      noGradientReason: pass.noGradientReason)
  }

  /// The gradient of the window's losses with the same weights back to the sequence's start; each loss weighs as it does in the
  /// window.
  private static func uncut(_ pass: PassView, _ layer: Int, _ budget: Budget) -> [Double]? {
    let window = pass.snapshot.window
    let isCut = window.steps.lowerBound > 0 || !pass.isCutByWindows
    guard isCut else { return nil }
    let end = window.steps.upperBound
    guard end <= pass.longestSequence(budget) else {
      budget.leaveOut("the gradient with nothing cut off: \(end) steps to go back")
      return nil
    }
    let tape = pass.snapshot.tape(
      window: Window(steps: 0..<end, injected: window.injected), carriedState: pass.snapshot.sequenceState,
      variant: PassVariant())
    return GradientNorms.log10(tape, layer: layer)
      + [Double](repeating: -.infinity, count: pass.length - end)
  }

  /// log10 of the norms by step, a row a layer; with nothing cut off; and of what the memory path carries.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [ReadingArray("log10_norm", reading.layers.flatMap { $0 }, shape: [reading.layers.count, reading.length])]
      + (reading.uncut.map { [ReadingArray("log10_uncut", $0)] } ?? [])
      + (reading.carried.map { [ReadingArray("log10_carried", $0)] } ?? [])
  }
}

extension GradientNormInstrument.Reading {
  /// Norms by step of one layer, of a pass that is made elsewhere: nothing else is known of it.
  public init(norms: [Double]) {
    self.init(
      length: norms.count, batch: 1, window: 0..<norms.count, injected: 0..<norms.count, layers: [norms], layer: 0,
      uncut: nil, carried: nil, carriedNames: [], moved: nil, clipThreshold: nil, trains: true, truncationName: "",
      reachesStart: true, firstLoss: nil, noGradientReason: nil)
  }
}
