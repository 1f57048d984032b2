import Architectures
import GradientFlow
import RecurrentNetworks

/// The gradient over space and time, in networks whose states are frames of cells: of the batch's first sequence.
public enum SpaceTimeInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "space-time"
  /// It reads networks over frames.
  public static let readsAnyNetwork = true
  /// The loss under the cursor is the one that goes back.
  public static let followsCursor = true

  /// Frames over time; all maps are [cells, steps].
  public struct Reading: Sendable {
    /// T and W.
    public let steps: Int, cells: Int
    /// The frames, and what the network makes of them: the frame that it expects next.
    public let frames: [Double], predicted: [Double]
    /// log10 ‖∂L/∂h_t‖ of each cell over its channels, of all losses.
    public let all: [Double]
    /// The same of one cell's loss at one step, both counted from 0: the cell of the largest error.
    public let one: [Double]
    public let lossStep: Int, lossCell: Int

    /// The speed of the front of `one` in cells a step back, at most (k - 1)/2: how far it has come over how many steps.
    public var speed: Double {
      var (farthest, lag) = (0, 1)
      for cell in 0..<cells {
        for step in 0..<lossStep where one[cell * steps + step] > -.infinity {
          if abs(cell - lossCell) * lag > farthest * (lossStep - step) {
            (farthest, lag) = (abs(cell - lossCell), lossStep - step)
          }
        }
      }
      return Double(farthest) / Double(lag)
    }
  }

  /// The reading of a pass; nil where states are no frames.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let snapshot = pass.snapshot
    guard snapshot.experiment.architecture.kind == .convolutional, let recording = pass.recording,
      let graph = pass.graph(budget), let weights = snapshot.layout["readout.weight"],
      let bias = snapshot.layout["readout.bias"]
    else {
      budget.hasNothing(
        because: "Its states are no frames. network.kind convolutional has cells that lie side by side.")
      return nil
    }
    let (steps, cells, batch) = (recording.steps, snapshot.layout.inputs, recording.batch)
    let channels = recording.width / cells
    /// From [T, B, W] of the first sequence to [W, T].
    func turned(_ number: (_ step: Int, _ cell: Int) -> Double) -> [Double] {
      (0..<cells).flatMap { cell in (0..<steps).map { number($0, cell) } }
    }
    let states = recording.states(layer: 0)
    let readout = Array(snapshot.parameters[weights.range]), shift = snapshot.parameters[bias.offset]
    let predicted = turned { step, cell in
      let start = (step * batch * cells + cell) * channels
      return (0..<channels).reduce(shift) { $0 + readout[$1] * states[start + $1] }
    }
    let all = NormsByPart.log10(graph, from: graph.losses, parts: cells)
    let asked = graph.losses.last { $0.loss <= focus.step ?? steps } ?? graph.losses.last
    guard let loss = asked else {
      budget.hasNothing(because: "No frame of this sequence has a target: no loss sends a gradient.")
      return nil
    }
    let sizes = (0..<cells).map { cell in
      loss.gradient.dropFirst(cell * channels).prefix(channels).reduce(0) { $0 + $1 * $1 }
    }
    let cell = sizes.indices.max { sizes[$0] < sizes[$1] } ?? 0
    let alone = loss.gradient.enumerated().map { $0 / channels == cell ? $1 : 0 }
    let one = NormsByPart.log10(
      graph, from: [LossSite(loss: loss.loss, site: loss.site, gradient: alone[...])], parts: cells)
    return Reading(
      steps: steps, cells: cells, frames: turned { snapshot.data.x[$0 * batch * cells + $1] }, predicted: predicted,
      all: turned { all[$0 * cells + $1] }, one: turned { one[$0 * cells + $1] }, lossStep: loss.loss, lossCell: cell)
  }

  /// What is followed over training.
  public static let trendNames = ["speed"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] { ["speed": reading.speed] }

  /// The maps, [cells, steps].
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ("frames", reading.frames), ("predicted", reading.predicted), ("log10_all", reading.all),
      ("log10_one", reading.one),
    ].map { ReadingArray($0.0, $0.1, shape: [reading.cells, reading.steps]) }
  }
}
