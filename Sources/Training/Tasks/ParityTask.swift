import Glibc
import RecurrentNetworks

/// Parity: a row of fair bits, and at every step whether the number of ones so far is odd.
///
/// y_t = y_{t-1} ⊕ x_t: every bit matters to every later answer, and one that is missed leaves nothing but guessing.
struct ParityTask: DrawnTask {
  static let widthEstimate = 2
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "parity", summary: "whether the number of ones so far is odd", inputs: 2, outputs: 2,
      loss: .crossEntropy, isStream: false, inputSymbols: ["0", "1"], keySymbols: [1], inputNames: ["0", "1"],
      outputNames: ["even", "odd"],
      // Whoever knows all bits but one knows nothing: ln 2.
      floors: [.init(name: "guessing", loss: log(2.0))], dependencyLength: length - 1)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeSymbols { symbols, classes, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        var bits: UInt64 = 0
        var parity: Int32 = 0
        for t in 0..<n {
          bits = t.isMultiple(of: 64) ? random.next() : bits >> 1
          let bit = Int32(bits & 1)
          parity ^= bit
          symbols[t * batch + row] = bit
          classes[t * batch + row] = parity
        }
      }
    }
  }
}
