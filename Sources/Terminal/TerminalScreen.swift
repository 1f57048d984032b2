import CNcurses
import CTerminalGuard
import Canvas
import Glibc

/// A terminal's columns and rows, each at least 1.
public struct TerminalSize: Hashable, Sendable {
  public var width: Int, height: Int

  /// The most that is drawn, whatever a terminal says of itself.
  static let largest: (columns: Int32, rows: Int32) = (1000, 400)

  /// A size; less than 1 becomes 1.
  public init(width: Int, height: Int) {
    self.width = min(max(1, width), Int(Self.largest.columns))
    self.height = min(max(1, height), Int(Self.largest.rows))
  }
}

/// The terminal while the dashboard has it. ncurses sets its modes, reads its keys, follows its size and knows its
/// capabilities. Cells are written by `FrameEncoder`: of a 120×36 frame in true color that changes everywhere, ncurses
/// takes 3.5 to 6.7 ms (it evaluates terminfo's expression at every change of color), this 0.4 to 1.0 ms; and ncurses
/// would need a terminfo entry with direct color, which most users' `TERM` is not. Only one may be open in a process,
/// and only one thread may use it. The terminal is given back by `close`, by `deinit`, and by the guard when the
/// process exits or crashes.
public final class TerminalScreen {
  /// The colors that are drawn with.
  public let colorTier: ColorTier
  /// The characters that can be shown.
  public let characterTier: CharacterTier
  /// What is known of the terminal's background from the environment. The terminal is asked as well; what it says comes as an
  /// event.
  public let ground: Ground
  /// The terminal type as which the terminal is taken, because terminfo does not know its own; nil where it does.
  public let standIn: String?
  /// The size as of the last `readKeys` or `resume`.
  public private(set) var size = TerminalSize(width: 1, height: 1)
  /// Bytes written for frames since the start.
  public private(set) var bytesWritten = 0

  let input: Int32, output: Int32
  /// Readable when a signal has come.
  let signals: Int32
  private let streams: [UnsafeMutablePointer<FILE>]
  private let screen: OpaquePointer
  /// Keys are read from a pad: reading them from the standard window would refresh it.
  private let pad: UnsafeMutablePointer<WINDOW>
  private var encoder: FrameEncoder
  private var decoder = KeyDecoder()
  private var bytes: [UInt8] = []
  private let restoring: [UInt8], entering: [UInt8], leaving: [UInt8]
  private var isOpen = true
  /// The question for the background; empty where it is not asked. And whether the answer is still to come.
  private let groundQuestion: [UInt8]
  private(set) var awaitsGround = false
  /// What is drawn is added to it; and what stands before and behind that where it is played.
  private let recording: TerminalRecording?, recordedStart: [UInt8], recordedEnd: [UInt8]
  /// A signal came while the terminal did not take a frame.
  private var wasInterrupted = false

  /// Takes the terminal over. Tiers are detected from the environment and terminfo unless they are given. Nothing has
  /// been written and no mode changed when it throws. `asksGround`: whether what the terminal's background is makes a difference; `mouse`: whether it
  /// is reported; `recording`: takes what is drawn.
  public init(
    environment: [String: String], colors: ColorTier? = nil, characters: CharacterTier? = nil, asksGround: Bool = true,
    mouse: Bool = false, recording: TerminalRecording? = nil,
    input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO
  ) throws(TerminalError) {
    let (type, isStandIn) = try Self.checkedType(environment, input: input, output: output)
    standIn = isStandIn ? type : nil
    let isUTF8 = setCharacterLocale(environment)
    guard terminal_guard_save(input) == 0 else { throw .system("cannot read the terminal's modes", errno: errno) }
    signals = terminal_guard_install()
    guard signals >= 0 else { throw .system("cannot watch signals", errno: errno) }
    guard let outStream = curses_stream(output, "w"), let inStream = curses_stream(input, "r") else {
      throw .system("cannot open the terminal", errno: errno)
    }
    streams = [outStream, inStream]
    use_tioctl(true)
    set_escdelay(25)
    guard let screen = newterm(type, outStream, inStream), let pad = newpad(1, 1) else {
      throw .typeUnable(type)
    }
    (self.screen, self.pad, self.input, self.output) = (screen, pad, input, output)

    let direct = curses_has("RGB") || curses_has("Tc")
    let terminfo = TerminfoColors(count: Int(tigetnum("colors")), direct: direct)
    let speaksECMA48 = TerminalCapabilities.terminfoSpeaksECMA48()
    colorTier =
      colors.map { .forced($0, terminfo: terminfo, speaksECMA48: speaksECMA48) }
      ?? ColorTier.detect(environment: environment, terminfo: terminfo)
    ground = Ground.detect(environment: environment)
    let asksGround = asksGround && colorTier != .mono && Ground.canBeAsked(environment: environment)
    groundQuestion = asksGround ? Array("\u{1B}]11;?\u{07}".utf8) : []
    characterTier = characters ?? CharacterTier.detect(environment: environment, localeIsUTF8: isUTF8)
    let synchronized = knowsSynchronizedOutput(environment: environment, terminfoHasSync: curses_has("Sync"))
    let capabilities = TerminalCapabilities.terminfo(colorTier, synchronized: synchronized)
    encoder = FrameEncoder(capabilities: capabilities, colorTier: colorTier, characterTier: characterTier)
    (entering, leaving, restoring) = Self.sequences(capabilities, mouse: mouse)
    self.recording = recording
    (recordedStart, recordedEnd) = Self.recordedSequences(capabilities)

    raw()
    noecho()
    nonl()
    curs_set(0)
    keypad(pad, true)
    nodelay(pad, true)
    for (sequence, code) in KeyDecoder.otherSequences where key_defined(sequence) == 0 { define_key(sequence, code) }
    define_key("\u{1B}[200~", KeyDecoder.pasteBegins)
    define_key("\u{1B}[201~", KeyDecoder.pasteEnds)
    if mouse { define_key("\u{1B}[<", KeyDecoder.pointerBegins) }
    if asksGround { define_key("\u{1B}]11;", KeyDecoder.groundBegins) }
    terminal_guard_watch_size()
    takeNewSize()
    let first = TerminalSize(width: Int(curses_columns()), height: Int(curses_rows()))
    recording?.begin(first, type: type)
    size = first
    enter()
  }

  deinit { close() }

  /// What every terminal emulator of today is close to.
  private static let commonType = "xterm-256color"

  /// The type to open the terminal as, and whether it stands in for one that terminfo does not know.
  private static func checkedType(
    _ environment: [String: String], input: Int32, output: Int32
  ) throws(TerminalError) -> (String, isStandIn: Bool) {
    if isatty(input) == 0 { throw .notATerminal("standard input") }
    if isatty(output) == 0 { throw .notATerminal("standard output") }
    guard let type = environment["TERM"], !type.isEmpty else { throw .typeUnset }
    let ability = curses_ability(type, output)
    if ability == 0 { throw .typeUnable(type) }
    if ability > 0 { return (type, false) }
    // "unknown" is what systems set where nobody knows what is at the other end.
    guard type != "unknown", curses_ability(commonType, output) > 0 else { throw .typeUnknown(type) }
    return (commonType, true)
  }

  /// What is written besides what ncurses writes: when the terminal is taken, when it is given back, and all that gives
  /// it back without ncurses.
  private static func sequences(
    _ capabilities: TerminalCapabilities, mouse: Bool
  ) -> ([UInt8], [UInt8], [UInt8]) {
    func bytes(_ name: String) -> [UInt8] { TerminalCapabilities.bytes(curses_string(name)) }
    let brackets = capabilities.movesByECMA48
    // Buttons, and motion only while one is held (1002), as decimal numbers (1006).
    let (mouseOn, mouseOff) =
      mouse && brackets ? ("\u{1B}[?1002h\u{1B}[?1006h", "\u{1B}[?1006l\u{1B}[?1002l") : ("", "")
    let entering = Array((brackets ? "\u{1B}[?2004h" + mouseOn : "").utf8)
    var leaving = capabilities.endFrame + Array((brackets ? mouseOff + "\u{1B}[?2004l" : "").utf8) + capabilities.reset
    let leavesAlternate = bytes("rmcup")
    if leavesAlternate.isEmpty { leaving += bytes("clear") }
    return (entering, leaving, leaving + bytes("cnorm") + bytes("rmkx") + leavesAlternate)
  }

  /// What a recording has before the first frame and behind the last: the screen of its own and the cursor, and no modes.
  private static func recordedSequences(_ capabilities: TerminalCapabilities) -> ([UInt8], [UInt8]) {
    func bytes(_ names: String...) -> [UInt8] { names.flatMap { TerminalCapabilities.bytes(curses_string($0)) } }
    return (bytes("smcup", "civis", "clear"), capabilities.reset + bytes("cnorm", "rmcup"))
  }

  /// The modes of the dashboard, on a blank screen.
  private func enter() {
    restoring.withUnsafeBytes { sequence in
      if let start = sequence.baseAddress { _ = terminal_guard_arm(output, start, sequence.count) }
    }
    _ = wrefresh(curses_standard_window())
    decoder = KeyDecoder()
    _ = terminal_guard_write(output, entering, entering.count)
    recording?.add(recordedStart)
    if !groundQuestion.isEmpty {
      awaitsGround = true
      _ = terminal_guard_write(output, groundQuestion, groundQuestion.count)
    }
    encoder.invalidate()
    updateSize()
  }

  private func leave() {
    // A terminal that does not read must not keep us: what it has not read yet is dropped.
    var writable = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
    if wasInterrupted || poll(&writable, 1, 200) == 0 { tcflush(output, TCOFLUSH) }
    _ = write(output, leaving, leaving.count)
    recording?.add(recordedEnd)
    // An answer that comes now would be read by the shell.
    if awaitsGround { tcflush(input, TCIFLUSH) }
    if !isendwin() { endwin() }
  }

  /// Gives the terminal back as it was. A second call does nothing.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    leave()
    terminal_guard_disarm()
    terminal_guard_uninstall()
    delwin(pad)
    delscreen(screen)
    for stream in streams { fclose(stream) }
  }

  // MARK: Drawing

  /// What became of a frame.
  enum Presented {
    case whole
    /// A signal that ends the process came while the terminal did not take it.
    case interrupted
    /// The terminal is gone.
    case gone
  }

  /// Draws the frame, which is cut or filled up with blanks to the terminal's size: what differs from what the terminal
  /// shows is written, in one piece; nothing when nothing differs. False when it could not be written.
  @discardableResult
  public func present(_ frame: Buffer) -> Bool { draw(frame) == .whole }

  func draw(_ frame: Buffer) -> Presented {
    bytes.removeAll(keepingCapacity: true)
    encoder.encode(frame, width: size.width, height: size.height, into: &bytes)
    guard !bytes.isEmpty else { return .whole }
    let status = terminal_guard_write(output, bytes, bytes.count)
    guard status == 0 else {
      let number = errno
      encoder.invalidate()
      wasInterrupted = number == EINTR
      return number == EINTR || number == ECANCELED ? .interrupted : .gone
    }
    bytesWritten += bytes.count
    recording?.add(bytes)
    return .whole
  }

  /// Forgets what the terminal shows: the next frame is drawn whole.
  public func invalidate() { encoder.invalidate() }

  // MARK: Keys and size

  /// Whether the end of a paste is still to come.
  var isPasting: Bool { decoder.isPasting }

  /// All keys and pastes that wait, without waiting, and the size brought up to date. Nil when there was nothing at
  /// all to read.
  func readKeys() -> [DecodedInput]? {
    var inputs: [RawInput] = []
    var value: wint_t = 0
    // Bytes that are no character are answered like an empty queue; only two such answers on end are one.
    var misses = 0
    // The bound keeps a stream of input from holding the screen; what is left is read at once after a frame.
    while inputs.count < 1 << 14, misses < 2 {
      let result = wget_wch(pad, &value)
      if result == ERR {
        misses += 1
        continue
      }
      misses = 0
      inputs.append(result == KEY_CODE_YES ? .code(Int32(bitPattern: value)) : .character(value))
    }
    updateSize()
    guard !inputs.isEmpty else { return nil }
    if inputs.contains(.code(KeyDecoder.groundBegins)) { awaitsGround = false }
    return decoder.decode(inputs.filter { $0 != .code(KEY_RESIZE) })
  }

  /// Ends a paste whose end does not come.
  func abandonPaste() -> [DecodedInput] { decoder.decode([.code(KeyDecoder.pasteEnds)]) }

  /// The terminal is asked itself: the key that ncurses makes of a new size may be lost among bytes that are none.
  func updateSize() {
    takeNewSize()
    let present = TerminalSize(width: Int(curses_columns()), height: Int(curses_rows()))
    if present != size {
      size = present
      recording?.resize(present)
      encoder.invalidate()
    }
  }

  /// Lets ncurses know the terminal's size, as far as frames are drawn.
  private func takeNewSize() {
    var window = winsize()
    guard ioctl(output, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0, window.ws_col > 0 else { return }
    let rows = min(Int32(window.ws_row), TerminalSize.largest.rows)
    let columns = min(Int32(window.ws_col), TerminalSize.largest.columns)
    if is_term_resized(rows, columns) { resizeterm(rows, columns) }
  }

  // MARK: Job control

  /// Gives the terminal back and stops the process, with `group` as Ctrl-Z its whole process group, until it is
  /// continued; then takes the terminal again.
  public func suspend(group: Bool) {
    leave()
    terminal_guard_disarm()
    terminal_guard_suspend(group)
    resume()
  }

  /// Takes the terminal again after the process was stopped, by whomever; the next frame is drawn whole.
  public func resume() {
    if !isendwin() { leave() }
    // A process in the background gets no signal when the size changes.
    takeNewSize()
    enter()
  }
}
