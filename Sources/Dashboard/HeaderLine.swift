import Canvas
import RecurrentNetworks
import Training

/// The first line: what is trained and how, and where it stands.
enum HeaderLine {
  static func draw(_ state: DashboardState, in line: Rect, _ buffer: inout Buffer) {
    let theme = state.theme
    buffer.fill(line, Cell(" ", theme[.bar]))
    let status =
      [Span(" ", theme[.text])] + (loss(state, theme) + status(state, theme, width: line.width)).map { $0.words(theme) }
      + [Span(" ", theme[.text])]
    let statusWidth = status.columns
    buffer.put(status, in: line, alignment: .right)
    // The parts that are least missed go first: the name, then from the right.
    let name = state.lanes.count > 1 ? "bpttop \(state.lane.id.letter)" : "bpttop"
    let isOurs = state.isOurs
    var parts = [name] + (isOurs ? settings(state.experiment, chosenSchedule(state)) : state.newest?.title ?? [])
    if isOurs, state.newest?.hasOwnData == true {
      parts[1] = "\(TaskDescription.ownData) n=\(state.experiment.task.length)"
    }
    let room = line.width - statusWidth - 2
    func width(_ parts: [String]) -> Int { parts.reduce(0) { $0 + $1.columns } + 3 * max(0, parts.count - 1) }
    if width(parts) > room { parts = (state.lanes.count > 1 ? [state.lane.id.letter] : []) + parts.dropFirst() }
    // A network that is no recurrent one is called by its kind before it goes.
    var kind = isOurs && !state.experiment.isRecurrent ? state.experiment.architecture.kind.rawValue : nil
    while width(parts) > room, parts.count > 1 {
      let last = parts.removeLast()
      if let name = kind, parts.last?.hasSuffix("n=\(state.experiment.task.length)") ?? false, last != name {
        parts.append(name)
        kind = nil
      }
    }
    guard width(parts) <= room else { return }
    var spans = [Span(" ", theme[.text])]
    for (index, part) in parts.enumerated() {
      if index > 0 { spans.append(Span(index == 1 && parts[0] == name ? "   " : " │ ", theme[.dimText])) }
      spans.append(Span(part, theme[part == name ? .title : .text]))
    }
    buffer.put(spans, in: line)
  }

  /// The run's schedule, where the experiment has not been changed since.
  private static func chosenSchedule(_ state: DashboardState) -> TruncationSchedule? {
    state.newest.flatMap { $0.experiment == state.experiment ? $0.schedule : nil }
  }

  /// Task, cell, truncation, clip, optimizer.
  static func settings(_ experiment: Experiment, _ schedule: TruncationSchedule? = nil) -> [String] {
    let training = experiment.training
    let network = experiment.network
    let clip =
      training.clip.kind == .none ? "no clip" : "clip \(training.clip.kind.rawValue) \(plain(training.clip.threshold))"
    return [
      "\(experiment.task.name.rawValue) n=\(experiment.task.length)",
      (experiment.architectureWords ?? recurrent(network)) + " H=\(network.hidden)"
        + (network.layers > 1 ? "×\(network.layers)" : ""),
      training.federated.clients > 1
        ? "\(training.federated.clients) clients × \(training.federated.localUpdates)"
        : truncation(experiment, schedule),
      clip,
      "\(training.optimizer.name.rawValue) \(plain(training.optimizer.learningRate))"
        + (training.schedule.kind == .constant ? "" : " \(training.schedule.kind.rawValue)"),
    ] + regularizers(training.regularizer)
  }

  private static func recurrent(_ network: NetworkSpecification) -> String {
    network.cell.rawValue + options(of: network)
      + (network.cellDescription.takesActivation ? " \(network.activation.rawValue)" : "")
  }

  /// What the cell's own settings are: " β 0.2", " β 0.5…0.01" where each unit has its own, " α 1".
  private static func options(of network: NetworkSpecification) -> String {
    if network.cell.has(option: "beta") {
      let least = network.setRate(unit: network.hidden - 1)
      return " β \(plain(network.beta))" + (least == network.beta ? "" : "…\(NumberText.trimmed(least))")
    }
    let variant = network.cellDescription.variant
    return network.cell.has(option: "alpha") ? " α \(plain(network.alpha))" : variant.isEmpty ? "" : " \(variant)"
  }

  /// What is added to the gradient beside the loss.
  private static func regularizers(_ regularizer: RegularizerSpecification) -> [String] {
    (regularizer.omega > 0 ? ["Ω \(plain(regularizer.omega))"] : [])
      + (regularizer.flossing > 0 ? ["flossing \(plain(regularizer.flossing))"] : [])
      + (regularizer.noise > 0 ? ["noise \(plain(regularizer.noise))"] : [])
  }

  /// The learning algorithm and its truncation: "full BPTT", "TBPTT(10,20) newest"; with what was chosen, where k2 adapts
  /// itself.
  static func truncation(_ experiment: Experiment, _ schedule: TruncationSchedule? = nil) -> String {
    guard experiment.isRecurrent else { return "whole sequence" }
    let algorithm = experiment.training.algorithm
    return algorithm.heading(experiment, schedule ?? algorithm.schedule(experiment))
  }

  /// The newest loss, where there is no room for its panel.
  private static func loss(_ state: DashboardState, _ theme: Theme) -> [Span] {
    guard let loss = state.lane.told?.history.newest?.loss, state.zoomed == nil,
      ScreenLayout(state).frame(of: Panels.loss.id) == nil
    else { return [] }
    return [Span("loss ", theme[.text]), Span("\(NumberText.short(loss))  ", theme[.loss])]
  }

  /// Running with its speed, paused, or exploded; and the number of updates.
  private static func status(_ state: DashboardState, _ theme: Theme, width: Int) -> [Span] {
    let count = state.lane.told?.update ?? 0
    let updates = Span("update \(NumberText.grouped(count))", theme[.accent])
    if state.explosion != nil { return [Span("✖ exploded  ", theme[.error]), updates] }
    guard state.isRunning else { return [Span("▮▮ paused  ", theme[.warning]), updates] }
    let rate = state.lane.told?.updatesPerSecond ?? 0
    func text(_ rate: Double) -> String {
      rate >= 10 ? NumberText.grouped(Int(rate.rounded())) : plain((rate * 10).rounded() / 10)
    }
    // Measured over a quarter of a second, a rate may seem to lie above its limit.
    let limit = state.speed.updatesPerSecond
    let speed =
      limit.map { rate > 0 ? " \(text(min(rate, $0))) of \(text($0)) up/s" : " \(text($0)) up/s" }
      ?? (rate > 0 ? " \(text(rate)) up/s" : "")
    return [Span("▶\(speed)  ", theme[.truncated]), updates]
  }
}

/// A number without a fraction of zero, short: 1, 0.1, 3.2e-05.
func plain(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
