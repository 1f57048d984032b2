import Canvas
import Dashboard
import GradientFlow

/// The memory path against the gated paths, by lag: an LSTM's constant error carousel.
struct MemoryPathPicture {
  let path: MemoryPathByLag
  /// log10 of the largest σ of the whole state's product, by lag.
  let whole: [Double]
  /// The lag at which the backward pass stands.
  var lag: Int?

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let kept = path.log10MemoryPath
    let gated = zip(path.lags, path.log10Gated).map { (x: Double($0), y: $1) }
    guard (kept + path.log10Gated).contains(where: \.isFinite) else {
      buffer.paragraph(
        "nothing is remembered: memory path and gated paths are exactly 0", in: rect, style: theme[.dimText])
      return
    }
    // The memory path is seen whole; gated paths that are nothing beside it leave at the lower edge.
    let finite = (kept + path.log10Gated + whole).filter(\.isFinite)
    let (least, most) = (finite.min() ?? 0, finite.max() ?? 0)
    let floor = max(least, min(kept.filter(\.isFinite).min() ?? least, most) - 12)
    // Where no path goes through a gate yet there is no mark: at lag 1 all of an LSTM's is the memory path.
    let shown = gated.filter { $0.y > -.infinity }
    var plot = Plot(
      x: .steps(1, max(1, kept.count)), y: .logarithmic([floor, most, 0]),
      series: [
        Series(
          kept.enumerated().map { (x: Double($0 + 1), y: $1) }, role: .window, symbol: "#", labels: keptLabels),
        Series(shown, .line(.alternating), role: .newest, symbol: "+", labels: gatedLabels),
        Series(
          whole.enumerated().map { (x: Double($0 + 1), y: $1) }, .line(.dotted), role: .truncated, symbol: ".",
          labels: ["whole state", "whole"]),
      ], xName: "lag", cursor: lag.map(Double.init))
    if gated.allSatisfy({ $0.y == -.infinity }) {
      plot.series[1].labels = ["gated paths: exactly 0", "gated 0"]
    }
    plot.draw(upTo: lag, in: rect, &buffer, theme)
  }

  private var keptLabels: [String] {
    let name = "memory path Π diag(\(path.gate))"
    let slope = lag == nil ? ProductPicture.factorWords(path.log10MemoryPath) : ""
    let value = lag.flatMap { path.log10MemoryPath.indices.contains($0 - 1) ? path.log10MemoryPath[$0 - 1] : nil }
    let here = value.map { [name + " " + NumberText.power(log10: $0) + " at lag \(lag ?? 0)"] } ?? []
    return here + [name + ", past all weights" + slope, name + slope, name, "memory path"]
  }

  private var gatedLabels: [String] {
    let slope = lag == nil ? ProductPicture.factorWords(path.log10Gated) : ""
    let value = lag.flatMap { lag in path.lags.firstIndex(of: lag).map { path.log10Gated[$0] } }
    let here = value.map { ["gated paths " + NumberText.power(log10: $0)] } ?? []
    return here + ["gated paths, through W_hh" + slope, "gated paths, through W_hh", "gated paths", "gated"]
  }
}

extension ProductPicture {
  /// " ×0.87 a step" for values by step, in log10; nothing where there are too few.
  static func factorWords(_ log10: [Double]) -> String {
    let finite = log10.enumerated().filter { $0.element.isFinite }
    guard let first = finite.first, let last = finite.last, last.offset > first.offset, log10.count == finite.count
    else { return "" }
    let slope = (last.element - first.element) / Double(last.offset - first.offset)
    return " ×" + NumberText.power(log10: slope, digits: 3) + " a step"
  }
}

/// ‖∂h_top/∂h_l‖ at each step, a line a layer.
struct DepthPicture {
  let depth: ProductByDepth
  /// The first step of the products in the sequence, and its length.
  var first: Int, length: Int
  /// The layer that the panels look into, counted from 0.
  var layer: Int
  /// Where the pass stands.
  var cursor: Cursor

  private var step: Int? { cursor.phase == .update ? nil : cursor.step }

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let distances = 1..<max(1, depth.layers)
    func points(_ distance: Int, _ index: Int) -> [(x: Double, y: Double)] {
      depth.steps.map { (x: Double($0.step + first + 1), y: $0.log10[distance - 1][index]) }
    }
    let values = distances.flatMap { points($0, 0).map(\.y) }
    guard values.contains(where: \.isFinite) else {
      buffer.paragraph("nothing comes down: every path is exactly 0", in: rect, style: theme[.dimText])
      return
    }
    let chosen = depth.layers - 1 - layer
    var series = distances.map { distance in
      Series(
        points(distance, 0), .line(distance == chosen || distances.count == 1 ? .solid : .dotted),
        role: distance == chosen || distances.count == 1 ? .truncated : .sigma,
        symbol: distance == chosen ? "*" : ".", labels: labels(distance))
    }
    // The layer that is looked into comes first, so that it keeps its color and its name.
    if let index = distances.firstIndex(of: chosen) { series.insert(series.remove(at: index - 1), at: 0) }
    var plot = Plot(
      x: .steps(1, max(1, length)), y: .logarithmic(values + [0]), series: series, xName: "t",
      cursor: step.map { Double($0 + 1) })
    if rect.width >= 40, let last = depth.steps.last {
      plot.guides = distances.map { distance in
        let number = depth.layers - distance
        return Guide(
          last.log10[distance - 1][0], ["layer \(number)", "l\(number)"],
          role: distance == chosen || distances.count == 1 ? .truncated : .sigma, isLine: false)
      }
    }
    // Down the layers the gradient comes at each step, and at those that the backward pass has reached.
    plot.keep { cursor.hasGradient(at: Int($0) - 1) }
    plot.draw(in: rect, into: &buffer, theme: theme)
  }

  private func labels(_ distance: Int) -> [String] {
    let number = depth.layers - distance
    guard let here = depth.at((step ?? length - 1) - first) else { return ["layer \(number)"] }
    let value = "×" + NumberText.power(log10: here.log10[distance - 1][0])
    let at = "at t = \(here.step + first + 1)"
    return ["to layer \(number): \(value) \(at)", "layer \(number): \(value)", "layer \(number)", "l\(number)"]
  }
}

/// ‖∂h_top,T/∂h_l,T-lag‖ along all paths, a line a layer.
struct PathsPicture {
  let paths: ProductByPath
  /// The layer that the panels look into, counted from 0.
  var layer: Int
  /// The lag at which the backward pass stands.
  var lag: Int?

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let values = paths.log10Norm.flatMap { $0 }
    guard values.contains(where: \.isFinite) else {
      buffer.paragraph("nothing arrives: every path is exactly 0", in: rect, style: theme[.dimText])
      return
    }
    var series = paths.log10Norm.enumerated().map { index, norms in
      Series(
        zip(paths.lags, norms).map { (x: Double($0), y: $1) }, .line(index == layer ? .solid : .dotted),
        role: index == layer ? .truncated : .sigma,
        symbol: index == layer ? "*" : ".", labels: index == layer ? labels(norms) : [])
    }
    series.insert(series.remove(at: layer), at: 0)
    if let other = series.indices.dropFirst().first { series[other].labels = ["the other layers", "others"] }
    var plot = Plot(
      x: .steps(0, max(1, paths.lags.last ?? 1)), y: .logarithmic(values + [0]), series: series, xName: "lag",
      cursor: lag.map(Double.init))
    if rect.width >= 40 {
      plot.guides = paths.log10Norm.enumerated().compactMap { index, norms in
        norms.last.map {
          Guide(
            $0, ["layer \(index + 1)", "l\(index + 1)"], role: index == layer ? .truncated : .sigma, isLine: false)
        }
      }
    }
    plot.draw(upTo: lag, in: rect, &buffer, theme)
  }

  private func labels(_ norms: [Double]) -> [String] {
    let name = "from layer \(layer + 1) to the top"
    let value = lag.flatMap { lag in paths.lags.firstIndex(of: lag).map { norms[$0] } }
    let here = value.map { [name + " " + NumberText.power(log10: $0) + " at lag \(lag ?? 0)"] } ?? []
    return here + [name + (lag == nil ? ProductPicture.factorWords(norms) : ""), name, "layer \(layer + 1)"]
  }
}
