import Dispatch
import Glibc
import GradientFlow
import Instruments
import RecurrentNetworks
import Synchronization
import Training

/// Makes updates, and measures what a row of metrics tells of each beside its own record.
public struct UpdateMeter {
  private let measuresGradient: Bool
  private let growth: GrowthThread?
  private let followed: Set<TrendKey>
  /// What reads the numbers that the update shows by itself; the others take a pass of their own before it.
  private let ofUpdate = UpdateReadings()
  private var inputs: PassInputs?
  private var readings: [TrendKey: Double] = [:]

  /// A meter for the columns that are written; what none of them tells is not computed.
  public init(columns: [MetricsRow.Column] = MetricsRow.Column.standard) {
    measuresGradient = columns.contains { $0 == .log10GradientFirst || $0 == .log10GradientLast }
    growth = columns.contains(.log10ProductPerStep) ? GrowthThread() : nil
    followed = Set(
      columns.compactMap {
        if case .reading(let key) = $0 { key } else { nil }
      })
  }

  /// Makes the next update of `run`, changes that are due before it included, and measures it.
  @discardableResult
  public mutating func trainOnce(_ run: TrainingRun) -> TrainingRun.Outcome {
    takeInputs(run)
    guard !followed.isEmpty else { return run.trainOnce() }
    let (shown, others) = ofUpdate.division(of: followed, in: run)
    guard !others.isEmpty else {
      let outcome = ofUpdate.trainOnce(run, reading: shown)
      readings = ofUpdate.numbers
      return outcome
    }
    let view = PassView(run.snapshot()), request = ReadingRequest(Set(others.map(\.instrument)))
    let measured = Readings(view, request, budget: Budget(.unlimited, following: others)).trends
    let outcome = ofUpdate.trainOnce(run, reading: shown)
    readings = measured.filter { others.contains($0.key) }.merging(ofUpdate.numbers) { $1 }
    return outcome
  }

  /// Takes what the next update of `run` is a function of.
  private mutating func takeInputs(_ run: TrainingRun) {
    // Tapes and products along time are of recurrent networks.
    guard measuresGradient || growth != nil, run.experiment.isRecurrent else { return }
    let inputs = run.passInputs()
    self.inputs = inputs
    growth?.begin(inputs)
  }

  /// The row of the update that was made.
  public func row(_ run: TrainingRun) -> MetricsRow? {
    guard let record = run.history.newest else { return nil }
    let norms = measuresGradient ? log10Norms(run) : nil
    var row = MetricsRow(
      record, log10GradientFirst: norms?.first, log10GradientLast: norms?.last,
      log10ProductPerStep: growth?.slope())
    row.readings = readings
    if let mark = run.history.validations.last, mark.update == record.update { row.heldOutLoss = mark.value }
    return row
  }

  /// log10 ‖∂L/∂h_t‖ at the window's first and last step: from the update's own pass, or, where its numbers came near the ends
  /// of their range or it made no way back, from a pass with scales of its own.
  private func log10Norms(_ run: TrainingRun) -> (first: Double, last: Double)? {
    if let (first, last) = run.windowNorms, Self.middle.contains(first), last == 0 || Self.middle.contains(last) {
      return (log10(first), log10(last))
    }
    guard let tape = inputs?.tape(), tape.gradient.allSatisfy(\.isFinite) else { return nil }
    let norms = GradientNorms.log10(tape)
    guard let first = norms.first, let last = norms.last else { return nil }
    return (first, last)
  }

  private static let middle = 1e-12...1e12
}

/// The growth of the product of Jacobians, on a thread of its own: it costs more than the update, which is made meanwhile.
private final class GrowthThread: Sendable {
  private let queue = DispatchQueue(label: "metrics")
  private let newest = Mutex<Double?>(nil)

  /// Begins with a pass.
  func begin(_ inputs: PassInputs) {
    queue.async { [self] in
      let slope = Self.slope(inputs)
      newest.withLock { $0 = slope }
    }
  }

  /// The slope of the pass that was begun last, as soon as it is there.
  func slope() -> Double? { queue.sync { newest.withLock { $0 } } }

  private static func slope(_ inputs: PassInputs) -> Double? {
    // The states of a plain pass are those of the update's own; one sequence tells them.
    let isPlain = inputs.variant == PassVariant()
    // Where the update goes back itself, it is what finds out whether the gradient is finite: no row is written else.
    if isPlain, inputs.experiment.training.algorithm.description.isTape {
      let network = inputs.experiment.network, activations = inputs.only(sequence: 0).activations()
      if let growth = ProductGrowth(
        activations, network: network, layout: inputs.layout, parameters: inputs.parameters, maximumLags: lags)
      {
        return growth.slope
      }
    }
    let tape = (isPlain ? inputs.only(sequence: 0) : inputs).tape()
    return tape.gradient.allSatisfy(\.isFinite) ? ProductGrowth(tape, maximumLags: lags).slope : nil
  }

  /// The norms at so many lags tell the slope.
  private static let lags = 8
}
