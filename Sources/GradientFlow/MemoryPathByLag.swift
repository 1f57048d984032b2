import LinearAlgebra
import RecurrentNetworks

/// How the carried part of a gated cell's state remembers: the error carousel Π diag(f_t) against the gated paths, by lag.
///
/// For an LSTM the block ∂c_T/∂c_{T-lag} of the joint product of Jacobians of [h; c] is diag(f_T) … diag(f_{k+1}), the path
/// past all weights, plus all paths that go through a gate or the output on the way. Both are kept apart from the start,
/// each with scales of its own, so that neither is lost beside the other.
public struct MemoryPathByLag: Equatable, Sendable {
  /// The names of the part that is carried, and of the gate that carries it: c, f.
  public let component: String, gate: String
  /// log10 ‖Π diag(f)‖₂, the largest product of one unit's factors, at lag 1, 2, … (index lag - 1).
  public let log10MemoryPath: [Double]
  /// The lags at which the two below were computed, ascending.
  public let lags: [Int]
  /// log10 ‖∂c_T/∂c_{T-lag} - Π diag(f)‖₂: the gated paths.
  public let log10Gated: [Double]
  /// log10 ‖∂c_T/∂c_{T-lag}‖₂: all paths.
  public let log10Block: [Double]
}

extension MemoryPathByLag {
  /// The paths of a layer of a sequence; nil for cells without a memory path.
  ///
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for the top one.
  ///   - sequence: the sequence of the batch.
  ///   - maximumLags: the gated paths at so many lags at most, spread evenly, the longest among them.
  ///   - longest: the longest lag.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init?(
    _ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumLags: Int = .max, longest: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    try self.init(
      tape.graph(sequence: sequence), layer: layer ?? tape.layers.count - 1, maximumLags: maximumLags, longest: longest,
      progress: progress)
  }

  /// The paths of a layer of a chain; nil where it has no memory path. Parameters as above.
  public init?(
    _ chain: some GradientChain, layer: Int, maximumLags: Int = .max, longest: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    guard let path = chain.memoryPath(layer: layer) else { return nil }
    (component, gate) = (path.component, path.gate)
    let last = max(1, min(longest, chain.steps))
    let chosen = EvenSpread.choose(maximumLags, of: Array(1...last))
    lags = chosen
    var paths = Paths(chain, layer: layer, path)
    var (kept, gated, block) = ([Double](), [Double](), [Double]())
    for lag in 1...last {
      paths.extend(step: chain.steps - lag)
      kept.append(paths.log10MemoryPath)
      try progress(Double(lag) / Double(last))
      guard lag == chosen[gated.count] else { continue }
      gated.append(try paths.log10Gated())
      block.append(try paths.log10Block())
    }
    (log10MemoryPath, log10Gated, log10Block) = (kept, gated, block)
  }
}

/// The rows of ∂c_T/∂s_t in two sums: e_j · d_j, the memory path's, and the rest.
private struct Paths<Chain: GradientChain> {
  private let chain: Chain, layer: Int
  private let path: MemoryPath
  /// The number of units that the path carries, and the first one's column.
  private var units: Int { path.columns.count }
  private var first: Int { path.columns.lowerBound }
  /// The rest, a row a unit, of the state's width.
  private let gated: RowBlock
  /// d_j = mantissa · 2^exponent.
  private var mantissas: [Double], exponents: [Double]
  private let pullback: Chain.Pullback
  private let unit: RowBlock, step: RowBlock
  private let room: JacobianProduct
  /// Of the rest's rows; taken to bring their scales along.
  private var norms: [Double]

  init(_ chain: Chain, layer: Int, _ path: MemoryPath) {
    (self.chain, self.layer, self.path) = (chain, layer, path)
    let (count, width) = (path.columns.count, chain.width(chain.site(layer: layer, position: 0)))
    gated = RowBlock(rows: count, width: width)
    mantissas = [Double](repeating: 1, count: count)
    exponents = [Double](repeating: 0, count: count)
    pullback = chain.makePullback(capacity: count)
    unit = RowBlock(unitRows: count, width: width, firstColumn: path.columns.lowerBound)
    step = RowBlock(rows: count, width: width)
    room = JacobianProduct(size: count)
    norms = [Double](repeating: 0, count: count)
  }

  /// v_j ← v_j J_t: the rest goes on as it is, and what leaves the memory path at this step, d_j (e_j J_t - f_j e_j), joins it.
  mutating func extend(step t: Int) {
    let edge = chain.step(into: t, layer: layer)
    pullback.pullBack(unit, count: units, along: edge, into: step)
    pullback.pullBack(gated, count: units, along: edge, into: gated)
    for (j, factor) in path.factors[t].enumerated() {
      let rest = step[j, first + j] - factor
      // What lies under the rounding of the factor is none.
      step[j, first + j] = rest.magnitude <= 4 * factor.ulp ? 0 : rest
      gated.add(row: j, of: step, factor: mantissas[j], exponent: exponents[j], to: j)
    }
    gated.measure(count: units, columns: gated.width, into: &norms)
    for (j, factor) in path.factors[t].enumerated() {
      mantissas[j] *= factor
      guard mantissas[j] != 0, mantissas[j].isFinite else { continue }
      exponents[j] += Double(mantissas[j].exponent)
      mantissas[j] = Double(sign: mantissas[j].sign, exponent: 0, significand: mantissas[j].significand)
    }
  }

  var log10MemoryPath: Double {
    zip(mantissas, exponents).map { Log10.of($0.magnitude) + $1 * Log10.of2 }.max() ?? -.infinity
  }

  func log10Gated() throws -> Double { try gated.log10SpectralNorm(room, columns: first) }

  func log10Block() throws -> Double {
    try gated.log10SpectralNorm(room, columns: first, diagonal: zip(mantissas, exponents).map { ($0, $1) })
  }
}
