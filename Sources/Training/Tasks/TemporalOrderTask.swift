import Glibc
import RecurrentNetworks

/// Temporal order (Hochreiter & Schmidhuber 1997): in which order A and B came among distractors.
///
/// A or B stands at one step in [n/10, n/5) and at one in [n/2, 6n/10), one of four distractors at every other; the class
/// (AA, AB, BA or BB) is asked for at the last step.
struct TemporalOrderTask: DrawnTask {
  static let minimumLength = 10, widthEstimate = 6
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    let symbols = ["A", "B", "c", "d", "e", "f"]
    return TaskDescription(
      name: "temporal-order", summary: "in which order A and B came among distractors, asked for at the end", inputs: 6,
      outputs: 4, loss: .crossEntropy, isStream: false, inputSymbols: symbols, keySymbols: [0, 1], inputNames: symbols,
      outputNames: ["AA", "AB", "BA", "BB"], floors: [.init(name: "guessing", loss: log(4.0))],
      dependencyLength: length - 1 - length / 10)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeSymbols { symbols, classes, mask in
      classes.update(repeating: 0)
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let first = n / 10 + random.integer(below: max(2 * n / 10 - n / 10, 1))
        let second = n / 2 + random.integer(below: max(6 * n / 10 - n / 2, 1))
        let order = Int32(random.next() & 3)
        var bits: UInt64 = 0
        for t in 0..<n {
          // 32 distractors a word.
          bits = t.isMultiple(of: 32) ? random.next() : bits >> 2
          symbols[t * batch + row] = 2 + Int32(bits & 3)
        }
        symbols[first * batch + row] = order >> 1
        symbols[second * batch + row] = order & 1
        classes[(n - 1) * batch + row] = order
        mask[(n - 1) * batch + row] = 1
      }
    }
  }
}
