import LinearAlgebra
import RecurrentNetworks

/// The whole influence matrix M_t = ∂s_t/∂w of every sequence and layer, and its recursion
/// M_t = J_t M_{t-1} + ∂⁺s_t/∂w (Williams & Zipser 1989).
///
/// Of a layer's state [components·H] the columns are the parameters of the layers up to it, in the order of the flat array. In a
/// stack h_t of the layer below is an input at the same step: M of layer l gets K_t M of layer l-1, K = ∂s_t/∂a_t W_ih.
///
/// M lies in panels of columns, as matrix products read their right side. J M takes M's own place: the panel that is
/// read gives way to the next one's product, so that all of M lies a panel further after an even step, and a panel back
/// after an odd one.
final class InfluenceMatrix<S: Scalar> {
  /// Every M, sequence by sequence, layer by layer: what goes on from step to step.
  var memory: UnsafeMutableRawBufferPointer {
    .init(start: elements, count: sequenceCount * pass.batch * MemoryLayout<S>.stride)
  }
  private let elements: UnsafeMutablePointer<S>
  private let pass: Pass<S>
  private let layers: [Layer]
  /// The elements of one sequence's M.
  private let sequenceCount: Int
  private let local: LocalDerivatives<S>
  /// J_t, K_t with zeros where it meets other components of the state than h, and a gradient by s_t that is 0 but for h.
  private let jacobian: UnsafeMutablePointer<S>, downward: UnsafeMutablePointer<S>
  private let stateGradient: UnsafeMutablePointer<S>
  private let width: Int, hidden: Int, jacobianStride: Int
  /// The columns of a panel, and its elements.
  private let panelColumns: Int, panelCount: Int
  /// Where M lies after the latest step: 0, or a panel further, 1.
  private var place = 0

  private struct Layer {
    /// Where its panels begin in a sequence's; columns, and the panels that they take.
    var offset: Int, columns: Int, panels: Int
    var blocks: [WeightBlock]
  }

  /// The elements that M takes for every sequence, without padding.
  static func count(_ sizes: AlgorithmSizes) -> Double {
    let state = Double(sizes.stateComponents) * Double(sizes.units), rows = Double(sizes.gates) * Double(sizes.units)
    var (parameters, count) = (0.0, 0.0)
    for layer in 0..<sizes.layers {
      parameters += rows * Double((layer == 0 ? sizes.inputs : sizes.units) + sizes.connections * sizes.units + 1)
      count += state * parameters
    }
    return count * Double(sizes.batch)
  }

  init(pass: Pass<S>) {
    self.pass = pass
    let network = pass.network
    let hidden = network.hidden, width = network.stateComponents * network.hidden
    let panelColumns = S.packedCount(k: 1, n: 1)
    let panelCount = S.packedCount(k: width, n: panelColumns)
    var offset = 0
    layers = (0..<network.layers).map { index in
      let columns = pass.layout.end(ofLayer: index)
      let panels = (columns + panelColumns - 1) / panelColumns
      defer { offset += (panels + 1) * panelCount }
      return Layer(offset: offset, columns: columns, panels: panels, blocks: pass.layout.weightBlocks(layer: index))
    }
    (self.hidden, self.width, self.panelColumns, self.panelCount) = (hidden, width, panelColumns, panelCount)
    sequenceCount = offset
    elements = allocateZeros(offset * pass.batch, of: S.self)
    local = LocalDerivatives(network)
    jacobianStride = paddedStride(width, of: S.self)
    jacobian = allocateZeros(width * jacobianStride, of: S.self)
    downward = allocateZeros(width * jacobianStride, of: S.self)
    stateGradient = allocateZeros(width, of: S.self)
  }

  deinit {
    for buffer in [elements, jacobian, downward, stateGradient] { buffer.deallocate() }
  }

  /// M of a sequence and layer, in panels [width, panelColumns].
  private func matrix(_ sequence: Int, _ layer: Layer, place: Int) -> UnsafeMutablePointer<S> {
    elements + sequence * sequenceCount + layer.offset + place * panelCount
  }

  /// Where an element lies from the beginning of its M.
  @inline(__always)
  private func position(_ row: Int, _ column: Int) -> Int {
    column / panelColumns * panelCount + row * panelColumns + column % panelColumns
  }

  /// M_t = J_t M_{t-1} + ∂⁺s_t/∂w, layer by layer.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func advance(sequence: Int, step t: Int, isFirst: Bool) {
    let before = t % 2
    place = 1 - before
    for (index, layer) in layers.enumerated() {
      pass.differentiate(step: t, layer: index, sequence: sequence, into: local)
      let m = matrix(sequence, layer, place: place)
      if !isFirst {
        findJacobian(layer: layer)
        multiply(from: matrix(sequence, layer, place: before), to: m, layer)
      }
      if index > 0 { addFromBelow(m, layer, sequence: sequence, below: layers[index - 1]) }
      addImmediate(m, layer, index: index, sequence: sequence, step: t)
    }
  }

  /// J_t = κ + Σ_g α_g W_hh,g, each matrix in the columns of the component of the state that it multiplies.
  private func findJacobian(layer: Layer) {
    let recurrent = layer.blocks.filter { $0.source == .state }
    guard !recurrent.isEmpty else { return }
    for row in 0..<width {
      let target = jacobian + row * jacobianStride
      let (component, unit) = (row / hidden, row % hidden)
      target.update(repeating: 0, count: width)
      for weights in recurrent {
        addGates(
          to: target + weights.component * hidden, byGate: local.byState, component: component, unit: unit, weights)
      }
      for other in 0..<local.stateComponents {
        target[other * hidden + unit] += local.direct[(component * local.stateComponents + other) * hidden + unit]
      }
    }
  }

  /// row += Σ_g α_{p,g,i} W_{g,i}.
  private func addGates(
    to row: UnsafeMutablePointer<S>, byGate: UnsafeMutablePointer<S>, component: Int, unit: Int, _ weights: WeightBlock
  ) {
    guard let parameters = pass.parameters.baseAddress else { return }
    for gate in 0..<local.gates {
      S.scaleAdd(
        rows: 1, columns: weights.columns, alpha: byGate[(component * local.gates + gate) * hidden + unit],
        x: parameters + weights.offset + (gate * hidden + unit) * weights.rowStride, xStride: 0, beta: 1, y: row,
        yStride: 0)
    }
  }

  /// M ← J M: a panel's product goes where the panel before it in turn has been read.
  private func multiply(from old: UnsafeMutablePointer<S>, to new: UnsafeMutablePointer<S>, _ layer: Layer) {
    let forwards = new < old
    for turn in 0..<layer.panels {
      let panel = (forwards ? turn : layer.panels - 1 - turn) * panelCount
      S.multiplyPacked(
        m: width, n: panelColumns, k: width, a: jacobian, aRowStride: jacobianStride, aColumnStride: 1,
        packedB: old + panel, c: new + panel, cRowStride: panelColumns, accumulate: false)
    }
  }

  /// M += K_t M_t of the layer below, whose h_t is this layer's input: K = ∂s_t/∂a_t W_ih.
  private func addFromBelow(_ m: UnsafeMutablePointer<S>, _ layer: Layer, sequence: Int, below: Layer) {
    guard let weights = layer.blocks.first(where: { $0.source == .input }) else { return }
    for row in 0..<width {
      let target = downward + row * jacobianStride
      target.update(repeating: 0, count: hidden)
      addGates(to: target, byGate: local.byInput, component: row / hidden, unit: row % hidden, weights)
    }
    let source = matrix(sequence, below, place: place)
    for panel in 0..<below.panels {
      S.multiplyPacked(
        m: width, n: panelColumns, k: width, a: downward, aRowStride: jacobianStride, aColumnStride: 1,
        packedB: source + panel * panelCount, c: m + panel * panelCount, cRowStride: panelColumns, accumulate: true)
    }
  }

  /// M += ∂⁺s_t/∂w: row i of a gate's weights touches unit i only.
  private func addImmediate(_ m: UnsafeMutablePointer<S>, _ layer: Layer, index: Int, sequence: Int, step t: Int) {
    for block in layer.blocks {
      let source = pass.source(block, layer: index, step: t, sequence: sequence)
      let byGate = block.isRecurrent ? local.byState : local.byInput
      for row in 0..<width {
        let (component, unit) = (row / hidden, row % hidden)
        for gate in 0..<local.gates {
          let factor = byGate[(component * local.gates + gate) * hidden + unit]
          let first = block.offset + (gate * hidden + unit) * block.rowStride
          if let source {
            add(factor, source, count: block.columns, to: m, row: row, column: first)
          } else {
            m[position(row, first)] += factor
          }
        }
      }
    }
  }

  /// M's row, from a column on, += factor · source: panel by panel.
  @inline(__always)
  private func add(
    _ factor: S, _ source: UnsafeMutablePointer<S>, count: Int, to m: UnsafeMutablePointer<S>, row: Int, column: Int
  ) {
    WorkCounter.add(count)
    var done = 0
    while done < count {
      let run = min(panelColumns - (column + done) % panelColumns, count - done)
      let target = m + position(row, column + done)
      for i in 0..<run { target[i] += factor * source[done + i] }
      done += run
    }
  }

  /// gradient += (∂l_t/∂h_t) M of the top layer's h.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    guard let top = layers.last, let gradient = pass.gradient.baseAddress else { return }
    stateGradient.update(from: lossGradient, count: hidden)
    S.multiplyPacked(
      m: 1, n: top.columns, k: width, a: stateGradient, aRowStride: 0, aColumnStride: 1,
      packedB: matrix(sequence, top, place: place), c: gradient, cRowStride: 0, accumulate: true)
  }

  /// M of a sequence in numbers for the screen.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func influence(sequence: Int) -> Influence {
    let units = layers.count * hidden
    var squares = [Double](repeating: 0, count: hidden * units)
    var whole = 0.0
    if let top = layers.last {
      let owners = owners(of: top)
      let m = matrix(sequence, top, place: place)
      for row in 0..<width {
        for column in 0..<top.columns {
          let element = Double(m[position(row, column)])
          whole += element * element
          if row < hidden { squares[row * units + owners[column]] += element * element }
        }
      }
    }
    return Influence(squares: squares, whole: whole, rows: hidden, columns: units)
  }

  /// The unit in whose rows each column of a layer's M lies.
  private func owners(of layer: Layer) -> [Int] {
    var owners = [Int](repeating: 0, count: layer.columns)
    for (index, layer) in layers.enumerated() {
      for block in layer.blocks {
        for row in 0..<local.gates * hidden {
          let first = block.offset + row * block.rowStride
          for column in first..<first + block.columns where column < owners.count {
            owners[column] = index * hidden + row % hidden
          }
        }
      }
    }
    return owners
  }
}
