import LinearAlgebra
import RecurrentNetworks

/// What a learning algorithm computes in the next window, beside backpropagation to the sequence's start at the same
/// weights; and, of an algorithm that goes forward, its influence matrix M_t = ∂s_t/∂w by step. A pure function of a
/// snapshot.
public struct AlgorithmReport: Sendable {
  /// One tensor's, or the whole gradient's, comparison.
  public struct Comparison: Equatable, Sendable {
    /// PyTorch's name of the tensor; "all" for the whole gradient.
    public let name: String
    /// ‖g‖₂ of the algorithm's gradient, and of the exact one.
    public let norm: Double, exactNorm: Double
    /// cos of the angle between the two; NaN where one of them is 0.
    public let cosine: Double
    /// norm / exactNorm; NaN where both are 0.
    public var ratio: Double { norm / exactNorm }
  }

  /// The algorithm.
  public let algorithm: AlgorithmKind
  /// The next window, as the trainer is about to take it.
  public let window: Window
  /// The gradient that the algorithm gets for it, before clipping: bit for bit what the trainer will get. Flat, in the
  /// layout's order.
  public let gradient: [Double]
  /// The same losses' gradient by backpropagation to the sequence's start, which is run again under the present weights.
  public let exact: [Double]
  /// The two against each other.
  public let overall: Comparison
  /// The two against each other tensor by tensor, in the layout's order.
  public let tensors: [Comparison]
  /// log10 ‖M_t‖_F of sequence 0 after each step of the window, as training carries M, [window.steps.count]; -infinity for 0.
  /// Empty for an algorithm that carries no influence.
  public let influence: [Double]
  /// log10 ‖M_t‖_F of sequence 0 from its start under the present weights, after each of the steps 0 ..< the window's end;
  /// empty where that is too long, or there is no influence.
  public let restarted: [Double]
  /// The step of the sequence whose M `byUnit` is; nil where there is none.
  public let step: Int?
  /// M of that step by units, [H, layers·H]: element (i, j) is ‖∂h_{t,i}/∂w‖₂ over the parameters w in the rows of unit j, of
  /// the layers from the lowest up. In the window M is as training carries it, before it as from the start.
  public let byUnit: Matrix?
}

extension AlgorithmReport {
  /// The report on a snapshot's next window.
  ///
  /// - Parameters:
  ///   - snapshot: the run's state before that window.
  ///   - step: the step of the sequence whose M is wanted by units; the window's last where it is nil or lies behind.
  ///   - longest: the most steps over which M is followed from the sequence's start.
  public static func compute(_ snapshot: Snapshot, step: Int? = nil, longest: Int = 2000) -> AlgorithmReport {
    snapshot.experiment.precision == .float64
      ? Reporter<Double>(snapshot).report(step: step, longest: longest)
      : Reporter<Float>(snapshot).report(step: step, longest: longest)
  }

  /// The report on a gradient that was made in another way than by the snapshot's learning algorithm in time: over a graph, or by
  /// clients.
  ///
  /// - Parameters:
  ///   - gradient: what trains, flat, in the layout's order.
  ///   - exact: that of the whole batch.
  ///   - snapshot: whose weights both are of.
  public static func compare(_ gradient: [Double], to exact: [Double], in snapshot: Snapshot) -> AlgorithmReport {
    AlgorithmReport(
      algorithm: snapshot.experiment.training.algorithm, window: snapshot.window, gradient: gradient, exact: exact,
      overall: .init("all", gradient[...], exact[...]),
      tensors: snapshot.layout.entries.map { .init($0.name, gradient[$0.range], exact[$0.range]) }, influence: [],
      restarted: [], step: nil, byUnit: nil)
  }

  /// The report's `gradient` alone, which nothing is held against.
  public static func gradient(of snapshot: Snapshot) -> [Double] {
    snapshot.experiment.precision == .float64
      ? Reporter<Double>(snapshot).trained(nil).gradient : Reporter<Float>(snapshot).trained(nil).gradient
  }
}

extension AlgorithmReport.Comparison {
  fileprivate init(_ name: String, _ gradient: ArraySlice<Double>, _ exact: ArraySlice<Double>) {
    func norm(_ values: ArraySlice<Double>) -> (scale: Double, norm: Double) {
      let largest = values.reduce(0) { max($0, abs($1)) }
      guard largest > 0, largest < .infinity else { return (1, largest) }
      return (largest, values.reduce(0) { $0 + $1 / largest * ($1 / largest) }.squareRoot())
    }
    let (own, other) = (norm(gradient), norm(exact))
    // Each divided by its largest element, so that no square underflows.
    let product = zip(gradient, exact).reduce(0) { $0 + $1.0 / own.scale * ($1.1 / other.scale) }
    self.init(
      name: name, norm: own.scale * own.norm, exactNorm: other.scale * other.norm,
      cosine: product / (own.norm * other.norm))
  }
}

/// A report on its way, in the precision of training.
private struct Reporter<S: Scalar> {
  let snapshot: Snapshot
  let kind: any GradientAlgorithm<S>.Type

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    kind = snapshot.experiment.training.algorithm.type(S.self)
  }

  func report(step: Int?, longest: Int) -> AlgorithmReport {
    let window = snapshot.window
    let wanted = min(max(step ?? .max, 0), window.steps.upperBound - 1)
    let trained = trained(wanted)
    let whole = exact(wanted, longest: longest)
    let byUnit = trained.byUnit ?? whole.byUnit
    return AlgorithmReport(
      algorithm: snapshot.experiment.training.algorithm, window: window, gradient: trained.gradient,
      exact: whole.gradient, overall: .init("all", trained.gradient[...], whole.gradient[...]),
      tensors: snapshot.layout.entries.map {
        .init($0.name, trained.gradient[$0.range], whole.gradient[$0.range])
      }, influence: trained.influence, restarted: whole.influence, step: byUnit == nil ? nil : wanted, byUnit: byUnit)
  }

  struct Part {
    var gradient: [Double] = []
    var influence: [Double] = []
    var byUnit: Matrix?
  }

  /// The window as the trainer will take it; without a wanted step no influence is looked at.
  func trained(_ wanted: Int?) -> Part {
    let pass = snapshot.pass(S.self, recordsTape: kind.keepsEveryStep(snapshot.experiment))
    let window = snapshot.window
    for (layer, state) in snapshot.carriedState.enumerated() {
      pass.setState(at: window.steps.lowerBound, layer: layer, from: state)
    }
    // Activations that older weights made, where the past is not run forward again.
    if let kept = snapshot.variant.kept { pass.restore(kept, at: window.steps.lowerBound) }
    let algorithm = kind.init(snapshot.experiment, pass: pass)
    algorithm.beginSequence()
    if snapshot.algorithmMemory.count == algorithm.memory.count {
      algorithm.memory.copyBytes(from: snapshot.algorithmMemory)
    }
    var component = Part()
    if let wanted, let forward = algorithm as? any ForwardAlgorithm<S> {
      _ = forward.gradient(of: window, at: snapshot.position) { sequence, t in
        if sequence == 0 { note(forward, t, wanted, &component) }
      }
    } else {
      _ = algorithm.gradient(of: window, at: snapshot.position)
    }
    component.gradient = pass.gradient.map { Double($0) }
    return component
  }

  /// The same losses back to the sequence's start, and the influence from there.
  private func exact(_ wanted: Int, longest: Int) -> Part {
    let isForward = kind is any ForwardAlgorithm<S>.Type
    // The reference is the gradient itself, neither clipped on its way nor with Ω.
    let pass = snapshot.pass(S.self, recordsTape: isForward, flow: FlowControl())
    let end = snapshot.window.steps.upperBound
    pass.forward(0..<end)
    _ = pass.backward(
      Window(steps: 0..<end, injected: snapshot.window.injected),
      reduction: snapshot.experiment.training.reduction)
    var component = Part()
    component.gradient = pass.gradient.map { Double($0) }
    guard isForward, end <= longest else { return component }
    let algorithm = kind.init(snapshot.experiment, pass: pass)
    algorithm.beginSequence()
    if let forward = algorithm as? any ForwardAlgorithm<S> {
      for t in 0..<end {
        forward.advance(sequence: 0, step: t, isFirst: t == 0, position: snapshot.position)
        note(forward, t, wanted, &component)
      }
    }
    return component
  }

  private func note(_ algorithm: any ForwardAlgorithm<S>, _ t: Int, _ wanted: Int, _ component: inout Part) {
    let influence = algorithm.influence(sequence: 0)
    component.influence.append(influence.logNorm)
    if t == wanted { component.byUnit = influence.byUnit }
  }
}
