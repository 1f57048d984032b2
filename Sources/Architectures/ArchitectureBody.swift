import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// What stands between the inputs and the readout of a network that is no recurrent one, over a batch of whole sequences.
///
/// Rows are ordered [T, B]. Everything is kept until the next pass, so that a graph can be read off it.
public protocol ArchitectureBody<S>: AnyObject {
  associatedtype S: Scalar

  /// What the readout reads, [T·B, d], and its gradient.
  var top: UnsafeMutablePointer<S> { get }
  var topGradient: UnsafeMutablePointer<S> { get }
  /// The numbers of a row of the top: those of a state, but where the readout sees more than one.
  var topWidth: Int { get }
  /// The first step with something for the readout: before it the top is 0, and its gradient is not asked for.
  var firstTopStep: Int { get }
  /// From the inputs, [T·B, I], to the top.
  func forward(_ input: UnsafePointer<S>)
  /// From the top's gradient to those of the parameters, which grow, and of every layer.
  func backward(_ input: UnsafePointer<S>)

  /// The layers that a reader can look into, the lowest first.
  var shownLayers: Int { get }
  /// A layer's states, [T·B, d], and ∂L/∂state.
  func state(layer: Int) -> UnsafeMutablePointer<S>
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S>
  /// The part of it that comes past time by a path of length 1, where there is such a part beside others.
  func directGradient(layer: Int) -> UnsafeMutablePointer<S>?
  /// The numbers that it works with outside the pass' arena.
  var numbersApart: Int { get }
  /// What the states are called.
  var stateName: String { get }
  /// The layer of the graph that is shown as `layer`.
  func graphLayer(_ layer: Int) -> Int
}

extension ArchitectureBody {
  /// Every step has.
  public var firstTopStep: Int { 0 }
  /// There are none.
  public var numbersApart: Int { 0 }
  /// There is none.
  public func directGradient(layer: Int) -> UnsafeMutablePointer<S>? { nil }
}

/// A body in doubles, of which a graph can be read.
protocol GraphBody: ArchitectureBody<Double> {
  /// A sequence as its gradient sees it, with these losses.
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph
}

/// ∂l_t/∂ of what the readout reads at step t, and the weight of l_t.
struct StepLoss {
  var step: Int, gradient: [Double], weight: Double

  /// At a site.
  func site(_ site: Site.ID) -> LossSite {
    LossSite(loss: step, site: site, gradient: gradient[...], weight: weight)
  }
}

extension ArchitectureSpecification {
  /// The layout of the parameters: the body's tensors, then the readout's.
  public func layout(_ network: NetworkSpecification, inputs: Int, outputs: Int, steps: Int) -> ParameterLayout {
    let body: [(name: String, shape: [Int])] =
      switch kind {
      case .recurrent: []
      case .transformer: Transformer<Double>.tensors(self, network, inputs: inputs, steps: steps)
      case .attention: AttentiveNetwork<Double>.tensors(self, network, inputs: inputs)
      case .tree: TreeNetwork<Double>.tensors(self, network, inputs: inputs)
      case .feedforward: DeepNetwork<Double>.tensors(self, network, inputs: inputs, steps: steps)
      case .convolutional: ConvolutionalLSTM<Double>.tensors(self, network, inputs: inputs)
      case .bidirectional: BidirectionalNetwork<Double>.tensors(network, inputs: inputs)
      }
    let places = readoutPlaces(inputs: inputs),
      width = kind == .bidirectional ? 2 * network.outputUnits : network.hidden
    let readout = [("readout.weight", [outputs / places, width / places]), ("readout.bias", [outputs / places])]
    return ParameterLayout(tensors: body + readout, inputs: inputs, outputs: outputs)
  }

  /// How many equal parts of a state the same readout reads, each by itself: the cells of a frame, else one.
  func readoutPlaces(inputs: Int) -> Int { kind == .convolutional ? inputs : 1 }

  /// The body of a pass.
  func makeBody<S: Scalar>(
    _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int, batch: Int, _ arena: Arena<S>
  ) -> any ArchitectureBody<S> {
    switch kind {
    case .recurrent, .transformer:
      Transformer(self, network, weights, steps: steps, batch: batch, arena)
    case .attention: AttentiveNetwork(self, network, weights, steps: steps, batch: batch, arena)
    case .tree: TreeNetwork(self, network, weights, steps: steps, batch: batch, arena)
    case .convolutional: ConvolutionalLSTM(self, network, weights, steps: steps, batch: batch, arena)
    case .feedforward: DeepNetwork(self, network, weights, steps: steps, batch: batch, arena)
    case .bidirectional: BidirectionalNetwork(network, weights, steps: steps, batch: batch, arena)
    }
  }

  /// What the network starts with, flat: matrices N(0, variance/fan-in), those of inputs and readout by their own scales, gains of
  /// 1, biases of 0. Each tensor has its own stream of random numbers.
  public func initialParameters(
    _ layout: ParameterLayout, _ network: NetworkSpecification, seed: UInt64
  ) -> [Double] {
    if kind == .bidirectional {
      return BidirectionalNetwork<Double>.initialParameters(layout, network, seed: seed)
    }
    let initialization = network.initialization
    var parameters = [Double](repeating: 0, count: layout.count)
    for (index, entry) in layout.entries.enumerated() {
      if entry.name.contains("bias") { continue }
      if entry.name.contains("norm") {
        for k in entry.range { parameters[k] = 1 }
        continue
      }
      if entry.name == "weight_hh_l0" {
        parameters.replaceSubrange(
          entry.range, with: recurrentMatrix(initialization, size: entry.shape[0], seed: seed, stream: index))
        continue
      }
      var random = CounterRandom(seed: seed, stream: UInt64(index))
      let fanIn = kind == .convolutional ? entry.shape.dropFirst().reduce(1, *) : entry.shape.last ?? 1
      let scale = scale(of: entry.name, initialization) / Double(fanIn).squareRoot()
      for k in entry.range { parameters[k] = scale * random.normal() }
    }
    return parameters
  }

  private func scale(of name: String, _ initialization: Initialization) -> Double {
    if name.hasPrefix("embedding.") || name.hasPrefix("input.") || name == "weight_ih_l0"
      || name.hasPrefix("conv_ih.") || name.hasPrefix("positions.")
    {
      return initialization.input
    }
    return name.hasPrefix("readout.") ? initialization.readout : variance.squareRoot()
  }
}
