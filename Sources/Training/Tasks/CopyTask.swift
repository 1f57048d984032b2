import Glibc
import RecurrentNetworks

/// Copy memory (Hochreiter & Schmidhuber 1997; in the form of Arjovsky, Shah & Bengio 2016): ten symbols of eight, T - 1
/// blanks, a cue, and ten blanks while the ten are recalled; n = T + 20.
///
/// Every step has a target: blank until the cue was read, then the symbols in their order.
struct CopyTask: DrawnTask {
  static let minimumLength = 21, widthEstimate = 10
  private static let symbolCount = 8, recalled = 10
  private static let blank: Int32 = 8, cue: Int32 = 9
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    let symbols = (1...Self.symbolCount).map { "\($0)" }
    return TaskDescription(
      name: "copy", summary: "ten symbols, to be recalled after \(length - 20) steps", inputs: 10, outputs: 9,
      loss: .crossEntropy, isStream: false, inputSymbols: symbols + ["·", "?"],
      keySymbols: Set(0...7).union([9]),
      inputNames: symbols + ["blank", "cue"], outputNames: symbols + ["blank"],
      // Blank until the cue, then a guess of eight ten times: 10 ln 8 over the n = T + 20 steps.
      floors: [.init(name: "remembering nothing", short: "no memory", loss: 10 * log(8.0) / Double(length))],
      dependencyLength: length - 10)
  }

  /// The blanks are not judged: only the ten symbols are hard.
  func rightClasses(in data: SequenceBatch) -> [UInt64]? {
    guard case .classes(let classes) = data.target else { return nil }
    let first = (data.steps - Self.recalled) * data.batch
    return classes.indices.map { $0 < first ? 0 : 1 << UInt64(classes[$0]) }
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch, recalled) = (data.steps, data.batch, Self.recalled)
    data.writeSymbols { symbols, classes, mask in
      symbols.update(repeating: Self.blank)
      classes.update(repeating: Self.blank)
      mask.update(repeating: 1)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        var bits = random.next()
        for t in 0..<recalled {
          let symbol = Int32(bits & 7)
          bits >>= 3
          symbols[t * batch + row] = symbol
          classes[(n - recalled + t) * batch + row] = symbol
        }
        symbols[(n - recalled - 1) * batch + row] = Self.cue
      }
    }
  }
}
