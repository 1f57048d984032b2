import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// A convolutional LSTM (Shi et al. 2015, without peepholes) over frames of one dimension: each of W cells has C channels, all
/// cells share the weights, and the readout is one for all cells too.
///
/// a_t = W_ih ∗ x_t + W_hh ∗ h_{t-1} + b, ∗ PyTorch's `Conv1d` of an odd width k with zeros beyond the edges;
/// i, f, g, o = σ, σ, tanh, σ of the quarters of a_t; c_t = f ⊙ c_{t-1} + i ⊙ g; h_t = o ⊙ tanh c_t.
///
/// A state is W·C wide, cell by cell. The gradient moves at most (k - 1)/2 cells a step.
final class ConvolutionalLSTM<S: Scalar>: ArchitectureBody {
  let steps: Int, batch: Int, width: Int, cells: Int, channels: Int, kernel: Int
  private let input: Dense<S>
  let recurrent: Dense<S>
  /// What each cell's convolution reads of x and of h_{t-1}: [T·B·W, k] and [T·B·W, C·k].
  private let inputPatches: UnsafeMutablePointer<S>, patches: UnsafeMutablePointer<S>
  /// The gates' values and derivatives, and ∂L/∂a, [T·B·W, 4·C].
  let value: UnsafeMutablePointer<S>, slope: UnsafeMutablePointer<S>
  private let preactivationGradient: UnsafeMutablePointer<S>
  /// h and ∂L/∂h; c; tanh c and its derivative, [T·B·W, C].
  let top: UnsafeMutablePointer<S>, topGradient: UnsafeMutablePointer<S>, c: UnsafeMutablePointer<S>
  let squashed: UnsafeMutablePointer<S>, squashedSlope: UnsafeMutablePointer<S>
  /// ∂L/∂c of the step under way, [B·W, C], and that of the patches.
  private let memoryGradient: UnsafeMutablePointer<S>, patchGradient: UnsafeMutablePointer<S>

  init(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, _ weights: Weights<S>, steps: Int,
    batch: Int, _ arena: Arena<S>
  ) {
    let cells = weights.layout.inputs, channels = network.hidden / cells, k = specification.kernel
    (self.steps, self.batch, width, kernel) = (steps, batch, network.hidden, k)
    (self.cells, self.channels) = (cells, channels)
    input = Dense(
      weights.offset("conv_ih.weight"), weights.offset("conv_ih.bias"), weights, inputs: k, outputs: 4 * channels,
      arena)
    recurrent = Dense(
      weights.offset("conv_hh.weight"), nil, weights, inputs: channels * k, outputs: 4 * channels, arena)
    let rows = steps * batch * cells
    (inputPatches, patches) = (arena.take(rows, k), arena.take(rows, channels * k))
    (value, slope) = (arena.take(rows, 4 * channels), arena.take(rows, 4 * channels))
    preactivationGradient = arena.take(rows, 4 * channels)
    (top, topGradient, c) = (arena.take(rows, channels), arena.take(rows, channels), arena.take(rows, channels))
    (squashed, squashedSlope) = (arena.take(rows, channels), arena.take(rows, channels))
    memoryGradient = arena.take(batch * cells, channels)
    patchGradient = arena.take(batch * cells, channels * k)
  }

  /// The tensors before the readout, with the shapes of `Conv1d`.
  static func tensors(
    _ specification: ArchitectureSpecification, _ network: NetworkSpecification, inputs: Int
  ) -> [(name: String, shape: [Int])] {
    let channels = network.hidden / inputs, k = specification.kernel
    return [
      ("conv_ih.weight", [4 * channels, 1, k]), ("conv_ih.bias", [4 * channels]),
      ("conv_hh.weight", [4 * channels, channels, k]),
    ]
  }

  /// patch[cell, channel, j] = frame[cell + j - (k - 1)/2, channel], 0 beyond the edges; of `frames` frames.
  private func gather(
    _ frame: UnsafePointer<S>, frames: Int, channels: Int, into patch: UnsafeMutablePointer<S>
  ) {
    let reach = (kernel - 1) / 2
    for row in 0..<frames * cells {
      let cell = row % cells, to = patch + row * channels * kernel
      for j in 0..<kernel {
        let other = cell + j - reach, isInside = other >= 0 && other < cells
        let from = frame + (row + j - reach) * channels
        for channel in 0..<channels { to[channel * kernel + j] = isInside ? from[channel] : 0 }
      }
    }
  }

  /// The same backwards: frame[cell + j - (k - 1)/2, channel] += patch[cell, channel, j].
  func scatter(
    _ patch: UnsafePointer<S>, frames: Int, into frame: UnsafeMutablePointer<S>
  ) {
    let reach = (kernel - 1) / 2
    for row in 0..<frames * cells {
      let cell = row % cells, from = patch + row * channels * kernel
      for j in 0..<kernel where cell + j - reach >= 0 && cell + j - reach < cells {
        let to = frame + (row + j - reach) * channels
        for channel in 0..<channels { to[channel] += from[channel * kernel + j] }
      }
    }
  }

  /// a_t = W_ih ∗ x_t + W_hh ∗ h_{t-1} + b, then the gates, c_t and h_t, step by step.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func forward(_ sequences: UnsafePointer<S>) {
    for dense in [input, recurrent] { dense.pack(back: false) }
    gather(sequences, frames: steps * batch, channels: 1, into: inputPatches)
    input.forward(steps * batch * cells, inputPatches, into: slope)
    let rows = batch * cells
    for t in 0..<steps {
      let place = t * rows
      if t > 0 {
        let patch = patches + place * channels * kernel
        gather(top + (place - rows) * channels, frames: batch, channels: channels, into: patch)
        recurrent.addForward(rows, patch, to: slope + place * 4 * channels)
      }
      step(t, rows)
    }
  }

  /// From a, in `slope`, to c and h of a step.
  private func step(_ t: Int, _ rows: Int) {
    let row = 4 * channels, gate = value + t * rows * row, derivative = slope + t * rows * row
    let quarters = [(0, 2, ElementwiseFunction.sigmoid), (2, 1, .tanh), (3, 1, .sigmoid)]
    for (first, count, function) in quarters {
      let place = first * channels
      _ = S.activate(
        function, rows: rows, columns: count * channels, a: derivative + place, aStride: row, value: gate + place,
        valueStride: row, derivative: derivative + place, derivativeStride: row)
    }
    let start = t * rows * channels, memory = c + start
    for r in 0..<rows {
      for j in 0..<channels {
        let own = r * channels + j, g = gate + r * row + j
        let before: S = t > 0 ? memory[own - rows * channels] : 0
        memory[own] = g[channels] * before + g[0] * g[2 * channels]
      }
    }
    _ = S.activate(
      .tanh, rows: 1, columns: rows * channels, a: memory, aStride: 0, value: squashed + start, valueStride: 0,
      derivative: squashedSlope + start, derivativeStride: 0)
    S.multiplyElements(
      rows: rows, columns: channels, scale: 1, x: gate + 3 * channels, xStride: row, y: squashed + start,
      yStride: channels, into: top + start, zStride: channels)
  }

  /// With δ_t = ∂L/∂h_t and ∂L/∂c_t = o ⊙ tanh′(c_t) ⊙ δ_t + f_{t+1} ⊙ ∂L/∂c_{t+1}: ∂L/∂a_t by the gates, and
  /// δ_{t-1} += W_hhᵀ ∗ ∂L/∂a_t, the convolution turned round.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func backward(_ sequences: UnsafePointer<S>) {
    recurrent.pack(back: true)
    let rows = batch * cells
    memoryGradient.update(repeating: 0, count: rows * channels)
    for t in (0..<steps).reversed() {
      let place = t * rows, da = preactivationGradient + place * 4 * channels
      for r in 0..<rows {
        for j in 0..<channels {
          let own = r * channels + j
          memoryGradient[own] = backThroughGates(
            (place + r) * channels + j, channel: j, before: t > 0 ? rows * channels : nil,
            dh: topGradient[place * channels + own], dc: memoryGradient[own], into: da + r * 4 * channels + j)
        }
      }
      guard t > 0 else { continue }
      recurrent.backward(rows, da, into: patchGradient)
      scatter(patchGradient, frames: batch, into: topGradient + (place - rows) * channels)
    }
    input.addGradient(steps * rows, inputPatches, preactivationGradient)
    // Nothing stands before the first step.
    recurrent.addGradient(
      (steps - 1) * rows, patches + rows * channels * kernel, preactivationGradient + rows * 4 * channels)
  }

  /// ∂L/∂a of one channel of a cell at a step, from what arrives at its h and c.
  ///
  /// - Parameters:
  ///   - own: its place among the states.
  ///   - before: how far back its c of the step before lies; nil where there is none.
  /// - Returns: ∂L/∂c of the step before.
  @inline(__always)
  func backThroughGates(
    _ own: Int, channel j: Int, before: Int?, dh: S, dc: S, into da: UnsafeMutablePointer<S>
  ) -> S {
    let gates = (own / channels) * 4 * channels + j
    let g = value + gates, d = slope + gates
    let atMemory = dc + dh * g[3 * channels] * squashedSlope[own]
    da[0] = atMemory * g[2 * channels] * d[0]
    da[channels] = before.map { atMemory * c[own - $0] * d[channels] } ?? 0
    da[2 * channels] = atMemory * g[0] * d[2 * channels]
    da[3 * channels] = dh * squashed[own] * d[3 * channels]
    return atMemory * g[channels]
  }

  var topWidth: Int { width }
  var shownLayers: Int { 1 }
  var stateName: String { "h" }
  func graphLayer(_ layer: Int) -> Int { 0 }
  func state(layer: Int) -> UnsafeMutablePointer<S> { top }
  func stateGradient(layer: Int) -> UnsafeMutablePointer<S> { topGradient }
}

extension ConvolutionalLSTM: GraphBody where S == Double {
  func graph(sequence: Int, losses: [StepLoss]) -> any GradientGraph {
    ConvolutionalGraph(network: self, sequence: sequence, losses: losses.map { $0.site($0.step) })
  }
}

/// One sequence of a convolutional LSTM's pass: a chain of steps. A site is h and c, [2·W·C].
///
/// It may cross threads: the network is that of a `GraphRecording`, whose pass is made whole before anybody has it and which
/// nobody writes to any more; pullbacks have scratch space of their own.
struct ConvolutionalGraph: GradientChain, @unchecked Sendable {
  let network: ConvolutionalLSTM<Double>
  let sequence: Int
  let losses: [LossSite]

  var sites: [Site] { (0..<steps).map { Site(id: $0, layer: 0, position: $0) } }
  var steps: Int { network.steps }
  func width(_ site: Site.ID) -> Int { 2 * network.width }
  func shownWidth(_ site: Site.ID) -> Int { network.width }
  func predecessors(of site: Site.ID) -> [Edge] { site > 0 ? [Edge(from: site - 1, to: site)] : [] }
  func site(layer: Int, position: Int) -> Site.ID { position }
  func name(of site: Site.ID) -> String { "h, c at t = \(site + 1)" }

  /// The gates that are open or shut, of each channel of each cell.
  var tracks: [Track] { ["i", "f", "o"].map { Track(name: $0, range: 0...1) } }
  func values(of track: Track, at site: Site.ID) -> [Double] {
    let quarter = ["i": 0, "f": 1, "o": 3][track.name] ?? 0
    return gate(quarter, at: site)
  }

  func gate(_ quarter: Int, at site: Site.ID) -> [Double] {
    let c = network.channels
    let start = network.value + (site * network.batch + sequence) * 4 * network.width
    return (0..<network.width).map { start[$0 / c * 4 * c + quarter * c + $0 % c] }
  }

  /// c goes on by f, past all weights.
  func memoryPath(layer: Int) -> MemoryPath? {
    MemoryPath(
      component: "c", gate: "f", columns: network.width..<2 * network.width,
      factors: (0..<steps).map { gate(1, at: $0) })
  }

  func makePullback(capacity: Int) -> ConvolutionalPullback { ConvolutionalPullback(self, capacity: capacity) }
}

/// Vector-Jacobian products of a convolutional LSTM's steps.
final class ConvolutionalPullback: GradientPullback {
  private let graph: ConvolutionalGraph
  /// A row's ∂·/∂a, and what goes from it to the patches, a line a cell.
  private let atSum: RowScratch, atPatches: RowScratch

  init(_ graph: ConvolutionalGraph, capacity: Int) {
    self.graph = graph
    let network = graph.network
    atSum = RowScratch(capacity * network.cells, 4 * network.channels)
    atPatches = RowScratch(capacity * network.cells, network.channels * network.kernel)
  }

  func pullBack(_ rows: RowBlock, count: Int, along edge: Edge, into result: RowBlock) {
    guard edge.from != nil else { return }
    let network = graph.network, d = network.width, c = network.channels
    let own = (edge.to * network.batch + graph.sequence) * d
    for row in 0..<count {
      let v = rows.elements + row * rows.stride, to = result.elements + row * result.stride
      for j in 0..<d {
        to[d + j] = network.backThroughGates(
          own + j, channel: j % c, before: network.batch * d, dh: v[j], dc: v[d + j],
          into: atSum.row(row * network.cells + j / c) + j % c)
      }
      to.update(repeating: 0, count: d)
    }
    network.recurrent.backward(count * network.cells, atSum.start, into: atPatches.start)
    for row in 0..<count {
      network.scatter(atPatches.row(row * network.cells), frames: 1, into: result.elements + row * result.stride)
    }
    result.copyExponents(of: rows, count: count)
  }
}
