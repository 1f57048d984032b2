import LinearAlgebra
import RecurrentNetworks

/// The part of the influence matrix that stays within a unit: ∂s_{t,p,i}/∂w for the parameters w in the rows of unit i itself, as
/// large as the parameters. It goes on by the unit's own block of J_t, or by what of that block passes W_hh by.
///
/// Where units do not meet, as in a cell without W_hh, that block is all of J_t and the trace is RTRL's whole matrix.
final class InfluenceTrace<S: Scalar> {
  /// Which of J_t takes the trace from step to step.
  enum Path {
    /// J_ii: the direct path and the unit's weight to itself.
    case diagonal
    /// The direct path alone.
    case direct
  }

  /// Every trace, sequence by sequence, part by component: what goes on from step to step.
  var memory: UnsafeMutableRawBufferPointer {
    .init(start: elements, count: sequenceCount * pass.batch * MemoryLayout<S>.stride)
  }
  private let elements: UnsafeMutablePointer<S>
  private let before: UnsafeMutablePointer<S>
  private let pass: Pass<S>
  private let path: Path
  private let blocks: [WeightBlock]
  private let local: LocalDerivatives<S>
  private let hidden: Int, stateComponents: Int
  /// Where the cell's unit tensors lie in a part's trace, and in the parameters.
  private let unitStart: Int, unitTensors: Range<Int>
  /// The elements of a part's trace, and of a sequence's.
  private let partCount: Int, sequenceCount: Int

  /// The elements that the traces take, without padding.
  static func count(_ sizes: AlgorithmSizes) -> Double {
    sizes.cellParameters * Double(sizes.stateComponents * sizes.coupledParts) * Double(sizes.batch)
  }

  /// The traces of the one layer of the pass.
  init(pass: Pass<S>, path: Path) {
    self.pass = pass
    self.path = path
    local = LocalDerivatives(pass.network)
    hidden = local.hidden
    stateComponents = local.stateComponents
    blocks = pass.layout.weightBlocks(layer: 0)
    unitStart = pass.layout.end(ofLayer: 0)
    unitTensors = pass.layout.unitTensors(layer: 0)
    partCount = paddedStride(unitStart + unitTensors.count, of: S.self)
    sequenceCount = stateComponents * partCount
    elements = allocateZeros(sequenceCount * pass.batch, of: S.self)
    before = allocateZeros(stateComponents * (blocks.map(\.columns).max() ?? 1), of: S.self)
  }

  deinit {
    elements.deallocate()
    before.deallocate()
  }

  /// trace_p ← Σ_q J_{p,q} trace_q + ∂⁺s_t/∂w, unit by unit.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func advance(sequence: Int, step t: Int) {
    pass.differentiate(step: t, layer: 0, sequence: sequence, into: local)
    if path == .diagonal { addOwnWeights() }
    for block in blocks {
      let source = pass.source(block, layer: 0, step: t, sequence: sequence)
      let byGate = block.isRecurrent ? local.byState : local.byInput
      for gate in 0..<local.gates {
        for unit in 0..<hidden {
          let row = elements + sequence * sequenceCount + block.offset + (gate * hidden + unit) * block.rowStride
          advance(row, block.columns, source, unit: unit) { component in
            byGate[(component * local.gates + gate) * hidden + unit]
          }
        }
      }
    }
    for index in 0..<unitTensors.count {
      advance(elements + sequence * sequenceCount + unitStart + index, 1, nil, unit: index % hidden) { component in
        local.byUnitTensors[component * local.unitTensors + index]
      }
    }
  }

  /// One row of every part's trace: row_p ← Σ_q J_{p,q} row_q + α_p source.
  @inline(__always)
  private func advance(
    _ row: UnsafeMutablePointer<S>, _ columns: Int, _ source: UnsafeMutablePointer<S>?, unit: Int, factor: (Int) -> S
  ) {
    if stateComponents == 1 {
      add(source, columns, factor(0), keep: local.direct[unit], to: row)
      return
    }
    for component in 0..<stateComponents {
      (before + component * columns).update(from: row + component * partCount, count: columns)
    }
    for component in 0..<stateComponents {
      let target = row + component * partCount
      add(source, columns, factor(component), keep: 0, to: target)
      for other in 0..<stateComponents {
        let keep = local.direct[(component * stateComponents + other) * hidden + unit]
        add(before + other * columns, columns, keep, keep: 1, to: target)
      }
    }
  }

  /// target ← keep · target + factor · source; a source of nil is 1.
  @inline(__always)
  private func add(
    _ source: UnsafeMutablePointer<S>?, _ columns: Int, _ factor: S, keep: S, to target: UnsafeMutablePointer<S>
  ) {
    if let source, columns > 1 {
      S.scaleAdd(
        rows: 1, columns: columns, alpha: factor, x: source, xStride: 0, beta: keep, y: target, yStride: 0)
    } else {
      target.pointee = keep * target.pointee + factor * (source?.pointee ?? 1)
    }
  }

  /// The direct path becomes J_ii: + Σ_g α_g W_g,ii from h of the unit itself.
  private func addOwnWeights() {
    for weights in blocks where weights.source == .state {
      for component in 0..<stateComponents {
        for gate in 0..<local.gates {
          for unit in 0..<hidden {
            let weight = pass.parameters[weights.offset + (gate * hidden + unit) * weights.rowStride + unit]
            local.direct[(component * stateComponents + weights.component) * hidden + unit] +=
              local.byState[(component * local.gates + gate) * hidden + unit] * weight
          }
        }
      }
    }
  }

  /// gradient += ∂l_t/∂h_{t,i} trace_i, unit by unit.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    guard let gradient = pass.gradient.baseAddress else { return }
    for component in 0..<local.seenComponents {
      let trace = elements + sequence * sequenceCount + component * partCount
      let arriving = lossGradient + component * hidden
      for block in blocks {
        for row in 0..<local.gates * hidden {
          let first = block.offset + row * block.rowStride
          add(trace + first, block.columns, arriving[row % hidden], keep: 1, to: gradient + first)
        }
      }
      for index in 0..<unitTensors.count {
        gradient[unitTensors.lowerBound + index] += arriving[index % hidden] * trace[unitStart + index]
      }
    }
  }

  /// The traces of a sequence in numbers for the screen: a diagonal.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func influence(sequence: Int) -> Influence {
    var squares = [Double](repeating: 0, count: hidden * hidden)
    var whole = 0.0
    for block in blocks {
      for row in 0..<local.gates * hidden {
        for component in 0..<stateComponents {
          let first = sequence * sequenceCount + component * partCount + block.offset + row * block.rowStride
          let sum = (first..<first + block.columns).reduce(0.0) { $0 + Double(elements[$1]) * Double(elements[$1]) }
          whole += sum
          if component < local.seenComponents { squares[row % hidden * (hidden + 1)] += sum }
        }
      }
    }
    for component in 0..<stateComponents {
      for index in 0..<unitTensors.count {
        let value = Double(elements[sequence * sequenceCount + component * partCount + unitStart + index])
        whole += value * value
        if component < local.seenComponents { squares[index % hidden * (hidden + 1)] += value * value }
      }
    }
    return Influence(squares: squares, whole: whole, rows: hidden, columns: hidden)
  }
}
