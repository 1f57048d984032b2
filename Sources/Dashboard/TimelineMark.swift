import Canvas
import Training

/// A place in training that can be jumped to.
struct TimelineMark: Hashable, Sendable {
  /// The kinds of places, in the order in which they matter.
  enum Kind: Hashable, Sendable, CaseIterable { case firstClipped, largestNorm, lossSpike, change }

  /// What it is, its update (the state before it is what is gone to), and what it is called.
  let kind: Kind, update: Int, name: String

  /// How it is drawn on the scrub bar.
  var sign: String {
    switch kind {
    case .firstClipped: "c"
    case .largestNorm: "▲"
    case .lossSpike: "!"
    case .change: "◆"
    }
  }

  /// The marks of a lane's training, the earliest first.
  static func all(of lane: Lane) -> [TimelineMark] {
    guard let run = lane.newest else { return [] }
    var marks: [TimelineMark] = []
    // The state before the update is what is gone to: its pass is the one that stands out.
    if let update = run.history.firstClipped {
      marks.append(TimelineMark(kind: .firstClipped, update: update - 1, name: "first clipped"))
    }
    if let largest = run.history.largestNorm {
      marks.append(TimelineMark(kind: .largestNorm, update: largest.update - 1, name: "largest norm"))
    }
    for spike in run.history.spikes {
      marks.append(TimelineMark(kind: .lossSpike, update: spike.update - 1, name: "loss spike"))
    }
    for entry in run.journal {
      marks.append(
        TimelineMark(
          kind: .change, update: entry.update,
          name: (entry.kind == .undo ? "undo: " : "")
            + entry.settings.map { "\(Knob.label(of: $0.key)) = \($0.value)" }.joined(separator: ", ")))
    }
    return marks.sorted { $0.update < $1.update }
  }
}
