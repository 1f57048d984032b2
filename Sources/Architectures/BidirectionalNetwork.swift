import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Synchronization

/// A bidirectional recurrent network (Schuster & Paliwal 1997): in each layer one network reads the sequence forward, and another, with
/// weights of its own, from its end; the layer above and the readout see both, [h→_t; h←_t].
///
/// Each direction has its own time: in the backward one the state before step t is that of t+1, and the gradient goes towards the
/// sequence's end. A direction is a `Pass` of one layer of whatever cell; its tensors have PyTorch's names, those of the backward one
/// with `_reverse` behind.
final class BidirectionalNetwork<S: Scalar>: ArchitectureBody {
  let steps: Int, batch: Int, width: Int
  let layers: [Layer]
  let top: UnsafeMutablePointer<S>, topGradient: UnsafeMutablePointer<S>
  fileprivate let window: Window
  /// The tapes of the pass that was run, a direction each, once somebody asked for them.
  fileprivate let tapes = Mutex<[Tape]?>(nil)

  /// Both directions of a layer.
  struct Layer {
    /// Forward and backward.
    var directions: [Direction]
    /// [h→; h←], [T·B, 2·H], and its gradient.
    var joined: UnsafeMutablePointer<S>, joinedGradient: UnsafeMutablePointer<S>
  }

  /// One direction of a layer.
  struct Direction {
    var pass: Pass<S>
    var isReversed: Bool
    /// h in the sequence's order, [T·B, H], and ∂L/∂h.
    var state: UnsafeMutablePointer<S>, gradient: UnsafeMutablePointer<S>
    /// Where the tensors of the pass lie among the network's parameters and in its own.
    var tensors: [(network: Int, own: Range<Int>)]
  }

  private let weights: Weights<S>

  init(_ network: NetworkSpecification, _ weights: Weights<S>, steps: Int, batch: Int, _ arena: Arena<S>) {
    let h = network.outputUnits, rows = steps * batch
    (self.steps, self.batch, width, self.weights) = (steps, batch, h, weights)
    window = Window(steps: 0..<steps, injected: 0..<steps)
    layers = (0..<network.layers).map { index in
      let directions = [false, true].map { isReversed in
        let layout = Self.layout(network, inputs: index == 0 ? weights.layout.inputs : 2 * h)
        return Direction(
          pass: Pass<S>(
            network: network.single, layout: layout, steps: steps, batch: batch, loss: .given, recordsTape: true),
          isReversed: isReversed, state: arena.take(rows, h), gradient: arena.take(rows, h),
          tensors: layout.entries.map {
            (weights.offset(Self.name($0.name, layer: index, isReversed: isReversed)), $0.range)
          })
      }
      return Layer(directions: directions, joined: arena.take(rows, 2 * h), joinedGradient: arena.take(rows, 2 * h))
    }
    (top, topGradient) = (layers[network.layers - 1].joined, layers[network.layers - 1].joinedGradient)
  }

  var topWidth: Int { 2 * width }
  /// Those of the directions' own passes.
  var numbersApart: Int {
    layers.reduce(0) { $0 + $1.directions.reduce(0) { $0 + $1.pass.numbers } }
  }

  /// The layout of one direction of a layer, which has no readout: its states are its outputs.
  private static func layout(_ network: NetworkSpecification, inputs: Int) -> ParameterLayout {
    ParameterLayout(network.single, inputs: inputs, outputs: network.outputUnits, hasReadout: false)
  }

  /// weight_ih_l0 of a pass as it is called in layer 2 backward: weight_ih_l1_reverse.
  private static func name(_ name: String, layer: Int, isReversed: Bool) -> String {
    name.dropLast() + "\(layer)" + (isReversed ? "_reverse" : "")
  }

  /// The tensors before the readout: layer by layer, forward and then backward.
  static func tensors(_ network: NetworkSpecification, inputs: Int) -> [(name: String, shape: [Int])] {
    (0..<network.layers).flatMap { layer in
      [false, true].flatMap { isReversed in
        self.layout(network, inputs: layer == 0 ? inputs : 2 * network.outputUnits).entries.map {
          (name($0.name, layer: layer, isReversed: isReversed), $0.shape)
        }
      }
    }
  }

  /// What the network starts with: each direction of a layer as a recurrent layer does, with random numbers of its own.
  static func initialParameters(
    _ layout: ParameterLayout, _ network: NetworkSpecification, seed: UInt64
  ) -> [Double] {
    var parameters = [Double](repeating: 0, count: layout.count)
    for layer in 0..<network.layers {
      for isReversed in [false, true] {
        let own = self.layout(network, inputs: layer == 0 ? layout.inputs : 2 * network.outputUnits)
        let drawn = RecurrentNetworks.initialParameters(
          network.single, own, seed: seed &+ UInt64(2 * layer + (isReversed ? 1 : 0)) &* 1_000_003)
        for entry in own.entries {
          guard let target = layout[name(entry.name, layer: layer, isReversed: isReversed)] else { continue }
          parameters.replaceSubrange(target.range, with: drawn[entry.range])
        }
      }
    }
    if let readout = layout["readout.weight"] {
      var random = CounterRandom(seed: seed, stream: UInt64(layout.entries.count))
      let scale = network.initialization.readout / Double(readout.shape[1]).squareRoot()
      for index in readout.range { parameters[index] = scale * random.normal() }
    }
    return parameters
  }

  /// Each direction over the whole sequence, layer by layer.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func forward(_ x: UnsafePointer<S>) {
    tapes.withLock { $0 = nil }
    var read = x
    for layer in layers {
      for (index, direction) in layer.directions.enumerated() {
        let pass = direction.pass
        for (from, own) in direction.tensors {
          (pass.parameters.baseAddress ?? weights.parameters).advanced(by: own.lowerBound)
            .update(from: weights.parameters + from, count: own.count)
        }
        pass.takeInputs(read, isReversed: direction.isReversed)
        pass.resetState()
        pass.forward(0..<steps)
        pass.copyStates(into: layer.joined + index * width, stride: 2 * width, isReversed: direction.isReversed)
        pass.copyStates(into: direction.state, stride: width, isReversed: direction.isReversed)
      }
      read = UnsafePointer(layer.joined)
    }
  }

  /// ∂L/∂h_t of a layer goes back along both directions, each in its own time, and from both down to the layer below.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func backward(_ x: UnsafePointer<S>) {
    for index in layers.indices.reversed() {
      let layer = layers[index]
      let below = index > 0 ? layers[index - 1].joinedGradient : nil
      below?.update(repeating: 0, count: steps * batch * 2 * width)
      for (side, direction) in layer.directions.enumerated() {
        let pass = direction.pass
        pass.takeGradients(
          layer.joinedGradient + side * width, stride: 2 * width, isReversed: direction.isReversed)
        _ = pass.backward(window, reduction: .sum)
        for (to, own) in direction.tensors {
          for k in 0..<own.count { weights.gradient[to + k] += pass.gradient[own.lowerBound + k] }
        }
        pass.copyStateGradients(into: direction.gradient, isReversed: direction.isReversed)
        if let below { pass.addInputGradients(to: below, isReversed: direction.isReversed) }
      }
    }
  }

  // The forward direction of a layer is shown above its backward one, so that it is what a reader sees first.

  var shownLayers: Int { 2 * layers.count }
  var stateName: String { "h" }
  func graphLayer(_ layer: Int) -> Int { layer }
  func state(layer: Int) -> UnsafeMutablePointer<S> { shown(layer).state }
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { shown(layer).gradient }
  private func shown(_ layer: Int) -> Direction { layers[layer / 2].directions[1 - layer % 2] }
}

extension NetworkSpecification {
  /// One layer of it.
  fileprivate var single: Self {
    var single = self
    single.layers = 1
    return single
  }
}

extension BidirectionalNetwork: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    let tapes = tapes.withLock { known in
      let made =
        known ?? layers.flatMap { layer in layer.directions.map { $0.pass.tape(window: window, reduction: .sum) } }
      known = made
      return made
    }
    return BidirectionalGraph(
      chains: tapes.map { $0.graph(sequence: sequence) }, steps: steps, width: width, losses: losses)
  }
}

/// One sequence of such a pass. A site is the state of a direction of a layer at a step; it reads the state before it in its
/// direction's own time, and at its step both directions of the layer below.
struct BidirectionalGraph: GradientGraph {
  /// The directions, each as a recurrent layer in its own time: forward and backward of the lowest layer first.
  let chains: [TapeGraph]
  let steps: Int
  /// H, the numbers of h.
  let width: Int
  let losses: [LossSite]

  init(chains: [TapeGraph], steps: Int, width: Int, losses: [StepLoss]) {
    (self.chains, self.steps, self.width) = (chains, steps, width)
    let top = chains.count - 2
    // The readout sees both directions: each loss enters at two sites.
    self.losses = losses.flatMap { loss in
      [0, 1].map { side in
        LossSite(
          loss: loss.step, site: (top + side) * steps + (side == 0 ? loss.step : steps - 1 - loss.step),
          gradient: loss.gradient[side * width..<(side + 1) * width], weight: loss.weight)
      }
    }
  }

  /// Direction by direction, each in its own time.
  var sites: [Site] {
    (0..<chains.count * steps).map { id in
      let (chain, time) = (id / steps, id % steps)
      return Site(id: id, layer: Self.shownLayer(chain), position: chain % 2 == 0 ? time : steps - 1 - time)
    }
  }

  /// Forward directions are shown above backward ones.
  private static func shownLayer(_ chain: Int) -> Int { chain / 2 * 2 + (1 - chain % 2) }

  func width(_ site: Site.ID) -> Int { chains[site / steps].width(0) }
  func shownWidth(_ site: Site.ID) -> Int { chains[site / steps].shownWidth(0) }

  func predecessors(of site: Site.ID) -> [Edge] {
    let (chain, time) = (site / steps, site % steps)
    let before = time > 0 ? [Edge(from: site - 1, to: site)] : []
    guard chain >= 2 else { return before }
    let position = chain % 2 == 0 ? time : steps - 1 - time
    let below = chain / 2 * 2 - 2
    return [
      Edge(from: (below + 1) * steps + steps - 1 - position, to: site), Edge(from: below * steps + position, to: site),
    ] + before
  }

  var tracks: [Track] { chains.first?.tracks ?? [] }
  func values(of track: Track, at site: Site.ID) -> [Double] {
    chains[site / steps].values(of: track, at: site % steps)
  }

  func name(of site: Site.ID) -> String {
    let (chain, time) = (site / steps, site % steps)
    let layer = chains.count > 2 ? " of layer \(chain / 2 + 1)" : ""
    return chain % 2 == 0 ? "h→ at t = \(time + 1)\(layer)" : "h← at t = \(steps - time)\(layer)"
  }

  /// h→₃, h←₃.
  func symbol(of site: Site.ID) -> String {
    let (chain, time) = (site / steps, site % steps)
    return (chain % 2 == 0 ? "h→" + sub(time + 1) : "h←" + sub(steps - time))
      + (chains.count > 2 ? "[l\(chain / 2 + 1)]" : "")
  }

  func recurrentStep(of site: Site.ID) -> RecurrentStep? {
    let chain = chains[site / steps]
    return RecurrentStep(tape: chain.tape, sequence: chain.sequence, index: site % steps, layer: 0)
  }

  /// Each direction is a recurrent layer, in its own time.
  func line(layer: Int) -> (chain: any GradientChain, layer: Int)? {
    chains.indices.contains(layer) ? (chains[Self.shownLayer(layer)], 0) : nil
  }

  func makePullback(capacity: Int) -> BidirectionalPullback { BidirectionalPullback(self, capacity: capacity) }
}

/// Vector-Jacobian products of such a pass.
final class BidirectionalPullback: GradientPullback {
  private let graph: BidirectionalGraph
  private let chains: [StatePullback]

  init(_ graph: BidirectionalGraph, capacity: Int) {
    self.graph = graph
    chains = graph.chains.map { StatePullback($0.tape, layer: 0, sequence: $0.sequence, rows: capacity) }
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    guard let from = edge.from else { return }
    let (chain, time) = (edge.to / graph.steps, edge.to % graph.steps)
    if from / graph.steps == chain {
      chains[chain].apply(step: time, rows: count, from: rows, to: result)
    } else {
      // What stands in the inputs: h→ of the layer below, and behind it h←.
      let first = from / graph.steps % 2 * graph.width
      chains[chain].applyToInputs(first..<first + graph.width, step: time, rows: count, from: rows, to: result)
    }
  }
}
