import Canvas
import GradientFlow
import LinearAlgebra

/// The eigenvalues of W_hh on the unit circle, and what they and the singular values say about the gradient.
struct SpectrumPanel: Panel {
  let id: PanelID = "spectrum"
  let digit = 5
  let title = "Spectrum"
  let shortTitle = "W_hh"
  let minimumSize = Size(width: 18, height: 5)
  let help = [
    "The eigenvalues of W_hh (untied: of the step's own; of gated cells: of the whole J_t at the window's end) on the complex plane with the unit circle; dashed is 1/γ where φ′ ≤ γ < 1.",
    "ρ is the largest modulus, σ_max the largest factor that a step's W_hh can stretch by; neither has a unit.",
    "Look for: eigenvalues that leave the circle when learning makes memory; γσ_max < 1 means that gradients must vanish.",
  ]
  let widthWeight = 3
  let heightWeight = 14
  let instruments: Set<Instrument> = [.spectrum]

  func notes(_ state: DashboardState) -> [String] {
    guard let analysis = state.analysis, let spectrum = analysis.recurrentSpectrum ?? analysis.jacobianSpectrum else {
      return ["W_hh"]
    }
    // W_hh of one step, where each has its own.
    let step = "t = \(analysis.spectrumStep + 1)"
    let isUntied = analysis.drift != nil
    let name = analysis.recurrentSpectrum == nil ? "J_t, \(step)" : isUntied ? "W_hh, \(step)" : "W_hh"
    let radius = "ρ " + SpectrumPicture.text(spectrum.spectralRadius, 2)
    let layer = state.layers > 1 ? "layer \(state.shownLayer + 1)" : ""
    let short =
      isUntied
      ? [step + "  " + radius, "W\(sub(analysis.spectrumStep + 1)) " + radius]
      : analysis.recurrentSpectrum == nil ? ["J_t  " + radius] : []
    let forms = ["\(name)  \(radius)"] + short + [radius]
    return (layer.isEmpty ? [] : ["\(name) of \(layer)  \(radius)", "\(layer)  \(radius)"]) + forms
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let analysis = state.analysis, let spectrum = analysis.recurrentSpectrum ?? analysis.jacobianSpectrum else {
      buffer.paragraph(state.absence(of: "the eigenvalues", from: .spectrum), in: rect, style: theme[.dimText])
      return
    }
    let network = analysis.window.network
    let isWeights = analysis.recurrentSpectrum != nil
    SpectrumPicture(
      eigenvalues: spectrum.eigenvalues, largestSingularValue: spectrum.singularValues.first,
      gamma: isWeights ? network.activation.maximumDerivative : 1,
      // One step's own W_hh decides nothing for the others.
      hasVerdict: isWeights && analysis.drift == nil
        && (network.cellDescription.affineJacobian.map { $0.directPath < 1 } ?? false)
    ).draw(in: rect, &buffer, theme: theme)
  }
}

/// What the panel draws.
struct SpectrumPicture {
  var eigenvalues: [Complex]
  var largestSingularValue: Double?
  /// γ = max φ′.
  var gamma: Double
  /// Whether γσ_max decides: it does where a step multiplies by φ′ W_hh, and not beside a path of its own.
  var hasVerdict = true

  private static let wordColumns = 18

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard !eigenvalues.isEmpty else {
      buffer.paragraph("W_hh has no eigenvalues to show", in: rect, style: theme[.dimText])
      return
    }
    if eigenvalues.contains(where: { !$0.real.isFinite || !$0.imaginary.isFinite }) {
      buffer.paragraph("W_hh holds numbers that are not finite", in: rect, style: theme[.error])
      return
    }
    if radius > 1e6 {
      let words = "ρ = \(NumberText.short(radius)): the weights have exploded, beside them the unit circle is a dot"
      buffer.paragraph(words, in: rect, style: theme[.error])
      return
    }
    // Words stand beside the circle where it leaves room, else under it.
    let isWide = rect.width >= 2 * rect.height + Self.wordColumns
    let lines = words(theme)
    let field: Rect
    if isWide {
      field = Rect(x: rect.x, y: rect.y, width: rect.width - Self.wordColumns, height: rect.height)
      for (row, line) in lines.enumerated() {
        buffer.put(line, in: Rect(x: field.maxX, y: rect.y, width: Self.wordColumns, height: rect.height), row: row + 1)
      }
    } else {
      let count = rect.height >= 12 ? min(4, lines.count) : rect.height >= 7 ? 1 : 0
      field = rect.inset(bottom: count)
      let short = count == 1 ? [verdict(theme, limit: rect.width)] : Array(lines.prefix(count))
      for (row, line) in short.enumerated() {
        buffer.put(
          line, in: Rect(x: rect.x, y: field.maxY, width: rect.width, height: count), row: row, alignment: .center)
      }
    }
    var circles: [(radius: Double, role: Role)] = [(1, .full)]
    if gamma != 1, gamma > 0 { circles.append((1 / gamma, .bound)) }
    var scatter = CircleScatter(points: eigenvalues.map { ($0.real, $0.imaginary) }, circles: circles)
    if field.height >= 20 && field.width >= 50 {
      scatter.circles.append((radius, .truncated))
      scatter.names = ["|λ| = 1"] + (circles.count > 1 ? ["1/γ = " + NumberText.short(1 / gamma)] : [])
      scatter.names.append("ρ = " + Self.text(radius, 3))
      if let sigma = largestSingularValue {
        scatter.circles.append((sigma, .value))
        scatter.names.append("σ_max = " + Self.text(sigma, 3))
      }
      scatter.hasAxes = true
    }
    scatter.draw(in: field, role: .truncated, into: &buffer, theme: theme)
  }

  /// A modulus, in powers of ten where it is far from 1.
  static func text(_ value: Double, _ decimals: Int) -> String {
    value < 1000 ? NumberText.fixed(value, decimals) : NumberText.short(value)
  }

  private var radius: Double { eigenvalues.reduce(0) { max($0, $1.magnitude) } }

  private func words(_ theme: Theme) -> [[Span]] {
    var lines: [[Span]] = [
      [Span("ρ     ", theme[.dimText]), Span(Self.text(radius, 3), theme[.truncated])]
    ]
    if let sigma = largestSingularValue {
      lines.append([Span("σ_max ", theme[.dimText]), Span(Self.text(sigma, 3), theme[.value])])
    }
    if gamma != 1 {
      lines.append([Span("1/γ   ", theme[.dimText]), Span(NumberText.short(1 / gamma), theme[.bound])])
    }
    lines.append(verdict(theme, limit: Self.wordColumns))
    lines.append([Span("○ |λ| = 1", theme[.full])])
    return lines
  }

  /// σ_max < 1/γ suffices for gradients to vanish, σ_max > 1/γ is needed for them to explode.
  private func verdict(_ theme: Theme, limit: Int) -> [Span] {
    guard hasVerdict, let sigma = largestSingularValue else { return [] }
    let mustVanish = gamma * sigma < 1
    let forms = mustVanish ? ["γσ < 1: must vanish", "must vanish"] : ["γσ ≥ 1: may explode", "may explode"]
    if limit > Self.wordColumns, gamma != 1, gamma > 0 {
      // Under the circles there is one line: it names the second circle too.
      let circle = "1/γ = " + NumberText.short(1 / gamma)
      if let text = String.fitting(limit - circle.columns - 3, forms) {
        return [Span(circle + " · ", theme[.bound]), Span(text, theme[mustVanish ? .future : .warning])]
      }
    }
    return [Span(String.fitting(limit, forms) ?? "", theme[mustVanish ? .future : .warning])]
  }
}
