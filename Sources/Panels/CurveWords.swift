import Canvas
import GradientFlow
import LinearAlgebra

/// How a curve of log10 norms by step runs, back in time, in words: a factor a step where a line fits it, else what it does.
struct CurveWords: Equatable {
  /// The whole of it, and the same in few words.
  let long: String, short: String
  /// What it does and by which factor, where both find no room otherwise.
  var brief: String { long.hasSuffix(" a step back") ? String(long.dropLast(" a step back".count)) : short }

  /// From log10 norms by step, NaN where they are not known; nil where there are too few to say anything.
  ///
  /// - Parameter firstStep: the step of the sequence, counted from 0, of the first norm.
  init?(_ norms: [Double], firstStep: Int = 0) {
    switch CurveShape(norms) {
    case .empty, .zero: return nil
    case .steady: (long, short) = ("steady", "steady")
    case .line(let fit, _):
      guard fit.count >= 3 else { return nil }
      short = "×" + NumberText.power(log10: -fit.slope, digits: 3) + " a step back"
      let verb = fit.slope > 0.005 ? "vanishes" : fit.slope < -0.005 ? "explodes" : "steady"
      long = verb + " " + short
    case .parts(let parts):
      let shown = parts.prefix(3)
      guard let first = shown.first else { return nil }
      let words = shown.enumerated().map { index, part in
        let place = index + 1 < parts.count ? " to t = \(firstStep + part.steps.lowerBound + 1)" : " before"
        return Self.verb(part.direction) + (parts.count == 1 ? "" : place)
      }
      long = words.joined(separator: ", ") + (parts.count > 3 ? " …" : "")
      short =
        Self.verb(first.direction)
        + (parts.count > 1 ? " to t = \(firstStep + first.steps.lowerBound + 1), then turns" : "")
    }
  }

  private static func verb(_ direction: CurveShape.Part.Direction) -> String {
    switch direction {
    case .falls: "falls"
    case .rises: "rises"
    case .steady: "steady"
    case .zero: "exactly 0"
    }
  }
}
