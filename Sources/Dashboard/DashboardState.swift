import Canvas
import Instruments
import Lessons
import RecurrentNetworks
import Sources
import Training

/// Everything that the screen shows, as a value.
public struct DashboardState: Sendable, Equatable {
  /// The size of the screen.
  public var size: Size
  /// How it looks.
  public var theme: Theme
  /// The panels that there are.
  public let panels: PanelCatalogue

  /// What the source has and takes.
  public var capabilities = Capabilities.all
  /// The run, or two side by side, the first one first.
  public internal(set) var lanes: [Lane]
  /// The lane whose knobs turn.
  public internal(set) var focusedLane = LaneID.a
  /// How the second lane's gradient and weights differ from the first's.
  public internal(set) var difference: LaneDifference?
  /// Whether the lanes are to train by themselves; nil where that is so as it is wanted.
  var requestedRunning: Bool?
  /// The update that training is on its way to.
  public internal(set) var goal: Int?
  /// The speed that was asked for.
  public var speed = Speed.unlimited

  /// Where the reader stands in the pass that is shown.
  public var cursor = Cursor(.update, step: 0) { didSet { if cursor != oldValue { sitesUp = 0 } } }
  /// Whether the cursor came to the update by steps: then one more makes it. Where it only rests there, the first step
  /// goes into the pass that is shown.
  var hasSteppedToUpdate = false
  /// Where the cursor goes when the pass after an update or a rewind arrives.
  var pendingCursor: PendingCursor?
  /// Where the cursor stood in the session that is taken up, until its pass is there.
  var pendingView: Cursor?

  /// The layer that the panels look into, counted from 0; nil is the top one.
  public var layer: Int?
  /// The sequence of the batch whose numbers This step writes out, and the first of the units that it shows where they are many;
  /// both counted from 0.
  package var stepSequence = 0, stepUnit = 0
  /// How far the reader has gone from the cursor towards the loss, site by site.
  package var sitesUp = 0
  /// The term of the flow matrix that was gone to; whether its panel shows the schedule's mask alone.
  package var pickedTerm: PickedTerm?, showsSchedule = false, attentionHead = 0
  /// What the panel of Jacobian products shows; nil is what the network's cell is asked first.
  var productView: ProductView?
  /// The two weights over which the loss is drawn, as places in the parameters; nil for the first ones.
  package var weights: [Int]?

  /// The panels that are switched on, and those that were asked for, the latest first: they get room before others.
  public var panelsOn: Set<PanelID>
  var askedFor: [PanelID] = []
  /// The panel that was gone to by its digit; the one whose digit was the last key; the reader's own choice of panels.
  var visit: Visit?
  var typedPanel: PanelID?
  var ownPanels: Set<PanelID>?
  /// The panel that takes the arrow keys; what is not on the screen has no focus.
  public var focus: PanelID?
  /// The panel that has the whole screen.
  public var zoomed: PanelID?

  /// Whether the screen is that for the last row of a hall.
  public var isBig = false
  /// Keys that the user has given another meaning: each is taken as its other key.
  public var remappedKeys: [Key: Key] = [:]
  /// The button of the mouse that is held.
  var drag: PointerDrag?

  /// Where the learning algorithms are gone through one by one.
  var algorithmRound: AlgorithmRound?

  /// The name of the experiment that was opened, and what its file says of itself.
  public var opened: (name: String, head: String) {
    get { (openedName, openedHead) }
    set { (openedName, openedHead) = newValue }
  }
  private var openedName = "", openedHead = ""
  /// What was open before each demo, and the settings that began the demo's run.
  var closed: [ClosedExperiment] = []

  /// The lesson that is given.
  public internal(set) var lesson: LessonSession?

  /// What keys mean at the moment.
  public var mode = Mode.panels
  /// What was entered at the prompt, the latest last.
  var promptHistory: [String] = []
  /// A line for the reader, until the next key.
  public var message: Message?
  /// What a file is being written, and how much of it is done, 0 … 1.
  public var progress: Progress?
  /// What the tip line still names; each goes when it was tried, all with Esc.
  public internal(set) var tip: [Tip]
  /// The dotted key of the knob that the arrows turn.
  public var knob = "training.k2"
  /// How often the same key came in the shortest time: a key that is held goes faster.
  var held = HeldKey()

  /// The dashboard of `experiment` before anything has arrived; `showsTip` for the line that tells a newcomer what to
  /// press.
  public init(
    experiment: Experiment, size: Size, theme: Theme, showsTip: Bool = false, panels: PanelCatalogue
  ) {
    self.panels = panels
    lanes = [Lane(id: .a, experiment: experiment)]
    self.size = size
    self.theme = theme
    speed = Speed(experiment.view.pace)
    tip = showsTip ? Tip.allCases : []
    panelsOn = Set(panels.all.map(\.id))
    focus = .knobs
  }
}

// MARK: The focused lane

extension DashboardState {
  /// The place of the focused lane in `lanes`.
  private var place: Int { lanes.firstIndex { $0.id == focusedLane } ?? 0 }

  /// The lane whose knobs turn.
  public var lane: Lane {
    get { lanes[place] }
    set { lanes[place] = newValue }
  }

  /// The other lane, where there are two.
  public var otherLane: Lane? { lanes.first { $0.id != lane.id } }

  /// The focused lane's settings as the reader wants them.
  public var experiment: Experiment {
    get { lane.experiment }
    set { lane.experiment = newValue }
  }

  /// Where the focused lane's run stands.
  public var newest: RunSummary? { lane.newest }

  /// The state that the panels draw of it.
  public var shown: RunSummary? { lane.summary }

  /// The window whose pass is shown.
  public var window: Window? { shown?.window }

  /// Whether the lanes train by themselves.
  public var isRunning: Bool { requestedRunning ?? lanes.contains { $0.newest?.isRunning ?? false } }

  /// Whether the runs are trained here, so that their settings are known and can be turned.
  package var isOurs: Bool { capabilities.commands.contains(.change) }

  /// The explosion that stopped the focused lane, if one did.
  public var explosion: Explosion? { newest?.explosion }

  /// The cursor in a lane, whose window may begin at another step.
  package func cursor(in lane: Lane) -> Cursor {
    lane.id == focusedLane ? cursor : lane.summary.map { cursor.onStep.clamped(to: $0.window) } ?? cursor
  }

  /// What is wanted of each lane's pass for the panels on the screen.
  public var requests: [LaneID: ReadingRequest] {
    let panels = ScreenLayout(self).places.map(\.panel)
    let reads = panels.flatMap { $0.reads }
    let instruments = Set(reads.map { $0.id })
    // Moving the cursor computes nothing but what there is of one step alone.
    let follows = reads.contains { $0.followsCursor }
    return Dictionary(
      uniqueKeysWithValues: lanes.map { lane in
        let top = (lane.newest?.experiment?.shownLayers ?? 1) - 1
        let cursor = cursor(in: lane)
        let step = follows && !isRunning && cursor.phase != .update ? cursor.step : nil
        let focus = Focus(
          layer: layer.flatMap { $0 < top ? max(0, $0) : nil }, step: step, term: follows ? term : nil,
          weights: weights,
          sequence: stepSequence, sitesUp: sitesUp, site: step == nil ? nil : cursor.node)
        return (lane.id, ReadingRequest(instruments, focus: focus))
      })
  }
}

/// Where the cursor goes when the pass after an update or a rewind arrives.
struct PendingCursor: Hashable, Sendable {
  /// From the window's start on, or from its end back.
  var fromStart: Bool
  /// So many places from there.
  var places: Int
  /// It was a step that led there, so that the next one from the update makes it.
  var byStep: Bool
  /// The pass that was shown when it was asked for.
  var leaving: PassIdentity
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

/// A file that is being written.
public struct Progress: Hashable, Sendable {
  /// Its name.
  public var name: String
  /// How much of it is done, 0 … 1.
  public var share: Double

  /// `share` of the file called `name`.
  public init(name: String, share: Double) {
    self.name = name
    self.share = share
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
  /// They write the name of a knob, a panel or a demo.
  case find(LineEditor)
  /// The same among the demos alone.
  case demos(LineEditor)
}

/// Updates a second, at most.
public enum Speed: Hashable, Sendable {
  case unlimited
  case limited(Double)

  /// The speeds that `>` and `<` walk through, the fastest first.
  static let all: [Speed] = [.unlimited] + [1000, 300, 100, 30, 10, 3, 1].map(Speed.limited)

  /// So many updates a second at most; nil is as many as the machine makes.
  public init(_ updatesPerSecond: Double?) { self = updatesPerSecond.map(Speed.limited) ?? .unlimited }

  /// Updates a second; nil is as many as the machine makes.
  public var updatesPerSecond: Double? {
    switch self {
    case .unlimited: nil
    case .limited(let rate): rate
    }
  }

  /// The next faster or slower one, or this one at the end.
  func next(faster: Bool) -> Speed {
    let rate = updatesPerSecond ?? .infinity
    let next =
      faster
      ? Speed.all.last { ($0.updatesPerSecond ?? .infinity) > rate }
      : Speed.all.first { ($0.updatesPerSecond ?? .infinity) < rate }
    return next ?? self
  }
}
