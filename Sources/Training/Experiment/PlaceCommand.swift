/// A place to go to, written at the prompt: `t 50`, `update 300`, `n 100`, `N 100`; or the pace to go on with: `pace 10`.
public enum PlaceCommand: Equatable, Sendable {
  /// A step of the pass, counted from 1.
  case step(Int)
  /// The state after so many updates.
  case update(Int)
  /// So many updates on, or back.
  case forward(Int), back(Int)
  /// At most so many updates a second; nil is as many as the machine makes.
  case pace(Double?)

  /// What the lines begin with.
  public static let names = ["t", "step", "update", "u", "n", "N", "pace", "view.pace"]

  /// The command of a line; nil where it is none, or its value is no number that it can take.
  public init?(_ line: SettingLine) {
    if line.key.hasSuffix("pace") {
      let pace = line.value.flatMap(Double.init), isFull = ["full", "null"].contains(line.value)
      guard isFull || pace.map(ViewSpecification.paces.contains) == true else { return nil }
      self = .pace(pace)
      return
    }
    guard let value = line.value.flatMap({ Int($0.filter { $0 != "," && $0 != " " }) }), value >= 0 else { return nil }
    switch line.key {
    case "t", "step": self = .step(value)
    case "update", "u": self = .update(value)
    case "n": self = .forward(value)
    case "N": self = .back(value)
    default: return nil
    }
  }
}
