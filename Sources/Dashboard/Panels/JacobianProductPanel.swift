import Canvas
import GradientFlow

/// ∂h_T/∂h_{T-lag} by lag: how much longer or shorter a small change of an earlier state has become at the end.
struct JacobianProductPanel: Panel {
  let id: PanelID = "jacobian-product"
  let digit = 3
  let title = "Jacobian product"
  let shortTitle = "∂h_T/∂h_k"
  let minimumSize = Size(width: 24, height: 5)
  let help = [
    "The singular values σ of ∂h_T/∂h_k by lag T-k, largest first, with the bound (γσ_max(W_hh))^lag.",
    "No unit: how many times longer or shorter a small change of h becomes; the slope is its factor a step.",
    "Look for: the fan's opening (one direction remembers, others forget), and how far the bound lies from the truth.",
  ]
  let instruments: Set<Instrument> = [.product]

  func notes(_ state: DashboardState) -> [String] {
    guard let product = state.analysis?.product,
      state.noGradientReason == nil || product.log10Norm.contains(where: \.isFinite)
    else { return ["‖∂h_T/∂h_k‖ by lag"] }
    let words = ProductPicture(product).horizonWords
    return ["‖∂h_T/∂h_k‖ by lag · " + words, words, "by lag"]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let analysis = state.analysis, let product = analysis.product else {
      buffer.paragraph(state.absence(of: "the product", from: .product), in: rect, style: theme[.dimText])
      return
    }
    if let reason = state.noGradientReason, !product.log10Norm.contains(where: \.isFinite) {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    var picture = ProductPicture(product)
    if state.cursor.phase == .backward { picture.lag = product.steps - state.cursor.step - 1 }
    picture.draw(in: rect, &buffer, theme: theme)
  }
}

/// What the panel draws.
struct ProductPicture {
  let product: ProductByLag
  /// The lag at which the backward pass stands.
  var lag: Int?

  init(_ product: ProductByLag) {
    self.product = product
  }

  /// When the largest σ falls under 10 % and under 1 %.
  var horizonWords: String {
    switch (product.horizon10, product.horizon1) {
    case (let ten?, let one?): "under 10 % after \(ten), 1 % after \(one)"
    case (let ten?, nil): "under 10 % after \(ten) steps"
    case (nil, _): "never under 10 %"
    }
  }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let norms = product.log10Norm
    guard norms.contains(where: { $0.isFinite }) else {
      let reason =
        norms.isEmpty
        ? "one step has no product: the sequence needs two"
        : "the product is exactly 0 at every lag: no gradient passes"
      buffer.paragraph(reason, in: rect, style: theme[.dimText])
      return
    }
    var plot = Plot(x: .steps(1, max(1, norms.count)), y: axis, series: series(lines: max(3, rect.height)))
    plot.xName = "lag"
    if let lag, norms.indices.contains(lag - 1) { plot.cursor = Double(lag) }
    plot.draw(in: rect, into: &buffer, theme: theme)
  }

  /// The largest σ is always seen whole. The fan and the bound may leave at the edges: shown are at most twice its span and 8
  /// decades more, or it would be a flat line over a fan that falls 10 times as fast.
  private var axis: Axis {
    let finite = product.log10Norm.filter(\.isFinite)
    let least = min(0, finite.min() ?? 0), most = max(0, finite.max() ?? 0)
    let margin = (most - least) + 8
    let fan = product.spectra.flatMap { $0.log10.filter(\.isFinite) }
    let bound = product.log10BoundPerStep.map { $0 * Double(product.log10Norm.count) } ?? 0
    let lowest = max(least - margin, min(least, fan.min() ?? 0))
    let highest = min(most + margin, max(most, bound))
    return .logarithmic([lowest, highest, 0])
  }

  /// - Parameter lines: of the other singular values at most so many, evenly chosen, the least among them.
  private func series(lines: Int) -> [Series] {
    let largest = product.log10Norm.enumerated().map { (x: Double($0 + 1), y: $1) }
    var result = [Series(largest, role: .truncated, symbol: "*", labels: largestLabels)]
    if let bound = product.log10BoundPerStep {
      let line = (1...max(1, product.log10Norm.count)).map { (x: Double($0), y: Double($0) * bound) }
      result.append(
        Series(
          line, .line(.dashed), role: .bound, symbol: "-", labels: ["bound (γσ_max)^lag", "bound (γσ)^lag", "bound"]))
    }
    return result + fan(lines: lines)
  }

  private var largestLabels: [String] {
    guard let slope = product.slope else { return ["largest σ"] }
    let factor = "×" + NumberText.power(log10: slope, digits: 3) + " a step"
    // The Lyapunov exponent is a natural logarithm.
    let exponent = "λ₁ = " + NumberText.fixed(slope * 2.302585092994046, 2)
    var forms = ["largest σ " + factor + " (\(exponent))", "largest σ " + factor, factor, "σ₁"]
    if let lag, product.log10Norm.indices.contains(lag - 1) {
      forms.insert(
        "largest σ " + NumberText.power(log10: product.log10Norm[lag - 1]) + " at lag \(lag), " + factor, at: 0)
    }
    return forms
  }

  /// The other singular values, each a line over the lags.
  private func fan(lines: Int) -> [Series] {
    let count = (product.spectra.first?.log10.count ?? 0) - 1
    guard count > 0 else { return [] }
    let shown = min(count, lines)
    let names =
      shown < count ? ["\(shown) of \(count) other σ", "other σ"] : ["the \(count) other σ", "other σ"]
    return (1...shown).map { line in
      let index = shown == count ? line : max(1, line * count / shown)
      let points = product.spectra.compactMap { spectrum in
        index < spectrum.log10.count ? (x: Double(spectrum.lag), y: spectrum.log10[index]) : nil
      }
      return Series(points, role: .sigma, symbol: ".", labels: line == 1 ? names : [])
    }
  }
}
