import GradientFlow
import RecurrentNetworks
import Training

/// The next round of federated averaging: what each client sends, what the server gets of it, and how far the clients' gradients
/// point apart.
public enum FederatedInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "clients"
  /// The pass and the settings.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// Clients may train any network.
  public static let readsAnyNetwork = true

  /// A round.
  public struct Reading: Sendable {
    /// The round.
    public let round: FederatedRound
    /// What the rounds so far have told about any one client; nil without noise.
    public let privacy: PrivacyBudget?
    /// S, above which a client's update is clipped; nil for none.
    public let clip: Double?
    /// What clips the server's own step, by the setting `training.clip`; nil for nothing.
    public let serverClip: ClipKind?

    /// The mean of ‖Δ_k‖ after clipping, over those that take part; NaN where nobody does.
    public var meanNorm: Double {
      let taking = round.clients.filter(\.takesPart)
      return taking.reduce(0) { $0 + $1.norm * $1.scale } / Double(taking.count)
    }
    /// The mean cosine of two clients' gradients at the server's weights.
    public var gradientCosine: Double { mean(round.gradientCosines) }
    /// The mean cosine of two clients' updates.
    public var updateCosine: Double { mean(round.updateCosines) }

    private func mean(_ cosines: [Double]) -> Double {
      FederatedRound.mean(ofPairs: cosines, clients: round.clients.count)
    }
  }

  /// The reading of a pass; nil where there are no clients.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let round = pass.federated else {
      budget.hasNothing(because: "All data are in one place. training.federated.clients above 1 deals them to clients.")
      return nil
    }
    let training = pass.snapshot.experiment.training
    return Reading(
      round: round, privacy: pass.snapshot.privacy, clip: training.federated.clip,
      serverClip: [.norm, .value, .tensor].contains(training.clip.kind) ? training.clip.kind : nil)
  }

  /// What is followed over training.
  public static let trendNames = [
    "average_norm", "client_norm", "gradient_cosine", "update_cosine", "spread", "clipped", "epsilon",
  ]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    let taking = reading.round.clients.filter(\.takesPart)
    var trend = [
      "average_norm": reading.round.norm, "client_norm": reading.meanNorm, "gradient_cosine": reading.gradientCosine,
      "update_cosine": reading.updateCosine, "spread": reading.round.spread,
      "clipped": Double(taking.filter { $0.scale < 1 }.count) / Double(taking.count),
    ]
    trend["epsilon"] = reading.privacy?.epsilon
    return trend
  }

  /// A number a client, and the cosines of their gradients and of their updates, [K, K].
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let clients = reading.round.clients, count = clients.count
    return [
      ReadingArray("norms", clients.map(\.norm)), ReadingArray("scales", clients.map(\.scale)),
      ReadingArray("losses", clients.map(\.loss)), ReadingArray("cosines", clients.map(\.cosine)),
      ReadingArray("gradient_cosines", reading.round.gradientCosines, shape: [count, count]),
      ReadingArray("update_cosines", reading.round.updateCosines, shape: [count, count]),
    ]
  }
}
