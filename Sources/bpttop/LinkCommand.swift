import ArgumentParser
import Experiments
import Foundation
import Training

/// `bpttop link`: a session's run in one line.
struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Prints a session's run in one line that can be pasted.",
    discussion: """
      The line names the settings that differ from the built-in experiment, the updates at which settings were changed, and where \
      the run stands; opened, the run is made again with the same bits.

      EXAMPLES
        bpttop link session-update-300.bpttop
        bpttop --link "network.cell=lstm seed=3 @120 training.k2=5 @300"
      """)

  @Argument(help: "A session that s has saved.", completion: .file(extensions: ["bpttop"]))
  var session: String
  @Option(help: "Which of two lanes: a or b; the first one where it is left out.") var lane: String?

  func run() throws {
    do {
      let session = try SessionFile.read(path: session)
      let name = lane ?? (session.lanes.keys.min() ?? .a).rawValue
      guard let lane = LaneID(rawValue: name.lowercased()), let checkpoint = session.lanes[lane] else {
        throw Failure.input(
          "--lane: found \(name), expected one of \(session.lanes.keys.sorted().map(\.rawValue).joined(separator: ", "))"
        )
      }
      guard let link = RunLink(checkpoint) else {
        throw Failure.input(
          "\(self.session): found a run with weights or data handed in, or one that goes on beside another; only its session can be opened"
        )
      }
      if self.lane == nil, session.lanes.count > 1 {
        FileHandle.standardError.write(Data("bpttop: lane a of two; --lane b prints the other\n".utf8))
      }
      try writing { try OutputFile.write(link.text + "\n", to: "-") }
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
  }
}
