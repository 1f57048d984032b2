import Experiments
import Foundation

/// Another command of this program, in this terminal and this process.
enum OtherCommand {
  /// Goes on as it.
  ///
  /// - Parameter words: its words, without the program's name.
  static func become(_ words: [String]) throws -> Never {
    fflush(nil)
    var arguments = (["bpttop"] + words).map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    throw Failure.run("cannot go on as bpttop \(words.first ?? ""): \(String(cString: strerror(errno)))")
  }
}
