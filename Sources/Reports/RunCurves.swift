import Canvas
import Training

/// Curves of measured numbers over the training of one run, or of two, which their lines tell apart.
enum RunCurves {
  /// A curve of each number that was read at three updates or more and changes, with what it is in words.
  static func figures(_ runs: [ReportedRun], theme: Theme) -> [(svg: String, caption: String)] {
    MeasuredNumber.all.compactMap { number in
      let curves = runs.map { run in
        run.history.trends[number.key].filter(\.value.isFinite).map { (x: Double($0.update), y: $0.value) }
      }
      let values = curves.joined().map(\.y)
      guard curves.contains(where: { $0.count > 2 }), let least = values.min(), let most = values.max(), least < most
      else { return nil }
      return (
        svg: draw(curves, number, theme), caption: "\(number.words) (\(number.key.instrument).\(number.key.name))"
      )
    }
  }

  private static func draw(_ curves: [[(x: Double, y: Double)]], _ number: MeasuredNumber, _ theme: Theme) -> String {
    let updates = curves.joined().map(\.x)
    let looks: [(mark: Series.Mark, role: Role)] = [(.line(.solid), .truncated), (.line(.alternating), .newest)]
    let series = zip(["A", "B"], zip(curves, looks)).map { letter, curve in
      Series(curve.0, curve.1.mark, role: curve.1.role, labels: curves.count > 1 ? [letter] : [])
    }
    let plot = Plot(
      x: .steps(Int(updates.min() ?? 0), max(1, Int(updates.max() ?? 1))), y: .linear(curves.joined().map(\.y)),
      series: series, xName: "update")
    var buffer = Buffer(width: 92, height: 16)
    let frame = Rect(x: 0, y: 0, width: buffer.width, height: buffer.height)
    buffer.fill(frame, theme.blank)
    plot.draw(in: frame.inset(1), into: &buffer, theme: theme)
    return buffer.svg(title: number.words, theme: theme)
  }
}
