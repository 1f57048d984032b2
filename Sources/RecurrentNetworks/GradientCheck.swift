/// Holds the gradient that BPTT computes for a window against finite differences of the window's objective.
///
/// The state before the window is held constant, as the truncation holds it: so a truncated gradient is checked as the
/// derivative that it is.
public struct GradientCheck {
  /// What was found for one tensor.
  public struct Row: Equatable, Sendable {
    /// PyTorch's name of the tensor.
    public var name: String
    /// Its shape.
    public var shape: [Int]
    /// How many of its elements were compared.
    public var compared: Int
    /// The largest |BPTT - finite difference| over the elements, divided by `scale`.
    public var largestError: Double
    /// The largest |∂L/∂w| of the tensor by BPTT, or 1e-3 of the largest of all tensors where that is more.
    public var scale: Double
    /// How far the finite differences of several steps are from each other where the error is largest, relative to
    /// themselves: where this is not small they do not settle on a derivative, and say nothing of BPTT's.
    public var spread: Double
  }

  private let layout: ParameterLayout
  private let parameters: UnsafeMutableBufferPointer<Double>
  private let gradient: [Double]
  /// L at the parameters as they stand.
  private let objective: () -> Double

  /// A check of any pass.
  ///
  /// - Parameters:
  ///   - layout: the parameters' layout.
  ///   - parameters: the parameters that the objective reads, which it keeps alive.
  ///   - gradient: the gradient to be checked, flat.
  ///   - objective: the objective at the parameters as they stand.
  package init(
    layout: ParameterLayout, parameters: UnsafeMutableBufferPointer<Double>, gradient: [Double],
    objective: @escaping () -> Double
  ) {
    (self.layout, self.parameters, self.gradient, self.objective) = (layout, parameters, gradient, objective)
  }

  /// Runs the pass of the window once, in double precision.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - layout: its parameters' layout.
  ///   - parameters: the parameters, flat.
  ///   - data: the whole sequences.
  ///   - window: the steps, and whose losses are injected.
  ///   - carriedState: the state before the window's first step, [components, B, H] a layer.
  ///   - reduction: how the losses make the objective.
  ///   - gradient: the gradient to be checked, flat; nil for the one that this pass computes.
  public init(
    network: NetworkSpecification, layout: ParameterLayout, parameters: [Double], data: SequenceBatch, window: Window,
    carriedState: [[Double]], reduction: Reduction, gradient: [Double]? = nil
  ) {
    let pass = Pass<Double>(network: network, layout: layout, steps: data.steps, batch: data.batch, loss: data.loss)
    for (index, value) in parameters.enumerated() { pass.parameters[index] = value }
    pass.load(data)
    for (layer, state) in carriedState.enumerated() {
      pass.setState(at: window.steps.lowerBound, layer: layer, from: state)
    }
    pass.forward(window.steps)
    _ = pass.backward(window, reduction: reduction)
    self.init(layout: layout, parameters: pass.parameters, gradient: gradient ?? Array(pass.gradient)) {
      pass.forward(window.steps)
      return pass.backward(window, reduction: reduction).objective
    }
  }

  /// One row a tensor; of a tensor with more than `limit` elements that many are compared, evenly spread.
  public func rows(limit: Int = 200) -> [Row] {
    let whole = gradient.reduce(0) { max($0, abs($1)) }
    return layout.entries.map { entry in
      let largest = entry.range.reduce(0.0) { max($0, abs(gradient[$1])) }
      let scale = max(largest, 1e-3 * whole, .leastNormalMagnitude)
      let compared = min(limit, entry.count)
      let found = (0..<compared).map { differences(at: entry.offset + $0 * entry.count / compared) }
      // A NaN is larger than every error.
      let worst = found.max { !$0.error.isNaN && ($1.error.isNaN || $0.error < $1.error) } ?? (0, 0)
      return Row(
        name: entry.name, shape: entry.shape, compared: compared, largestError: worst.error / scale, scale: scale,
        spread: worst.spread)
    }
  }

  /// |BPTT - finite difference| at one parameter, by the best of three steps: a wide one for smooth activations, narrow
  /// ones where a kink of the activation lies near; and how far the two nearest of the three are apart, relative to their size.
  private func differences(at index: Int) -> (error: Double, spread: Double) {
    let size = max(1, abs(parameters[index]))
    // (8 (L(w+h) - L(w-h)) - (L(w+2h) - L(w-2h))) / 12h, error of order h⁴
    let wide = 1e-3 * size
    let fourth =
      (8 * (objective(index, wide) - objective(index, -wide))
        - (objective(index, 2 * wide) - objective(index, -2 * wide))) / (12 * wide)
    // (L(w+h) - L(w-h)) / 2h, error of order h²
    let central = [1e-5 * size, 1e-7 * size].map { h in (objective(index, h) - objective(index, -h)) / (2 * h) }
    let estimates = ([fourth] + central).sorted()
    let error = estimates.map { abs($0 - gradient[index]) }.min() ?? .nan
    let nearest = min(estimates[1] - estimates[0], estimates[2] - estimates[1])
    return (error, nearest / max(abs(estimates[1]), .leastNormalMagnitude))
  }

  /// L with `change` added to one parameter.
  private func objective(_ index: Int, _ change: Double) -> Double {
    let before = parameters[index]
    defer { parameters[index] = before }
    parameters[index] = before + change
    return objective()
  }
}
