import GradientFlow
import LinearAlgebra
import Training

/// The clipping lens: how large the raw gradients of the last updates were, where the threshold lies among them, and what
/// clipping does to the next one.
public enum ClippingInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "clipping"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings, .history]
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// The last norms, and the next update.
  public struct Reading: Equatable, Sendable {
    /// How gradients are clipped.
    public let clip: ClipSpecification
    /// ‖g‖₂ before clipping of the last updates, ascending: 256 at most.
    public let norms: [Double]
    /// The share of those updates that were clipped, and the mean scale of the clipped ones; NaN where there are none.
    public let clippedShare: Double, meanScale: Double
    /// ‖g‖₂ of the next update before clipping, and what clipping leaves of it: ‖clipped‖/‖g‖; NaN where that is not known, and g that of
    /// the recurrent module alone.
    public let norm: Double, scale: Double
    /// The angle between the gradient before and after clipping, in degrees: 0 where only its length changes; NaN for a gradient
    /// of 0.
    public let angle: Double
    /// Each tensor's share of ‖g‖², by name, the largest first; empty for a gradient of 0.
    public let shares: [Share]

    /// The norm under which a share `q` of the last updates lie; nil where there are none.
    public func quantile(_ q: Double) -> Double? { Self.quantile(q, of: norms) }

    static func quantile(_ q: Double, of norms: [Double]) -> Double? {
      guard !norms.isEmpty else { return nil }
      // Between the two nearest, linearly: the definition 7 of Hyndman & Fan 1996.
      let place = max(0, min(1, q)) * Double(norms.count - 1)
      let below = Int(place), above = min(below + 1, norms.count - 1)
      return norms[below] + (place - Double(below)) * (norms[above] - norms[below])
    }

    /// The share of the last updates whose norm lies under the threshold; NaN where there are none.
    public var shareUnderThreshold: Double {
      Double(norms.reduce(0) { $0 + ($1 <= clip.threshold ? 1 : 0) }) / Double(norms.count)
    }
  }

  /// A tensor's share.
  public struct Share: Equatable, Sendable {
    /// PyTorch's name, and the share of ‖g‖² from 0 to 1.
    public let name: String, share: Double
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let recent = pass.snapshot.history.recent, clip = pass.snapshot.experiment.training.clip
    let gradient = pass.updateGradient(budget)
    let clipped = clip.clipping(gradient, pass.snapshot.layout)
    let norm = euclideanNorm(gradient)
    let scales = recent.map(\.clipScale).filter { $0 < 1 }
    let comparison = TruncationBias.Comparison(name: "clipped", truncated: clipped, full: gradient)
    let shares = pass.snapshot.layout.entries.map { entry in
      let part = euclideanNorm(gradient[entry.range]) / norm
      return Share(name: entry.name, share: part * part)
    }
    return Reading(
      clip: clip, norms: recent.map(\.gradientNorm).filter(\.isFinite).sorted(),
      clippedShare: Double(scales.count) / Double(recent.count),
      meanScale: scales.reduce(0, +) / Double(scales.count), norm: norm,
      // What another program's clipping leaves depends on the rest of its model.
      scale: pass.snapshot.data.givesGradients ? .nan : comparison.truncatedNorm / comparison.fullNorm,
      angle: comparison.angle, shares: norm > 0 ? shares.sorted { $0.share > $1.share } : [])
  }

  /// What is followed over training.
  public static let trendNames = ["median_norm", "clipped_share", "angle"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    [
      "median_norm": reading.quantile(0.5) ?? .nan, "clipped_share": reading.clippedShare, "angle": reading.angle,
    ]
  }

  /// The norms of the last updates, ascending.
  public static func arrays(_ reading: Reading) -> [ReadingArray] { [ReadingArray("norms", reading.norms)] }
}
