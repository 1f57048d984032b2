import Glibc
import RecurrentNetworks

/// Recall: one symbol of eight at the first step, blanks, and a cue at the last step that asks for it: a dependency of known
/// length, d = n - 1 steps.
struct RecallTask: DrawnTask {
  static let minimumLength = 2, widthEstimate = 10
  private static let symbolCount = 8
  private static let blank: Int32 = 8, cue: Int32 = 9
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    let symbols = (0..<Self.symbolCount).map { String(UnicodeScalar(UInt8(65 + $0))) }
    return TaskDescription(
      name: "recall", summary: "the first symbol, asked for \(length - 1) steps later", inputs: 10, outputs: 8,
      loss: .crossEntropy, isStream: false, inputSymbols: symbols + ["·", "?"],
      keySymbols: Set(0...7).union([9]),
      inputNames: symbols + ["blank", "cue"], outputNames: symbols,
      floors: [.init(name: "guessing", loss: log(8.0))], dependencyLength: length - 1)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeSymbols { symbols, classes, mask in
      symbols.update(repeating: Self.blank)
      classes.update(repeating: 0)
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let symbol = Int32(random.next() & 7)
        symbols[row] = symbol
        symbols[(n - 1) * batch + row] = Self.cue
        classes[(n - 1) * batch + row] = symbol
        mask[(n - 1) * batch + row] = 1
      }
    }
  }
}
