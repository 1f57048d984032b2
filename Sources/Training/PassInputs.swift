import LinearAlgebra
import RecurrentNetworks

/// All that a window's pass is a function of: its tape can be made at any time, elsewhere.
///
/// A run gives those of its next update; a snapshot's tapes are made of them.
public struct PassInputs: Sendable {
  /// The settings.
  public let experiment: Experiment
  /// The parameters' layout.
  public let layout: ParameterLayout
  /// The parameters, flat, as `layout` says.
  public let parameters: [Double]
  /// The present sequences.
  public let data: SequenceBatch
  /// The steps of the window, and whose losses are injected.
  public let window: Window
  /// The state before the window's first step, [components, B, H] a layer.
  public let carriedState: [[Double]]
  /// What the pass does otherwise than plain backpropagation.
  public let variant: PassVariant

  /// What the pass does with the gradient on its way.
  public let flow: FlowControl

  /// The pass, in the run's precision.
  public func tape() -> Tape {
    Tape.compute(
      network: experiment.network, layout: layout, parameters: parameters, data: data, window: window,
      carriedState: carriedState, reduction: experiment.training.reduction, precision: experiment.precision,
      variant: variant, flow: flow)
  }

  /// A pass over the sequences with the parameters, the data, the state before the window's first step and the flow.
  func pass<S: Scalar>(_ precision: S.Type, recordsTape: Bool) -> Pass<S> {
    let pass = Pass<S>(
      network: experiment.network, layout: layout, steps: data.steps, batch: data.batch, loss: data.loss,
      recordsTape: recordsTape)
    narrow(parameters, into: pass.parameters)
    pass.load(data)
    for (layer, state) in carriedState.enumerated() {
      pass.setState(at: window.steps.lowerBound, layer: layer, from: state)
    }
    pass.flow = flow
    return pass
  }

  /// What the steps keep of the pass, run forward and not back.
  public func activations() -> KeptActivations {
    func run<S: Scalar>(_: S.Type) -> KeptActivations {
      let pass = pass(S.self, recordsTape: true)
      pass.forward(window.steps)
      return pass.keptActivations(window.steps)
    }
    return experiment.precision == .float64 ? run(Double.self) : run(Float.self)
  }

  /// What the plain pass of one sequence of the batch alone is a function of.
  public func only(sequence: Int) -> PassInputs {
    let (stateComponents, hidden) = (experiment.network.stateComponents, experiment.network.hidden)
    let starts = (0..<stateComponents).map { ($0 * data.batch + sequence) * hidden }
    return PassInputs(
      experiment: experiment, layout: layout, parameters: parameters, data: data.only(sequence: sequence),
      window: window, carriedState: carriedState.map { layer in starts.flatMap { Array(layer[$0..<$0 + hidden]) } },
      variant: PassVariant(), flow: flow)
  }
}

extension SequenceBatch {
  /// One sequence of the batch.
  func only(sequence: Int) -> SequenceBatch { only(sequences: [sequence]) }

  /// Some sequences of the batch, in this order.
  func only(sequences: [Int]) -> SequenceBatch {
    func column<T>(_ array: [T], _ width: Int) -> [T] {
      var values: [T] = []
      values.reserveCapacity(steps * sequences.count * width)
      for step in 0..<steps {
        for sequence in sequences {
          let start = (step * batch + sequence) * width
          values.append(contentsOf: array[start..<start + width])
        }
      }
      return values
    }
    let target: Targets =
      switch target {
      case .classes(let classes): .classes(column(classes, 1))
      case .values(let values): .values(column(values, outputs))
      }
    var only = SequenceBatch(
      steps: steps, batch: sequences.count, inputs: inputs, outputs: outputs, x: column(x, inputs),
      symbols: symbols.map { column($0, 1) }, target: target, targetMask: column(targetMask, 1),
      outputMask: outputMask.map { column($0, outputs) })
    only.givesGradients = givesGradients
    return only
  }
}

extension TrainingRun {
  /// What the next update's pass is a function of.
  public func passInputs() -> PassInputs {
    // The state is run up to the window first.
    let carried = engine.carriedState()
    return PassInputs(
      experiment: experiment, layout: layout, parameters: engine.parameters, data: engine.data, window: engine.window,
      carriedState: carried, variant: engine.variant, flow: experiment.training.flow)
  }

  /// ‖∂L/∂h_t‖ of the top layer at the first and the last step of the last update's window, as its own pass left them; nil where it
  /// did not go back through time over the whole window, or before the first update.
  public var windowNorms: (first: Double, last: Double)? { engine.windowNorms }
}
