import GradientFlow
import Instruments
import LinearAlgebra
import RecurrentNetworks
import Training

/// Everything that the formulas of a lesson can read of one pass, computed when it is first asked for. Used by one thread.
public final class LessonNumbers {
  /// The run before the pass.
  let snapshot: Snapshot
  /// Values that the lesson has kept, by name.
  let kept: [String: LessonValue]
  /// The step under the cursor, counted from 1.
  let step: Int
  /// The pass of the next window, and of the whole sequence with all its losses.
  lazy var tape = snapshot.tape()
  lazy var whole = snapshot.wholeTape()
  lazy var wrong = WrongGradients(whole)
  private lazy var pass = PassView(snapshot)
  private var readings: [InstrumentID: Readings] = [:]
  private var values: [String: LessonValue] = [:]

  /// The numbers of the pass that `snapshot` stands before; `step` is the cursor's, counted from 1.
  public init(_ snapshot: Snapshot, kept: [String: LessonValue] = [:], step: Int = 1) {
    self.snapshot = snapshot
    self.kept = kept
    self.step = step
  }

  /// What an instrument reads of the pass.
  ///
  /// - Throws: that it reads nothing here.
  func reading<I: Instrument>(_ instrument: I.Type) throws(FormulaError) -> I.Reading {
    let all = readings[I.id] ?? Readings(pass, ReadingRequest([I.id]), budget: Budget(.unlimited))
    readings[I.id] = all
    guard let reading = all[instrument] else {
      let why = all.reasons[I.id] ?? all.leftOut[I.id]?.joined(separator: "; ") ?? "nothing to read here"
      throw FormulaError("\(I.id): \(why)")
    }
    return reading
  }

  /// The value that a name stands for: one that was kept, a quantity, or a key of the experiment that is a number.
  ///
  /// - Throws: that there is none of that name, or that it has no value here.
  func value(_ name: String) throws(FormulaError) -> LessonValue {
    if let value = kept[name] ?? values[name] { return value }
    if let quantity = Quantities.named(name) {
      guard snapshot.experiment.isRecurrent || Quantities.ofAnyNetwork.contains(name) else {
        throw FormulaError("\(name): it is of recurrent networks, expected a quantity of every network")
      }
      let value = try quantity.read(self)
      values[name] = value
      return value
    }
    if let text = try? snapshot.experiment.value(of: name) {
      guard let number = Double(text) else {
        throw FormulaError("\(name): found \(text), expected a number")
      }
      return .number(number)
    }
    throw Quantities.unknown(
      name, among: Quantities.all.map(\.name) + Array(kept.keys) + ExperimentKey.all.map(\.name), what: "name")
  }
}
