import RecurrentNetworks

/// The adding problem (Hochreiter & Schmidhuber 1997): the mean of the two numbers that are marked.
///
/// x_t = (u_t, m_t) with u ~ U[0, 1) and m = 1 at one step in [0, n/10) and at one in [n/10, n/2), else 0; the target
/// (u₁ + u₂)/2 stands at the last step.
struct AddingTask: DrawnTask {
  static let minimumLength = 10, widthEstimate = 2
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "adding", summary: "the mean of the two marked numbers, asked for at the end", inputs: 2, outputs: 1,
      loss: .squared, isStream: false, inputNames: ["number", "mark"], outputNames: ["mean of the marked"],
      // Always answering ½: ½·Var((u₁+u₂)/2) = ½·1/24.
      floors: [.init(name: "always answering ½", short: "always ½", loss: 1.0 / 48)], dependencyLength: length - 1)
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let first = random.integer(below: max(n / 10, 1))
        let second = n / 10 + random.integer(below: max(n / 2 - n / 10, 1))
        var bits: UInt64 = 0
        for t in 0..<n {
          // Two numbers a word, multiples of 2⁻³².
          bits = t.isMultiple(of: 2) ? random.next() : bits >> 32
          let position = 2 * (t * batch + row)
          x[position] = Double(bits & 0xFFFF_FFFF) * 0x1p-32
          x[position + 1] = t == first || t == second ? 1 : 0
        }
        let last = (n - 1) * batch + row
        values[last] = 0.5 * (x[2 * (first * batch + row)] + x[2 * (second * batch + row)])
        mask[last] = 1
      }
    }
  }
}
