import Dashboard
import GradientFlow
import RecurrentNetworks
import Testing
import Training

@Suite struct AnalysisTests {
  private static let all = Set(Instrument.allCases)

  private func experiment(_ task: TaskName, length: Int, hidden: Int = 8, batch: Int = 3) -> Experiment {
    var experiment = Experiment()
    experiment.task.name = task
    experiment.task.length = length
    experiment.network.hidden = hidden
    experiment.training.batch = batch
    return experiment
  }

  private func analysis(
    _ experiment: Experiment, updates: Int = 0, wanted: Set<Instrument> = all,
    limits: AnalysisLimits? = AnalysisLimits.none
  ) throws -> Analysis {
    let run = try TrainingRun(experiment: experiment)
    for _ in 0..<updates { run.trainOnce() }
    return try Analysis.compute(snapshot: run.snapshot(), wanted: wanted, limits: limits)
  }

  @Test func untruncatedTrainingIsTheFullGradient() throws {
    let analysis = try analysis(experiment(.coin, length: 20), updates: 2)
    #expect(analysis.sequenceLength == 20 && analysis.leftOut.isEmpty)
    #expect(analysis.full?.gradient == analysis.window.gradient)
    #expect(analysis.truncatedGradientNorm == analysis.fullGradientNorm)
    #expect(analysis.bias?.overall.relativeError == 0)
    #expect(analysis.share?.termShare == 1 && analysis.share?.massShare == 1)
    #expect(analysis.flow?.rows.count == 20 && analysis.mask?.counts.count == 400)
    #expect(analysis.product?.spectra.count == 20)
    #expect(analysis.recurrentSpectrum?.eigenvalues.count == 8)
    #expect(analysis.saturation?.steps == 20 && analysis.decay?.whole.count == 20)
    // 20 steps of 3 sequences, h and x of each.
    #expect(analysis.cost.floatsHeld == (8 + analysis.window.inputs) * 20 * 3)
    #expect(analysis.cost.floatsHeldFull == analysis.cost.floatsHeld)
  }

  @Test func theWindowAgreesWithTheFullPassWhereTheLossesAre() throws {
    var experiment = experiment(.coin, length: 20)
    experiment.training.k1 = .steps(5)
    experiment.training.k2 = .steps(8)
    // After three updates the last window, 12 ..< 20 with the losses of 15 ..< 20, is next.
    let analysis = try analysis(experiment, updates: 3)
    #expect(analysis.snapshot.window == Window(steps: 12..<20, injected: 15..<20))
    let truncated = try #require(analysis.truncatedGradientNorm), full = try #require(analysis.fullGradientNorm)
    #expect(truncated.count == 20 && full.count == 20)
    #expect(truncated[..<12].allSatisfy { $0 == -.infinity })
    #expect(truncated[12...].allSatisfy { $0.isFinite })
    #expect(full.allSatisfy { $0.isFinite })
    // The states were carried through updates; they differ from the full pass's by what the weights moved.
    for t in 15..<20 { #expect(abs(truncated[t] - full[t]) < 0.1) }
    let share = try #require(analysis.share)
    #expect(share.termShare < 1 && share.massShare < 1 && share.massShare > share.termShare)
    #expect((analysis.bias?.overall.relativeError ?? 0) > 0)
    #expect(analysis.mask?[19, 12] == 1 && analysis.mask?[19, 11] == 0 && analysis.mask?[14, 12] == 1)
  }

  @Test func itIsAPureFunctionOfTheSnapshot() throws {
    let run = try TrainingRun(experiment: experiment(.temporalOrder, length: 30))
    run.trainOnce()
    let snapshot = run.snapshot()
    let first = try Analysis.compute(snapshot: snapshot, wanted: Self.all)
    let second = try Analysis.compute(snapshot: snapshot, wanted: Self.all)
    #expect(first.window.gradient == second.window.gradient)
    #expect(first.product == second.product && first.flow == second.flow && first.bias == second.bias)
  }

  @Test func whatIsNotWantedIsNotComputed() throws {
    let analysis = try analysis(experiment(.adding, length: 20), wanted: [.spectrum])
    #expect(analysis.full == nil && analysis.flow == nil && analysis.product == nil && analysis.bias == nil)
    #expect(analysis.truncatedGradientNorm == nil && analysis.saturation == nil)
    #expect(analysis.recurrentSpectrum != nil && analysis.window.steps == 20)
  }

  @Test func whatIsTooMuchIsLeftOutAndSaid() throws {
    let limits = AnalysisLimits(
      lags: 3, longestLag: 12, flowRows: 4, biasSteps: 10, fullSteps: 20, spectrumUnits: 4)
    var experiment = experiment(.coin, length: 20)
    experiment.training.k1 = .steps(1)
    experiment.training.k2 = .steps(5)
    let analysis = try analysis(experiment, limits: limits)
    #expect(analysis.product?.spectra.map(\.lag) == [1, 6, 12])
    #expect(analysis.product?.log10Norm.count == 12)
    #expect(analysis.flow?.rows == [0, 6, 12, 19])
    #expect(analysis.bias == nil && analysis.recurrentSpectrum == nil)
    #expect(
      analysis.leftOut.contains("all singular values at 3 of 12 lags")
        && analysis.leftOut.contains("the product beyond lag 12 of 20")
        && analysis.leftOut.contains("the flow of 4 of 20 losses"))
    #expect(analysis.leftOut.count == 5)
  }

  /// 200 steps of 64 units: more than fits into a frame, and no reason to leave anything out of a picture that stands.
  @Test func pausedNothingIsLeftOut() throws {
    var snapshot = try TrainingRun(experiment: experiment(.adding, length: 200, hidden: 64)).snapshot()
    let patient = AnalysisLimits.patient(snapshot)
    #expect(patient.lags >= 200 && patient.longestLag >= 200 && patient.flowRows >= 200 && patient.spectrumUnits >= 64)
    #expect(patient.biasSteps >= 200 && patient.fullSteps >= 200)
    snapshot.running = true
    #expect(AnalysisLimits.live(snapshot).lags < 200)
  }

  /// With 512 units the limits hold: 4 H³ multiply-adds a lag would take minutes over 5,000 lags.
  @Test func evenPausedAnAnalysisEnds() throws {
    let snapshot = try TrainingRun(experiment: experiment(.adding, length: 20, hidden: 512)).snapshot()
    let patient = AnalysisLimits.patient(snapshot)
    #expect(patient.longestLag < 100 && patient.spectrumUnits < 512 && patient.flowSteps < 5000)
  }

  @Test func weightsThatAreNotFiniteLeaveOutWhatTheyForbid() throws {
    var snapshot = try TrainingRun(experiment: experiment(.coin, length: 10)).snapshot()
    let entry = try #require(snapshot.layout["weight_hh_l0"])
    snapshot.parameters[entry.offset] = .infinity
    let analysis = try Analysis.compute(snapshot: snapshot, wanted: Self.all, limits: AnalysisLimits.none)
    #expect(analysis.product == nil && analysis.recurrentSpectrum == nil)
    #expect(analysis.leftOut.count == 2)
  }
}
