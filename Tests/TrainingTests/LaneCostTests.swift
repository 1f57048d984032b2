import Dispatch
import Testing

@testable import Training

@Suite("The cost of two lanes", .serialized) struct LaneCostTests {
  /// Updates of two runs in turn against twice those of one, in one thread, alternately so that other work falls on both.
  @Test("two lanes cost about twice one")
  func cost() throws {
    let one = try TrainingRun(
      experiment: smallExperiment([
        "network.hidden": "32", "training.batch": "16", "task.name": "temporal-order", "task.length": "50",
      ]))
    let (a, b) = (try one.fork(), try one.fork())
    var single: UInt64 = 0, double: UInt64 = 0
    for _ in 0..<8 {
      let start = DispatchTime.now().uptimeNanoseconds
      train(one, 60)
      let middle = DispatchTime.now().uptimeNanoseconds
      for _ in 0..<30 {
        a.trainOnce()
        b.trainOnce()
      }
      single += middle - start
      double += DispatchTime.now().uptimeNanoseconds - middle
    }
    print("two lanes: \(Double(double) / Double(single)) of twice one")
    // Loose, for a machine that does other work too.
    #expect(Double(double) < 1.5 * Double(single))
  }
}
