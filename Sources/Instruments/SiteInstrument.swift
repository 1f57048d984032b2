import Architectures
import GradientFlow
import Training

/// The place at the cursor in a network whose states do not simply follow one another: how it is made, and where its gradient comes
/// from: which later sites send it, and how much each.
public enum SiteInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "site"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true
  /// It does.
  public static let followsCursor = true

  /// One site of one sequence of the batch.
  public struct Reading: Sendable {
    /// The site's name, and its position counted from 0; how many sites further towards the loss it is than the cursor's.
    public let name: String, position: Int, sitesUp: Int
    /// What its gradient is called, and the gradient by what sends it.
    public let gradientName: String, gradient: GradientSources
    /// How the site is made, and, where the cell itself says it, how its gradient is.
    public let forward: [StepEquation], backward: [StepEquation]
    /// The position that it reads most of, counted from 0, with its weight, by each of its tracks over positions.
    public let attends: [(track: String, position: Int, weight: Double)]
    /// Which step of its own time it is, counted from 1, where that is another one: of a direction that reads from the end.
    public let ownStep: Int?
    /// The steps of the pass, the sequences of the batch, and the update that the pass makes.
    public let window: Range<Int>, batch: Int, update: StepInstrument.Update
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// The reading of a pass; nil for a recurrent network, of which the step's own numbers tell it.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let recording = pass.recording else { return nil }
    let sequence = min(focus.sequence, recording.batch - 1), graph = recording.graph(sequence: sequence)
    let layer = recording.graphLayer(pass.layer(focus)), position = focus.step ?? pass.length - 1
    let isThere = { (site: Site) in
      focus.site.map { site.id == $0 } ?? (site.layer == layer && site.position == position)
    }
    guard let site = graph.sites.first(where: isThere) else { return nil }
    return reading(of: graph, site.id, steps: focus.sitesUp, recording, pass)
  }

  /// Of the site that is so many steps further towards the loss, each time where the largest part comes from.
  private static func reading(
    of graph: some GradientGraph, _ start: Site.ID, steps: Int, _ recording: GraphRecording, _ pass: PassView
  ) -> Reading {
    var site = start, gradient = GradientSources(graph, site: start)
    var taken = 0
    for _ in 0..<steps {
      guard let next = gradient.sources.lazy.compactMap(\.site).first else { break }
      (site, gradient, taken) = (next, GradientSources(graph, site: next), taken + 1)
    }
    let cell = graph.recurrentStep(of: site).map {
      StepEquations($0.tape, index: $0.index, layer: $0.layer, sequence: $0.sequence)
    }
    let own = graph.recurrentStep(of: site).map { $0.index }
    return Reading(
      name: graph.name(of: site), position: graph.sites[site].position, sitesUp: taken,
      gradientName: "∂L/∂\(graph.symbol(of: site))", gradient: gradient,
      forward: cell?.forward ?? graph.equations(of: site), backward: cell?.backward ?? [],
      attends: graph.tracks.filter { $0.kind == .overPositions }.compactMap { track in
        let values = graph.maker(of: site).map { graph.values(of: track, at: $0) } ?? []
        return values.indices.max { values[$0] < values[$1] }.map { (track.name, $0, values[$0]) }
      }, ownStep: own == graph.sites[site].position ? nil : own.map { $0 + 1 }, window: 0..<recording.steps,
      batch: recording.batch,
      update: StepInstrument.Update(pass, recording, pass.updateGradient()), noGradientReason: pass.noGradientReason)
  }
}

extension SiteInstrument.Reading: PlaceStory {
  private typealias Fact = StepText.Fact

  /// The site's name.
  public var placeName: String { name }
  /// The numbers of its state that are shown.
  public var units: Int { gradient.values.count }

  /// How it is made; or its gradient as the sum of its parts, the largest written out.
  public func equations(_ phase: PassPhase) -> [StepEquation] {
    switch phase {
    case .forward: forward
    case .backward: [sum] + backward.dropFirst()
    case .update: []
    }
  }

  /// The gradient as the sum of its parts.
  public var sum: StepEquation {
    let sources = gradient.sources
    let shown = sources.count > 4 ? 3 : sources.count
    let rest = sources.dropFirst(shown)
    func term(_ name: String, _ values: [Double], _ origin: StepEquation.Origin, isFirst: Bool) -> StepEquation.Term {
      .init((isFirst ? [] : [.sign("+")]) + [.vector(name, values)], origin: origin)
    }
    var terms = sources.prefix(shown).enumerated().map { index, source in
      term(source.symbols, source.values, source.site == nil ? .local : .future, isFirst: index == 0)
    }
    if !rest.isEmpty {
      let others = gradient.values.indices.map { unit in rest.reduce(0) { $0 + $1.values[unit] } }
      terms.append(term("(\(rest.count) others)", others, .future, isFirst: false))
    }
    if terms.isEmpty { terms = [.init([.scalar("0", 0)])] }
    return StepEquation(
      result: .init(name: gradientName, rows: gradient.values.map { [$0] }, isByUnit: true), terms: terms)
  }

  /// In words.
  public func text(_ phase: PassPhase, hasNumbers: Bool) -> StepText {
    switch phase {
    case .forward: forwardText(hasNumbers)
    case .backward: backwardText(hasNumbers)
    case .update: update.text(noGradientReason)
    }
  }

  private func forwardText(_ hasNumbers: Bool) -> StepText {
    let lines = forward.map(\.symbols)
    let results = forward.enumerated().map { index, equation in
      Fact("‖\(equation.result.name)‖", equation.result.norm, rank: index == forward.count - 1 ? 0 : 1)
    }
    let most = attends.map { track, position, weight in
      Fact([.words("\(track) most on t = \(position + 1): ", .remark), .number(weight)], rank: 2)
    }
    let words = { (line: String) in [StepText.Piece.words(line, .equation)] }
    return StepText(
      lines: hasNumbers ? [] : [words(lines.joined(separator: "     "))] + lines.suffix(1).map(words),
      block: hasNumbers ? [] : lines.map(words), facts: (hasNumbers ? [] : results) + most + ownTime)
  }

  /// How the numbers of steps in the equations are to be read.
  private var ownTime: [Fact] {
    ownStep.map { [Fact(remark: "steps count from the end here: \($0) is t = \(position + 1)", rank: 0)] } ?? []
  }

  /// The parts, the largest first: "41 % from block 1 at t = 50".
  private func backwardText(_ hasNumbers: Bool) -> StepText {
    guard noGradientReason == nil else {
      return StepText(facts: [Fact(remark: noGradientReason ?? "", .error, rank: 0)])
    }
    guard !gradient.sources.isEmpty else {
      return StepText(facts: [Fact(remark: "nothing arrives at \(name): no loss depends on it", rank: 0)])
    }
    let parts = gradient.sources.enumerated().map { index, source in
      Fact(
        [
          .words("\(Int((100 * source.share).rounded())) % from \(source.name ?? "its own loss") ", tone(source)),
          .power(log10: source.log10Norm),
        ], rank: min(index, 3))
    }
    let line = sum.symbols
    let count = gradient.sources.count
    return StepText(
      lines: hasNumbers
        ? [] : [line, "\(gradientName) = Σ of \(count) parts"].map { [.words($0, .equation)] },
      facts: [Fact([.words("‖\(gradientName)‖ ", .remark), .power(log10: gradient.log10Norm)], rank: 0)] + ownTime
        + parts
        + (count > 1 ? [Fact(remark: "shares: projections on the sum, 100 % in all", rank: 4)] : []))
  }

  private func tone(_ source: GradientSources.Source) -> StepText.Tone { source.site == nil ? .local : .future }
}

extension StepEquation.Operand {
  /// ‖v‖.
  var norm: Double { euclideanNorm(rows.compactMap { $0.first ?? nil }) }
}
