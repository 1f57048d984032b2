import Foundation
import LinearAlgebra
import RecurrentNetworks

/// An algorithm that goes forward in time only: what earlier steps have to do with the present state is carried along in an
/// influence ∂s_t/∂w, exact or not, and ∂L/∂w = Σ_t (∂l_t/∂h_t) ∂h_t/∂w.
///
/// It reaches back to the sequence's start whatever k1 is, and keeps what it carries over an update although the weights
/// have changed. Every sequence of a batch has an influence of its own. Here is what all such algorithms share: the pass
/// forward from the last update on, the losses, the readout; a file of its own has each one's influence.
protocol ForwardAlgorithm<S>: GradientAlgorithm {
  /// The pass, which keeps every step.
  var pass: Pass<S> { get }
  /// The settings.
  var settings: ForwardSettings { get set }
  /// Takes the influence of a sequence from step t - 1 to step t, which was run forward.
  /// - Parameter isFirst: whether t is the sequence's first step, before which there is no influence.
  func advance(sequence: Int, step t: Int, isFirst: Bool, position: TrainingPosition)
  /// gradient += (∂l_t/∂h_t) ∂h_t/∂w, with the influence as it stands.
  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>)
  /// The influence of a sequence as it stands.
  func influence(sequence: Int) -> Influence
  /// What stands in for W_ho, [O, H], on the way back from an output's error to h; empty: W_ho itself.
  var feedback: [S] { get }
}

/// The settings of an experiment that algorithms which go forward depend on.
struct ForwardSettings {
  var schedule: TruncationSchedule
  var reduction: Reduction
  var seed: UInt64

  init(_ experiment: Experiment) {
    let training = experiment.training
    schedule = TruncationSchedule(
      length: experiment.task.length, k1: training.k1, k2: .full, inject: training.inject, isOnline: true)
    reduction = training.reduction
    seed = experiment.seed
  }
}

extension ForwardAlgorithm {
  static func keepsEveryStep(_ experiment: Experiment) -> Bool { true }

  static func schedule(_ experiment: Experiment) -> TruncationSchedule { ForwardSettings(experiment).schedule }

  static var rules: [ExperimentRule] { ExperimentRule.forward }

  var feedback: [S] { [] }

  var schedule: TruncationSchedule { settings.schedule }

  func configure(_ experiment: Experiment) { settings = ForwardSettings(experiment) }

  func beginSequence() {
    if let base = memory.baseAddress { base.initializeMemory(as: UInt8.self, repeating: 0, count: memory.count) }
  }

  func gradient(of window: Window, at position: TrainingPosition) -> PassResult {
    gradient(of: window, at: position) { _, _ in }
  }

  /// The same; `each` is called with a sequence and a step when its influence stands.
  ///
  /// A sequence at a time: its influence stays in the cache for all steps of the window.
  func gradient(
    of window: Window, at position: TrainingPosition, each: (_ sequence: Int, _ step: Int) -> Void
  ) -> PassResult {
    pass.forward(window.steps)
    pass.feedback = feedback
    pass.injectLosses(window, reduction: settings.reduction)
    pass.feedback = []
    for sequence in 0..<pass.batch {
      for t in window.steps {
        advance(sequence: sequence, step: t, isFirst: t == 0, position: position)
        if window.injected.contains(t), pass.hasTarget(step: t, sequence: sequence) {
          addGradient(sequence: sequence, lossGradient: pass.lossGradient(step: t, sequence: sequence))
        }
        each(sequence, t)
      }
    }
    return pass.result(of: window, reduction: settings.reduction)
  }
}

/// The influence of the parameters on the state of one sequence, for the screen.
struct Influence {
  /// log10 of the Frobenius norm of ∂s_t/∂w over all recurrent parameters; -infinity for 0.
  var logNorm: Double
  /// Units of the top layer by units of all layers: element (i, j) is the norm of ∂h_{t,i}/∂w over the parameters w in unit j's rows.
  var byUnit: Matrix
}

extension Influence {
  /// From squares: of the whole, and unit by unit.
  init(squares: [Double], whole: Double, rows: Int, columns: Int) {
    logNorm = log10(whole) / 2
    byUnit = Matrix(rows: rows, columns: columns, elements: squares.map { $0.squareRoot() })
  }
}

/// Zeros at a cache line.
func allocateZeros<S: Scalar>(_ count: Int, of: S.Type) -> UnsafeMutablePointer<S> {
  UnsafeMutableRawPointer.allocate(byteCount: max(64, count * MemoryLayout<S>.stride), alignment: 64)
    .initializeMemory(as: S.self, repeating: 0, count: max(count, 1))
}

/// A row of `columns` elements, rounded up to an odd number of cache lines: the same column of successive rows does not fall
/// into the same few cache sets.
func paddedStride<S: Scalar>(_ columns: Int, of: S.Type) -> Int {
  let line = 64 / MemoryLayout<S>.size
  return ((columns + line - 1) / line | 1) * line
}

extension ExperimentRule {
  /// What no algorithm that goes forward can do.
  static let forward: [ExperimentRule] = [
    ExperimentRule(
      "training.k2", fallsWith: \.training.algorithm,
      expected: {
        "full with \($0.training.algorithm.rawValue), which carries the past along and reaches back to the sequence's "
          + "start; bptt truncates"
      }, mend: { $0.training.k2 = .full }, where: { $0.training.k2 != .full }),
    ExperimentRule(
      "training.inject", fallsWith: \.training.algorithm,
      expected: { "newest or last with \($0.training.algorithm.rawValue), which counts each loss when it comes" },
      mend: { $0.training.inject = .newest }, where: { $0.training.inject == .window }),
  ]

  /// Algorithms that follow what units do to each other, which without W_hh is nothing.
  static let unitsMeet = ExperimentRule(
    "training.algorithm", fallsWith: \.network.cell,
    expected: {
      let cell = $0.network.cell.rawValue
      return $0.network.layers == 1
        ? "snap1 or bptt with \(cell): no unit reaches another without W_hh, so snap1 is all of RTRL, at the cost of a diagonal"
        : "bptt with \(cell) of \($0.network.layers) layers; of one layer snap1 is all of RTRL, at the cost of a diagonal"
    }, mend: { $0.training.algorithm = $0.network.layers == 1 ? .snap1 : .bptt },
    where: { !$0.network.cell.hasRecurrentWeights })

  /// Algorithms that follow one layer alone.
  static let oneLayer = ExperimentRule(
    "network.layers",
    expected: {
      "1 with \($0.training.algorithm.rawValue), which follows one layer's influence; rtrl and bptt take more"
    }, where: { $0.network.layers > 1 })
}
