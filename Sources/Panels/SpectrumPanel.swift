import Canvas
import Dashboard
import GradientFlow
import Instruments
import LinearAlgebra

/// The eigenvalues of W_hh and of a step's Jacobian on the unit circle, and what they and the singular values say about the
/// gradient.
struct SpectrumPanel: Panel {
  let id: PanelID = "spectrum"
  let title = "Spectrum"
  let shortTitle = "W_hh"
  let size = PanelSize(18, 5, widthWeight: 3, heightWeight: 14)
  let help = [
    "The eigenvalues of W_hh and of J_t = ∂s_t/∂s_{t-1} (all of the state, t at the cursor or the window's last) on the complex plane with the unit circle; untied, W_hh is that step's own; gated cells have a W_hh a gate, so J_t is drawn and the blocks are named in the zoom; dashed is 1/γ where φ′ ≤ γ < 1.",
    "ρ is the largest modulus, σ_max the largest factor that W_hh or a step can stretch by; neither has a unit.",
    "Look for: eigenvalues that leave the circle when learning makes memory; γσ_max < 1 means that gradients must vanish, γσ_max ≥ 1 alone decides nothing.",
  ]
  let reads: [any Instrument.Type] = [SpectrumInstrument.self]

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[SpectrumInstrument.self],
      let main = Self.main(reading, state.otherLane?[SpectrumInstrument.self])
    else { return ["W_hh"] }
    let isWeights = main.isWeights
    // The knob ρ is that of W_hh.
    let radius =
      (isWeights ? "ρ " : "ρ(J) ") + SpectrumPicture.text(main.spectrum.spectralRadius, 2)
    let layer = state.layerWords ?? ""
    let names = main.names.map { "\($0)  \(radius)" } + [radius]
    return (layer.isEmpty ? [] : ["\(main.names[0]) of \(layer)  \(radius)", "\(layer)  \(radius)"]) + names
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = state.lane[SpectrumInstrument.self],
      let main = Self.main(reading, state.otherLane?[SpectrumInstrument.self])
    else {
      buffer.paragraph(
        state.lane.absence(of: "the eigenvalues", from: SpectrumInstrument.self, in: rect), in: rect,
        style: theme[.dimText])
      return
    }
    let isWeights = main.isWeights
    var picture = SpectrumPicture(
      eigenvalues: main.spectrum.eigenvalues, largestSingularValue: main.spectrum.singularValues.first,
      gamma: isWeights ? reading.gamma : 1, hasVerdict: isWeights && reading.hasVerdict)
    let letter = state.lane.id.letter
    picture.names = state.lanes.count > 1 ? main.names.map { "\(letter) \($0)" } + [letter] : main.names
    if let other = state.otherLane, let beside = other[SpectrumInstrument.self].flatMap({ Self.main($0, reading) }) {
      picture.beside = (beside.names.map { "\(other.id.letter) \($0)" } + [other.id.letter], beside.spectrum)
      picture.needsBoth = true
      (picture.role, picture.besideRole) = (LaneStyle(state.lane.id).role, LaneStyle(other.id).role)
    } else if isWeights {
      picture.beside = reading.jacobian.map { (Self.names($0.step, reading.stateComponents), $0.spectrum) }
      picture.needsBoth = reading.hasDirectPath
    } else {
      picture.gates = Array(zip(reading.gates, reading.weights))
    }
    picture.draw(in: rect, &buffer, theme: theme)
  }

  /// What the panel is about: W_hh where there is one, else J_t. Beside another lane that has no W_hh of its own J_t of both, so
  /// that like is compared with like.
  private static func main(
    _ reading: SpectrumInstrument.Reading, _ other: SpectrumInstrument.Reading? = nil
  ) -> (names: [String], spectrum: MatrixSpectrum, isWeights: Bool)? {
    let isCompared = other.map { $0.recurrent == nil && $0.jacobian != nil } ?? false
    if let weights = reading.recurrent, !isCompared || reading.jacobian == nil {
      let names = reading.weightStep.map { ["W_hh, t = \($0 + 1)", "t = \($0 + 1)", "W\(sub($0 + 1))"] } ?? ["W_hh"]
      return (names, weights, true)
    }
    return reading.jacobian.map { (names($0.step, reading.stateComponents), $0.spectrum, false) }
  }

  private static func names(_ step: Int, _ parts: [String]) -> [String] {
    let whole = parts.count > 1 ? ["J_t of [\(parts.joined(separator: "; "))], t = \(step + 1)"] : []
    return whole + ["J_t, t = \(step + 1)", "J_t"]
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

  /// What it is the spectrum of, the fullest name first.
  var names = ["W_hh"]
  /// The spectrum of J_t beside that of W_hh, with its names; and whether W_hh alone would say little.
  var beside: (names: [String], spectrum: MatrixSpectrum)?
  var needsBoth = false
  /// The colors of the two.
  var role = Role.truncated, besideRole = Role.newest
  /// The blocks of W_hh, a gate each.
  var gates: [(name: String, spectrum: MatrixSpectrum)] = []

  private static let wordColumns = 18

  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let name = names.last ?? ""
    guard !eigenvalues.isEmpty else {
      buffer.paragraph("\(name) has no eigenvalues to show", in: rect, style: theme[.dimText])
      return
    }
    if eigenvalues.contains(where: { !$0.real.isFinite || !$0.imaginary.isFinite }) {
      buffer.paragraph("\(name) holds numbers that are not finite", in: rect, style: theme[.error])
      return
    }
    if radius > 1e6 {
      let what = name == "W_hh" ? "the weights have exploded" : "the gradient explodes at this step"
      let words = "ρ = \(NumberText.short(radius)): \(what), beside it the unit circle is a dot"
      buffer.paragraph(words, in: rect, style: theme[.error])
      return
    }
    // Words stand beside the circle where it leaves room, else under it.
    let isWide = rect.width >= 2 * rect.height + Self.wordColumns
    let lines = words(theme)
    let hasBeside = isWide || needsBoth
    let field: Rect
    if isWide {
      field = Rect(x: rect.x, y: rect.y, width: rect.width - Self.wordColumns, height: rect.height)
      for (row, line) in lines.prefix(max(0, rect.height - 1)).enumerated() {
        buffer.put(line, in: Rect(x: field.maxX, y: rect.y, width: Self.wordColumns, height: rect.height), row: row + 1)
      }
    } else {
      let count = rect.height >= 12 ? min(4, lines.count) : rect.height >= (needsBoth ? 5 : 7) ? 1 : 0
      field = rect.inset(bottom: count)
      let isNamed = names.first != "W_hh" || needsBoth && beside != nil
      let one = isNamed ? legend(theme, limit: rect.width) : verdict(theme, limit: rect.width)
      let short = count == 1 || isNamed ? [one] : Array(lines.prefix(count))
      for (row, line) in short.enumerated() {
        buffer.put(
          line, in: Rect(x: rect.x, y: field.maxY, width: rect.width, height: count), row: row, alignment: .center)
      }
    }
    var circles: [(radius: Double, role: Role)] = [(1, .full)]
    if gamma != 1, gamma > 0 { circles.append((1 / gamma, .bound)) }
    var scatter = CircleScatter(points: eigenvalues.map { ($0.real, $0.imaginary) }, circles: circles)
    if hasBeside, let beside { scatter.others = beside.spectrum.eigenvalues.map { ($0.real, $0.imaginary) } }
    if field.height >= 20 && field.width >= 50 {
      scatter.circles.append((radius, role))
      scatter.names = ["|λ| = 1"] + (circles.count > 1 ? ["1/γ = " + NumberText.short(1 / gamma)] : [])
      scatter.names.append("ρ = " + Self.text(radius, 3))
      if let sigma = largestSingularValue {
        scatter.circles.append((sigma, .value))
        scatter.names.append("σ_max = " + Self.text(sigma, 3))
      }
      scatter.hasAxes = true
    }
    scatter.otherRole = besideRole
    scatter.draw(in: field, role: role, into: &buffer, theme: theme)
  }

  /// A modulus, in powers of ten where it is far from 1.
  static func text(_ value: Double, _ decimals: Int) -> String {
    value < 1000 ? NumberText.fixed(value, decimals) : NumberText.short(value)
  }

  private var radius: Double { eigenvalues.reduce(0) { max($0, $1.magnitude) } }

  private func words(_ theme: Theme) -> [[Span]] {
    var lines: [[Span]] = names == ["W_hh"] && beside == nil ? [] : [title(names, role, theme)]
    lines.append([Span("ρ     ", theme[.dimText]), Span(Self.text(radius, 3), theme[role])])
    if let sigma = largestSingularValue {
      lines.append([Span("σ_max ", theme[.dimText]), Span(Self.text(sigma, 3), theme[.value])])
    }
    if gamma != 1 {
      lines.append([Span("1/γ   ", theme[.dimText]), Span(NumberText.short(1 / gamma), theme[.bound])])
    }
    lines.append(verdict(theme, limit: Self.wordColumns))
    lines.append([Span("○ |λ| = 1", theme[.full])])
    if let beside {
      lines += [[], title(beside.names, besideRole, theme)]
      lines.append([
        Span("ρ     ", theme[.dimText]), Span(Self.text(beside.spectrum.spectralRadius, 3), theme[besideRole]),
      ])
      if let sigma = beside.spectrum.singularValues.first {
        lines.append([Span("σ_max ", theme[.dimText]), Span(Self.text(sigma, 3), theme[.value])])
      }
    }
    if !gates.isEmpty {
      lines += [[], [Span("W_hh by gate", theme[.text])], [Span("   ρ     σ_max", theme[.dimText])]]
      lines += gates.map { gate in
        let radius = Self.text(gate.spectrum.spectralRadius, 3)
        let gap = String(repeating: " ", count: max(1, 6 - radius.columns))
        return [
          Span(gate.name + "  ", theme[.dimText]), Span(radius + gap, theme[.value]),
          Span(gate.spectrum.singularValues.first.map { Self.text($0, 3) } ?? "", theme[.value]),
        ]
      }
    }
    return lines
  }

  private func title(_ names: [String], _ role: Role, _ theme: Theme) -> [Span] {
    [Span(String.fitting(Self.wordColumns, names) ?? "", theme[role])]
  }

  /// What the points are of, in their colors, under the circle.
  private func legend(_ theme: Theme, limit: Int) -> [Span] {
    guard let beside, needsBoth else { return [Span(String.fitting(limit, names) ?? "", theme[role])] }
    let name = names.last ?? ""
    guard let other = String.fitting(limit - name.columns - 3, beside.names) else { return [] }
    return [Span(name, theme[role]), Span(" · ", theme[.dimText]), Span(other, theme[besideRole])]
  }

  /// σ_max < 1/γ suffices for gradients to vanish, σ_max > 1/γ is needed for them to explode.
  private func verdict(_ theme: Theme, limit: Int) -> [Span] {
    guard hasVerdict, let sigma = largestSingularValue else { return [] }
    let mustVanish = gamma * sigma < 1
    // A bound that says nothing is no alarm.
    let forms = mustVanish ? ["γσ < 1: must vanish", "must vanish"] : ["γσ ≥ 1: undecided", "undecided"]
    if limit > Self.wordColumns, gamma != 1, gamma > 0 {
      // Under the circles there is one line: it names the second circle too.
      let circle = "1/γ = " + NumberText.short(1 / gamma)
      if let text = String.fitting(limit - circle.columns - 3, forms) {
        return [Span(circle + " · ", theme[.bound]), Span(text, theme[mustVanish ? .future : .dimText])]
      }
    }
    return [Span(String.fitting(limit, forms) ?? "", theme[mustVanish ? .future : .dimText])]
  }
}
