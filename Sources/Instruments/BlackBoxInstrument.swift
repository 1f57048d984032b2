import Training

/// The updates before an explosion, kept whole: what grew, and what was the first number that was not finite.
public enum BlackBoxInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "black-box"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]

  /// What was kept.
  public struct Reading: Sendable {
    /// The updates.
    public let box: BlackBox
    /// The update that comes next, counted from 1: one of the box's where the run is gone back over them.
    public let next: Int
    /// The number of layers.
    public let layers: Int
  }

  /// The reading of a pass; nil where nothing has exploded, or nothing is kept yet.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let box = pass.snapshot.blackBox else { return nil }
    return Reading(box: box, next: pass.snapshot.update + 1, layers: pass.layers)
  }
}

extension BlackBoxInstrument.Reading {
  /// What exploded: "update 3, step 50: ∂L/∂h of unit 7, sequence 2, is not finite".
  public var headline: String {
    let explosion = box.explosion
    let whose = box.culprit.map { " of \($0.words(layers: layers))," } ?? ""
    return "update \(explosion.update), step \(explosion.step): \(explosion.factor)\(whose) is not finite"
  }

  /// The entry of the update that comes next; nil where the run stands before or behind them.
  public var present: BlackBox.Entry? { box.entries.first { $0.update == next } }
}
