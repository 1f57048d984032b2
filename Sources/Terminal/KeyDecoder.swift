import CNcurses
import Canvas

/// What ncurses read: a character or a key code.
enum RawInput: Equatable {
  case character(UInt32)
  case code(Int32)
}

/// What the user did at the keyboard.
enum DecodedInput: Equatable {
  case key(Key)
  case paste(String)
  /// The terminal told its background.
  case ground(Ground)
  /// The mouse was used.
  case pointer(PointerEvent)
}

/// Turns what ncurses reads into keys. A paste (between the terminal's brackets) is one thing, whatever it holds.
/// Escape sequences that terminfo does not know, and keys with Alt, are swallowed: their characters must not act as
/// keys.
struct KeyDecoder {
  /// The codes under which ncurses reports the brackets of a paste.
  static let pasteBegins: Int32 = KEY_MAX + 101, pasteEnds: Int32 = KEY_MAX + 102
  /// The code under which ncurses reports the beginning of the terminal's answer to what its background is.
  static let groundBegins: Int32 = KEY_MAX + 103
  /// The code under which ncurses reports the beginning of what was done with the mouse.
  static let pointerBegins: Int32 = KEY_MAX + 104
  /// What some terminals send for Home and End whatever their terminfo says: tmux and screen the first two under the name xterm,
  /// rxvt and PuTTY the others.
  static let otherSequences: [(sequence: String, code: Int32)] = [
    ("\u{1B}[1~", KEY_HOME), ("\u{1B}[4~", KEY_END), ("\u{1B}[7~", KEY_HOME), ("\u{1B}[8~", KEY_END),
    ("\u{1B}[H", KEY_HOME), ("\u{1B}[F", KEY_END), ("\u{1B}OH", KEY_HOME), ("\u{1B}OF", KEY_END),
  ]
  /// Longer answers are none.
  private static let longestReply = 32
  /// A paste is cut here, so that its end cannot be waited for with unbounded memory.
  private static let longestPaste = 1 << 16

  private var pasted: [Unicode.Scalar]?
  private var reply: String.UnicodeScalarView?
  private var report: String.UnicodeScalarView?

  /// Whether the end of a paste, of an answer or of a report of the mouse is still to come.
  var isPasting: Bool { pasted != nil || reply != nil || report != nil }

  /// The keys in what was read in one go. What follows an escape in the same reading belongs to it.
  mutating func decode(_ inputs: [RawInput]) -> [DecodedInput] {
    var decoded: [DecodedInput] = []
    var index = 0
    while index < inputs.count {
      let input = inputs[index]
      index += 1
      if pasted != nil {
        paste(input, into: &decoded)
      } else if let text = reply {
        index = answer(input, inputs, index, after: text, into: &decoded)
      } else if report != nil {
        point(input, into: &decoded)
      } else if input == .code(Self.pointerBegins) {
        report = String.UnicodeScalarView()
      } else if input == .code(Self.groundBegins) {
        reply = String.UnicodeScalarView()
      } else if input == .code(Self.pasteBegins) {
        pasted = []
      } else if input == .character(0x1B), index < inputs.count, case .character(let next) = inputs[index], next != 0x1B
      {
        index = Self.sequenceEnd(inputs, from: index)
      } else if let key = Self.key(input) {
        decoded.append(.key(key))
      }
    }
    return decoded
  }

  private mutating func paste(_ input: RawInput, into decoded: inout [DecodedInput]) {
    if input == .code(Self.pasteEnds) {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: pasted ?? [])
      decoded.append(.paste(String(text)))
      pasted = nil
    } else if case .character(let value) = input, let scalar = Unicode.Scalar(value) {
      // A terminal sends line ends as returns.
      if let count = pasted?.count, count < Self.longestPaste { pasted?.append(value == 0x0D ? "\n" : scalar) }
    }
  }

  /// Takes a piece of an answer. BEL ends it, or an escape, after which comes a backslash; anything else that cannot be in it ends
  /// it too, and what was there of it is nothing. Gives the index of what follows.
  private mutating func answer(
    _ input: RawInput, _ inputs: [RawInput], _ index: Int, after text: String.UnicodeScalarView,
    into decoded: inout [DecodedInput]
  ) -> Int {
    guard case .character(let value) = input else {
      reply = nil
      return index
    }
    if value == 0x07 || value == 0x1B {
      reply = nil
      if let ground = Ground(reply: String(text)) { decoded.append(.ground(ground)) }
      return value == 0x1B && index < inputs.count && inputs[index] == .character(0x5C) ? index + 1 : index
    }
    guard value > 0x20, let scalar = Unicode.Scalar(value), text.count < Self.longestReply else {
      reply = nil
      return index
    }
    reply?.append(scalar)
    return index
  }

  /// Takes a piece of a report of the mouse, which M or m ends; anything else that cannot be in it ends it too.
  private mutating func point(_ input: RawInput, into decoded: inout [DecodedInput]) {
    guard case .character(let value) = input, let scalar = Unicode.Scalar(value), let text = report else {
      report = nil
      return
    }
    if "0123456789;".unicodeScalars.contains(scalar) {
      // One that is too long has no meaning, however it goes on.
      if text.count < Self.longestReply { report?.append(scalar) }
      return
    }
    report = nil
    guard scalar == "M" || scalar == "m",
      let event = PointerEvent(report: String(text), isRelease: scalar == "m")
    else { return }
    decoded.append(.pointer(event))
  }

  /// The index after an escape sequence whose first character after the escape is at `start`: CSI and SS3 sequences to
  /// their final character, else one character (Alt and a key).
  private static func sequenceEnd(_ inputs: [RawInput], from start: Int) -> Int {
    guard case .character(let first) = inputs[start] else { return start }
    guard first == 0x5B || first == 0x4F else { return start + 1 }
    var index = start + 1
    while index < inputs.count, case .character(let value) = inputs[index] {
      index += 1
      // ECMA-48 5.4: parameters and intermediates are 0x20 to 0x3F, a final character is 0x40 to 0x7E.
      if !(0x20...0x3F).contains(value) { break }
    }
    return index
  }

  /// The key for one reading; nil for those that have no name here.
  static func key(_ input: RawInput) -> Key? {
    switch input {
    case .code(let code): key(code: code)
    case .character(let value): key(character: value)
    }
  }

  private static func key(character value: UInt32) -> Key? {
    switch value {
    case 0x09: .tab
    case 0x0A, 0x0D: .enter
    case 0x08, 0x7F: .backspace
    case 0x1B: .escape
    case 0x00: .control(" ")
    case 0x01...0x1A: Unicode.Scalar(value + 0x60).map { .control(Character($0)) }
    case 0x1C...0x1F: Unicode.Scalar(value + 0x40).map { .control(Character($0)) }
    case 0x80..<0xA0: nil
    default: Unicode.Scalar(value).map { .character(Character($0)) }
    }
  }

  private static func key(code: Int32) -> Key? {
    switch code {
    case KEY_UP: .up
    case KEY_DOWN: .down
    case KEY_LEFT: .left
    case KEY_RIGHT: .right
    case KEY_HOME, KEY_A1, KEY_FIND: .home
    case KEY_END, KEY_C1, KEY_SELECT, KEY_LL: .end
    case KEY_PPAGE, KEY_A3: .pageUp
    case KEY_NPAGE, KEY_C3: .pageDown
    case KEY_BACKSPACE: .backspace
    case KEY_DC: .delete
    case KEY_IC: .insert
    case KEY_ENTER: .enter
    case KEY_BTAB: .backTab
    case curses_function_key(1)...curses_function_key(63): .function(Int(code - curses_function_key(0)))
    default: nil
    }
  }
}
