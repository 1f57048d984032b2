import Glibc
import RecurrentNetworks

/// Nested Boolean expressions: n truth values with an operator between each two, bracketed by halves of halves; at the last step
/// the value of the whole.
///
/// A symbol is a value and the operator behind it: a, o, x for 0 and A, O, X for 1 before ∧, ∨, ⊕. Over leaves l … h the outermost
/// operator stands before leaf ⌈(l + h)/2⌉: what a balanced tree over the steps computes node by node.
struct BooleanTask: DrawnTask {
  static let widthEstimate = 6
  static let minimumLength = 2
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "boolean", summary: "the value of a nested Boolean expression", inputs: 6, outputs: 2,
      loss: .crossEntropy, isStream: false, inputSymbols: ["a", "o", "x", "A", "O", "X"], keySymbols: [3, 4, 5],
      inputNames: ["0∧", "0∨", "0⊕", "1∧", "1∨", "1⊕"], outputNames: ["false", "true"],
      floors: [.init(name: "guessing", loss: log(2.0))], dependencyLength: length - 1)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeSymbols { symbols, classes, mask in
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        for t in 0..<n {
          symbols[t * batch + row] = Int32(random.integer(below: 6))
          classes[t * batch + row] = 0
        }
        let last = (n - 1) * batch + row
        mask[last] = 1
        classes[last] = Self.value(of: 0..<n) { symbols[$0 * batch + row] } ? 1 : 0
      }
    }
  }

  /// The value of some leaves and the operators between them.
  static func value(of leaves: Range<Int>, symbol: (Int) -> Int32) -> Bool {
    guard leaves.count > 1 else { return symbol(leaves.lowerBound) >= 3 }
    let middle = (leaves.lowerBound + leaves.upperBound + 1) / 2
    let left = value(of: leaves.lowerBound..<middle, symbol: symbol)
    let right = value(of: middle..<leaves.upperBound, symbol: symbol)
    return switch symbol(middle - 1) % 3 {
    case 0: left && right
    case 1: left || right
    default: left != right
    }
  }
}
