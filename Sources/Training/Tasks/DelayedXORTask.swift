import RecurrentNetworks

/// The delayed exclusive or (Williams & Zipser 1989): two random bits a step; output 1 is to be the exclusive or of the bits of
/// the step before, which takes two steps of a network with a delay of one. Output 2 is asked, at every third step only, for the
/// or of the step's own bits; so the set T(t) of outputs with a target is {}, {1}, {1, 2}, {1}, {1}, {1, 2}, ….
struct DelayedXORTask: DrawnTask {
  static let minimumLength = 2
  static let widthEstimate = 2
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "delayed-xor", summary: "the exclusive or of the bits before; at every third step the or of the bits",
      inputs: 2, outputs: 2, loss: .squared, isStream: false, inputNames: ["bit 1", "bit 2"],
      outputNames: ["xor of the bits before", "or of the bits"],
      floors: [.init(name: "always answering the mean", loss: Self.meanFloor(length))], dependencyLength: 1)
  }

  /// ½ Var of the targets a step with one: ½·¼ for the xor at every step but the first, ½·¾·¼ for the or at every third.
  private static func meanFloor(_ length: Int) -> Double {
    let exclusive = Double(length - 1), or = Double(length / 3)
    return (exclusive / 8 + or * 3 / 32) / exclusive
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    if data.outputMask?.count != 2 * n * batch { data.outputMask = [UInt8](repeating: 0, count: 2 * n * batch) }
    for t in 0..<n {
      for row in 0..<batch {
        data.outputMask?[2 * (t * batch + row)] = t > 0 ? 1 : 0
        data.outputMask?[2 * (t * batch + row) + 1] = t % 3 == 2 ? 1 : 0
      }
    }
    data.writeNumbers { x, values, mask in
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        var before = false
        for t in 0..<n {
          let bits = random.next() & 3
          let (first, second) = (bits & 1 == 1, bits & 2 == 2)
          let position = t * batch + row
          x[2 * position] = first ? 1 : 0
          x[2 * position + 1] = second ? 1 : 0
          values[2 * position] = before ? 1 : 0
          values[2 * position + 1] = first || second ? 1 : 0
          mask[position] = t > 0 ? 1 : 0
          before = first != second
        }
      }
    }
  }
}
