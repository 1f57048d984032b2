import Instruments

/// A number of an instrument that a report tells and follows, with what it is in words.
struct MeasuredNumber {
  let key: TrendKey, words: String

  /// All of them, in the order in which they are told.
  static let all: [MeasuredNumber] = [
    MeasuredNumber(
      "jacobian-product", "slope", "log10 of what the product of Jacobians is multiplied by, one step back"),
    MeasuredNumber("horizon", "lag_10_percent", "steps back after which 10 % of the product of Jacobians is left"),
    MeasuredNumber("horizon", "lag_1_percent", "steps back after which 1 % of the product of Jacobians is left"),
    MeasuredNumber("decay", "whole", "log10 of what the gradient is multiplied by, one step back"),
    MeasuredNumber("decay", "activation", "log10 of what φ′ multiplies the gradient by, one step back"),
    MeasuredNumber("decay", "recurrent", "log10 of what W_hhᵀ multiplies the gradient by, one step back"),
    MeasuredNumber("decay", "memory_path", "log10 of what the gate on the memory path multiplies it by, one step back"),
    MeasuredNumber("decay", "gates", "log10 of what the gates multiply it by, one step back"),
    MeasuredNumber("decay", "direct_path", "log10 of what the direct path multiplies it by, one step back"),
    MeasuredNumber("decay", "departure", "how far W_hh is from a normal matrix (Henrici), 0 to 1"),
    MeasuredNumber("spectrum", "spectral_radius", "spectral radius of W_hh"),
    MeasuredNumber("lyapunov", "largest", "largest Lyapunov exponent, nats a step"),
    MeasuredNumber("lyapunov", "dimension", "Kaplan-Yorke dimension"),
    MeasuredNumber("contributions", "remaining_share", "share of the time steps' gradients that is left in their sum"),
    MeasuredNumber("bias", "cosine", "cosine of the truncated gradient with the full one"),
    MeasuredNumber("bias", "relative_error", "relative error of the truncated gradient"),
    MeasuredNumber("clipping", "median_norm", "median of the last gradient norms, before clipping"),
    MeasuredNumber("clipping", "clipped_share", "share of the last updates that were clipped"),
    MeasuredNumber("clipping", "angle", "degrees by which clipping turns the next gradient"),
    MeasuredNumber("units", "saturated", "saturated units"), MeasuredNumber("units", "dead", "dead units"),
    MeasuredNumber("units", "still", "units that hardly move"),
  ]

  /// The instruments that give them.
  static let instruments = Set(all.map(\.key.instrument))

  private init(_ instrument: InstrumentID, _ name: String, _ words: String) {
    (key, self.words) = (TrendKey(instrument, name), words)
  }
}
