import Architectures
import LinearAlgebra
import RecurrentNetworks
import Testing

@testable import Training

/// What algorithms were measured to compute, against counts by hand.
@Suite struct MeasuredCostTests {
  /// Dense inputs and a target at every step: m = 3, O = 2, n = 12, H = 8.
  private static let (n, m, h, o) = (12, 3, 8, 2)

  private func experiment(_ settings: [Setting] = []) throws -> Experiment {
    var experiment = Experiment()
    experiment.network.hidden = Self.h
    experiment.task.length = Self.n
    experiment.training.clip.kind = .none
    return try experiment.setting(settings)
  }

  private var data: SequenceBatch {
    let (n, m) = (Self.n, Self.m)
    return SequenceBatch(
      steps: n, batch: 1, inputs: m, outputs: Self.o, x: (0..<n * m).map { Double($0 % 7) / 7 - 0.4 }, symbols: nil,
      target: .classes((0..<n).map { Int32($0 % 2) }), targetMask: [UInt8](repeating: 1, count: n))
  }

  @Test func backpropagationMakesTheProductsOfItsEquations() throws {
    let (n, m, h, o) = (Self.n, Self.m, Self.h, Self.o)
    let found = try #require(AlgorithmKind.bptt.measuredCost(try experiment(), on: data))
    #expect(found.updates == 1 && found.steps == n)
    // Forward W_ih x, W_hh h, W_ho h; back W_hhᵀ but for the first step's, W_hoᵀ; and the outer products of all three.
    let products = n * (3 * h * h + 2 * h * m + 3 * o * h) - h * h
    #expect(found.multiplyAdds >= Double(products))
    // Beside them a few element-wise products a unit and step, and the first step's own.
    #expect(found.multiplyAdds <= Double(products + h * h + 6 * n * (h + o)))
    #expect(found.perUpdate == found.multiplyAdds && found.perStep == found.multiplyAdds / Double(n))
  }

  @Test func truncationSavesWhatItsWindowsLeaveOut() throws {
    let whole = try #require(AlgorithmKind.bptt.measuredCost(try experiment(), on: data))
    let short = try #require(
      AlgorithmKind.bptt.measuredCost(
        try experiment([Setting(key: "training.k1", value: "3"), Setting(key: "training.k2", value: "3")]), on: data))
    #expect(short.updates == 4)
    // Three Jacobians fewer between the four windows.
    #expect(short.multiplyAdds < whole.multiplyAdds)
    #expect(short.multiplyAdds > whole.multiplyAdds - Double(6 * Self.h * Self.h))
    // Windows of k2 = 6 every step: some six times as much.
    let long = try #require(
      AlgorithmKind.bptt.measuredCost(
        try experiment([Setting(key: "training.k1", value: "1"), Setting(key: "training.k2", value: "6")]), on: data))
    #expect(long.updates == 12 && long.multiplyAdds > 3 * whole.multiplyAdds)
  }

  @Test func influencesAreCountedAndHeld() throws {
    let (n, m, h) = (Self.n, Self.m, Self.h)
    let found = try #require(AlgorithmKind.rtrl.measuredCost(try experiment(), on: data))
    let columns = h * (h + m + 1), padded = (columns + 15) / 16 * 16
    // J M at every step but the first, in panels of 16 columns.
    #expect(found.multiplyAdds >= Double((n - 1) * h * h * columns))
    #expect(found.multiplyAdds <= Double(n * h * h * padded) * 1.25)
    // M, and the panel that its product goes to.
    #expect(found.numbersHeld == Double(h * (padded + 16)))
    let local = try #require(AlgorithmKind.rflo.measuredCost(try experiment(), on: data))
    #expect(local.multiplyAdds < found.multiplyAdds / 10 && local.numbersHeld < found.numbersHeld)
  }

  /// Of a network as deep as the sequence is long, and of a tree, the products are easily counted by hand.
  @Test func everyKindMakesTheProductsOfItsFormula() throws {
    let (n, m, h, o) = (Self.n, Self.m, Self.h, Self.o)
    let deep = try #require(NetworkKind.feedforward.measuredCost(try experiment(), on: data))
    // W_e x: forward and the outer product; W_t and the readout: forward, back and the outer product.
    let products = 2 * n * m * h + 3 * n * (h * h + h * o)
    #expect(deep.updates == 1 && deep.multiplyAdds >= Double(products))
    #expect(deep.multiplyAdds <= Double(products + 8 * n * (h + o)))
    var last = data
    last.targetMask = (0..<n).map { $0 == n - 1 ? 1 : 0 }
    let tree = try #require(NetworkKind.tree.measuredCost(try experiment(), on: last))
    let joined = 2 * (2 * n - 1) * m * h + 3 * (n - 1) * 2 * h * h + 3 * h * o
    #expect(tree.multiplyAdds >= Double(joined) && tree.multiplyAdds <= Double(joined + 8 * 2 * n * (h + o)))
    // It answers at its root alone.
    #expect(NetworkKind.tree.measuredCost(try experiment(), on: data) == nil)
    // A recurrent network's is that of backpropagation.
    let recurrent = try #require(NetworkKind.recurrent.measuredCost(try experiment(), on: data))
    #expect(recurrent == AlgorithmKind.bptt.measuredCost(try experiment(), on: data))
  }

  @Test func nothingIsCountedOutside() {
    #expect(WorkCounter.multiplyAdds {} == 0)
    let both = WorkCounter.multiplyAdds {
      WorkCounter.add(3)
      #expect(WorkCounter.multiplyAdds { WorkCounter.add(4) } == 4)
    }
    #expect(both == 3)
  }

  @Test func whatDoesNotGoTogetherIsNotMeasured() throws {
    let stacked = try experiment([Setting(key: "network.layers", value: "2")])
    #expect(AlgorithmKind.rflo.measuredCost(stacked, on: data) == nil)
    #expect(AlgorithmKind.bptt.measuredCost(stacked, on: data) != nil)
  }
}
