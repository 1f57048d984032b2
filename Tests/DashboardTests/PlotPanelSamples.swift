import Canvas
import LinearAlgebra

@testable import Dashboard
@testable import GradientFlow
@testable import Training
@testable import Panels

/// Pictures of hand-made numbers, so that what a panel draws can be told beforehand.
enum Sample {
  /// 12 steps, window 5 … 10 (from 1), its newest two losses, gradient 10^-(10-t).
  static func time(cursor: Cursor = Cursor(.backward, step: 7), length: Int = 12) -> TimePicture {
    let window = 4..<10
    var picture = TimePicture(
      length: length, units: 2, window: window, injected: 8..<10, cursor: cursor, wantedWindow: 6,
      symbols: (0..<length).map { InputSymbol(text: $0 == 2 ? "A" : "c", isAccented: $0 == 2) },
      state: { unit, step in
        step < window.upperBound && (step < window.lowerBound || cursor.hasState(at: step)) ? (unit == 0 ? 1 : -1) : nil
      })
    picture.targets = (0..<length).map { $0 == length - 1 ? "AB" : "" }
    picture.meanDerivative = [Double](repeating: 0.55, count: length)
    picture.leastDerivative = [Double](repeating: 0.05, count: length)
    picture.gradient = (0..<length).map { window.contains($0) ? Double($0 - 9) : -.infinity }
    picture.gradientAxis = .logarithmic(picture.gradient)
    return picture
  }

  /// 10^(-lag/2), a second value 10^(-lag), the bound 10^(-lag/4).
  static func product(steps: Int = 20) -> ProductByLag {
    ProductByLag(
      steps: steps, log10Norm: (1...steps).map { -Double($0) / 2 },
      spectra: (1...steps).map { .init(lag: $0, log10: [-Double($0) / 2, -Double($0)]) }, log10BoundPerStep: -0.25,
      slope: -0.5, horizon10: 3, horizon1: 5)
  }

  /// F[i,t] = 10^(t-i); k1 = 2, k2 = 4 of 8 steps.
  static func flow(steps: Int = 8) -> FlowPicture {
    let values = (0..<steps * steps).map { index -> Double in
      let (i, t) = (index / steps, index % steps)
      return t <= i ? Double(t - i) : -.infinity
    }
    let schedule = TruncationSchedule(length: steps, k1: 2, k2: 4, inject: .newest)
    var counts = [Int32](repeating: 0, count: steps * steps)
    for window in schedule.windows {
      for i in window.injected { for t in window.steps where t <= i { counts[i * steps + t] += 1 } }
    }
    return FlowPicture(
      flow: FlowMatrix(steps: steps, rows: Array(0..<steps), log10: values),
      mask: TruncationMask(steps: steps, windows: schedule.windows, counts: counts),
      share: TruncationShare(terms: 36, termsKept: 24, massShare: 0.9996),
      bias: .init(name: "all", truncatedNorm: 1, fullNorm: 1, cosine: 0.93, angle: 21.6, relativeError: 0.38),
      truncation: "TBPTT(2,4) newest")
  }

  static func spectrum(gamma: Double = 1) -> SpectrumPicture {
    SpectrumPicture(
      eigenvalues: [Complex(0.5, 0.5), Complex(0.5, -0.5), Complex(-0.6)], largestSingularValue: 0.8, gamma: gamma)
  }

  /// Losses 1, 1/2, 1/3 …; every fifth norm is 4 and clipped to 1.
  static func loss(updates: Int = 40) -> LossPicture {
    var buckets: [LossHistory.Bucket] = []
    var recent: [UpdateRecord] = []
    for update in 1...updates {
      var record = UpdateRecord()
      record.update = update
      record.loss = 1 / Double(update)
      record.gradientNorm = update % 5 == 0 ? 4 : 0.5
      record.clipScale = update % 5 == 0 ? 0.25 : 1
      recent.append(record)
      buckets.append(
        LossHistory.Bucket(
          firstUpdate: update, count: 1, lossMinimum: record.loss, lossMaximum: record.loss, lossMean: record.loss,
          normMinimum: record.gradientNorm, normMaximum: record.gradientNorm, normMean: record.gradientNorm,
          clippedCount: update % 5 == 0 ? 1 : 0,
          clipScaleMinimum: record.clipScale))
    }
    return LossPicture(
      buckets: buckets, recent: recent, floors: [.init(name: "guessing", loss: 1.386)], clip: ClipSpecification())
  }

  static func gradient(cursor: Cursor = Cursor(.backward, step: 7)) -> GradientNormPicture {
    var picture = GradientNormPicture(length: 12, cursor: cursor)
    picture.curves = curves(time().gradient, [Double](repeating: 0.5, count: 12), cursor)
    return picture
  }

  /// A gradient that is cut after 6 steps, and the same losses' where nothing is.
  static func curves(_ cut: [Double]?, _ uncut: [Double]?, _ cursor: Cursor) -> [GradientNormPicture.Curve] {
    var curves: [GradientNormPicture.Curve] = []
    if let cut {
      curves.append(
        .init(norms: cut, names: ["cut at k2 = 6", "cut"], name: "cut", role: .truncated, symbol: "*", cursor: cursor))
    }
    if let uncut {
      curves.append(
        .init(
          norms: uncut, names: ["nothing cut", "uncut"], name: "uncut", mark: .line(.dotted), role: .full, symbol: ".",
          skipsNothing: false, cursor: cursor))
    }
    return curves
  }

  static func draw(_ width: Int, _ height: Int, _ theme: Theme, _ body: (Rect, inout Buffer) -> Void) -> Buffer {
    var buffer = Buffer(width: width, height: height, fill: theme.blank)
    body(buffer.bounds, &buffer)
    buffer.reduce(to: theme.characters)
    return buffer
  }

  static let ascii = Theme(colors: .mono, characters: .ascii)
}

extension TimePicture {
  func draw(in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    TimeDrawing(self, in: rect, theme: theme).draw(into: &buffer)
  }
}
