import Glibc
import RecurrentNetworks

/// Latching (Bengio, Simard & Frasconi 1994) as the 2-sequence problem of Hochreiter & Schmidhuber 1997: the first three
/// inputs are +1 or -1 and give the class; what follows is Gaussian noise of variance 0.2, and the class is asked for at
/// the last step.
struct LatchTask: DrawnTask {
  static let minimumLength = 4, widthEstimate = 2
  private static let told = 3
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "latch", summary: "the sign of the first three inputs, asked for after \(length - Self.told) of noise",
      inputs: 1, outputs: 2, loss: .crossEntropy, isStream: false, inputNames: ["signal"],
      outputNames: ["minus", "plus"], floors: [.init(name: "guessing", loss: log(2.0))],
      dependencyLength: length - Self.told)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbersAndClasses { x, classes, mask in
      classes.update(repeating: 0)
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let isPlus = random.next() & 1 == 1
        for t in 0..<n {
          x[t * batch + row] = t < Self.told ? (isPlus ? 1 : -1) : 0.2.squareRoot() * random.normal()
        }
        classes[(n - 1) * batch + row] = isPlus ? 1 : 0
        mask[(n - 1) * batch + row] = 1
      }
    }
  }
}
