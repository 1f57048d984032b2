import GradientFlow
import RecurrentNetworks

/// Who did it: how much of the gradient's decay or growth a step is the activation's, how much the recurrent weights', and, of
/// gated cells, what the memory path keeps; with how far W_hh is from a normal matrix.
public enum DecayInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "decay"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt =
    "This step says from which places the gradient comes, Jacobian product how it grows or falls"

  /// Factors in logarithms to base 10, by step of the window; NaN where nothing arrives.
  public struct Reading: Sendable {
    /// n, and the window's first step.
    public let length: Int, firstStep: Int
    /// What each part does to the gradient on its way back, in the order of the recursion.
    public let parts: [Part]
    /// The whole factor; of gated cells there is none that one number tells.
    public let whole: Part
    /// How far W_hh is from normal; nil for gated cells, and where it is too large to look at.
    public let nonNormality: NonNormality?
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// A part of a step's Jacobian.
  public struct Part: Equatable, Sendable {
    /// How it is written: φ′, W_hhᵀ, f.
    public let symbol: String
    /// Its name in files: activation, recurrent, memory_path.
    public let name: String
    /// log10 of its factor by step.
    public let log10Factor: [Double]
    /// The mean of the finite ones: of a step's factor the geometric mean; NaN where there are none.
    public var mean: Double { Self.mean(log10Factor) }

    static func mean(_ values: [Double]) -> Double {
      let finite = values.filter(\.isFinite)
      return finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.window, layer = pass.layer(focus)
    let steps = budget.count(
      milliseconds: 10, cost: 2 * Double(pass.batch) * pass.width * pass.width, least: 16)
    guard tape.steps <= steps else {
      budget.leaveOut("the factors of \(tape.steps) steps")
      return nil
    }
    let shares = DecayShares(tape, layer: layer), cell = tape.network.cellDescription
    let memory = cell.memoryPath.map { ($0.isComplement ? "1 - " : "") + cell.gates[$0.gate] } ?? ""
    let parts = [
      Part(symbol: memory, name: "memory_path", log10Factor: shares.memoryPath),
      Part(symbol: "gates", name: "gates", log10Factor: shares.gates),
      Part(
        symbol: "φ′", name: "activation", log10Factor: Array(shares.derivative.enumerated().map { $0 > 0 ? $1 : .nan })),
      Part(symbol: "W_hhᵀ", name: "recurrent", log10Factor: shares.recurrent),
      Part(symbol: "κ", name: "direct_path", log10Factor: shares.directPath),
    ].filter { !$0.mean.isNaN }
    return Reading(
      length: pass.length, firstStep: tape.window.steps.lowerBound, parts: parts,
      whole: Part(symbol: "J_tᵀ", name: "whole", log10Factor: shares.whole),
      nonNormality: nonNormality(pass, layer, budget),
      noGradientReason: pass.noGradientReason ?? whyNotParted(tape, layer, parts))
  }

  /// Of the one matrix W_hh of a cell without gates.
  private static func nonNormality(_ pass: PassView, _ layer: Int, _ budget: Budget) -> NonNormality? {
    let tape = pass.window, width = pass.width
    guard budget.needs(trend: "departure"), tape.network.cell.gates == 1,
      let weights = tape.recurrentWeights(layer: layer, step: tape.steps - 1)
    else {
      return nil
    }
    // What the powers of W_hh do is no trend.
    let powers = budget.isWhole ? budget.count(milliseconds: 4, cost: 6 * width * width * width, least: 0) : 1
    guard powers > 0 else { return nil }
    return try? NonNormality(weights, powers: min(powers, NonNormality.powers))
  }

  /// Why a step back has no such parts; nil where it has.
  private static func whyNotParted(_ tape: Tape, _ layer: Int, _ parts: [Part]) -> String? {
    if tape.network.hasOtherDelays {
      return
        "with other delays or clocks a step back is no one product of φ′ and W_hh: Jacobian product shows what it does"
    }
    guard parts.isEmpty, tape.recurrentWeights(layer: layer, step: 0) == nil else { return nil }
    return "the state goes back through a factor of each unit alone, with no φ′ and no W_hh to tell apart: "
      + "Jacobian product shows it"
  }

  /// What is followed over training.
  public static let trendNames = [
    "activation", "recurrent", "memory_path", "gates", "direct_path", "whole", "departure",
  ]

  /// What is followed over training: log10 of the mean factor of each part.
  public static func trend(_ reading: Reading) -> [String: Double] {
    var trend = Dictionary(uniqueKeysWithValues: reading.parts.map { ($0.name, $0.mean) })
    trend["whole"] = reading.whole.mean
    trend["departure"] = reading.nonNormality?.departure
    return trend
  }

  /// log10 of each part's factor by step.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    (reading.parts + [reading.whole]).map { ReadingArray($0.name, $0.log10Factor) }
  }
}
