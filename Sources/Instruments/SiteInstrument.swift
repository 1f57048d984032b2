import Architectures
import GradientFlow
import Training

/// Where the gradient at the cursor comes from, in a network whose states do not simply follow one another: which later sites
/// send it, and how much each.
public enum SiteInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "site"
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true
  /// It does.
  public static let followsCursor = true

  /// The gradient of one site of the batch's first sequence.
  public struct Reading: Equatable, Sendable {
    /// The site's name, and its position counted from 0.
    public let name: String, position: Int
    /// Its gradient by what sends it.
    public let gradient: GradientSources

    /// In lines, the largest part first: "41 %  from block 1 at t = 50".
    ///
    /// - Parameters:
    ///   - count: at most so many lines.
    ///   - power: writes a number of which the decimal logarithm is given.
    public func lines(_ count: Int, power: (_ log10: Double) -> String) -> [String] {
      let head = "‖∂L/∂(\(name))‖ \(power(gradient.log10Norm))"
      guard !gradient.sources.isEmpty else { return ["nothing arrives at \(name): no loss depends on it"] }
      let parts = zip(gradient.sources, gradient.shares).map { source, share in
        let percent = String(Int((100 * share).rounded()))
        let blanks = String(repeating: " ", count: max(0, 3 - percent.count))
        return "\(blanks)\(percent) %  \(source.name ?? "its own loss")"
      }
      let shown = max(1, count - 2)
      guard parts.count > shown + 1 else { return [head] + parts }
      let rest = gradient.shares.dropFirst(shown).reduce(0, +)
      return [head] + parts.prefix(shown)
        + ["\(Int((100 * rest).rounded())) %  \(parts.count - shown) others (shares of the sum of the norms)"]
    }
  }

  /// The reading of a pass; nil for a recurrent network, of which the step's own numbers tell it.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard let recording = pass.recording, let graph = pass.graph(budget) else { return nil }
    let layer = recording.graphLayer(pass.layer(focus)), position = focus.step ?? pass.length - 1
    guard let site = graph.sites.first(where: { $0.layer == layer && $0.position == position }) else { return nil }
    return Reading(name: graph.name(of: site.id), position: position, gradient: sources(graph, site.id))
  }

  private static func sources(_ graph: some GradientGraph, _ site: Site.ID) -> GradientSources {
    GradientSources(graph, site: site)
  }
}
