import Experiments
import Foundation
import Synchronization

/// Runs the points of a sweep that are not done, on so many threads.
///
/// Results do not depend on the number of threads or on what was done before: a run is a function of its point alone.
public struct SweepRunner: Sendable {
  private let folder: SweepFolder
  private let jobs: Int, memory: Int

  /// A runner for a folder: `jobs` runs at a time, each of which may take `memory` bytes.
  public init(_ folder: SweepFolder, jobs: Int, memory: Int) {
    (self.folder, self.jobs, self.memory) = (folder, max(1, jobs), memory)
  }

  /// How far a sweep is.
  public struct Progress: Sendable {
    /// The runs that are done, and all of this rung.
    public var done: Int, total: Int
  }

  /// Runs what is not done, rung by rung; after each rung of successive halving only the best settings go on.
  ///
  /// - Parameters:
  ///   - points: the indices of the points to run; nil for all.
  ///   - measure: what decides which settings go on.
  ///   - goOn: asked between two updates, on any thread; where it is false, runs end and leave nothing.
  ///   - report: told after every run, on any thread.
  /// - Throws: what could not be written.
  public func run(
    points: Range<Int>? = nil, by measure: SweepMeasure = .finalLoss, goOn: @escaping @Sendable () -> Bool,
    report: @escaping @Sendable (Progress) -> Void
  ) throws {
    let all = try folder.plan.points()
    var chosen = points.map { Array(all[$0.clamped(to: all.indices)]) } ?? all
    let rungs = folder.plan.rungs
    for (rung, updates) in rungs.enumerated() where goOn() {
      try run(chosen, updates: updates, goOn, report)
      guard rung + 1 < rungs.count, goOn() else { break }
      chosen = best(of: chosen, updates: updates, by: measure)
    }
  }

  private func run(
    _ points: [SweepPoint], updates: Int, _ goOn: @escaping @Sendable () -> Bool,
    _ report: @escaping @Sendable (Progress) -> Void
  ) throws {
    let waiting = points.filter { folder.result(of: $0, updates: updates) == nil }
    let state = Mutex((next: 0, done: points.count - waiting.count, failure: (any Error)?.none))
    report(Progress(done: points.count - waiting.count, total: points.count))
    /// The next point, until there is none, or something could not be written.
    @Sendable func next() -> SweepPoint? {
      state.withLock { state in
        guard state.failure == nil, state.next < waiting.count else { return nil }
        state.next += 1
        return waiting[state.next - 1]
      }
    }
    DispatchQueue.concurrentPerform(iterations: min(jobs, max(1, waiting.count))) { _ in
      while goOn(), let point = next() {
        guard let result = SweepResult.run(point, of: folder.plan, updates: updates, memory: memory, goOn: goOn)
        else { return }
        do { try folder.write(result) } catch { return state.withLock { $0.failure = $0.failure ?? error } }
        let done = state.withLock { state in
          state.done += 1
          return state.done
        }
        report(Progress(done: done, total: points.count))
      }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// The points of the best settings, one in `halving` of them.
  private func best(of points: [SweepPoint], updates: Int, by measure: SweepMeasure) -> [SweepPoint] {
    let seeds = folder.plan.seeds
    let settings = Dictionary(grouping: points) { $0.index / seeds }
    let keep = max(1, settings.count / (folder.plan.halving ?? 1))
    let ranked = settings.map { setting, points in
      let results = points.compactMap { folder.result(of: $0, updates: updates) }
      let mean = SweepTable.Setting(values: [], results: results).mean(measure)?.mean
      // What exploded, or was refused, is the worst; of equals the first in the plan goes on.
      let cost = mean.map { measure.isCost ? $0 : -$0 } ?? .infinity
      return (setting: setting, cost: results.allSatisfy { $0.ending == .done } ? cost : .infinity)
    }.sorted { ($0.cost, $0.setting) < ($1.cost, $1.setting) }
    let kept = Set(ranked.prefix(keep).map(\.setting))
    return points.filter { kept.contains($0.index / seeds) }
  }
}
