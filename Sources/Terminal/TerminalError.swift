/// Why the dashboard cannot have the terminal. Each describes itself in one line.
public enum TerminalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Standard input or output (the name is given) is not a terminal.
  case notATerminal(String)
  /// `TERM` is not set or empty.
  case typeUnset
  /// `TERM` is not in the terminfo database.
  case typeUnknown(String)
  /// The terminal cannot move its cursor, as `dumb`.
  case typeUnable(String)
  /// The system refused something; what, and its error number.
  case system(String, errno: Int32)

  /// One line for the user.
  public var description: String {
    switch self {
    case .notATerminal(let stream):
      "\(stream) is not a terminal; the dashboard needs one on standard input and output"
    case .typeUnset:
      "TERM is not set; expected the name of a terminal type, such as xterm-256color"
    case .typeUnknown(let type):
      "TERM: unknown terminal type '\(type)'; expected one that terminfo knows, such as xterm-256color"
    case .typeUnable(let type):
      "TERM: terminal type '\(type)' cannot move its cursor; expected one that can, such as xterm-256color"
    case .system(let what, let number):
      "\(what): \(systemMessage(number))"
    }
  }
}
