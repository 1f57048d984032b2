/// One of the two runs that a trainer trains in lock step.
public enum LaneID: String, CaseIterable, Codable, Comparable, Sendable {
  case a, b

  /// The other one.
  public var other: LaneID { self == .a ? .b : .a }

  /// The first lane comes before the second.
  public static func < (one: LaneID, other: LaneID) -> Bool { one.rawValue < other.rawValue }
}

/// What a trainer did that its snapshots do not say.
public enum TrainerReport: Equatable, Sendable {
  /// Settings were changed: what was kept, and what was drawn anew.
  case changed(LaneID, ChangeReport)
  /// A change was taken back.
  case undone(LaneID, UndoReport)
  /// There was nothing to take back.
  case nothingToUndo(LaneID)
  /// A lane began again.
  case restarted(LaneID, from: RestartPoint)
  /// A second lane was made of the first.
  case forked(from: LaneID, to: LaneID)
  /// A lane was dropped.
  case dropped(LaneID)
  /// A fork was taken back: the lane that it had made is gone.
  case unforked(LaneID)
  /// A lane that was dropped is there again.
  case reopened(LaneID)
  /// A rewind or `go` reached its update, or stopped short of it because of another command or an explosion.
  case arrived(update: Int, wanted: Int)
  /// A lane could not be taken back, or has no next update: why.
  case failed(LaneID, reason: String)
}
