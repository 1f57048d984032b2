import Foundation
import GradientFlow
import Instruments
import Testing
import Training

/// What Engelken 2023 draws in figure 2: gradient flossing of k exponents brings the k largest Lyapunov exponents to 0 and leaves
/// the others where they are, so that a step stands in the spectrum behind the k-th.
@Suite struct FlossingFigureTests {
  private func exponents(flossed: Int) throws -> [Double] {
    let experiment = try Fixture.experiment(
      .temporalOrder, length: 20, hidden: 12, batch: 4,
      [
        "network.init.recurrent": "gaussian", "network.init.scale": "1", "training.optimizer.name": "adam",
        "training.optimizer.learning_rate": "0.005", "training.clip.kind": "norm", "training.clip.threshold": "1",
        "training.regularizer.flossing": flossed > 0 ? "1" : "0",
        "training.regularizer.exponents": "\(max(1, flossed))",
      ])
    let snapshot = try Fixture.snapshot(experiment, updates: 200)
    let spectrum = try #require(Fixture.readings(snapshot, ["lyapunov"])[LyapunovInstrument.self])
    return spectrum.exponents
  }

  @Test func flossedExponentsGoToZeroAndTheOthersStay() throws {
    let plain = try exponents(flossed: 0)
    #expect(plain.count == 12 && plain[11] < -1)
    for count in [1, 4, 8] {
      let spectrum = try exponents(flossed: count)
      for value in spectrum[..<count] { #expect(value.magnitude < 0.3, "\(count): \(spectrum)") }
      #expect(spectrum[11] < -1, "\(count): \(spectrum)")
      // Without flossing as many directions are further apart: the condition number of the product over T steps in them is
      // exp(T (λ_1 - λ_k)).
      #expect(spectrum[0] - spectrum[count - 1] <= 0.5 * (plain[0] - plain[count - 1]))
    }
    let four = try exponents(flossed: 4)
    #expect(four[3] - four[4] > 2 * (four[0] - four[3]), "\(four)")
    #expect(try exponents(flossed: 12).allSatisfy { $0.magnitude < 0.3 })
  }
}
