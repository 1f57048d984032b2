import Canvas
import Instruments

/// The name of a panel: what layout, focus and toggles call it.
public struct PanelID: Hashable, Sendable, ExpressibleByStringLiteral {
  /// The name, in lower case with hyphens.
  public let name: String

  /// A panel's name.
  public init(stringLiteral value: String) { name = value }
}

/// A key that means something while its panel has the focus.
public struct PanelKey: Sendable {
  /// The keys.
  public let keys: [Key]
  /// How the keys are called, and what they do, for the footer ("turn") and for the help.
  public let name: String, short: String, help: String

  /// `keys`, called `name`, do `short`, which is to say `help`.
  public init(_ keys: [Key], name: String, short: String, help: String) {
    self.keys = keys
    self.name = name
    self.short = short
    self.help = help
  }
}

/// How much room a panel wants.
public struct PanelSize: Hashable, Sendable {
  /// The least size of the frame's inside at which it can be read.
  public var minimum: Size
  /// Its shares of the width of its row of panels and of the height beside other rows.
  public var widthWeight = 1, heightWeight = 12
  /// The greatest height of its inside that is of use; nil where every row shows more.
  public var maximumHeight: Int?
  /// Whether it stands in a frame with its title; not where it is a line or two.
  public var isFramed = true

  /// What the frame takes of the height.
  var frameHeight: Int { isFramed ? 2 : 0 }

  /// So much room.
  public init(
    _ width: Int, _ height: Int, widthWeight: Int = 1, heightWeight: Int = 12, maximumHeight: Int? = nil,
    isFramed: Bool = true
  ) {
    minimum = Size(width: width, height: height)
    self.widthWeight = widthWeight
    self.heightWeight = heightWeight
    self.maximumHeight = maximumHeight
    self.isFramed = isFramed
  }
}

/// One panel of the dashboard: a picture of what its instruments read, and what to say about it.
///
/// A panel is one file and its line in a `PanelCatalogue`. It draws inside its frame; the frame, with digit, title and note, is
/// drawn for it.
public protocol Panel: Sendable {
  /// The panel's name.
  var id: PanelID { get }
  /// The title, and the one for narrow frames.
  var title: String { get }
  var shortTitle: String { get }
  /// How much room it wants.
  var size: PanelSize { get }
  /// What is plotted, in which unit, what to look for: three lines.
  var help: [String] { get }
  /// The instruments that it draws; those of the panels on the screen are read.
  var reads: [any Instrument.Type] { get }
  /// Keys that it takes while it has the focus.
  var keys: [PanelKey] { get }

  /// Those of `keys` that mean something in this state.
  func keys(_ state: DashboardState) -> [PanelKey]
  /// `size`, or more where this state has more rows to draw.
  func size(_ state: DashboardState) -> PanelSize
  /// Whether there is anything to draw of these runs; where not, it takes no room.
  func applies(to state: DashboardState) -> Bool
  /// What an experiment needs for it, where not all have it: "network.kind tree".
  var needs: String { get }
  /// Whether it stands on the screen without being asked for.
  func isWanted(_ state: DashboardState) -> Bool
  /// The notes for the right of the frame's upper edge (unit, range, where), the fullest first: the first that fits
  /// is taken.
  func notes(_ state: DashboardState) -> [String]
  /// Draws the inside of the frame.
  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme)
  /// What lies at a cell of the frame's inside, for the mouse; nil for nothing.
  func target(x: Int, y: Int, in rect: Rect, _ state: DashboardState) -> PointerTarget?
  /// Takes a key of `keys`; nil when it is none of them.
  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]?
}

extension Panel {
  /// The title itself.
  public var shortTitle: String { title }
  /// None.
  public var reads: [any Instrument.Type] { [] }
  /// Another task.
  public var needs: String { "another task" }
  /// None.
  public var keys: [PanelKey] { [] }
  /// All.
  public func keys(_ state: DashboardState) -> [PanelKey] { keys }
  /// The same in every state.
  public func size(_ state: DashboardState) -> PanelSize { size }
  /// Wherever the source has what the first of its instruments needs, and a lane a network that this one reads.
  public func applies(to state: DashboardState) -> Bool {
    (reads.first?.readsAnyNetwork ?? true || state.lanes.contains { $0.experiment.isRecurrent })
      && (reads.first?.needs.isSubset(of: state.capabilities.offers) ?? true)
  }
  /// Always.
  public func isWanted(_ state: DashboardState) -> Bool { true }
  /// None.
  public func notes(_ state: DashboardState) -> [String] { [] }
  /// Nothing.
  public func target(x: Int, y: Int, in rect: Rect, _ state: DashboardState) -> PointerTarget? { nil }
  /// Takes no key.
  public func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? { nil }
  /// What an instrument has read of a lane; where there is nothing yet, it is written why `name` is missing.
  package func reading<I: Instrument>(
    _ name: String, from instrument: I.Type, of lane: Lane, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) -> I.Reading? {
    if let reading = lane[instrument] { return reading }
    buffer.paragraph(lane.absence(of: name, from: instrument, in: rect), in: rect, style: theme[.dimText])
    return nil
  }
  /// The state as the panel draws it: where the focused lane has nothing for it and the other has, with the focus there.
  func seen(_ state: DashboardState) -> DashboardState {
    guard let other = state.otherLane, let first = reads.first, other.has(first), !state.lane.has(first),
      state.lane.readings?.request.instruments.contains(first.id) == true
    else { return state }
    var seen = state
    seen.focusedLane = other.id
    return seen
  }
}
