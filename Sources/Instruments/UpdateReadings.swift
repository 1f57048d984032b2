import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// The numbers that instruments follow over training, read at every update in the update's own arenas: truncation bias, clipping
/// lens, who did it, units, and the flow.
///
/// What cannot be read so, `Readings` reads of a pass of its own; the numbers are the same to rounding.
package final class UpdateReadings {
  /// The numbers of the pass of the update that was made last.
  package private(set) var numbers: [TrendKey: Double] = [:]
  private var keys: Set<TrendKey> = []
  private var divided: (conditions: Conditions, shown: Set<TrendKey>, others: Set<TrendKey>)?
  private var norms = RecentNorms()
  private var clip = ClipSpecification()
  /// The network that the tallies are of.
  private var network: NetworkSpecification?
  private var decay: DecayTally?, units: UnitTally?, flow: FlowTally?
  private var isDecayWanted = false, isDepartureWanted = false, areUnitsWanted = false, isAngleWanted = false
  private var isBiasWanted = false

  /// Nothing read yet.
  package init() {}

  /// From one departure to the next, in updates: a power of 2, such that its eigenvalues add a twentieth to the cost of training at
  /// most, as counted; a function of the sizes alone, so that every run of them has its numbers at the same updates.
  package static func departureInterval(in run: TrainingRun) -> Int {
    let experiment = run.experiment, units = Double(experiment.network.hidden)
    let sizes = AlgorithmSizes(experiment, inputs: run.layout.inputs, outputs: run.layout.outputs)
    let update = experiment.training.algorithm.cost(sizes).multiplyAdds * Double(sizes.k1)
    // What the QR algorithm does with single numbers takes as long as so many multiply-adds of a pass: measured.
    let eigenvalues = 70 * units * units * units
    var interval = 1
    while eigenvalues > 0.05 * update * Double(interval), interval < 1 << 20 { interval *= 2 }
    return interval
  }

  private static let departure = TrendKey(DecayInstrument.id, "departure")

  /// What it depends on which of the numbers wanted are read at an update, and how.
  private struct Conditions: Equatable {
    var wanted: Set<TrendKey>, network: NetworkSpecification
    /// Whether the update is one pass over a window; whether its gradient is the full one, and flows as it is.
    var isShown: Bool, isFull: Bool, isFlowing: Bool
    /// Whether the update is one of those at which Henrici's departure is measured.
    var isDepartureDue: Bool
  }

  /// Which of `wanted` the next update of `run` shows by itself, and which others are due, to be read of a pass of their own:
  /// Henrici's departure is due at the first update and then at every so many.
  package func division(
    of wanted: Set<TrendKey>, in run: TrainingRun
  ) -> (shown: Set<TrendKey>, others: Set<TrendKey>) {
    let experiment = run.experiment, isShown = run.showsUpdates
    let conditions = Conditions(
      wanted: wanted, network: experiment.network, isShown: isShown, isFull: isShown && run.isNextGradientFull,
      isFlowing: experiment.training.clip.kind != .step && run.layout.copies == 1,
      isDepartureDue: run.update.isMultiple(of: Self.departureInterval(in: run)))
    if let divided, divided.conditions == conditions { return (divided.shown, divided.others) }
    let due = conditions.isDepartureDue ? wanted : wanted.subtracting([Self.departure])
    let shown = due.filter { key in
      guard isShown else { return false }
      switch key.instrument {
      // Where nothing is cut the truncated gradient is the full one; else the full one takes a pass over the whole sequence.
      case BiasInstrument.id: return conditions.isFull
      case ClippingInstrument.id: return true
      case DecayInstrument.id: return DecayTally.reads(conditions.network)
      case UnitsInstrument.id: return UnitTally.reads(conditions.network)
      // The flow is that of the whole sequence.
      case FlowInstrument.id:
        return conditions.isFull && conditions.isFlowing && FlowTally.reads(conditions.network)
      default: return false
      }
    }
    divided = (conditions, shown, due.subtracting(shown))
    return (shown, due.subtracting(shown))
  }

  /// Makes the next update of `run` and reads `keys` of it, which are readable.
  package func trainOnce(_ run: TrainingRun, reading keys: Set<TrendKey>) -> TrainingRun.Outcome {
    prepare(run, keys)
    // What is known before the update stands beside what the update shows.
    numbers.removeAll(keepingCapacity: true)
    readHistory(run)
    return run.trainOnce(observer: self)
  }

  private func prepare(_ run: TrainingRun, _ keys: Set<TrendKey>) {
    let experiment = run.experiment
    clip = experiment.training.clip
    guard keys != self.keys || network != experiment.network else { return }
    (self.keys, network) = (keys, experiment.network)
    func isWanted(_ instrument: InstrumentID, but name: String = "") -> Bool {
      keys.contains { $0.instrument == instrument && $0.name != name }
    }
    isDecayWanted = isWanted(DecayInstrument.id, but: "departure")
    isDepartureWanted = keys.contains(Self.departure)
    areUnitsWanted = isWanted(UnitsInstrument.id)
    isBiasWanted = isWanted(BiasInstrument.id)
    isAngleWanted = keys.contains(TrendKey(ClippingInstrument.id, "angle"))
    decay = isDecayWanted ? DecayTally(experiment.network, run.layout) : nil
    units = areUnitsWanted ? UnitTally(experiment.network) : nil
    flow = isWanted(FlowInstrument.id) ? FlowTally(experiment.network) : nil
  }

  private func set(_ instrument: InstrumentID, _ name: String, _ value: Double?) {
    let key = TrendKey(instrument, name)
    if let value, keys.contains(key) { numbers[key] = value }
  }

  private func readHistory(_ run: TrainingRun) {
    guard keys.contains(where: { $0.instrument == ClippingInstrument.id && $0.name != "angle" }) else { return }
    norms.follow(run.history.records)
    set(ClippingInstrument.id, "median_norm", norms.median)
    set(ClippingInstrument.id, "clipped_share", norms.clippedShare)
  }
}

extension UpdateReadings: UpdateObserver {
  package func begin<S: Scalar>(_ pass: Pass<S>, window: Range<Int>) {
    decay?.begin()
    units?.begin(pass, window: window)
    if isDepartureWanted { readDeparture(pass, window) }
  }

  package func see<S: Scalar>(_ block: BackwardBlock<S>) {
    decay?.add(block)
    units?.add(block)
  }

  package func seeGradient<S: Scalar>(of pass: Pass<S>, norm: Double) {
    if isBiasWanted {
      // The truncated gradient is the full one; of 0 no direction is known, and no error relative to it.
      set(BiasInstrument.id, "cosine", norm > 0 ? 1 : .nan)
      set(BiasInstrument.id, "relative_error", norm > 0 ? 0 : .nan)
    }
    if isAngleWanted {
      set(ClippingInstrument.id, "angle", clip.angleTurned(pass.gradient, norm: norm, layout: pass.layout))
    }
    if let decay {
      set(DecayInstrument.id, "activation", decay.mean(.activation))
      set(DecayInstrument.id, "recurrent", decay.mean(.recurrent))
      set(DecayInstrument.id, "memory_path", decay.mean(.memoryPath))
      set(DecayInstrument.id, "gates", decay.mean(.gates))
      set(DecayInstrument.id, "direct_path", decay.mean(.directPath))
      // Of gated cells there is no whole factor that one number tells.
      set(DecayInstrument.id, "whole", decay.mean(.whole) ?? .nan)
    }
    if let units {
      for (fault, count) in units.counts() { set(UnitsInstrument.id, fault.rawValue, Double(count)) }
    }
    if let flow {
      flow.follow(pass)
      set(FlowInstrument.id, "mean_lag", flow.matrix.meanLag)
      // Nothing is cut.
      set(FlowInstrument.id, "kept_share", 1)
    }
  }

  /// Henrici's departure of the one W_hh of a cell without gates, before the update.
  private func readDeparture<S: Scalar>(_ pass: Pass<S>, _ window: Range<Int>) {
    guard pass.network.cell.gates == 1 else { return }
    let block = pass.layout.recurrentWeights(layer: pass.network.layers - 1, step: window.count - 1)
    guard block.rows == block.columns else { return }
    var elements: [Double] = []
    elements.reserveCapacity(block.rows * block.columns)
    for row in 0..<block.rows {
      for column in 0..<block.columns { elements.append(Double(pass.parameters[block.index(row, column)])) }
    }
    let weights = Matrix(rows: block.rows, columns: block.columns, elements: elements)
    set(DecayInstrument.id, "departure", try? NonNormality.departure(weights))
  }
}

/// The gradient's norms of the last updates, by size, kept from one update to the next.
private struct RecentNorms {
  private var newest: UpdateRecord?
  /// The last records, in a ring whose oldest is at `oldest`; the finite ones of their norms, ascending.
  private var ring: [UpdateRecord] = [], oldest = 0
  private var sorted: [Double] = []
  private var clipped = 0

  /// The middle norm, and the share of the updates that were clipped; NaN where there are none.
  var median: Double { ClippingInstrument.Reading.quantile(0.5, of: sorted) ?? .nan }
  var clippedShare: Double { Double(clipped) / Double(ring.count) }

  /// Takes over the last records of a run: one more where it has made one update since, else all of them.
  mutating func follow(_ records: [UpdateRecord]) {
    guard let last = records.last else {
      self = RecentNorms()
      return
    }
    if let newest, last == newest { return }
    if let newest, records.count > 1, records[records.count - 2] == newest {
      append(last)
    } else {
      self = RecentNorms()
      for record in records.suffix(LossHistory.recentLimit) { append(record) }
    }
    newest = last
  }

  private mutating func append(_ record: UpdateRecord) {
    if ring.count == LossHistory.recentLimit {
      let gone = ring[oldest]
      if gone.gradientNorm.isFinite { sorted.remove(at: place(of: gone.gradientNorm)) }
      clipped -= gone.clipScale < 1 ? 1 : 0
      ring[oldest] = record
      oldest = (oldest + 1) % ring.count
    } else {
      ring.append(record)
    }
    if record.gradientNorm.isFinite { sorted.insert(record.gradientNorm, at: place(of: record.gradientNorm)) }
    clipped += record.clipScale < 1 ? 1 : 0
  }

  /// Where the first norm lies that is not under this one.
  private func place(of norm: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < norm { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
