import Foundation
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import GradientFlow

@Suite("Bias by window") struct BiasByWindowTests {
  @Test("of one linear unit at rest the missing terms are a geometric sum")
  func geometric() {
    let n = 24, w = 0.85
    // At state 0 only the biases have gradients: δ Σ w^j of the unit's, e of the readout's.
    let test = TestNetwork(
      activation: .identity, hidden: 1, steps: n, recurrent: Matrix(rows: 1, columns: 1, repeating: w),
      hasTarget: { $0 == n - 1 }, isZero: true)
    let tape = test.tape()
    let delta = tape.lossGradient[n - 1]
    let error = euclideanNorm(tape.gradient(of: "readout.bias") ?? [])
    let bias = BiasByWindow(test.pass(), lengths: [1, 2, 5, 12, n]) { k2 in
      [Window(steps: n - k2..<n, injected: n - 1..<n)]
    }
    func sum(_ terms: Int) -> Double { (1 - pow(w, Double(terms))) / (1 - w) }
    for (k2, found) in zip(bias.k2, bias.relativeError) {
      let missing = abs(delta) * (sum(n) - sum(k2))
      let expected = missing / (delta * delta * sum(n) * sum(n) + error * error).squareRoot()
      #expect(abs(found - expected) < 1e-12)
    }
    #expect(bias.relativeError.last == 0)
  }

  @Test("the slope is that of the error, the least window that from which on it stays under the bound")
  func words() throws {
    let lengths = [1, 2, 4, 8, 16]
    let straight = BiasByWindow(k2: lengths, relativeError: lengths.map { pow(0.8, Double($0)) })
    #expect(abs((straight.log10PerStep ?? .nan) - log10(0.8)) < 1e-12)
    // 0.8^8 = 0.168, 0.8^16 = 0.028
    #expect(straight.leastWindow(for: 0.1) == 16 && straight.leastWindow(for: 0.2) == 8)
    #expect(straight.leastWindow(for: 0.9) == 1 && straight.leastWindow(for: 0.01) == nil)
    // An error that rises again counts from where it is under the bound for good.
    let uneven = BiasByWindow(k2: [1, 2, 3, 4], relativeError: [0.05, 0.3, 0.04, 0.01])
    #expect(uneven.leastWindow(for: 0.1) == 3)
    #expect(BiasByWindow(k2: [1, 2], relativeError: [.nan, 0]).leastWindow(for: 0.1) == 2)
    #expect(BiasByWindow(k2: [1, 2], relativeError: [0.5, 0.2]).log10PerStep == nil)
  }
}
