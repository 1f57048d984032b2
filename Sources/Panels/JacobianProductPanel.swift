import Canvas
import Dashboard
import GradientFlow
import Instruments

/// ∂h_T/∂h_{T-lag} by lag: how much longer or shorter a small change of an earlier state has become at the end.
struct JacobianProductPanel: Panel {
  let id: PanelID = "jacobian-product"
  let title = "Jacobian product"
  let shortTitle = "∂h_T/∂h_k"
  let size = PanelSize(24, 5)
  let help = [
    "The singular values σ of ∂h_T/∂h_k = ∏ ∂h_t/∂h_{t-1} = ∏ diag(φ′_t) W_hh over t = k+1 … T (for an Elman cell), by lag T-k, largest first, with the bound (γσ_max(W_hh))^lag.",
    "Of the batch's first sequence. No unit: how many times longer or shorter a small change of h becomes; the slope is its factor a step, λ₁ its natural logarithm, an estimate of the largest Lyapunov exponent.",
    "Look for: how far the singular values spread (one direction remembers, others forget), and whether the memory path or the gated paths carry it. v shows gated cells' memory path, layers, all paths.",
  ]
  let reads: [any Instrument.Type] = [JacobianProductInstrument.self]

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[JacobianProductInstrument.self],
      reading.noGradientReason == nil || reading.time.log10Norm.contains(where: \.isFinite)
    else { return ["‖∂h_T/∂h_k‖ by lag"] }
    // What is said of all lags waits until the pass has reached them.
    guard state.cursor.phase == .update else { return ["‖∂h_T/∂h_k‖ by lag · as far as the pass is", "by lag"] }
    let lane = state.lanePrefix
    let whose = reading.batch > 1 ? "sequence 1 of \(reading.batch) · " : ""
    let layer = state.layerWords.map { "\($0) · " } ?? ""
    switch state.shownProductView {
    case .time:
      let words = lane + ProductPicture(reading.time).horizonWords
      return ["‖∂h_T/∂h_k‖ by lag · " + layer + whose + words, layer + whose + words, layer + words, words]
        + [words.replacing(" steps", with: "")] + (reading.time.horizon1.map { ["\(lane)1 % after \($0)"] } ?? []) + [
          "by lag"
        ]
    case .memoryPath:
      let part = reading.memoryPath?.component ?? "c"
      let words = lane + "∂\(part)_T/∂\(part)_k: memory path against gated paths"
      return [
        words + " · " + layer + whose + "v: all σ", layer + words, words, lane + "memory path, gated paths by lag",
        lane + "memory path by lag", "by lag",
      ]
    case .depth:
      return [
        lane + "∂h_top/∂h_l down the layers at each step · " + whose + "v: paths",
        lane + "∂h_top/∂h_l down the layers at each step", lane + "down the layers", "∂h_top/∂h_l",
      ]
    case .paths:
      return [
        lane + "‖∂h_top,T/∂h_l,k‖ along all paths, layers and time · " + whose + "v: time",
        lane + "‖∂h_top,T/∂h_l,k‖ along all paths", lane + "all paths by lag", "by lag",
      ]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading(
        "the product", from: JacobianProductInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let product = reading.time
    if let reason = reading.noGradientReason, !product.log10Norm.contains(where: \.isFinite) {
      buffer.paragraph(reason, in: rect, style: theme[.error])
      return
    }
    let cursor = state.cursor
    let lag = cursor.lag(in: reading)
    if state.lanes.count > 1, state.shownProductView != .depth, state.shownProductView != .paths {
      LaneProductsPicture(state, lag: lag).draw(in: rect, &buffer, theme: theme)
      return
    }
    switch state.shownProductView {
    case .memoryPath:
      if let path = reading.memoryPath {
        MemoryPathPicture(path: path, whole: product.log10Norm, lag: lag).draw(in: rect, &buffer, theme: theme)
      }
    case .depth:
      if let depth = reading.depth {
        DepthPicture(
          depth: depth, first: reading.firstStep, length: reading.length, layer: state.shownLayer,
          cursor: cursor
        ).draw(in: rect, &buffer, theme: theme)
      }
    case .paths:
      if let paths = reading.paths {
        PathsPicture(paths: paths, layer: state.shownLayer, lag: lag).draw(in: rect, &buffer, theme: theme)
      }
    case .time:
      var picture = ProductPicture(product)
      picture.lag = lag
      picture.draw(in: rect, &buffer, theme: theme)
    }
  }
}

extension Cursor {
  /// The lag that the backward pass has reached; -1 before it, nil where all of it is done.
  fileprivate func lag(in reading: JacobianProductInstrument.Reading) -> Int? {
    switch phase {
    case .forward: -1
    case .backward: reading.firstStep + reading.time.steps - step - 1
    case .update: nil
    }
  }
}

extension Plot {
  /// Shows only the lags that the backward pass has reached, and says so where there are none yet.
  func draw(upTo lag: Int?, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    var plot = self
    if let lag { plot.keep { $0 <= Double(lag) } }
    let area = plot.draw(in: rect, into: &buffer, theme: theme)
    guard lag != nil, plot.series.allSatisfy(\.points.isEmpty) else { return }
    let row = area.rect.line(area.rect.height / 2)
    let words = String.fitting(
      row.width, ["not yet: the backward pass multiplies it up", "not yet: backward pass", "not yet"])
    buffer.put(words ?? "", in: row, alignment: .center, style: theme[.dimText])
  }
}

/// The largest singular value of each lane's product by lag, and of gated cells the memory path under it.
struct LaneProductsPicture {
  private var series: [Series] = []
  private var values: [Double] = []
  private var longest = 1
  private let lag: Int?

  init(_ state: DashboardState, lag: Int?) {
    self.lag = lag
    for lane in state.lanes {
      guard let reading = lane[JacobianProductInstrument.self] else { continue }
      let style = LaneStyle(lane.id), letter = lane.id.letter
      let norms = reading.time.log10Norm
      let factor = ProductPicture.factorWords(norms)
      add(
        norms, style,
        [
          "\(letter) \(lane.cellName): largest σ\(factor)", "\(letter) largest σ\(factor)",
          "\(letter)\(factor)", letter,
        ])
      guard state.shownProductView == .memoryPath, let path = reading.memoryPath else { continue }
      let names = ["\(letter) memory path Π diag(\(path.gate))", "\(letter) Π\(path.gate)"]
      add(path.log10MemoryPath, style, names, dots: true)
    }
  }

  private mutating func add(_ norms: [Double], _ style: LaneStyle, _ names: [String], dots: Bool = false) {
    longest = max(longest, norms.count)
    values += norms
    var line = Series(
      norms.enumerated().map { (x: Double($0 + 1), y: $1) }, dots ? .line(.dotted) : style.mark,
      role: dots ? .window : style.role, symbol: dots ? "#" : style.symbol, labels: names)
    line.isOverlaid = style.mark != .line(.solid)
    series.append(line)
  }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard values.contains(where: \.isFinite) else {
      buffer.paragraph("both products are exactly 0 at every lag", in: rect, style: theme[.dimText])
      return
    }
    Plot(
      x: .steps(1, longest), y: .logarithmic(values + [0]), series: series, xName: "lag", cursor: lag.map(Double.init)
    ).draw(upTo: lag, in: rect, &buffer, theme)
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
    case (let ten?, let one?): "below 10 % after \(ten) steps, 1 % after \(one)"
    case (let ten?, nil): "below 10 % after \(ten) steps"
    case (nil, _): "never below 10 %"
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
    var plot = Plot(
      x: .steps(1, max(1, norms.count)), y: axis, series: series(), xName: "lag", cursor: lag.map(Double.init))
    if rect.width >= 40 { plot.guides = names(in: plot.y, rows: rect.height - 2) }
    plot.draw(upTo: lag, in: rect, &buffer, theme)
  }

  /// The largest σ is always seen whole, on a third of the height at least: the fan and the bound leave at the edges, or it would
  /// be a flat line between them.
  private var axis: Axis {
    let finite = product.log10Norm.filter(\.isFinite)
    let least = min(0, finite.min() ?? 0), most = max(0, finite.max() ?? 0)
    let margin = max(2, most - least)
    let fan = product.spectra.flatMap { $0.log10.filter(\.isFinite) }
    let bound = product.log10BoundPerStep.map { $0 * Double(product.log10Norm.count) } ?? 0
    let lowest = max(least - margin, min(least, fan.min() ?? 0))
    let highest = min(most + margin, max(most, bound))
    return .logarithmic([lowest, highest, 0])
  }

  private func series() -> [Series] {
    let largest = product.log10Norm.enumerated().map { (x: Double($0 + 1), y: $1) }
    var result = [Series(largest, role: .truncated, symbol: "*", labels: largestLabels)]
    if let bound = product.log10BoundPerStep {
      let line = (1...max(1, product.log10Norm.count)).map { (x: Double($0), y: Double($0) * bound) }
      var bound = Series(
        line, .line(.alternating), role: .bound, symbol: "-", labels: ["bound (γσ_max)^lag", "bound (γσ)^lag", "bound"])
      // Where the bound is tight it lies on the largest σ: both are seen, in every other cell.
      bound.isOverlaid = true
      result.append(bound)
    }
    return result + fan
  }

  private var largestLabels: [String] {
    guard let slope = product.slope else { return ["largest σ"] }
    let factor = "×" + NumberText.power(log10: slope, digits: 3) + " a step"
    // The Lyapunov exponent is a natural logarithm.
    let exponent = "λ₁ = " + NumberText.fixed(slope * 2.302585092994046, 2)
    var forms = ["largest σ " + factor + " (\(exponent))", "largest σ " + factor, factor, "σ₁"]
    if let lag {
      let here = product.log10Norm.indices.contains(lag - 1) ? NumberText.power(log10: product.log10Norm[lag - 1]) : nil
      forms = (here.map { ["largest σ \($0) at lag \(lag)", "largest σ \($0)"] } ?? []) + ["largest σ", "σ₁"]
    }
    return forms
  }

  /// Which of the singular values are drawn beside the largest: all where they are few, else those at the quarters and
  /// the least, by index in descending order.
  private var fanIndices: [Int] {
    let count = product.spectra.first?.log10.count ?? 0
    guard count > 5 else { return Array(1..<max(1, count)) }
    return [count / 4, count / 2, 3 * count / 4, count - 1]
  }

  /// "σ₈".
  private static func name(_ index: Int) -> String { "σ" + sub(index + 1) }

  /// Other singular values, each a line over the lags.
  private var fan: [Series] {
    let indices = fanIndices
    let count = (product.spectra.first?.log10.count ?? 0) - 1
    let list = indices.map(Self.name).joined(separator: " ")
    let names = indices.count < count ? [list, "other σ"] : ["the \(count) other σ", "other σ"]
    return indices.enumerated().map { place, index in
      let all = product.spectra.compactMap { spectrum in
        index < spectrum.log10.count ? (x: Double(spectrum.lag), y: spectrum.log10[index]) : nil
      }
      // What has become nothing stays so: one mark says where.
      let end = all.firstIndex { !$0.y.isFinite } ?? all.count
      return Series(
        Array(all.prefix(end + 1)), .line(.dotted), role: .sigma, symbol: ".", labels: place == 0 ? names : [])
    }
  }

  /// The names of the lines at their right ends, as far as these are seen and lie `rows` apart.
  private func names(in axis: Axis, rows: Int) -> [Guide] {
    guard let last = product.spectra.last, last.lag == product.log10Norm.count, last.log10.count > 1 else { return [] }
    let ends = [(0, Role.truncated)] + fanIndices.map { ($0, Role.sigma) }
    var guides: [Guide] = []
    for (index, role) in ends where index < last.log10.count {
      let value = last.log10[index]
      guard (axis.lower...axis.upper).contains(value) else { continue }
      if let above = guides.last, (axis.fraction(above.value) - axis.fraction(value)) * Double(rows) < 1 { continue }
      guides.append(Guide(value, [Self.name(index)], role: role, isLine: false))
    }
    return guides
  }
}
