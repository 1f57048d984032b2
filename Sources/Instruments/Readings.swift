import GradientFlow
import Training

/// What was measured of one pass: a dictionary from instruments to their readings.
public struct Readings: Sendable {
  /// What was asked for.
  public let request: ReadingRequest
  /// The pass that was measured.
  public let pass: PassIdentity
  /// The layer that the instruments looked into, counted from 0, and the number of layers.
  public let layer: Int, layers: Int
  /// What was left out to stay fast, or because numbers are not finite, a sentence each, by instrument.
  public private(set) var leftOut: [InstrumentID: [String]] = [:]
  /// Why instruments have nothing to read, where they said so.
  public private(set) var reasons: [InstrumentID: String] = [:]
  /// Whether a patient reader gets more than is here.
  public private(set) var isHasty = false

  private var values: [InstrumentID: any Sendable] = [:]

  /// The reading of an instrument; nil where it was not asked for or there is nothing to read.
  public subscript<I: Instrument>(_ instrument: I.Type) -> I.Reading? { values[I.id] as? I.Reading }

  /// Everything that was left out, in words.
  public var allLeftOut: [String] { Instruments.all.flatMap { leftOut[$0.id] ?? [] } }

  /// The trends of all readings, by instrument and name.
  public var trends: [TrendKey: Double] {
    var trends: [TrendKey: Double] = [:]
    for instrument in Instruments.all { collectTrends(of: instrument, into: &trends) }
    return trends
  }

  /// The arrays of all readings, named INSTRUMENT.ARRAY.
  public var arrays: [ReadingArray] { Instruments.all.flatMap { arrays(of: $0) } }

  private func arrays<I: Instrument>(of instrument: I.Type) -> [ReadingArray] {
    guard let reading = self[instrument] else { return [] }
    return I.arrays(reading).map { ReadingArray("\(I.id).\($0.name)", $0.elements, shape: $0.shape) }
  }

  /// The trails of all readings, by instrument and name.
  var trails: [TrendKey: [Double]] {
    var trails: [TrendKey: [Double]] = [:]
    for instrument in Instruments.all { collectTrails(of: instrument, into: &trails) }
    return trails
  }

  private func collectTrails<I: Instrument>(of instrument: I.Type, into trails: inout [TrendKey: [Double]]) {
    guard let reading = self[instrument] else { return }
    for (name, values) in I.trails(reading) { trails[TrendKey(I.id, name)] = values }
  }

  private func collectTrends<I: Instrument>(of instrument: I.Type, into trends: inout [TrendKey: Double]) {
    guard let reading = self[instrument] else { return }
    for (name, value) in I.trend(reading) { trends[TrendKey(I.id, name)] = value }
  }

  /// The readings of some instruments alone.
  public func keeping(_ instruments: Set<InstrumentID>) -> Readings {
    var kept = self
    kept.values = values.filter { instruments.contains($0.key) }
    kept.leftOut = leftOut.filter { instruments.contains($0.key) }
    return kept
  }

  /// Readings that were made elsewhere, in another process or at another time.
  ///
  /// - Parameters:
  ///   - pass: the pass that was measured.
  ///   - layers: the number of layers; the top one is looked into.
  public init(_ pass: PassIdentity, layers: Int = 1) {
    request = ReadingRequest(Instruments.allIDs)
    self.pass = pass
    self.layers = layers
    layer = layers - 1
  }

  /// Sets the reading of an instrument.
  public mutating func set<I: Instrument>(_ instrument: I.Type, _ reading: I.Reading) { values[I.id] = reading }

  /// Reads `request` of a pass within the budget.
  ///
  /// - Parameters:
  ///   - pass: the pass.
  ///   - request: which instruments, and where they look.
  ///   - budget: how much may be computed.
  ///   - previous: earlier readings; of the same pass, request and layer only what follows the cursor is read again.
  public init(_ pass: PassView, _ request: ReadingRequest, budget: Budget, previous: Readings? = nil) {
    self.request = request
    self.pass = pass.identity
    layers = pass.layers
    layer = pass.layer(request.focus)
    var wanted = Instruments.all.filter { request.instruments.contains($0.id) }
    if let previous, previous.pass == self.pass, previous.layer == layer, previous.layers == layers,
      previous.request.instruments == request.instruments, !budget.isPatient || !previous.isHasty
    {
      (values, leftOut, reasons, isHasty) = (previous.values, previous.leftOut, previous.reasons, previous.isHasty)
      wanted = wanted.filter { $0.followsCursor }
    }
    for instrument in wanted {
      if budget.isCancelled { return }
      guard pass.isRecurrent || instrument.readsAnyNetwork else {
        reasons[instrument.id] = instrument.absence(pass.kind)
        continue
      }
      budget.begin(instrument.id)
      values[instrument.id] = Self.read(instrument, pass, request.focus, budget)
      leftOut[instrument.id] = budget.leftOut.isEmpty ? nil : budget.leftOut
      reasons[instrument.id] = budget.reason
      if !budget.leftOut.isEmpty, !budget.isPatient { isHasty = true }
    }
  }

  private static func read<I: Instrument>(
    _ instrument: I.Type, _ pass: PassView, _ focus: Focus, _ budget: Budget
  ) -> (any Sendable)? {
    I.read(pass, focus, budget)
  }
}

/// A number that is followed over training: an instrument, and what it calls the number.
public struct TrendKey: Hashable, Sendable {
  public let instrument: InstrumentID, name: String

  /// The number that `instrument` calls `name`.
  public init(_ instrument: InstrumentID, _ name: String) {
    self.instrument = instrument
    self.name = name
  }
}

/// Which pass a run stands before.
public struct PassIdentity: Hashable, Sendable {
  /// Updates done, the sequence's index, and the first step whose loss is injected.
  public var update: Int, sequence: Int, firstStep: Int
  /// Counts the publications of the run: a setting that changed makes another pass of the same update.
  public var serial: UInt64

  /// A pass after so many updates.
  public init(update: Int, sequence: Int = 0, firstStep: Int = 0, serial: UInt64) {
    self.update = update
    self.sequence = sequence
    self.firstStep = firstStep
    self.serial = serial
  }

  /// The pass of a snapshot.
  public init(_ snapshot: Snapshot) {
    update = snapshot.update
    sequence = snapshot.sequence
    firstStep = snapshot.window.injected.lowerBound
    serial = snapshot.serial
  }

  /// Whether it is the same window of the same sequence, under whatever settings.
  public func isSamePlace(as other: PassIdentity) -> Bool {
    update == other.update && sequence == other.sequence && firstStep == other.firstStep
  }
}
