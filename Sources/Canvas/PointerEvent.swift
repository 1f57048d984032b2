/// What was done with the mouse, and at which cell.
public struct PointerEvent: Hashable, Sendable {
  /// What was done. Only the left button and the wheel mean something.
  public enum Kind: Hashable, Sendable { case press, drag, release, wheelUp, wheelDown }

  /// What was done.
  public var kind: Kind
  /// The cell, from 0 at the upper left.
  public var x: Int, y: Int

  /// What was done at a cell.
  public init(_ kind: Kind, x: Int, y: Int) {
    self.kind = kind
    self.x = x
    self.y = y
  }
}
