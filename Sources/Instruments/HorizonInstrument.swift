import GradientFlow

/// The horizon: the lag at which the product of Jacobians falls under 10 % and 1 %, beside what the task needs and what the
/// truncation reaches.
public enum HorizonInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "horizon"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Flow has how far each loss reaches, `bpttop contrast` its fall with distance"

  /// Lags in steps.
  public struct Reading: Equatable, Sendable {
    /// The first lag at which ‖∂s_T/∂s_{T-lag}‖ is under 10 %, and under 1 %; nil where it never is.
    public let under10: Int?, under1: Int?
    /// The longest lag that was looked at.
    public let longest: Int
    /// How far back what the task asks for lies, where the task knows.
    public let dependencyLength: Int?
    /// k2 as it is resolved: a truncated gradient reaches k2 - 1 steps back.
    public let k2: Int
    /// log10 ‖∂s_T/∂s_{T-lag}‖ at lag 1, 2, …
    public var log10Norm: [Double] = []

    /// log10 of the mean factor a step over the longest lag; NaN where nothing was read.
    public var log10PerStep: Double { log10Norm.last.map { $0 / Double(log10Norm.count) } ?? .nan }

    /// log10 of the norm at a lag, carried on with its mean factor beyond the longest; nil where nothing was read.
    public func log10Norm(lag: Int) -> Double? {
      guard lag >= 1, !log10Norm.isEmpty else { return nil }
      return lag <= log10Norm.count ? log10Norm[lag - 1] : log10PerStep * Double(lag)
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let tape = pass.sequenceOrWindow(budget)
    let cube = pass.width * pass.width * pass.width
    let longest = min(tape.steps, budget.count(milliseconds: 20, cost: 8 * cube, least: 8))
    // The largest singular value alone, by iteration; exact at the longest lag.
    do {
      let product = try ProductByLag(
        tape, layer: pass.layer(focus), maximumLags: 1, longest: longest, progress: budget.goOn)
      return Reading(
        under10: product.horizon10, under1: product.horizon1, longest: longest,
        dependencyLength: pass.snapshot.description.dependencyLength, k2: pass.snapshot.schedule.k2,
        log10Norm: product.log10Norm)
    } catch is CancellationError {
      return nil
    } catch {
      budget.leaveOut("the horizon: a Jacobian is not finite")
      return nil
    }
  }

  /// What is followed over training.
  public static let trendNames = ["lag_10_percent", "lag_1_percent", "k2"]

  /// log10 of the norm at lag 1, 2, …
  public static func arrays(_ reading: Reading) -> [ReadingArray] { [ReadingArray("log10_norm", reading.log10Norm)] }

  /// A horizon that is never reached is the longest lag.
  public static func trend(_ reading: Reading) -> [String: Double] {
    [
      "lag_10_percent": Double(reading.under10 ?? reading.longest),
      "lag_1_percent": Double(reading.under1 ?? reading.longest),
      "k2": Double(reading.k2),
    ]
  }
}
