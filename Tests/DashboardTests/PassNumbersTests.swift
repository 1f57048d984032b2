import GradientFlow
import Instruments
import RecurrentNetworks
import Testing
import Training

@testable import Dashboard

/// The numbers of This step against the definitions, from the tape's own arrays.
@Suite struct PassNumbersTests {
  private func tape(_ cell: CellKind) throws -> Tape {
    var experiment = Example.experiment()
    experiment.network.cell = cell
    if cell == .leaky { experiment.network.beta = 0.3 }
    if cell == .residual { experiment.network.alpha = 0.5 }
    return try Example.snapshot(experiment).tape()
  }

  @Test func aNormIsScaled() {
    #expect(abs(euclideanNorm([3e200, 4e200]) / 5e200 - 1) < 1e-15)
    #expect(abs(euclideanNorm([3e-200, -4e-200]) / 5e-200 - 1) < 1e-15)
    #expect(euclideanNorm([Double]()) == 0)
    #expect(euclideanNorm([1, .nan, 2]).isNaN && euclideanNorm([1, -.infinity]) == .infinity)
  }

  @Test func forwardNumbersAreThoseOfSequenceOne() throws {
    let tape = try tape(.elman)
    let numbers = try #require(ForwardNumbers(tape, step: 4))
    let (batch, hidden) = (tape.batch, tape.hidden)
    let layer = try #require(tape.layers.first)
    let a = Array(layer.preactivation[4 * batch * hidden..<4 * batch * hidden + hidden])
    let h = Array(layer.state[5 * batch * hidden..<5 * batch * hidden + hidden])
    #expect(abs(numbers.preactivation - euclideanNorm(a)) < 1e-15)
    #expect(abs(numbers.state - euclideanNorm(h)) < 1e-15)
    // φ′ of tanh is 1 - h².
    let derivative = h.map { 1 - $0 * $0 }
    #expect(abs(numbers.derivativeMean - derivative.reduce(0, +) / 4) < 1e-12)
    #expect(abs(numbers.derivativeLeast - (derivative.min() ?? 0)) < 1e-12)
    // a = W_ih x + W_hh h + b, the vectors rebuilt here.
    let w = try #require(tape.parameter("weight_hh_l0"))
    let before = Array(layer.state[4 * batch * hidden..<4 * batch * hidden + hidden])
    let recurrent = (0..<hidden).map { i in (0..<hidden).reduce(0) { $0 + w[i * hidden + $1] * before[$1] } }
    #expect(abs(numbers.recurrent - euclideanNorm(recurrent)) < 1e-12)
    #expect(abs(numbers.input - euclideanNorm(zip(a, recurrent).map { $0 - $1 })) < 1e-12)
    #expect(numbers.bias == 0)
    #expect(!numbers.isInjected && numbers.loss != nil)
    #expect(ForwardNumbers(tape, step: 5)?.isInjected == true)
    #expect(ForwardNumbers(tape, step: 10) == nil && ForwardNumbers(tape, step: -1) == nil)
  }

  @Test(arguments: CellKind.affine)
  func theFactorsMakeTheFuture(_ cell: CellKind) throws {
    let tape = try tape(cell)
    let last = try #require(BackwardNumbers(tape, step: 9))
    #expect(last.next == nil && last.future == 0 && abs(last.local - last.gradient) < 1e-15)
    let numbers = try #require(BackwardNumbers(tape, step: 2))
    let next = try #require(numbers.next), derivative = try #require(numbers.derivativeFactor)
    let recurrent = try #require(numbers.recurrentFactor)
    // Before the newest losses all that arrives comes from the steps after.
    #expect(numbers.local == 0 && abs(numbers.gradient - numbers.future) < 1e-15)
    if cell == .elman {
      #expect(abs(numbers.future - next * derivative * recurrent) < 1e-12)
    } else {
      let keep = abs(tape.network.cellDescription.affineJacobian?.directPath ?? .nan)
      #expect(numbers.future <= next * (keep + derivative * recurrent) * (1 + 1e-12))
      #expect(numbers.future >= next * abs(keep - derivative * recurrent) * (1 - 1e-12))
    }
    let keep = tape.network.cellDescription.affineJacobian?.directPath
    #expect(
      keep == 0 ? numbers.directPathFactor == nil : abs((numbers.directPathFactor ?? .nan) - abs(keep ?? .nan)) < 1e-12)
    #expect(derivative <= (cell == .leaky ? 0.3 : cell == .residual ? 0.5 : 1))
  }

  @Test func clippingIsTheTrainers() throws {
    func update(_ clip: ClipSpecification) throws -> StepInstrument.Update {
      var experiment = Example.experiment()
      experiment.training.clip = clip
      return try #require(try Example.state(experiment).lane[StepInstrument.self]).update
    }
    let gradient = try tape(.elman).gradient
    var clip = ClipSpecification()
    clip.kind = .none
    let raw = try update(clip)
    #expect(raw.scale == 1 && abs(raw.raw - euclideanNorm(gradient)) < 1e-15)
    clip.kind = .norm
    clip.threshold = raw.raw / 4
    #expect(abs(try update(clip).scale - 0.25) < 1e-12)
    clip.kind = .value
    clip.threshold = 1e-3
    let largest = 1e-3 * Double(gradient.count).squareRoot()
    let clipped = try update(clip).clipped
    #expect(clipped > 0 && clipped <= largest)
  }

  @Test func subscripts() {
    #expect(sub(1204) == "₁₂₀₄" && sub(0) == "₀" && sub(-3) == "₋₃")
  }
}
