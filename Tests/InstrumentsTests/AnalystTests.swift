import Dispatch
import Instruments
import Synchronization
import Testing
import Training

/// The thread that reads: latest wins, in haste first, with patience when there is time.
@Suite(.serialized) struct AnalystTests {
  /// What an analyst has laid out, in order.
  private final class Results: Sendable {
    private struct Contents {
      var analyst: Analyst?
      var results: [Analyst.Result] = []
    }

    private let contents = Mutex(Contents())
    private let arrived = DispatchSemaphore(value: 0)

    /// Begins; every result is taken on the analyst's own thread, so that none is missed.
    func begin() -> Analyst {
      let analyst = Analyst { [self] in
        contents.withLock { contents in
          if let result = contents.analyst?.take() { contents.results.append(result) }
        }
        arrived.signal()
      }
      contents.withLock { $0.analyst = analyst }
      return analyst
    }

    var all: [Analyst.Result] { contents.withLock { $0.results } }

    /// Waits until there is a result that is wanted; false after a while.
    func wait(_ isWanted: (Analyst.Result) -> Bool) -> Bool {
      for _ in 0..<1000 {
        if all.contains(where: isWanted) { return true }
        guard arrived.wait(timeout: .now() + 20) == .success else { return false }
      }
      return false
    }

    func end() {
      contents.withLock { contents in
        contents.analyst?.end()
        contents.analyst = nil
      }
    }
  }

  private func readings(_ result: Analyst.Result) -> Readings? { result.lanes[.a]?.readings }

  @Test func latestWins() throws {
    let run = try TrainingRun(experiment: Fixture.experiment(length: 100, hidden: 48))
    var snapshots: [Snapshot] = []
    for _ in 0..<40 {
      run.trainOnce()
      snapshots.append(run.snapshot(running: true))
    }
    let results = Results(), analyst = results.begin()
    defer { results.end() }
    for snapshot in snapshots { analyst.submit([.a: (snapshot, ReadingRequest(Instruments.allIDs))]) }
    #expect(results.wait { self.readings($0)?.pass.update == 40 })
    let updates = results.all.compactMap { readings($0)?.pass.update }
    #expect(updates == updates.sorted() && updates.count < 40)
    // In a hurry, and of the pass that it says.
    #expect(results.all.allSatisfy { $0.lanes[.a]?.snapshot.serial == $0.lanes[.a]?.readings.pass.serial })
  }

  @Test func pausedThePatientReadingComesAfterTheHasty() throws {
    let experiment = try Fixture.experiment(length: 40, hidden: 129)
    let results = Results(), analyst = results.begin()
    defer { results.end() }
    let paused = try Fixture.snapshot(experiment)
    analyst.submit([.a: (paused, ReadingRequest(["spectrum", "step", "flow"]))])
    #expect(results.wait { self.readings($0)?.leftOut.isEmpty == true })
    let all = results.all.compactMap(readings)
    #expect(all.map(\.isHasty) == [true, false])
    #expect(all.map { $0[SpectrumInstrument.self]?.recurrent != nil } == [false, true])
    #expect(all.allSatisfy { $0[StepInstrument.self] != nil && $0.pass == PassIdentity(paused) })
    // What nothing was left out of is read once.
    analyst.submit([.a: (paused, ReadingRequest(["step"]))])
    #expect(results.wait { self.readings($0)?.request.instruments == ["step"] })
    #expect(results.all.count == 3)
  }

  @Test func whileItTrainsNobodyIsPatient() throws {
    let experiment = try Fixture.experiment(length: 40, hidden: 129)
    let results = Results(), analyst = results.begin()
    defer { results.end() }
    let request = ReadingRequest(["spectrum", "step"])
    let first = try Fixture.snapshot(experiment, running: true),
      next = try Fixture.snapshot(experiment, updates: 1, running: true)
    analyst.submit([.a: (first, request)])
    #expect(results.wait { self.readings($0)?.pass.update == 0 })
    analyst.submit([.a: (next, request)])
    #expect(results.wait { self.readings($0)?.pass.update == 1 })
    #expect(results.all.compactMap(readings).map(\.isHasty) == [true, true])
  }

  /// A cursor that moves has only what follows it read again, and takes over the rest.
  @Test func aMovedCursorTakesOverTheRest() throws {
    let snapshot = try Fixture.snapshot(Fixture.experiment(["network.cell": "lstm"]))
    let results = Results(), analyst = results.begin()
    defer { results.end() }
    for step in [3, 7] {
      analyst.submit([.a: (snapshot, ReadingRequest(Instruments.allIDs, focus: Focus(step: step)))])
      #expect(results.wait { self.readings($0)?.request.focus.step == step })
    }
    let last = try #require(results.all.last.flatMap(readings))
    for instrument in Instruments.all {
      #expect(last.text(of: instrument) == Fixture.readings(snapshot, step: 7).text(of: instrument), "\(instrument.id)")
    }
  }

  @Test func twoLanesComeTogether() throws {
    let a = try Fixture.snapshot(Fixture.experiment()), b = try Fixture.snapshot(Fixture.experiment(["seed": "2"]))
    let results = Results(), analyst = results.begin()
    defer { results.end() }
    analyst.submit([.a: (a, ReadingRequest(["flow"])), .b: (b, ReadingRequest(["spectrum"]))])
    #expect(results.wait { $0.lanes.count == 2 })
    let result = try #require(results.all.last)
    #expect(
      result.lanes[.a]?.readings[FlowInstrument.self] != nil
        && result.lanes[.a]?.readings[SpectrumInstrument.self] == nil)
    #expect(
      result.lanes[.b]?.readings[FlowInstrument.self] == nil
        && result.lanes[.b]?.readings[SpectrumInstrument.self] != nil)
    #expect(result.difference?.updates == [0, 0])
  }

  /// Nobody waits for `end`, and the thread ends soon, whatever is being read: the memory path of gated cells, the ways down a
  /// stack, the difference of two lanes.
  @Test(arguments: [
    (["network.cell": "lstm"], 64, 1), (["network.cell": "gru", "network.layers": "3"], 40, 1),
    (["network.layers": "4"], 64, 1), (["network.cell": "lstm"], 64, 2),
  ])
  func itEndsSoon(_ settings: [String: String], hidden: Int, lanes: Int) throws {
    var experiment = try Fixture.experiment(length: 200, hidden: hidden, batch: 1)
    for (key, value) in settings { try experiment.set(key, value) }
    let snapshot = try Fixture.snapshot(experiment)
    var job: Analyst.Job = [:]
    for lane in LaneID.allCases.prefix(lanes) { job[lane] = (snapshot, ReadingRequest(Instruments.allIDs)) }
    // A pass is not left half made: it may be under way.
    let start = ContinuousClock.now
    _ = snapshot.wholeTape()
    // Without optimisation everything between two looks at the stop takes ten times as long.
    #if DEBUG
      let patience = Duration.milliseconds(1500)
    #else
      let patience = Duration.milliseconds(200)
    #endif
    let soon = patience + start.duration(to: .now)
    for milliseconds in [5, 100, 400, 1000, 3000] {
      // A machine that does other things too may let the thread wait: what counts is the best of three.
      var times: [Duration] = []
      repeat {
        times.append(Self.end(job, after: milliseconds))
      } while times.count < 3 && times[times.count - 1] >= soon
      #expect(times.contains { $0 < soon }, "ended \(times) after \(milliseconds) ms")
    }
  }

  /// How long an analyst's thread goes on that is told to end so many milliseconds after its job.
  private static func end(_ job: Analyst.Job, after milliseconds: Int) -> Duration {
    weak var witness: Analyst?
    let call: ContinuousClock.Instant
    do {
      let analyst = Analyst {}
      witness = analyst
      analyst.submit(job)
      Thread.sleep(milliseconds)
      call = .now
      analyst.end()
    }
    // The thread holds the analyst until it ends; nobody waits for `end` itself.
    while witness != nil, call.duration(to: .now) < .seconds(20) { Thread.sleep(1) }
    return call.duration(to: .now)
  }

  private enum Thread {
    static func sleep(_ milliseconds: Int) {
      _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(milliseconds))
    }
  }
}
