import LinearAlgebra
import RecurrentNetworks

/// The products of Jacobians ∂s_T/∂s_{T-lag} = J_T J_{T-1} … of one sequence and layer, by lag, in logarithms exact at
/// any depth.
public struct ProductByLag: Equatable, Sendable {
  /// The singular values at one lag.
  public struct Spectrum: Equatable, Sendable {
    /// T - k, from 1.
    public let lag: Int
    /// log10 of every singular value, descending; -infinity for an exact 0.
    public let log10: [Double]
    /// log10 ‖∂s_T/∂s_{T-lag}‖₂.
    public var log10Norm: Double { log10.first ?? -.infinity }
  }

  /// The number T of steps: lags go from 1 to T.
  public let steps: Int
  /// log10 ‖∂s_T/∂s_{T-lag}‖₂ at lag 1, 2, … (index lag - 1). Exact where `spectra` has the lag; by power iteration,
  /// some 1e-8 under it at most, elsewhere.
  public let log10Norm: [Double]
  /// All singular values at the lags that were computed, by ascending lag: the fan.
  public let spectra: [Spectrum]
  /// log10 of the factor that bounds the norm of every step's Jacobian: log10(γ σ_max(W_hh)) for Elman,
  /// log10((1-β) + βγσ) for leaky, log10(1 + αγσ) for residual; nil where the cell has no such bound, and where each step
  /// has a W_hh, and so a σ_max, of its own.
  public let log10BoundPerStep: Double?
  /// The slope per step of the least-squares line through log10 ‖product‖ over the lag, an estimate of the largest Lyapunov
  /// exponent λ₁, base 10; nil with fewer than two finite norms.
  public let slope: Double?
  /// The first lag at which the norm is under 10 %, and under 1 %; nil where it never is.
  public let horizon10: Int?, horizon1: Int?

}

extension ProductByLag {
  /// The products of a layer of a sequence.
  ///
  /// - Parameters:
  ///   - tape: the pass.
  ///   - layer: the layer; nil for the top one.
  ///   - sequence: the sequence of the batch.
  ///   - maximumLags: all singular values at so many lags at most, spread evenly, T among them.
  ///   - longest: the longest lag; the products of longer ones are not formed.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(
    _ tape: Tape, layer: Int? = nil, sequence: Int = 0, maximumLags: Int = .max, longest: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    try self.init(
      tape.graph(sequence: sequence), layer: layer ?? tape.layers.count - 1, maximumLags: maximumLags, longest: longest,
      progress: progress)
  }

  /// The products of a layer of a chain, the gradient not rescaled on its way; parameters as above.
  public init(
    _ chain: some GradientChain, layer: Int, maximumLags: Int = .max, longest: Int = .max,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let lags = EvenSpread.choose(maximumLags, of: Array(1...max(1, min(longest, chain.steps))))
    let (norms, spectra) = try Self.products(chain, layer: layer, lags: lags, progress)
    self.init(
      steps: chain.steps, norms: norms, spectra: spectra, log10BoundPerStep: try chain.log10BoundPerStep(layer: layer))
  }

  /// The derivatives ∂s_T/∂s_{T-lag} of a graph along all of its paths, whose sites need not follow one another: from its last site to
  /// those of a layer. Parameters as above.
  public init(
    along graph: some GradientGraph, layer: Int, maximumLags: Int = .max, progress: (Double) throws -> Void = { _ in }
  ) throws {
    let sites = graph.sites.filter { $0.layer == layer }.count
    guard let end = graph.sites.last, sites > 1 else {
      self.init(steps: sites, norms: [], spectra: [], log10BoundPerStep: nil)
      return
    }
    let width = graph.width(end.id), shown = graph.shownWidth(end.id)
    let chosen = Set(EvenSpread.choose(maximumLags, of: Array(1..<sites)))
    let unit = (0..<shown).map { i in (0..<width).map { $0 == i ? 1.0 : 0 } }
    let product = JacobianProduct(size: shown)
    var norms = [Double](repeating: -.infinity, count: sites - 1), spectra: [Spectrum] = []
    try ReverseAccumulation(graph: graph, rows: shown, isRescaled: false, lowestLayer: layer).run(
      unit.indices.map { .init(row: $0, site: end.id, gradient: unit[$0][...]) }
    ) { site, rows, _, _ in
      let lag = sites - 1 - site.position
      guard site.layer == layer, lag > 0 else { return }
      if chosen.contains(lag) {
        let spectrum = Spectrum(lag: lag, log10: try rows.log10SingularValues(product))
        spectra.append(spectrum)
        norms[lag - 1] = spectrum.log10Norm
      } else {
        norms[lag - 1] = try rows.log10SpectralNorm(product)
      }
      try progress(Double(lag) / Double(sites - 1))
    }
    // Paths of all lengths are in it: there is no factor a step.
    self.init(
      steps: sites, log10Norm: norms, spectra: spectra.sorted { $0.lag < $1.lag }, log10BoundPerStep: nil, slope: nil,
      horizon10: norms.firstIndex { $0 < -1 }.map { $0 + 1 }, horizon1: norms.firstIndex { $0 < -2 }.map { $0 + 1 })
  }

  /// The products of Jacobians that were made elsewhere.
  ///
  /// - Parameters:
  ///   - jacobians: ∂h_t/∂h_{t-1} of successive steps, the earliest first, all [H, H].
  ///   - maximumLags: as above.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(jacobians: [Matrix], maximumLags: Int) throws {
    let lags = EvenSpread.choose(maximumLags, of: Array(1...max(1, jacobians.count)))
    let last = jacobians.count
    let (norms, spectra) = try Self.products(
      width: jacobians.first?.rows ?? 0, lags: last > 0 ? lags : [],
      { product, lag in
        try product.extend(by: jacobians[last - lag])
      }, { _ in })
    self.init(steps: last, norms: norms, spectra: spectra, log10BoundPerStep: nil)
  }

  private init(steps: Int, norms: [Double], spectra: [Spectrum], log10BoundPerStep: Double?) {
    self.init(
      steps: steps, log10Norm: norms, spectra: spectra, log10BoundPerStep: log10BoundPerStep,
      slope: LineFit(norms.enumerated().map { (x: Double($0 + 1), y: $1) })?.slope,
      horizon10: norms.firstIndex { $0 < -1 }.map { $0 + 1 }, horizon1: norms.firstIndex { $0 < -2 }.map { $0 + 1 })
  }

  private static func products(
    _ chain: some GradientChain, layer: Int, lags: [Int], _ progress: (Double) throws -> Void
  ) throws -> (norms: [Double], spectra: [Spectrum]) {
    guard let longest = lags.last, longest <= chain.steps else { return ([], []) }
    let width = chain.width(chain.site(layer: layer, position: 0))
    let pullback = chain.makePullback(capacity: width)
    return try products(
      width: width, lags: lags,
      { try pullback.extend($0, along: chain.step(into: chain.steps - $1, layer: layer)) }, progress)
  }

  /// - Parameter extend: makes the product of a lag out of that of the lag before.
  private static func products(
    width: Int, lags: [Int], _ extend: (JacobianProduct, Int) throws -> Void, _ progress: (Double) throws -> Void
  ) throws -> (norms: [Double], spectra: [Spectrum]) {
    guard let longest = lags.last else { return ([], []) }
    let product = JacobianProduct(size: width)
    var (norms, spectra) = ([Double](), [Spectrum]())
    norms.reserveCapacity(longest)
    for lag in 1...longest {
      // ∂s_T/∂s_{T-lag} = (J_T … J_{k+2}) J_{k+1}, k = T - lag
      try extend(product, lag)
      if lags[spectra.count] == lag {
        let spectrum = Spectrum(lag: lag, log10: try product.log10SingularValues())
        spectra.append(spectrum)
        norms.append(spectrum.log10Norm)
      } else {
        norms.append(product.log10NormByIteration())
      }
      try progress(Double(lag) / Double(longest))
    }
    return (norms, spectra)
  }
}

extension Tape {
  /// W_hh of a layer at step `step`, [G·H, H]; nil where the cell has none.
  public func recurrentWeights(layer: Int, step: Int) -> Matrix? {
    let block = layout.recurrentWeights(layer: layer, step: step)
    guard block.rows > 0 else { return nil }
    return Matrix(rows: block.rows, columns: block.columns, elements: elements(block))
  }
}

extension Matrix {
  /// The singular values of a square matrix, descending, as of a product of one factor.
  func fastSingularValues() throws -> [Double] {
    guard rows == columns, rows > 0 else { return try singularValues() }
    let product = JacobianProduct(size: rows)
    try product.extend(by: self)
    return try product.log10SingularValues().map { Log10.power($0) }
  }
}
