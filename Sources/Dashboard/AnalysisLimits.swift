import RecurrentNetworks
import Training

/// How much an analysis may compute, so that it stays live.
public struct AnalysisLimits: Equatable, Sendable {
  /// The largest number of lags at which all singular values are computed (spread evenly, the last one among them).
  public var lags: Int
  /// The longest lag of the product at all.
  public var longestLag: Int
  /// The largest number of rows of the flow matrix (spread evenly, the last one among them).
  public var flowRows: Int
  /// The longest sequence whose mask and flow are computed: both are n×n.
  public var flowSteps: Int
  /// The most steps that may go back for the truncated gradient, over all windows of the sequence.
  public var biasSteps: Int
  /// The longest sequence that is run whole.
  public var fullSteps: Int
  /// The most hidden units of a spectrum of W_hh.
  public var spectrumUnits: Int

  /// Everything.
  public static let none = AnalysisLimits(
    lags: .max, longestLag: .max, flowRows: .max, flowSteps: .max, biasSteps: .max, fullSteps: .max,
    spectrumUnits: .max)

  /// At most so much of each.
  public init(
    lags: Int, longestLag: Int = .max, flowRows: Int, flowSteps: Int = 2000, biasSteps: Int = .max,
    fullSteps: Int = .max, spectrumUnits: Int = .max
  ) {
    self.lags = lags
    self.longestLag = longestLag
    self.flowRows = flowRows
    self.flowSteps = flowSteps
    self.biasSteps = biasSteps
    self.fullSteps = fullSteps
    self.spectrumUnits = spectrumUnits
  }

  /// Limits with which the analysis of `snapshot` takes some 10 ms on a present processor, with large networks some
  /// 100; paused, up to five times as long.
  public static func live(_ snapshot: Snapshot) -> AnalysisLimits {
    // Nobody waits for the next snapshot while it is paused: there is time for more.
    bounded(snapshot, patience: snapshot.running ? 1 : 5, flowSteps: 1000, spectrumUnits: 128)
  }

  /// Limits for a reader who has stopped to look: everything, but for networks and sequences so large that it would
  /// take longer than a few seconds.
  public static func patient(_ snapshot: Snapshot) -> AnalysisLimits {
    bounded(snapshot, patience: 5, least: 700, flowSteps: 2500, spectrumUnits: 256)
  }

  /// `patience` times the milliseconds below for each part, `least` milliseconds at least.
  private static func bounded(
    _ snapshot: Snapshot, patience: Double, least: Double = 0, flowSteps: Int, spectrumUnits: Int
  ) -> AnalysisLimits {
    let network = snapshot.experiment.network
    // All layers' Jacobians are multiplied, for the paths through them.
    let width = Double(network.hidden * network.cell.parts) * Double(network.layers).squareRoot()
    let (n, batch) = (Double(snapshot.data.steps), Double(snapshot.data.batch))
    /// How many times `cost`, in units of a multiply-add, fit into `milliseconds`.
    func fit(_ milliseconds: Double, _ cost: Double) -> Int {
      Int(max(1, min(1e9, max(least, patience * milliseconds) * multiplyAddsPerMillisecond / max(1, cost))))
    }
    let cube = width * width * width
    return AnalysisLimits(
      lags: max(3, fit(1.5, spectrumCost * cube)), longestLag: max(8, fit(40, lagCost * cube)),
      flowRows: max(8, fit(4, n * width * width / 2)), flowSteps: flowSteps,
      biasSteps: fit(5, 2 * batch * width * width + 4000 * batch.squareRoot()),
      fullSteps: max(200, fit(40, 8 * batch * width * width)), spectrumUnits: spectrumUnits)
  }

  private static let multiplyAddsPerMillisecond = 1.5e7
  /// What a lag's product, and its singular values, cost in units of H³ multiply-adds, as measured.
  private static let lagCost = 4.0, spectrumCost = 6.0
}

/// Why a snapshot could not be analysed.
public enum AnalysisError: Error, Equatable, Sendable {
  /// The pass has a number that is not finite: training has exploded.
  case notFinite(String)
}
