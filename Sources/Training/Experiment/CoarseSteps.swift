import Foundation
import RecurrentNetworks

extension ExperimentKey {
  /// The next of the values that show a difference at once: round numbers of steps (1 … 10, 12, 15, 20, …), spectral radii
  /// that in a few clicks are far beyond 1, clip thresholds in turn, clipping on and off; of other keys one step. As the
  /// experiment file writes it; nil at the end of the range.
  public func coarselyStepped(_ experiment: Experiment, up: Bool) -> String? {
    switch name {
    case "network.init.spectral_radius":
      let value = Double(get(experiment)) ?? experiment.network.initialization.scale
      return Self.nextRadius(value, up: up).map(formatNumber) ?? stepped(experiment, by: up ? 1 : -1)
    case "training.clip.threshold":
      let thresholds = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
      return formatNumber(thresholds.first { $0 < experiment.training.clip.threshold * 0.99 } ?? 10)
    case "training.clip.kind":
      // One press takes the clipping away, the next clips by the norm; the other kinds are fine steps.
      return get(experiment) == "none" ? "norm" : "none"
    default:
      guard case .stepCount = kind else { return stepped(experiment, by: up ? 1 : -1) }
      return coarselySteppedCount(experiment, up: up)
    }
  }

  private static func nextRadius(_ value: Double, up: Bool) -> Double? {
    let ladder = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7, 10]
    if !up { return ladder.last { $0 < value * 0.99 } }
    if let next = ladder.first(where: { $0 > value * 1.01 }) { return next }
    // Beyond the ladder, by half as much again, in two digits.
    let digit = pow(10, floor(log10(value * 1.5)) - 1)
    let next = (value * 1.5 / digit).rounded() * digit
    return next.isFinite ? next : nil
  }

  private func coarselySteppedCount(_ experiment: Experiment, up: Bool) -> String? {
    let length = experiment.task.length, text = get(experiment)
    let value = Int(text) ?? length
    let decades = [10, 100, 1000, 10_000, 100_000, 1_000_000]
    let round = Array(1..<10) + decades.flatMap { d in [10, 12, 15, 20, 25, 30, 40, 50, 60, 80].map { $0 * d / 10 } }
    if up { return text == "full" ? nil : round.first { $0 > value && $0 < length }.map(String.init) ?? "full" }
    // From the whole sequence down to a tenth of it: what a truncation does is seen at once.
    let below = text == "full" ? max(2, length / 10 + 1) : value
    return round.last { $0 < below }.map(String.init)
  }
}
