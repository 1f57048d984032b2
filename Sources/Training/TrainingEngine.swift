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
  /// The gradient of the last update, as the optimiser saw it, widened.
  var gradient: [Double] { get }

  func train() -> TrainingOutcome
  /// Takes settings that need no new arenas.
  func configure(_ experiment: Experiment) throws(TrainingError)
  /// Begins a new sequence with another length or batch; the weights are kept.
  func beginSequence(_ experiment: Experiment) throws(TrainingError)
  func rescaleRecurrent(_ experiment: Experiment) throws(TrainingError)
  func setParameters(_ parameters: [Double]) throws(TrainingError)
  func setState(_ state: [[Double]]) throws(TrainingError)
  /// The state of every layer at row `row`, [parts, B, H] a layer: row t+1 is the state after step t.
  func state(row: Int) -> [[Double]]
  /// The state carried into the next window, run up to it if need be.
  func carriedState() -> [[Double]]
  /// h of the top layer of lane 0 after each step before the next window, [steps, H].
  func storedHidden() -> [Double]

  /// What the next window's pass does otherwise than run it forward and go back over it.
  var variant: PassVariant { get }
  /// When updates happen in the present sequence.
  var schedule: TruncationSchedule { get }
  /// What the learning algorithm carries from update to update, as raw bytes.
  var algorithmMemory: [UInt8] { get }

  func save(into checkpoint: Checkpoint)
  func restore(_ checkpoint: Checkpoint) throws(TrainingError)
}

/// Everything that going on from a place between two updates depends on; its memory is used again and again.
final class Checkpoint {
  var experiment = Experiment()
  var position = TrainingPosition()
  /// How many entries of the journal had been applied.
  var journalCount = 0
  /// The optimiser's count of steps.
  var optimizerSteps = 0
  /// Parameters, then the optimiser's memories that it uses, in the precision of training.
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
  }

  /// Makes room for `count` bytes of numbers.
  func reserve(_ count: Int) {
    guard numbers.count != count else { return }
    numbers.deallocate()
    numbers = .allocate(byteCount: count, alignment: 64)
  }

  /// Copies what the algorithm carries.
  func saveAlgorithm(_ memory: UnsafeMutableRawBufferPointer) {
    if algorithm.count != memory.count {
      algorithm.deallocate()
      algorithm = .allocate(byteCount: memory.count, alignment: 64)
    }
    if memory.count > 0 { algorithm.copyMemory(from: UnsafeRawBufferPointer(memory)) }
  }

  deinit {
    numbers.deallocate()
    algorithm.deallocate()
  }
}
