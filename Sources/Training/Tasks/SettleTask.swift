import RecurrentNetworks

/// The product of two numbers that stand still at the input, asked for once the network has settled: the task of a network
/// that relaxes to a fixed point.
///
/// x_t = (u, v) at every step, both uniform in ±1 and new in every sequence; the target u·v stands at the last step.
struct SettleTask: DrawnTask {
  static let widthEstimate = 2, inputsStandStill = true
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    TaskDescription(
      name: "settle", summary: "the product of two numbers that stand still, asked for at the end", inputs: 2,
      outputs: 1,
      loss: .squared, isStream: false, inputNames: ["first", "second"], outputNames: ["product"],
      // ½ E (uv)² = ½ · ⅓ · ⅓
      floors: [.init(name: "always answering 0", short: "always 0", loss: 1.0 / 18)])
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: 0)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let (u, v) = (2 * random.uniform() - 1, 2 * random.uniform() - 1)
        for t in 0..<n {
          x[2 * (t * batch + row)] = u
          x[2 * (t * batch + row) + 1] = v
        }
        values[(n - 1) * batch + row] = u * v
        mask[(n - 1) * batch + row] = 1
      }
    }
  }
}
