import LinearAlgebra
import RecurrentNetworks

/// How the carried part of a gated cell's state remembers: the error carousel Π diag(f_t) against the gated paths, by lag.
///
/// For an LSTM the block ∂c_T/∂c_{T-lag} of the joint product of Jacobians of [h; c] is diag(f_T) … diag(f_{k+1}), the path
/// past all weights, plus all paths that go through a gate or the output on the way. Both are kept apart from the start,
/// each with scales of its own, so that neither is lost beside the other.
public struct CarouselByLag: Equatable, Sendable {
  /// The names of the part that is carried, and of the gate that carries it: c, f.
  public let part: String, gate: String
  /// log10 ‖Π diag(f)‖₂, the largest product of one unit's factors, at lag 1, 2, … (index lag - 1).
  public let log10Carousel: [Double]
  /// The lags at which the two below were computed, ascending.
  public let lags: [Int]
  /// log10 ‖∂c_T/∂c_{T-lag} - Π diag(f)‖₂: the gated paths.
  public let log10Gated: [Double]
  /// log10 ‖∂c_T/∂c_{T-lag}‖₂: all paths.
  public let log10Block: [Double]
}

extension CarouselByLag {
  /// The paths of a layer of a sequence; nil for cells without a carousel.
  ///
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for the top one.
  ///   - sequence: the sequence of the batch.
  ///   - maximumLags: the gated paths at so many lags at most, spread evenly, the longest among them.
  ///   - longest: the longest lag.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init?(
    _ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumLags: Int = .max, longest: Int = .max
  ) throws {
    let cell = tape.network.cellDescription
    let layer = layer ?? tape.layers.count - 1
    guard let carousel = cell.carousel, let functions = cell.gateFunctions, tape.layers.indices.contains(layer) else {
      return nil
    }
    part = cell.parts[carousel.part]
    gate = cell.gates[carousel.gate]
    let last = max(1, min(longest, tape.steps))
    let chosen = EvenSpread.choose(maximumLags, of: Array(1...last))
    lags = chosen
    var paths = Paths(tape, layer: layer, sequence: sequence, part: carousel.part)
    var (kept, gated, block) = ([Double](), [Double](), [Double]())
    for lag in 1...last {
      let t = tape.steps - lag
      paths.extend(
        step: t,
        factors: tape.carouselFactors(
          carousel, functions[carousel.gate], layer: layer, step: t, sequence: sequence))
      kept.append(paths.log10Carousel)
      guard lag == chosen[gated.count] else { continue }
      gated.append(try paths.log10Gated())
      block.append(try paths.log10Block())
    }
    (log10Carousel, log10Gated, log10Block) = (kept, gated, block)
  }
}

/// The rows of ∂c_T/∂s_t in two sums: e_j · d_j, the carousel's, and the rest.
private struct Paths {
  private let hidden: Int, first: Int
  /// The rest, H rows of the state's width.
  private let gated: RowVectors
  /// d_j = mantissa · 2^exponent.
  private var mantissas: [Double], exponents: [Double]
  private let pullback: StatePullback
  private var unit: [Double], step: [Double]
  private let room: JacobianProduct

  init(_ tape: Tape, layer: Int, sequence: Int, part: Int) {
    hidden = tape.hidden
    first = part * tape.hidden
    gated = RowVectors(tape, layer: layer, sequence: sequence, capacity: hidden)
    mantissas = [Double](repeating: 1, count: hidden)
    exponents = [Double](repeating: 0, count: hidden)
    pullback = StatePullback(tape, layer: layer, sequence: sequence, rows: hidden)
    unit = [Double](repeating: 0, count: hidden * gated.width)
    step = unit
    for j in 0..<hidden { unit[j * gated.width + first + j] = 1 }
    room = JacobianProduct(size: hidden)
  }

  /// v_j ← v_j J_t: the rest goes on as it is, and what leaves the carousel at this step, d_j (e_j J_t - f_j e_j), joins it.
  mutating func extend(step t: Int, factors: [Double]) {
    let width = gated.width
    unit.withUnsafeMutableBufferPointer { from in
      step.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        pullback.apply(step: t, rows: hidden, from: from, to: to, stride: width)
        gated.pullBack(step: t, count: hidden)
        for (j, factor) in factors.enumerated() {
          let own = to + j * width
          let rest = own[first + j] - factor
          // What lies under the rounding of the factor is none.
          own[first + j] = rest.magnitude <= 4 * factor.ulp ? 0 : rest
          gated.add(own, count: width, factor: mantissas[j], exponent: exponents[j], to: j)
        }
      }
    }
    gated.measure(count: hidden) { _, _ in }
    for (j, factor) in factors.enumerated() {
      mantissas[j] *= factor
      guard mantissas[j] != 0, mantissas[j].isFinite else { continue }
      exponents[j] += Double(mantissas[j].exponent)
      mantissas[j] = Double(sign: mantissas[j].sign, exponent: 0, significand: mantissas[j].significand)
    }
  }

  var log10Carousel: Double {
    zip(mantissas, exponents).map { Logarithm.base10($0.magnitude) + $1 * Logarithm.log10Of2 }.max() ?? -.infinity
  }

  func log10Gated() throws -> Double { try gated.log10Norm(room, columns: first) }

  func log10Block() throws -> Double {
    try gated.log10Norm(room, columns: first, diagonal: zip(mantissas, exponents).map { ($0, $1) })
  }
}
