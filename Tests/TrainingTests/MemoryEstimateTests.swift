import Foundation
import RecurrentNetworks
import Testing

@testable import Training

/// What is said against what is taken: large shapes, beside which other tests' memory does not count.
@Suite("What a run takes of memory", .serialized)
struct MemoryEstimateTests {
  /// The bytes that are resident now: whatever is resident here is written to at once.
  private static var resident: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }

  /// What was freed before goes back to the system, so that all that is taken anew is seen.
  private static func returnFreedMemory() {
    typealias Option = @convention(c) (Int32, Int32) -> Int32
    typealias Trim = @convention(c) (Int) -> Int32
    // Blocks of 64 KiB and more are the system's at once, whatever was freed before.
    if let mallopt = dlsym(nil, "mallopt") { _ = unsafeBitCast(mallopt, to: Option.self)(-3, 1 << 16) }
    if let trim = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(trim, to: Trim.self)(0) }
  }

  /// The settings, and the updates after which as many checkpoints are kept as are counted on.
  @Test(arguments: [
    ("task.length=700 network.hidden=64 training.batch=16", 2),
    ("task.length=20 network.hidden=1000 training.batch=2 training.optimizer.name=adam", 10),
    ("task.length=300 network.hidden=64 training.batch=16 network.cell=lstm", 2),
    ("task.length=200 network.hidden=64 training.batch=16 network.cell=gru network.layers=2", 2),
    ("task.length=700 network.hidden=64 training.batch=16 precision=float32", 2),
  ])
  func isWhatIsTaken(_ settings: String, updates: Int) async throws {
    // In a process of its own: other tests take and free memory at the same time.
    await #expect(processExitsWith: .success) { [settings, updates] in
      let ratio = try Self.ratio(settings, updates: updates)
      #expect(abs(ratio - 1) < 0.1, "\(ratio)")
    }
  }

  /// The bytes that are said over those that are taken.
  private static func ratio(_ settings: String, updates: Int) throws -> Double {
    var experiment = Experiment()
    for setting in settings.split(separator: " ") {
      let words = setting.split(separator: "=").map(String.init)
      try experiment.set(words[0], words[1])
    }
    returnFreedMemory()
    let before = resident
    let run = try TrainingRun(experiment: experiment, memory: 8 << 30)
    for _ in 0..<updates { #expect(run.trainOnce() == .trained) }
    let snapshots = (0..<2).map { _ in run.snapshot() }
    let tapes = snapshots.map { $0.wholeTape() }
    let taken = resident - before
    let said = MemoryEstimate(experiment, inputs: run.layout.inputs, outputs: run.layout.outputs).bytes
    withExtendedLifetime((run, snapshots, tapes)) {}
    return Double(said) / Double(max(taken, 1))
  }

  @Test func isTheExperimentsOwnBeforeItsTaskIsRead() {
    let experiment = Experiment()
    let width = experiment.task.name.kind.widthEstimate
    #expect(experiment.bytesNeeded == MemoryEstimate(experiment, inputs: width, outputs: width).bytes)
    var endless = experiment
    endless.task.length = .max / 2
    #expect(endless.bytesNeeded == .max)
  }
}
