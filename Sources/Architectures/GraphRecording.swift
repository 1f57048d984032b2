import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// The objective of a batch of sequences at other weights, of a network that is no recurrent one, in double precision.
///
/// Used by one thread at a time.
public final class GraphLoss {
  private let pass: GraphPass<Double>
  private let reduction: Reduction

  /// The objective of `data`.
  public init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layout: ParameterLayout,
    data: SequenceBatch, reduction: Reduction
  ) {
    self.reduction = reduction
    pass = GraphPass(specification, network, layout: layout, steps: data.steps, batch: data.batch, loss: data.loss)
    pass.load(data)
  }

  /// The objective at these weights, in the layout's order; not finite where the pass blows up.
  public func objective(at parameters: [Double]) -> Double {
    run(parameters)
    return pass.objective(reduction)
  }

  /// The objective, and ‖g‖₂ of its whole gradient.
  public func gradientNorm(at parameters: [Double]) -> (objective: Double, norm: Double) {
    run(parameters)
    let result = pass.backward(reduction)
    return (result.objective, result.gradientNorm)
  }

  private func run(_ parameters: [Double]) {
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.forward()
  }
}

/// One pass of a network that is no recurrent one, forward and back, whole and in doubles: what a tape is of a recurrent one.
///
/// It is a pure function of the weights, the data and the settings, and is not written to once it stands.
public struct GraphRecording: Sendable {
  /// The objective L, and the weight of a loss in it.
  public let objective: Double, injectionWeight: Double
  /// ∂L by the parameters before clipping, flat.
  public let gradient: [Double]
  /// T, B and d.
  public let steps: Int, batch: Int, width: Int
  /// The layers that a reader can look into, and what their states are called.
  public let layers: Int, stateName: String
  /// The losses l_t, [T·B], 0 without a target, and the outputs of the readout, [T·B·O].
  public let loss: [Double], output: [Double]
  private let pass: FrozenPass

  /// The pass itself. It may cross threads: `init` runs it forward and back before anybody has it, it is private, and what is
  /// read of it afterwards only reads.
  private final class FrozenPass: @unchecked Sendable {
    let pass: GraphPass<Double>
    init(_ pass: GraphPass<Double>) { self.pass = pass }
  }

  /// The pass of `data` at these parameters.
  public init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layout: ParameterLayout,
    parameters: [Double], data: SequenceBatch, reduction: Reduction
  ) {
    let pass = GraphPass<Double>(
      specification, network, layout: layout, steps: data.steps, batch: data.batch, loss: data.loss)
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.load(data)
    pass.forward()
    // The way back writes over them.
    output = pass.outputs(0..<pass.steps)
    let result = pass.backward(reduction)
    objective = result.objective
    injectionWeight = reduction == .mean ? 1 / Double(max(1, result.injected)) : 1
    gradient = Array(pass.gradient)
    (steps, batch, width, layers) = (pass.steps, pass.batch, pass.width, pass.body.shownLayers)
    (loss, stateName) = (pass.lossNumbers, pass.body.stateName)
    self.pass = FrozenPass(pass)
  }

  /// Its gradient against finite differences of its objective, at these parameters and data.
  public static func check(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, layout: ParameterLayout,
    parameters: [Double], data: SequenceBatch, reduction: Reduction
  ) -> GradientCheck {
    let pass = GraphPass<Double>(
      specification, network, layout: layout, steps: data.steps, batch: data.batch, loss: data.loss)
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.load(data)
    pass.forward()
    _ = pass.backward(reduction)
    func objective() -> Double {
      pass.forward()
      return pass.objective(reduction)
    }
    return GradientCheck(
      layout: layout, parameters: pass.parameters, gradient: Array(pass.gradient), objective: objective)
  }

  /// A sequence as its gradient sees it.
  public func graph(sequence: Int = 0) -> any GradientGraph {
    let weight = injectionWeight
    let losses = pass.pass.lossGradients(sequence: sequence, weight: weight)
    // Every body that `makeBody` makes is one in doubles: no file or setting leads here.
    guard let body = pass.pass.body as? any GraphBody else { preconditionFailure("every body has a graph") }
    return body.graph(sequence: sequence, losses: losses)
  }

  /// The layer of the graph that is shown as `layer`.
  public func graphLayer(_ layer: Int) -> Int { pass.pass.body.graphLayer(layer) }

  /// The states of a layer, [T, B, d].
  public func states(layer: Int) -> [Double] {
    Array(UnsafeBufferPointer(start: pass.pass.body.state(layer: layer), count: steps * batch * width))
  }

  /// The same of what comes by paths of length 1 alone, past time; nil where there are no such paths beside others.
  public func log10DirectNorms(layer: Int) -> [Double]? {
    guard let direct = pass.pass.body.directGradient(layer: layer) else { return nil }
    let row = batch * width
    return (0..<steps).map { Log10.of(Double.sumOfSquares(count: row, x: direct + $0 * row).squareRoot()) }
  }

  /// ∂L/∂state of a layer, [T, B, d].
  public func stateGradients(layer: Int) -> [Double] {
    Array(UnsafeBufferPointer(start: pass.pass.body.stateGradient(layer: layer), count: steps * batch * width))
  }

  /// ‖∂L/∂state‖ of a layer over the batch, in log10, [T].
  public func log10GradientNorms(layer: Int) -> [Double] {
    (0..<steps).map { Log10.of(pass.pass.gradientNorm(layer: layer, step: $0)) }
  }
}
