import RecurrentNetworks

/// What a truncation keeps of the double sum ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_t)(∂⁺h_t/∂W), as counts.
///
/// Steps count from 0 in a sequence of `steps` steps. The term (i, t) is carried by the updates that inject l_i and whose
/// window has the step t.
public struct TruncationMask: Equatable, Sendable {
  /// The length n of the sequence.
  public let steps: Int
  /// The windows of the sequence's updates, in order.
  public let windows: [Window]
  /// How many updates carry the term (i, t), [n, n] by i, then t; 0 for terms that are cut and for t > i.
  public let counts: [Int32]

  /// How many updates carry the term (i, t).
  public subscript(i: Int, t: Int) -> Int { Int(counts[i * steps + t]) }
}

extension TruncationMask {
  /// The mask of the updates with these windows in a sequence of `steps` steps.
  public init(steps: Int, windows: [Window]) {
    let counts = [Int32](unsafeUninitializedCapacity: steps * steps) { counts, count in
      counts.initialize(repeating: 0)
      // A window adds 1 to its losses' rows from its first step on: marked there, and summed along the row.
      for window in windows {
        for i in window.injected.clamped(to: window.steps) { counts[i * steps + window.steps.lowerBound] += 1 }
      }
      for i in 0..<steps {
        var sum: Int32 = 0
        for t in 0...i {
          sum += counts[i * steps + t]
          counts[i * steps + t] = sum
        }
      }
      count = steps * steps
    }
    self.init(steps: steps, windows: windows, counts: counts)
  }
}

/// How much of the double sum a truncation keeps.
public struct TruncationShare: Equatable, Sendable {
  /// Terms (i, t), t ≤ i, of losses that exist; and how many of them an update carries at least once.
  public let terms: Int, termsKept: Int
  /// Kept terms over terms, 0 … 1 (1 where there are none).
  public var termShare: Double { terms == 0 ? 1 : Double(termsKept) / Double(terms) }
  /// Kept mass over mass, 0 … 1: the share of the gradient's terms, each by its norm, that is not cut.
  public let massShare: Double
}

extension TruncationShare {
  /// The share that `mask` keeps of `flow`, of the rows that the flow has.
  public init(mask: TruncationMask, flow: FlowMatrix) {
    precondition(mask.steps == flow.steps, "a mask and a flow of one sequence")
    var (terms, kept) = (0, 0)
    var (all, carried) = ([Double](), [Double]())
    for (row, i) in flow.rows.enumerated() {
      terms += i + 1
      for t in 0...i {
        let log10 = flow[row, t]
        all.append(log10)
        if mask[i, t] > 0 {
          kept += 1
          carried.append(log10)
        }
      }
    }
    // Σ F over the kept terms, each once, over Σ F over all
    let mass = Log10.sum(all)
    self.init(
      terms: terms, termsKept: kept,
      massShare: mass == -.infinity ? 1 : min(1, Log10.power(Log10.sum(carried) - mass)))
  }
}
