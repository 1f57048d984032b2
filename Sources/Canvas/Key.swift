/// A key as the user pressed it.
public enum Key: Hashable, Sendable {
  /// A character that was typed; control characters come as `control`.
  case character(Character)
  /// Ctrl and a letter, lower case: `control("c")`.
  case control(Character)
  case enter, tab, backTab, escape, backspace, delete, insert
  case up, down, left, right, home, end, pageUp, pageDown
  case function(Int)
}
