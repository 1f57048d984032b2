import Foundation
import Glibc
import Terminal

/// A pseudo terminal of which the test has the other end.
final class Pseudo: @unchecked Sendable {
  // Sendable: the descriptors are set once, but for `hangUp`, which tests call while nobody else uses them.
  private(set) var master: Int32
  let slave: Int32

  init(width: Int, height: Int) throws {
    // `posix_openpt`, `unlockpt` and `ptsname`, which Swift does not import, as Linux does them (ioctl_tty(2)).
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var unlocked: Int32 = 0, number: UInt32 = 0
    guard master >= 0, ioctl(master, 0x4004_5431, &unlocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw TerminalError.system("no pseudo terminal", errno: errno)
    }
    slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    resize(width: width, height: height)
    _ = fcntl(master, F_SETFL, O_NONBLOCK)
  }

  deinit {
    hangUp()
    close(slave)
  }

  func resize(width: Int, height: Int) {
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  func send(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(master, $0.baseAddress, $0.count) }
  }

  /// What was written to the terminal and not yet read here.
  func received() -> String {
    var bytes: [UInt8] = [], part = [UInt8](repeating: 0, count: 4096)
    while case let count = read(master, &part, part.count), count > 0 { bytes += part[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The terminal's modes, as text that can be compared.
  func modes() -> String {
    var modes = termios()
    guard tcgetattr(slave, &modes) == 0 else { return "none" }
    return "\(modes.c_iflag) \(modes.c_oflag) \(modes.c_cflag) \(modes.c_lflag) \(modes.c_cc)"
  }

  func hangUp() {
    if master >= 0 { close(master) }
    master = -1
  }
}
