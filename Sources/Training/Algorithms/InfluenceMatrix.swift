import LinearAlgebra
import RecurrentNetworks

/// The whole influence matrix M_t = ∂s_t/∂w of every sequence and layer, and its recursion
/// M_t = J_t M_{t-1} + ∂⁺s_t/∂w (Williams & Zipser 1989).
///
/// Of a layer's state [parts·H] the columns are the parameters of the layers up to it, in the order of the flat array. In a
/// stack h_t of the layer below is an input at the same step: M of layer l gets K_t M of layer l-1, K = ∂s_t/∂a_t W_ih.
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
  /// J_t, K_t, and some columns of M in panels.
  private let jacobian: UnsafeMutablePointer<S>, downward: UnsafeMutablePointer<S>, panels: UnsafeMutablePointer<S>
  private let width: Int, hidden: Int, jacobianStride: Int, downwardStride: Int, panelColumns: Int

  private struct Layer {
    /// Where its M begins in a sequence's; columns, and the distance of rows.
    var offset: Int, columns: Int, stride: Int
    var blocks: [WeightBlock]
  }

  /// The elements that M takes for every sequence, without padding.
  static func count(_ sizes: AlgorithmSizes) -> Double {
    let state = Double(sizes.parts) * Double(sizes.units), rows = Double(sizes.gates) * Double(sizes.units)
    var (parameters, count) = (0.0, 0.0)
    for layer in 0..<sizes.layers {
      parameters += rows * Double((layer == 0 ? sizes.inputs : sizes.units) + sizes.units + 1)
      count += state * parameters
    }
    return count * Double(sizes.batch)
  }

  init(pass: Pass<S>) {
    self.pass = pass
    let network = pass.network
    hidden = network.hidden
    width = network.cell.parts * network.hidden
    var offset = 0
    layers = (0..<network.layers).map { index in
      let columns = pass.layout.end(ofLayer: index)
      let stride = paddedStride(columns, of: S.self)
      defer { offset += network.cell.parts * network.hidden * stride }
      return Layer(offset: offset, columns: columns, stride: stride, blocks: pass.layout.weightBlocks(layer: index))
    }
    sequenceCount = offset
    elements = allocateZeros(offset * pass.batch, of: S.self)
    local = LocalDerivatives(network)
    jacobianStride = paddedStride(width, of: S.self)
    downwardStride = paddedStride(hidden, of: S.self)
    // A third of a first-level cache.
    let panel = 128 / MemoryLayout<S>.size
    panelColumns = max(1, 16_384 / MemoryLayout<S>.size / width / panel) * panel
    jacobian = allocateZeros(width * jacobianStride, of: S.self)
    downward = allocateZeros(width * downwardStride, of: S.self)
    panels = allocateZeros(S.packedCount(k: width, n: panelColumns), of: S.self)
  }

  deinit {
    for buffer in [elements, jacobian, downward, panels] { buffer.deallocate() }
  }

  /// M of a sequence and layer.
  private func matrix(_ sequence: Int, _ layer: Layer) -> UnsafeMutablePointer<S> {
    elements + sequence * sequenceCount + layer.offset
  }

  /// M_t = J_t M_{t-1} + ∂⁺s_t/∂w, layer by layer.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func advance(sequence: Int, step t: Int, isFirst: Bool) {
    for (index, layer) in layers.enumerated() {
      pass.differentiate(step: t, layer: index, sequence: sequence, into: local)
      let m = matrix(sequence, layer)
      if !isFirst {
        findJacobian(layer: layer)
        multiply(m, layer)
      }
      if index > 0 { addFromBelow(m, layer, sequence: sequence, below: layers[index - 1]) }
      addImmediate(m, layer, index: index, sequence: sequence, step: t)
    }
  }

  /// J_t = κ + Σ_g α_g W_hh,g.
  private func findJacobian(layer: Layer) {
    guard let weights = layer.blocks.first(where: { $0.source == .state }) else { return }
    for row in 0..<width {
      let target = jacobian + row * jacobianStride
      let (part, unit) = (row / hidden, row % hidden)
      target.update(repeating: 0, count: width)
      addGates(to: target, byGate: local.byState, part: part, unit: unit, weights)
      for other in 0..<local.parts {
        target[other * hidden + unit] += local.direct[(part * local.parts + other) * hidden + unit]
      }
    }
  }

  /// row += Σ_g α_{p,g,i} W_{g,i}.
  private func addGates(
    to row: UnsafeMutablePointer<S>, byGate: UnsafeMutablePointer<S>, part: Int, unit: Int, _ weights: WeightBlock
  ) {
    guard let parameters = pass.parameters.baseAddress else { return }
    for gate in 0..<local.gates {
      S.scaleAdd(
        rows: 1, columns: weights.columns, alpha: byGate[(part * local.gates + gate) * hidden + unit],
        x: parameters + weights.offset + (gate * hidden + unit) * weights.rowStride, xStride: 0, beta: 1, y: row,
        yStride: 0)
    }
  }

  /// M ← J M in place: some columns at a time, laid out in panels first.
  private func multiply(_ m: UnsafeMutablePointer<S>, _ layer: Layer) {
    for start in stride(from: 0, to: layer.columns, by: panelColumns) {
      let columns = min(panelColumns, layer.columns - start)
      S.pack(k: width, n: columns, b: m + start, rowStride: layer.stride, columnStride: 1, into: panels)
      S.multiplyPacked(
        m: width, n: columns, k: width, a: jacobian, aRowStride: jacobianStride, aColumnStride: 1, packedB: panels,
        c: m + start, cRowStride: layer.stride, accumulate: false)
    }
  }

  /// M += K_t M_t of the layer below, whose h_t is this layer's input: K = ∂s_t/∂a_t W_ih.
  private func addFromBelow(_ m: UnsafeMutablePointer<S>, _ layer: Layer, sequence: Int, below: Layer) {
    guard let weights = layer.blocks.first(where: { $0.source == .input }) else { return }
    for row in 0..<width {
      let target = downward + row * downwardStride
      target.update(repeating: 0, count: hidden)
      addGates(to: target, byGate: local.byInput, part: row / hidden, unit: row % hidden, weights)
    }
    S.multiply(
      m: width, n: below.columns, k: hidden, a: downward, aRowStride: downwardStride, aColumnStride: 1,
      b: matrix(sequence, below), bRowStride: below.stride, c: m, cRowStride: layer.stride, accumulate: true)
  }

  /// M += ∂⁺s_t/∂w: row i of a gate's weights touches unit i only.
  private func addImmediate(_ m: UnsafeMutablePointer<S>, _ layer: Layer, index: Int, sequence: Int, step t: Int) {
    for block in layer.blocks {
      let source = pass.source(block, layer: index, step: t, sequence: sequence)
      let byGate = block.isRecurrent ? local.byState : local.byInput
      for row in 0..<width {
        let (part, unit) = (row / hidden, row % hidden)
        for gate in 0..<local.gates {
          let factor = byGate[(part * local.gates + gate) * hidden + unit]
          let target = m + row * layer.stride + block.offset + (gate * hidden + unit) * block.rowStride
          if let source {
            S.scaleAdd(
              rows: 1, columns: block.columns, alpha: factor, x: source, xStride: 0, beta: 1, y: target, yStride: 0)
          } else {
            target.pointee += factor
          }
        }
      }
    }
  }

  /// gradient += (∂l_t/∂h_t) M of the top layer's h.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    guard let top = layers.last, let gradient = pass.gradient.baseAddress else { return }
    S.multiply(
      m: 1, n: top.columns, k: hidden, a: lossGradient, aRowStride: 0, aColumnStride: 1, b: matrix(sequence, top),
      bRowStride: top.stride, c: gradient, cRowStride: 0, accumulate: true)
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
      let m = matrix(sequence, top)
      for row in 0..<width {
        for column in 0..<top.columns {
          let element = Double(m[row * top.stride + column])
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
