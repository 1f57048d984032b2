import Canvas

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

/// One panel of the dashboard: a picture of the state, and what to say about it.
///
/// A panel is one file and its name in `Panels.all`. It draws inside its frame; the frame, with digit, title and note, is
/// drawn for it.
public protocol Panel: Sendable {
  /// The panel's name.
  var id: PanelID { get }
  /// The digit that toggles it, 0 to 9.
  var digit: Int { get }
  /// The title, and the one for narrow frames.
  var title: String { get }
  var shortTitle: String { get }
  /// The least size of the frame's inside at which it can be read.
  var minimumSize: Size { get }
  /// What is plotted, in which unit, what to look for: three lines.
  var help: [String] { get }
  /// The instruments that it draws from, beside the tape; an analyst computes those of the panels on the screen.
  var instruments: Set<Instrument> { get }
  /// Its shares of the width of its row of panels and of the height beside other rows.
  var widthWeight: Int { get }
  var heightWeight: Int { get }
  /// The greatest height of its inside that is of use; nil where every row shows more.
  var maximumHeight: Int? { get }
  /// Keys that it takes while it has the focus.
  var keys: [PanelKey] { get }

  /// `heightWeight`, or more where this state has more rows to draw.
  func heightWeight(_ state: DashboardState) -> Int
  /// Whether there is anything to draw in this experiment; where not, it takes no room.
  func applies(to state: DashboardState) -> Bool
  /// Whether it stands on the screen without being asked for.
  func isWanted(_ state: DashboardState) -> Bool
  /// The notes for the right of the frame's upper edge (unit, range, where), the fullest first: the first that fits
  /// is taken.
  func notes(_ state: DashboardState) -> [String]
  /// Draws the inside of the frame.
  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme)
  /// Takes a key of `keys`; nil when it is none of them.
  func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]?
}

extension Panel {
  /// The title itself.
  public var shortTitle: String { title }
  /// None.
  public var instruments: Set<Instrument> { [] }
  /// An even share.
  public var widthWeight: Int { 1 }
  /// An even share beside other plots.
  public var heightWeight: Int { 12 }
  /// The same in every state.
  public func heightWeight(_ state: DashboardState) -> Int { heightWeight }
  /// Any height is of use.
  public var maximumHeight: Int? { nil }
  /// None.
  public var keys: [PanelKey] { [] }
  /// Always.
  public func applies(to state: DashboardState) -> Bool { true }
  /// Always.
  public func isWanted(_ state: DashboardState) -> Bool { true }
  /// None.
  public func notes(_ state: DashboardState) -> [String] { [] }
  /// Takes no key.
  public func handle(_ key: Key, _ state: inout DashboardState) -> [Effect]? { nil }
}

/// A width and a height, in cells.
public struct Size: Hashable, Sendable {
  public var width: Int, height: Int

  /// A size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
