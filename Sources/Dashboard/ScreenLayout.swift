import Canvas
import Lessons

/// Where everything stands on the screen: a pure function of the state.
///
/// The first row of cells is the header, the last the footer (over it the tip line, while it is shown). Between
/// them the panels stand in rows, in reading order. Panels that are switched on but find no room are left out, those of
/// least priority first; a panel that was asked for goes before the others.
public struct ScreenLayout: Sendable {
  /// The least size at which anything but one line is drawn.
  public static let minimumSize = Size(width: 60, height: 20)

  /// A panel and its frame.
  public struct Place: Sendable {
    /// The panel.
    public let panel: any Panel
    /// The frame, the border included, where there is one.
    public let frame: Rect
    /// Whether there is a border.
    public let isFramed: Bool
    /// What the panel draws in.
    public var inside: Rect { isFramed ? frame.inset(1) : frame }

    init(_ panel: any Panel, _ frame: Rect, isZoomed: Bool = false) {
      (self.panel, self.frame) = (panel, frame)
      isFramed = panel.size.isFramed || isZoomed
    }
  }

  /// The panels on the screen.
  public let places: [Place]
  /// The first and the last line.
  public let header: Rect, footer: Rect
  /// The tip line.
  public let tip: Rect?
  /// The line that tells how two lanes differ.
  public let difference: Rect?
  /// Where the lesson stands; alone, where no panel is shown beside it.
  public let lesson: Rect?
  /// Where large numbers stand.
  public let numbers: Rect?
  /// The digits of the panels that are not on the screen, of the others their titles.
  public let hidden: [String]
  /// The screen is too small for anything but one line.
  public let isTooSmall: Bool

  /// The layout of `state`.
  public init(_ state: DashboardState) {
    let size = state.size
    isTooSmall = size.width < Self.minimumSize.width || size.height < Self.minimumSize.height
    let screen = Rect(x: 0, y: 0, width: max(0, size.width), height: max(0, size.height))
    header = screen.line(0)
    guard !isTooSmall else {
      (places, footer, hidden) = ([], screen.line(screen.height - 1), [])
      (tip, difference, lesson, numbers) = (nil, nil, nil, nil)
      return
    }
    let tipHeight =
      !state.tip.isEmpty && size.height >= 24 ? 1 : 0
    footer = screen.line(size.height - 1)
    tip = tipHeight > 0 ? screen.line(size.height - 2) : nil
    let differenceHeight = state.lanes.count > 1 ? 1 : 0
    difference = differenceHeight > 0 ? screen.line(1) : nil
    var room = screen.inset(top: 1 + differenceHeight, bottom: 1 + tipHeight)
    let whole = room
    let card = state.lesson.map { LessonCard.place($0, in: &room, isBig: state.isBig, theme: state.theme) }
    let applying = state.panels.all.filter { $0.isOpen(in: state) }
    if let id = state.zoomed, let panel = applying.first(where: { $0.id == id }) {
      places = [Place(panel, room, isZoomed: true)]
      numbers = nil
    } else if state.isBig {
      let parts = room.rows([.fixed(BigNumbers.height), .flexible()])
      numbers = parts[0]
      let panels = BigNumbers.panels(state).prefix(parts[1].height >= 20 ? 2 : 1)
      places = zip(panels, parts[1].rows(panels.map { _ in .flexible() })).map { Place($0, $1) }
    } else {
      numbers = nil
      places = Self.arrange(Self.chosen(state, in: room), state, in: room)
    }
    lesson = card != nil && places.isEmpty && !state.isBig ? whole : card
    let shown = Set(places.map(\.panel.id))
    let digits = applying.filter { !shown.contains($0.id) && $0.isWanted(state) }.compactMap(state.panels.digit)
    hidden = digits.map(String.init).sorted()
  }

  /// The frame of the panel called `id`, if it is on the screen.
  public func frame(of id: PanelID?) -> Rect? { places.first { $0.panel.id == id }?.frame }

  /// Takes the panels that are on one after the other, the asked-for and the important first, while all fit.
  private static func chosen(_ state: DashboardState, in room: Rect) -> [[any Panel]] {
    let asked = state.askedFor.compactMap(state.panels.named)
    let order = asked + state.panels.priority.filter { panel in !asked.contains { $0.id == panel.id } }
    var taken: Set<PanelID> = []
    for panel in order
    where state.panelsOn.contains(panel.id) && panel.isOpen(in: state)
      && (panel.isWanted(state) || state.askedFor.contains(panel.id))
    {
      let rows = rows(of: taken.union([panel.id]), state.panels)
      if rows.allSatisfy({ leastWidth($0) <= room.width }) && rows.reduce(0, { $0 + leastHeight($1) }) <= room.height {
        taken.insert(panel.id)
      }
    }
    return rows(of: taken, state.panels)
  }

  private static func rows(of taken: Set<PanelID>, _ panels: PanelCatalogue) -> [[any Panel]] {
    panels.rows.map { row in row.filter { taken.contains($0.id) } }.filter { !$0.isEmpty }
  }

  private static func leastWidth(_ row: [any Panel]) -> Int { row.reduce(0) { $0 + $1.size.minimum.width + 2 } }

  private static func leastHeight(_ row: [any Panel]) -> Int {
    row.map { $0.size.minimum.height + $0.size.frameHeight }.max() ?? 0
  }

  /// Gives every row its least height, then the rest by weight, a cell at a time, up to what is of use to it.
  private static func arrange(_ rows: [[any Panel]], _ state: DashboardState, in room: Rect) -> [Place] {
    let heights = Extent.shares(
      of: room.height, least: rows.map(leastHeight),
      most: rows.map { row in
        row.contains { $0.size.maximumHeight == nil }
          ? nil : row.compactMap { panel in panel.size.maximumHeight.map { $0 + panel.size.frameHeight } }.max()
      },
      weights: rows.map { row in row.map { $0.size(state).heightWeight }.max() ?? 1 })
    var y = room.y
    return zip(rows, heights).flatMap { row, height -> [Place] in
      let widths = Extent.shares(
        of: room.width, least: row.map { $0.size.minimum.width + 2 }, most: row.map { _ in nil },
        weights: row.map(\.size.widthWeight))
      var x = room.x
      let places = zip(row, widths).map { panel, width -> Place in
        defer { x += width }
        return Place(panel, Rect(x: x, y: y, width: width, height: height))
      }
      y += height
      return places
    }
  }
}
