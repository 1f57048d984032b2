import Glibc

/// The Rényi divergences of the sampled Gaussian mechanism, and the (ε, δ) that they come to.
///
/// Mironov, Talwar & Zhang 2019, "Rényi differential privacy of the sampled Gaussian mechanism": with probability q of a client and
/// noise z in units of its largest update, of order α,
/// D_α = log E[((1 - q) + q exp((2x - 1)/(2z²)))^α] / (α - 1), x ~ N(0, z²).
/// Divergences of rounds add up (Mironov 2017). Of all orders the one is taken that promises most.
public enum SampledGaussian {
  /// The orders that are tried.
  static let orders: [Double] = [
    1.1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128,
    256, 512,
  ]

  /// D_α of one round.
  ///
  /// - Parameters:
  ///   - order: α, above 1.
  ///   - q: the probability, from 0 to 1.
  ///   - z: the noise; infinite where it is 0 and anybody takes part.
  public static func divergence(order: Double, probability q: Double, noise z: Double) -> Double {
    guard q > 0 else { return 0 }
    guard z > 0 else { return .infinity }
    // Without sampling it is the Gaussian mechanism's. Under so little noise sampling hides next to nothing: a bound.
    guard q < 1, z >= 0.1 else { return order / (2 * z * z) }
    // The trapezoidal rule, which is exact to rounding here: the integrand is smooth and falls off on both sides.
    let step = min(z / 4, z * z / 3)
    let (from, to) = (-12 * z, order + 12 * z)
    var logarithms: [Double] = []
    for k in 0...Int((to - from) / step) {
      let x = from + Double(k) * step, exponent = (2 * x - 1) / (2 * z * z) + log(q)
      let rest = log1p(-q)
      let larger = max(exponent, rest)
      let mixed = larger + log1p(exp(min(exponent, rest) - larger))
      logarithms.append(order * mixed - x * x / (2 * z * z))
    }
    let largest = logarithms.max() ?? 0
    let sum = logarithms.reduce(0) { $0 + exp($1 - largest) }
    let moment = largest + log(sum * step) - log(z) - log(2 * Double.pi) / 2
    return max(0, moment / (order - 1))
  }

  /// ε at δ of divergences that were added up, one an order: ε = D_α + log((α-1)/α) - (log δ + log α)/(α - 1), the least over the
  /// orders (Canonne, Kamath & Steinke 2020, "The discrete Gaussian for differential privacy", proposition 12).
  static func epsilon(_ divergences: [Double], delta: Double) -> Double {
    let candidates = zip(orders, divergences).map { order, divergence in
      divergence + log((order - 1) / order) - (log(delta) + log(order)) / (order - 1)
    }
    return max(0, candidates.min() ?? .infinity)
  }
}

/// What a run has told about any one of its clients.
public struct PrivacyBudget: Equatable, Sendable {
  /// ε at δ: infinite where a round was made without noise.
  public let epsilon: Double, delta: Double
  /// The rounds made, and those of them without noise.
  public let rounds: Int, roundsWithoutNoise: Int
}

extension Snapshot {
  /// The privacy budget spent by the rounds so far, each under the settings that it was made with; nil without noise now.
  public var privacy: PrivacyBudget? {
    let federated = experiment.training.federated
    guard federated.clients > 1, federated.noise > 0 else { return nil }
    var settings = initialExperiment
    var (start, bare) = (update - rewindable, 0)
    var divergences = SampledGaussian.orders.map { _ in 0.0 }
    func spend(until end: Int) {
      let own = settings.training.federated, rounds = max(0, end - start)
      start = max(start, end)
      guard rounds > 0 else { return }
      guard own.clients > 1, own.noise > 0 else { return bare += rounds }
      for (index, order) in SampledGaussian.orders.enumerated() {
        divergences[index] +=
          Double(rounds)
          * SampledGaussian.divergence(order: order, probability: own.fraction, noise: own.noise)
      }
    }
    for entry in journal {
      spend(until: min(entry.update, update))
      for setting in entry.settings { try? settings.set(setting.key, setting.value) }
    }
    spend(until: update)
    let rounds = rewindable
    let spent = rounds == 0 ? 0 : SampledGaussian.epsilon(divergences, delta: federated.delta)
    return PrivacyBudget(
      epsilon: bare > 0 ? .infinity : spent, delta: federated.delta, rounds: rounds, roundsWithoutNoise: bare)
  }
}
