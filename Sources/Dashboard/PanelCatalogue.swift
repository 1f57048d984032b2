/// The panels that a dashboard has. The dashboard itself knows none of them but by name.
public struct PanelCatalogue: Sendable, Equatable {
  /// The rows of the screen, and in each the panels from left to right.
  public let rows: [[any Panel]]
  /// All panels, in reading order.
  public let all: [any Panel]
  /// Which panels stay where there is not room for all, the first of them before the others.
  let priority: [any Panel]
  /// The panels with a digit, from 0 on.
  private let digits: [any Panel]
  /// The choices of panels that have a name, after that of all.
  public let presets: [PanelPreset]

  /// A catalogue.
  ///
  /// - Parameters:
  ///   - rows: the rows of the screen, and in each the panels from left to right.
  ///   - priority: which stay where there is not room for all, the first before the others.
  ///   - digits: those that a digit goes to, at most ten, from 0 on.
  ///   - presets: choices of panels that have a name.
  public init(rows: [[any Panel]], priority: [any Panel], digits: [any Panel], presets: [PanelPreset]) {
    self.rows = rows
    all = rows.flatMap { $0 }
    self.priority = priority
    self.digits = digits
    self.presets = presets
  }

  /// The panel called `id`.
  public func named(_ id: PanelID) -> (any Panel)? { all.first { $0.id == id } }
  /// The panel called `name`.
  public func named(_ name: String) -> (any Panel)? { all.first { $0.id.name == name } }
  /// The panel of a digit; nil where it has none.
  package func panel(digit: Int) -> (any Panel)? { digits.indices.contains(digit) ? digits[digit] : nil }
  /// The digit that goes to a panel; nil for panels beyond the tenth, which are found by their names.
  public func digit(of panel: any Panel) -> Int? { digits.firstIndex { $0.id == panel.id } }

  /// Two are the same when they have the same panels at the same places.
  public static func == (a: Self, b: Self) -> Bool { a.rows.map { $0.map(\.id) } == b.rows.map { $0.map(\.id) } }
}

/// The panels that commands go to, and those that tell most.
extension PanelID {
  static let knobs: PanelID = "knobs", thisStep: PanelID = "this-step", loss: PanelID = "loss"
  static let gradientNorm: PanelID = "gradient-norm", jacobianProduct: PanelID = "jacobian-product"
}
