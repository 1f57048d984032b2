import Training

/// A place in training that can be jumped to.
public struct TimelineMark: Hashable, Sendable {
  /// The kinds of places, in the order in which they matter.
  public enum Kind: Hashable, Sendable, CaseIterable { case firstClipped, largestNorm, lossSpike, change }

  /// What it is, its update (the state before it is what is gone to), and what it is called.
  public let kind: Kind, update: Int, name: String
}

extension RunSummary {
  /// The marks of the run's training, the earliest first.
  public var marks: [TimelineMark] {
    var marks: [TimelineMark] = []
    // The state before the update is what is gone to: its pass is the one that stands out.
    if let update = history.firstClipped {
      marks.append(TimelineMark(kind: .firstClipped, update: update - 1, name: "first clipped: update \(update)"))
    }
    if let largest = history.largestNorm {
      marks.append(
        TimelineMark(kind: .largestNorm, update: largest.update - 1, name: "largest norm: update \(largest.update)"))
    }
    for spike in history.spikes {
      marks.append(TimelineMark(kind: .lossSpike, update: spike.update - 1, name: "loss spike: update \(spike.update)"))
    }
    for entry in journal {
      marks.append(
        TimelineMark(
          kind: .change, update: entry.update,
          name: (entry.kind == .undo ? "undo: " : "")
            + entry.settings.map { "\(ExperimentKey.label(of: $0.key)) = \($0.value)" }.joined(separator: ", ")))
    }
    return marks.sorted { $0.update < $1.update }
  }
}
