import LinearAlgebra
import RecurrentNetworks

/// The objective of one window at other weights: its inputs, targets and first state as they are, in double precision.
///
/// Used by one thread at a time.
public final class WindowLoss {
  private let pass: Pass<Double>
  private let reduction: Reduction
  /// All steps; and those from the first loss on, which is all that the objective by itself needs of the way back.
  private let whole: Window, losses: Window

  /// Of a tape's window.
  public init(_ tape: Tape) {
    let steps = 0..<tape.steps, shift = tape.window.steps.lowerBound
    let injected = tape.window.injected.clamped(to: tape.window.steps)
    whole = Window(steps: steps, injected: injected.lowerBound - shift..<injected.upperBound - shift)
    let first = whole.injected.first { t in
      tape.targetMask[t * tape.batch..<(t + 1) * tape.batch].contains { $0 != 0 }
    }
    losses = Window(steps: (first ?? 0)..<tape.steps, injected: whole.injected)
    reduction = tape.reduction
    pass = Pass(
      network: tape.network, layout: tape.layout, steps: tape.steps, batch: tape.batch, loss: tape.lossKind)
    pass.load(
      SequenceBatch(
        steps: tape.steps, batch: tape.batch, inputs: tape.inputs, outputs: tape.outputs, x: tape.x, symbols: nil,
        target: tape.target, targetMask: tape.targetMask, outputMask: tape.outputMask))
    pass.firstStep = shift
    for (index, layer) in tape.layers.enumerated() {
      pass.setState(
        at: 0, layer: index, from: Array(layer.state.prefix(layer.stateComponents * tape.batch * tape.hidden)))
    }
  }

  /// The objective at these weights, in the layout's order; not finite where the pass blows up.
  public func objective(at parameters: [Double]) -> Double { run(parameters, losses).objective }

  /// The objective, and ‖g‖₂ of its whole gradient.
  public func gradientNorm(at parameters: [Double]) -> (objective: Double, norm: Double) {
    let result = run(parameters, whole)
    return (result.objective, result.gradientNorm)
  }

  private func run(_ parameters: [Double], _ window: Window) -> PassResult {
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.forward(whole.steps)
    return pass.backward(window, reduction: reduction)
  }
}
