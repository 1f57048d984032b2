import LinearAlgebra
import RecurrentNetworks

/// Where training stands between two updates.
struct TrainingPosition: Equatable, Sendable {
  /// Updates done.
  var update = 0
  /// The index of the present sequence.
  var sequence = 0
  /// The steps of the present sequence up to which updates have ended.
  var trained = 0
  /// The steps of the sequences before it.
  var stepsBefore = 0
}

/// What an attempt at an update came to.
enum TrainingOutcome {
  /// An update was made.
  case trained(UpdateRecord)
  /// A number was not finite: no update was made, or one that must be taken back (its weights would not be finite).
  case nonFinite(NonFinite)
  /// An update was made, and after it no window has a loss: there is no next one.
  case noNextWindow(UpdateRecord, TrainingError)
}

/// A training loop, its precision aside.
protocol TrainingEngine: AnyObject {
  var experiment: Experiment { get }
  var task: any SequenceTask { get }
  var layout: ParameterLayout { get }
  var position: TrainingPosition { get }
  var data: SequenceBatch { get }
  /// The next window.
  var window: Window { get }
  /// How many losses of the present sequence no window trains, a sequence.
  var untrainedLosses: Int { get }
  /// The parameters, widened.
  var parameters: [Double] { get }
  /// The updates between two measurements on held-out data; 0 where there are none.
  var validationInterval: Int { get }
  /// ‖∂L/∂h_t‖ at the first and the last step of the last update's window; nil where its pass did not go back over them.
  var windowNorms: (first: Double, last: Double)? { get }
  /// The gradient of the last update, as the optimizer saw it, widened.
  var gradient: [Double] { get }

  /// Makes the next update, under the eyes of an observer where there is one and the update is a pass over a window.
  func train(_ observer: (any UpdateObserver)?) -> TrainingOutcome
  /// Takes settings that need no new arenas.
  func configure(_ experiment: Experiment) throws(TrainingError)
  /// Begins a new sequence with another length or batch; the weights are kept.
  func beginSequence(_ experiment: Experiment) throws(TrainingError)
  /// Rescales weight_hh to the radius asked for; gives what each square matrix of it was multiplied by.
  func rescaleRecurrent(_ experiment: Experiment) throws(TrainingError) -> [Double]
  /// Multiplies each square matrix of weight_hh by its factor.
  func scaleRecurrent(by factors: [Double]) throws(TrainingError)
  /// Moves to a place in the data and among the updates, with the weights as they are.
  func begin(at position: TrainingPosition) throws(TrainingError)
  /// An engine of its own that goes on from here with the same numbers.
  func copy() throws(TrainingError) -> any TrainingEngine
  func setParameters(_ parameters: [Double]) throws(TrainingError)
  func setState(_ state: [[Double]]) throws(TrainingError)
  /// The state of every layer at row `row`, [parts, B, H] a layer: row t+1 is the state after step t.
  func state(row: Int) -> [[Double]]
  /// The state carried into the next window, run up to it if need be.
  func carriedState() -> [[Double]]
  /// h of the top layer of row 0 after each step before the next window, [steps, H].
  func storedHidden() -> [Double]

  /// What the next window's pass does otherwise than run it forward and go back over it.
  var variant: PassVariant { get }
  /// When updates happen in the present sequence.
  var schedule: TruncationSchedule { get }
  /// What the learning algorithm carries into the next update, as raw bytes; empty at the start of a sequence, where it
  /// begins anew.
  var algorithmMemory: [UInt8] { get }
  /// What the optimizer remembers before the next update.
  var moments: OptimizerMoments { get }
  /// The bytes of what it carries within a sequence.
  var algorithmBytes: Int { get }

  func save(into checkpoint: Checkpoint)
  func restore(_ checkpoint: Checkpoint) throws(TrainingError)
}

/// Everything that going on from a place between two updates depends on.
///
/// It crosses threads, and several runs share it. That is safe because it is written before it is shared and from then on only
/// read: a ring writes into one again only where nobody else holds it (`isKnownUniquelyReferenced`).
final class Checkpoint: @unchecked Sendable {
  var experiment = Experiment()
  var position = TrainingPosition()
  /// How many changes had been made.
  var changeCount = 0
  /// The history at this place; nil where it lies shortly after a checkpoint that has one.
  var history: LossHistory?
  /// What each step's own weights were at the start and after each rescaling of W_hh.
  var origins: [WeightOrigin] = []
  /// The optimizer's count of steps.
  var optimizerSteps = 0
  /// Parameters, then the optimizer's memories that it uses, in the precision of training.
  private(set) var numbers: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
  /// The states of the rows 0 … trained: row by row, layer by layer.
  var states: [Double] = []
  /// What the steps before kept, where the past is not run forward again.
  var kept: KeptActivations?

  /// What the learning algorithm carries from update to update; empty at the start of a sequence.
  private(set) var algorithm: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)

  /// What it takes in memory, in bytes.
  var bytes: Int {
    numbers.count + algorithm.count + (states.capacity + (kept?.count ?? 0)) * MemoryLayout<Double>.stride
      + (history == nil ? 0 : LossHistory.bytes)
  }

  /// Makes room for `count` bytes of numbers.
  func reserve(_ count: Int) {
    guard numbers.count != count else { return }
    numbers.deallocate()
    numbers = .allocate(byteCount: count, alignment: 64)
  }

  /// Copies parameters and memories, each as many numbers, one after the other.
  func save<S: Scalar>(_ arrays: [UnsafeMutableBufferPointer<S>]) {
    // As bytes: a copy element by element would go through the generic type's witnesses.
    let size = (arrays.first?.count ?? 0) * MemoryLayout<S>.stride
    reserve(arrays.count * size)
    for (part, source) in arrays.enumerated() {
      UnsafeMutableRawBufferPointer(rebasing: numbers[part * size..<(part + 1) * size])
        .copyMemory(from: UnsafeRawBufferPointer(source))
    }
  }

  /// Copies them back into arrays of the same sizes.
  func restore<S: Scalar>(_ arrays: [UnsafeMutableBufferPointer<S>]) {
    let size = (arrays.first?.count ?? 0) * MemoryLayout<S>.stride
    for (part, target) in arrays.enumerated() {
      UnsafeMutableRawBufferPointer(target)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: numbers[part * size..<(part + 1) * size]))
    }
  }

  /// Copies what the algorithm carries.
  func saveAlgorithm(_ memory: UnsafeRawBufferPointer) {
    if algorithm.count != memory.count {
      algorithm.deallocate()
      algorithm = .allocate(byteCount: memory.count, alignment: 64)
    }
    if memory.count > 0 { algorithm.copyMemory(from: memory) }
  }

  deinit {
    numbers.deallocate()
    algorithm.deallocate()
  }
}

/// Each step's own weights as they stood after `update` updates, from where they are seen to move.
struct WeightOrigin: Equatable, Sendable {
  var update: Int
  var parameters: [Double]
}
