import GradientFlow
import RecurrentNetworks
import Training

/// Gradients as they come out with the usual bugs: an own backward pass over the tape of a plain network of one layer, with one
/// line of it wrong.
struct WrongGradients {
  /// The bugs.
  enum Bug: String, CaseIterable {
    /// δ goes back through W_hh alone.
    case noSlope = "no_slope"
    /// The gradient of W_ih takes the input of the step before.
    case lateInput = "late_input"
    /// δ_t has the step's own loss only.
    case noRecursion = "no_recursion"
    /// The gradient of the last pass was left where this one is added.
    case notZeroed = "not_zeroed"
    /// The carried state was not detached: the gradient goes on into the window before.
    case notDetached = "not_detached"

    /// In words.
    var words: String {
      switch self {
      case .noSlope: "phi' missing"
      case .lateInput: "x_(t-1) taken for x_t"
      case .noRecursion: "no recursion"
      case .notZeroed: "gradients that were not zeroed"
      case .notDetached: "a state that was not detached"
      }
    }
  }

  private let tape: Tape

  /// The gradients of a whole sequence's pass.
  init(_ tape: Tape) { self.tape = tape }

  /// The gradient of all weights with a bug; nil for the right one. Flat, in the layout's order.
  ///
  /// - Parameters:
  ///   - bug: the bug.
  ///   - reach: how many steps a loss reaches, its own included; all by default.
  func gradient(_ bug: Bug?, reach: Int = .max) -> [Double] {
    // The bugs are written out for one layer of an Elman cell; the reader may have turned to another one.
    guard tape.network.cell == .elman, tape.layers.count == 1, tape.layout.copies == 1 else {
      return tape.gradient.map { _ in .nan }
    }
    if bug == .notZeroed { return gradient(nil).map { 2 * $0 } }
    let (h, batch) = (tape.hidden, tape.batch)
    let recurrent = tape.parameter("weight_hh_l0") ?? []
    var result = tape.gradient
    var weights = Weights(tape)
    // The second half is a window of its own: where the state is detached nothing goes back over its start.
    let start = bug == .notDetached ? 0 : windowStart
    // With a reach each loss goes back by itself, else all go together.
    let isOneByOne = reach < tape.steps
    for last in isOneByOne ? Array(windowStart..<tape.steps) : [tape.steps - 1] {
      for sequence in 0..<batch {
        var future = [Double](repeating: 0, count: h)
        for t in (start...last).reversed() where !isOneByOne || last - t < reach {
          let row = t * batch + sequence
          // Only the losses of the second half are trained on.
          let isInjected = t >= windowStart && (!isOneByOne || t == last) && tape.targetMask[row] != 0
          let weight = isInjected ? tape.injectionWeight : 0
          let delta = (0..<h).map {
            weight * tape.lossGradient[row * h + $0] + (bug == .noRecursion ? 0 : future[$0])
          }
          let slopes = tape.layers[0].derivative[row * h..<(row + 1) * h]
          let local = bug == .noSlope ? delta : zip(delta, slopes).map { $0 * $1 }
          weights.add(local, step: t, sequence: sequence, inputStep: bug == .lateInput ? t - 1 : t)
          future = (0..<h).map { j in (0..<h).reduce(0) { $0 + recurrent[$1 * h + j] * local[$1] } }
        }
      }
    }
    weights.write(into: &result, tape.layout)
    return result
  }

  /// The first step of the window that is trained on.
  private var windowStart: Int { tape.steps / 2 }

  /// The cosine of a wrong gradient and the right one, over the weights of the cell.
  func cosine(_ bug: Bug) -> Double {
    let (wrong, right) = (cell(gradient(bug)), cell(gradient(nil)))
    let dot = zip(wrong, right).reduce(0) { $0 + $1.0 * $1.1 }
    return dot / (euclideanNorm(wrong) * euclideanNorm(right))
  }

  /// Whether two gradients are the same in the weights of the cell, but for rounding.
  func isSame(_ a: [Double], _ b: [Double]) -> Bool {
    let (a, b) = (cell(a), cell(b))
    return zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 * (1 + abs($1)) }
  }

  private func cell(_ gradient: [Double]) -> [Double] {
    tape.layout.entries.filter { $0.name.hasSuffix("_l0") }.flatMap { gradient[$0.range] }
  }

  /// The largest error that the gradient check finds in each tensor of the cell, relative to its largest gradient: W_ih, W_hh, b.
  func checkedErrors(_ bug: Bug, _ snapshot: Snapshot) -> [Double] {
    let window = Window(steps: windowStart..<tape.steps, injected: windowStart..<tape.steps)
    let layer = tape.layers[0], width = tape.batch * tape.hidden
    let carried = Array(layer.state[windowStart * width..<(windowStart + 1) * width])
    let check = GradientCheck(
      network: tape.network, layout: tape.layout, parameters: tape.parameters, data: snapshot.data, window: window,
      carriedState: [carried], reduction: .sum, gradient: gradient(bug).map { $0 / tape.injectionWeight })
    return check.rows(limit: 20).filter { $0.name.hasSuffix("_l0") }.map(\.largestError)
  }
}

/// The gradients of the cell's three tensors, as they are summed.
private struct Weights {
  private let tape: Tape
  private var input: [Double], recurrent: [Double], bias: [Double]

  init(_ tape: Tape) {
    self.tape = tape
    input = [Double](repeating: 0, count: tape.hidden * tape.inputs)
    recurrent = [Double](repeating: 0, count: tape.hidden * tape.hidden)
    bias = [Double](repeating: 0, count: tape.hidden)
  }

  mutating func add(_ local: [Double], step t: Int, sequence: Int, inputStep: Int) {
    let (h, inputs, batch) = (tape.hidden, tape.inputs, tape.batch)
    for (unit, delta) in local.enumerated() where delta != 0 {
      if inputStep >= 0 {
        for i in 0..<inputs {
          input[unit * inputs + i] += delta * tape.x[(inputStep * batch + sequence) * inputs + i]
        }
      }
      // s_t is the state before step t.
      for j in 0..<h { recurrent[unit * h + j] += delta * tape.layers[0].state[(t * batch + sequence) * h + j] }
      bias[unit] += delta
    }
  }

  func write(into gradient: inout [Double], _ layout: ParameterLayout) {
    for (name, values) in [("weight_ih_l0", input), ("weight_hh_l0", recurrent), ("bias_ih_l0", bias)] {
      if let range = layout[name]?.range { gradient.replaceSubrange(range, with: values) }
    }
  }
}
