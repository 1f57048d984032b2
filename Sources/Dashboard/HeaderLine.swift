import Canvas
import RecurrentNetworks
import Training

/// The first line: what is trained and how, and where it stands.
enum HeaderLine {
  static func draw(_ state: DashboardState, in line: Rect, _ buffer: inout Buffer) {
    buffer.fill(line, Cell(" ", state.theme[.bar]))
    // Which lane it is, is always said.
    let letter = state.lane.id.letter, isPair = state.lanes.count > 1
    StatusLine(
      name: isPair
        ? Part(["bpttop \(letter)", letter], ranks: [16, 0], .title) : Part(["bpttop"], ranks: [16], .title),
      left: state.isOurs
        ? settings(state.experiment, chosenSchedule(state), hasOwnData: state.newest?.hasOwnData == true)
        : (state.newest?.title ?? []).enumerated().map { Part([$1], ranks: [$0 < 2 ? 10 : 14]) },
      right: [loss(state)] + status(state)
    ).draw(in: line, into: &buffer, theme: state.theme)
  }

  typealias Part = StatusLine.Part

  /// The run's schedule, where the experiment has not been changed since.
  private static func chosenSchedule(_ state: DashboardState) -> TruncationSchedule? {
    state.newest.flatMap { $0.experiment == state.experiment ? $0.schedule : nil }
  }

  /// Task, network, truncation, clip, optimizer. What is trained and how comes before what it is trained on, which the reader
  /// has chosen and sees in the pass.
  static func settings(
    _ experiment: Experiment, _ schedule: TruncationSchedule? = nil, hasOwnData: Bool = false
  ) -> [Part] {
    let training = experiment.training, network = experiment.network, clip = training.clip
    let optimizer = "\(training.optimizer.name.rawValue) \(plain(training.optimizer.learningRate))"
    let falls = training.schedule.kind == .constant ? [] : ["\(optimizer) \(training.schedule.kind.rawValue)"]
    let cell = experiment.architectureWords ?? recurrent(network)
    let kind = experiment.isRecurrent ? [] : [experiment.architecture.kind.rawValue]
    let truncation =
      training.federated.clients > 1
      ? "\(training.federated.clients) clients × \(training.federated.localUpdates)" : truncation(experiment, schedule)
    // "TBPTT(10,20)", and which losses it injects.
    let windows =
      truncation.hasSuffix(")") ? [] : truncation.firstIndex(of: ")").map { [String(truncation[...$0])] } ?? []
    let threshold = plain(clip.threshold)
    let task = hasOwnData ? TaskDescription.ownData : experiment.task.name.rawValue
    return [
      Part(
        ["\(task) n=\(experiment.task.length)", "n=\(experiment.task.length)"],
        ranks: [14, 12]),
      Part(
        ["\(cell) H=\(network.hidden)" + (network.layers > 1 ? "×\(network.layers)" : ""), cell] + kind,
        ranks: [11, 6, 5]),
      Part([truncation] + windows, ranks: windows.isEmpty ? [2] : [9, 2]),
      clip.kind == .none
        ? Part(["no clip"], ranks: [3])
        : clip.kind == .norm
          ? Part(["clip norm \(threshold)", "clip \(threshold)"], ranks: [10, 3])
          : Part(["clip \(clip.kind.rawValue) \(threshold)"], ranks: [3]),
      Part(falls + [optimizer], ranks: falls.isEmpty ? [4] : [10, 4]),
    ] + regularizers(training.regularizer).map { Part([$0], ranks: [10]) }
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
  private static func loss(_ state: DashboardState) -> Part {
    guard let loss = state.lane.told?.history.newest?.loss, state.zoomed == nil,
      ScreenLayout(state).frame(of: .loss) == nil
    else { return Part([], ranks: []) }
    return Part([NumberText.short(loss)], ranks: [5], .loss, label: "loss ")
  }

  /// Running with its speed, paused, or exploded; and the number of updates.
  private static func status(_ state: DashboardState) -> [Part] {
    let count = NumberText.grouped(state.lane.told?.update ?? 0)
    let updates = Part(["update \(count)", count], ranks: [7, 1], .accent)
    if state.explosion != nil { return [Part(["✖ exploded", "✖"], ranks: [1, 0], .error), updates] }
    guard state.isRunning else { return [Part(["▮▮ paused", "▮▮"], ranks: [13, 0], .warning), updates] }
    let rate = state.lane.told?.updatesPerSecond ?? 0
    func text(_ rate: Double) -> String {
      rate >= 10 ? NumberText.grouped(Int(rate.rounded())) : plain((rate * 10).rounded() / 10)
    }
    var forms = rate > 0 ? ["▶ \(text(rate)) up/s"] : []
    if let limit = state.speed.updatesPerSecond {
      // Measured over a quarter of a second, a rate may seem to lie above its limit. It takes the limit's room, so that nothing
      // comes and goes with its digits.
      let most = text(limit), now = text(min(rate, limit))
      let padded = String(repeating: " ", count: max(0, most.columns - now.columns)) + now
      forms = rate > 0 ? ["▶ \(padded) of \(most) up/s", "▶ \(padded) up/s"] : ["▶ \(most) up/s"]
    }
    return [Part(forms + ["▶"], ranks: Array([15, 8].suffix(forms.count)) + [0], .truncated), updates]
  }
}

/// A number without a fraction of zero, short: 1, 0.1, 3.2e-05.
package func plain(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
