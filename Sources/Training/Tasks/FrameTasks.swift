import RecurrentNetworks

/// A bar on a line of cells, which turns round at the ends: it moves by one cell at every step.
private struct Bar {
  let width: Int
  private(set) var place: Int, velocity: Int

  init(width: Int, place: Int, velocity: Int) { (self.width, self.place, self.velocity) = (width, place, velocity) }

  mutating func move() {
    if !(0...FrameTask.cells - width).contains(place + velocity) { velocity = -velocity }
    place += velocity
  }

  func covers(_ cell: Int) -> Bool { cell >= place && cell < place + width }
}

/// Frames of one dimension; what is asked for at every step is the next frame.
enum FrameTask {
  /// The cells of a frame.
  static let cells = 16

  static func description(_ name: String, _ summary: String, floors: [TaskDescription.Floor]) -> TaskDescription {
    let names = (1...cells).map { "cell \($0)" }
    return TaskDescription(
      name: name, summary: summary, inputs: cells, outputs: cells, loss: .squared, isStream: false, inputNames: names,
      outputNames: names, floors: floors)
  }

  /// Writes the frames of the bars that each sequence begins with: 1 where a bar is, 0 elsewhere.
  fileprivate static func write(
    seed: UInt64, sequence index: Int, into data: inout SequenceBatch, _ bars: (inout CounterRandom) -> [Bar]
  ) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        var bars = bars(&random)
        func frame(into numbers: UnsafeMutableBufferPointer<Double>, _ t: Int) {
          for cell in 0..<cells {
            numbers[(t * batch + row) * cells + cell] = bars.contains { $0.covers(cell) } ? 1 : 0
          }
        }
        for t in 0..<n {
          frame(into: x, t)
          for k in bars.indices { bars[k].move() }
          frame(into: values, t)
        }
      }
    }
  }
}

/// A bar of three cells that moves to and fro. Which way it goes shows in two frames only.
struct BarTask: DrawnTask {
  static let minimumLength = 2, widthEstimate = FrameTask.cells, mayHaveFrames = true
  private static let width = 3
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    FrameTask.description(
      "bar", "the next frame of a bar that moves to and fro",
      // Two cells change at every step: ½ (1 + 1).
      floors: [.init(name: "repeating the last frame", short: "last frame", loss: 1)])
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    FrameTask.write(seed: seed, sequence: index, into: &data) { random in
      [
        Bar(
          width: Self.width, place: random.integer(below: FrameTask.cells - Self.width + 1),
          velocity: random.integer(below: 2) == 0 ? 1 : -1)
      ]
    }
  }
}

/// Two bars, one of four cells and one of two, that begin at both ends and cross. While one lies behind the other a single frame
/// does not say which way they go.
struct CrossingTask: DrawnTask {
  static let minimumLength = 2, widthEstimate = FrameTask.cells, mayHaveFrames = true
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    FrameTask.description("crossing", "the next frame of two bars that cross", floors: [])
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    FrameTask.write(seed: seed, sequence: index, into: &data) { random in
      let (long, short) = (random.integer(below: 4), random.integer(below: 4))
      return [
        Bar(width: 4, place: long, velocity: 1), Bar(width: 2, place: FrameTask.cells - 2 - short, velocity: -1),
      ]
    }
  }
}
