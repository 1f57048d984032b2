import Canvas
import OrderedCollections
import RecurrentNetworks
import Training

/// Everything that the screen shows, as a value.
public struct DashboardState: Sendable, Equatable {
  /// The size of the screen.
  public var size: Size
  /// How it looks.
  public var theme: Theme

  /// What the trainer and the analyst published last.
  public var received = Received()
  /// The experiment as the reader wants it: the trainer's, with the changes on top that it has not confirmed yet.
  public var experiment: Experiment
  /// The changes that the trainer has not confirmed yet: dotted key, value.
  public var unconfirmed: OrderedDictionary<String, String> = [:]
  /// Whether it is to train by itself; nil where the trainer's word stands.
  var runningWish: Bool?
  /// The speed that was asked for.
  public var speed = Speed.unlimited

  /// Where the reader stands in the pass that `analysis` holds.
  public var cursor = Cursor(.update, step: 0)
  /// Whether the cursor came to the update by steps: then one more makes it. Where it only rests there, the first step
  /// goes into the pass that is shown.
  var hasSteppedToUpdate = false
  /// Where the cursor goes when the pass after an update or a rewind arrives.
  var arrival: Arrival?

  /// The layer that the panels look into, counted from 0; nil is the top one.
  public var layer: Int?
  /// What the panel of Jacobian products shows; nil is what the network's cell is asked first.
  var productView: ProductView?

  /// The panels that are switched on, and those that were asked for, the latest first: they get room before others.
  public var panelsOn: Set<PanelID>
  var askedFor: [PanelID] = []
  /// The panel that takes the arrow keys; what is not on the screen has no focus.
  public var focus: PanelID?
  /// The panel that has the whole screen.
  public var zoomed: PanelID?

  /// What keys mean at the moment.
  public var mode = Mode.panels
  /// What was entered at the prompt, the latest last.
  var promptHistory: [String] = []
  /// A line for the reader, until the next key.
  public var message: Message?
  /// What the newcomer's line still names; each goes when it was tried, all with Esc.
  public internal(set) var tip: [Tip]
  /// The dotted key of the knob that the arrows turn.
  public var knob = "training.k2"

  /// The dashboard of `experiment` before anything has arrived; `showsTip` for the line that tells a newcomer what to
  /// press.
  public init(experiment: Experiment, size: Size, theme: Theme, showsTip: Bool = false) {
    self.experiment = experiment
    self.size = size
    self.theme = theme
    tip = showsTip ? Tip.allCases : []
    panelsOn = Set(Panels.all.map(\.id))
    focus = Panels.knobs.id
  }

  /// The newest snapshot.
  public var snapshot: Snapshot? { received.snapshot }
  /// The newest analysis; its snapshot may be older than the newest.
  public var analysis: Analysis? { received.analysis }

  /// The snapshot that the panels draw: the one of the newest analysis, so that all numbers are of one pass.
  public var shown: Snapshot? { received.analysis?.snapshot ?? received.snapshot }

  /// The window whose pass is shown.
  public var window: Window? { shown?.window }

  /// The first step of the sequence whose loss is injected in that window.
  var firstLoss: Int? {
    guard let shown, let window else { return nil }
    let batch = shown.data.batch
    return window.injected.clamped(to: window.steps).first { t in
      shown.data.targetMask[t * batch..<(t + 1) * batch].contains { $0 != 0 }
    }
  }

  /// Whether it trains by itself.
  public var isRunning: Bool { runningWish ?? snapshot?.running ?? false }

  /// The explosion that stopped it, if one did.
  public var explosion: Explosion? { snapshot?.explosion }

  /// Why the pass that is shown has no gradient: it blew up before.
  var noGradientReason: String? {
    guard let shown, let explosion = shown.explosion, explosion.update == shown.update + 1 else { return nil }
    return "no gradient: \(explosion.factor) is not finite at step \(explosion.step) of this pass"
  }

  /// Why `name`, which `instrument` gives, is not there to be drawn.
  func absence(of name: String, from instrument: Instrument) -> String {
    guard let analysis else { return "no pass yet: it comes with the first weights" }
    guard analysis.instruments.contains(instrument), !analysis.leftOut.isEmpty else { return "\(name): being computed" }
    return "left out to stay fast: " + analysis.leftOut.joined(separator: "; ")
  }

  /// What the analyst has to compute for the panels on the screen.
  public var instruments: Set<Instrument> {
    let ofPanels = Layout(self).places.reduce(into: Set<Instrument>()) { $0.formUnion($1.panel.instruments) }
    // Where the gradient that trains is not the pass's, This step and the learner's panel need it.
    let isTape = experiment.training.algorithm.description.isTape
    return isTape || ofPanels.isEmpty ? ofPanels : ofPanels.union([.learner])
  }

  /// What the analyst is to be asked for.
  public var request: AnalysisRequest {
    let top = (snapshot?.experiment.network.layers ?? 1) - 1
    let instruments = instruments
    // Moving the cursor computes nothing but what there is of every step: J_t, and the learner's matrix.
    let ofSteps = !instruments.isDisjoint(with: [.learner, .spectrum])
    let step = ofSteps && !isRunning && cursor.phase != .update ? cursor.step : nil
    return AnalysisRequest(instruments, layer: layer.flatMap { $0 < top ? max(0, $0) : nil }, step: step)
  }
}

/// What the threads published last. Two are the same when they were published at the same time.
public struct Received: Sendable, Equatable {
  /// The trainer's.
  public var snapshot: Snapshot?
  /// The analyst's.
  public var analysis: Analysis?

  /// Nothing yet.
  public init() {}

  /// Compares serial numbers.
  public static func == (a: Received, b: Received) -> Bool {
    a.snapshot?.serial == b.snapshot?.serial && a.analysis?.snapshot.serial == b.analysis?.snapshot.serial
  }
}

/// Where the cursor goes when the pass after an update or a rewind arrives.
struct Arrival: Hashable, Sendable {
  /// From the window's start on, or from its end back.
  var fromStart: Bool
  /// So many places from there.
  var places: Int
  /// It was a step that led there, so that the next one from the update makes it.
  var byStep: Bool
  /// The pass that was shown when it was asked for.
  var leaving: PassIdentity
}

/// Which pass a snapshot stands before.
struct PassIdentity: Hashable, Sendable {
  var update: Int, sequence: Int, firstStep: Int

  init(_ snapshot: Snapshot) {
    update = snapshot.update
    sequence = snapshot.sequence
    firstStep = snapshot.window.injected.lowerBound
  }
}

/// A line for the reader.
public struct Message: Hashable, Sendable {
  /// What it says.
  public var text: String
  /// Something failed.
  public var isError: Bool

  /// A line that says `text`.
  public init(_ text: String, isError: Bool = false) {
    self.text = text
    self.isError = isError
  }
}

/// What keys mean.
public enum Mode: Hashable, Sendable {
  /// The keymap.
  case panels
  /// They scroll the help, which begins at this line.
  case help(line: Int)
  /// They write the line `key value` that sets a key of the experiment.
  case prompt(LineEditor)
  /// They write the name of a knob.
  case find(LineEditor)
}

/// Updates a second, at most.
public enum Speed: Hashable, Sendable {
  case unlimited
  case limited(Double)

  /// The speeds that `>` and `<` walk through, the fastest first.
  static let all: [Speed] = [.unlimited] + [1000, 300, 100, 30, 10, 3, 1].map(Speed.limited)

  /// Updates a second; nil is as many as the machine makes.
  public var updatesPerSecond: Double? {
    switch self {
    case .unlimited: nil
    case .limited(let rate): rate
    }
  }

  /// The next faster or slower one, or this one at the end.
  func next(faster: Bool) -> Speed {
    let index = Speed.all.firstIndex(of: self) ?? 0
    return Speed.all[min(max(index + (faster ? -1 : 1), 0), Speed.all.count - 1)]
  }
}
