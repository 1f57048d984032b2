import Foundation
import LinearAlgebra
import RecurrentNetworks

/// The last updates before a number was not finite, kept whole.
///
/// It costs nothing while a run trains: when it has exploded, the run goes back and makes the same updates again.
public struct BlackBox: Sendable {
  /// How many updates before the one that exploded are kept, and the bytes that they may take together.
  public static let updates = 50, byteLimit = 64 << 20

  /// What stopped the run.
  public let explosion: Explosion
  /// Which number was the first that was not finite; nil where it is not to be found.
  public let culprit: Culprit?
  /// The updates, the oldest first. The last one is the update that exploded.
  public let entries: [Entry]

  /// A number of a pass: of which unit, and where.
  public struct Culprit: Hashable, Sendable {
    /// The unit, of which layer, or of the readout where there is none; all counted from 0.
    public var unit: Int, layer: Int?
    /// The sequence of the batch; nil for a weight, which they share.
    public var sequence: Int?
    /// How many more were not finite at the same step.
    public var others = 0

    /// "unit 7 of layer 2, sequence 3": counted from 1, the layer only where there are `layers`.
    public func words(layers: Int) -> String {
      let whose = layer.map { layers > 1 ? "unit \(unit + 1) of layer \($0 + 1)" : "unit \(unit + 1)" }
      return (whose ?? "output \(unit + 1)") + (sequence.map { ", sequence \($0 + 1)" } ?? "")
        + (others > 0 ? ", and \(others) more" : "")
    }
  }

  /// An update: the state before it, whole, and what it was like.
  public struct Entry: Sendable {
    /// The state before it, from which its pass and everything that is read of it can be made again.
    public let snapshot: Snapshot
    /// What the update did; nil of the one that exploded.
    public let record: UpdateRecord?
    /// The largest |h| of its window, and the largest |w| before it with its tensor's name.
    public let largestState: Double, largestWeight: Double, largestTensor: String
    /// ‖∂L/∂h_t‖ over the batch, of the top layer, at each step of its window; not finite where it overflowed.
    public let gradientNorms: [Double]

    /// The update, counted from 1.
    public var update: Int { snapshot.update + 1 }

    /// The factor by which ‖∂L/∂h_t‖ grows a step back, as the mean over the window; NaN where it cannot be told.
    public var factorPerStep: Double {
      guard let last = gradientNorms.last(where: { $0 > 0 && $0.isFinite }),
        let index = gradientNorms.lastIndex(of: last),
        let first = gradientNorms[..<index].firstIndex(where: { $0 > 0 && $0.isFinite })
      else { return .nan }
      return exp2((log2(gradientNorms[first]) - log2(last)) / Double(index - first))
    }
  }

  init(_ explosion: Explosion, snapshots: [Snapshot]) {
    self.explosion = explosion
    var entries: [Entry] = []
    for (index, snapshot) in snapshots.enumerated() {
      let record = index + 1 < snapshots.count ? snapshots[index + 1].newest : nil
      entries.append(Entry(snapshot, record))
    }
    self.entries = entries
    culprit = snapshots.last.flatMap { Culprit(explosion, $0) }
  }
}

extension BlackBox.Entry {
  init(_ snapshot: Snapshot, _ record: UpdateRecord?) {
    let tape = snapshot.tape()
    self.snapshot = snapshot
    self.record = record
    let states = tape.layers.flatMap(\.state).lazy.filter(\.isFinite)
    largestState = states.reduce(0) { max($0, abs($1)) }
    let weights = snapshot.layout.entries.map { entry in
      (name: entry.name, value: snapshot.parameters[entry.range].reduce(0) { max($0, abs($1)) })
    }
    let largest = weights.max { $0.value < $1.value }
    (largestWeight, largestTensor) = (largest?.value ?? 0, largest?.name ?? "")
    guard let top = tape.layers.last else {
      gradientNorms = []
      return
    }
    let block = tape.batch * tape.hidden
    gradientNorms = (0..<tape.steps).map { t in
      let start = t * top.stateComponents * block
      return VectorNorms.euclidean(top.gradient[start..<start + block])
    }
  }
}

extension BlackBox.Culprit {
  /// What was the first number that was not finite in the pass that exploded; nil where it is not to be found.
  ///
  /// - Parameters:
  ///   - explosion: what stopped the run.
  ///   - snapshot: the state before the update that exploded; nothing is found of a network that is no recurrent one.
  public init?(_ explosion: Explosion, _ snapshot: Snapshot) {
    guard snapshot.experiment.isRecurrent else { return nil }
    let tape = snapshot.tape()
    let step = explosion.step - 1 - tape.window.steps.lowerBound
    guard (0..<tape.steps).contains(step) else { return nil }
    let (batch, hidden) = (tape.batch, tape.hidden)
    /// The first element at the step that is not finite, as a sequence and a unit, and how many more are not; rows of `width` for
    /// each sequence.
    func first(_ values: [Double], width: Int, components: Int = 1) -> (sequence: Int, unit: Int, others: Int)? {
      let start = step * components * batch * width, end = start + batch * width
      guard end <= values.count, let index = values[start..<end].firstIndex(where: { !$0.isFinite }) else { return nil }
      let others = values[start..<end].count { !$0.isFinite } - 1
      return ((index - start) / width, (index - start) % width, others)
    }
    switch explosion.factor {
    case "pre-activation a":
      let width = tape.network.cell.gates * hidden
      for (layer, kept) in tape.layers.enumerated() {
        guard let found = first(kept.preactivation, width: width) else { continue }
        self.init(unit: found.unit % hidden, layer: layer, sequence: found.sequence, others: found.others)
        return
      }
      return nil
    case "∂L/∂h":
      for (layer, kept) in tape.layers.enumerated().reversed() {
        guard let found = first(kept.gradient, width: hidden, components: kept.stateComponents) else { continue }
        self.init(unit: found.unit, layer: layer, sequence: found.sequence, others: found.others)
        return
      }
      return nil
    case "loss":
      guard let found = first(tape.output, width: tape.outputs) else { return nil }
      self.init(unit: found.unit, layer: nil, sequence: found.sequence, others: found.others)
    default:
      guard let entry = snapshot.layout.entries.first(where: { explosion.factor.contains($0.name) }) else { return nil }
      self.init(tape.gradient[entry.range], entry, hidden: hidden)
    }
  }

  /// The unit in whose row of a tensor the gradient is not finite, or else largest.
  private init?(_ gradient: ArraySlice<Double>, _ entry: ParameterLayout.Entry, hidden: Int) {
    let place =
      gradient.firstIndex { !$0.isFinite } ?? gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) }
    guard let place, entry.count > 0 else { return nil }
    let columns = entry.shape.count > 1 ? entry.shape[entry.shape.count - 1] : 1
    let row = (place - gradient.startIndex) / columns
    let layer = entry.name.split(separator: "_l").last.flatMap { Int($0) }
    let isReadout = entry.name.hasPrefix("readout.")
    self.init(unit: isReadout ? row : row % hidden, layer: isReadout ? nil : layer ?? 0, sequence: nil)
  }
}

extension TrainingRun {
  /// Keeps the updates before the explosion, where there was one and they are not kept yet: goes back over them, makes them
  /// again, and stands where it stood. They stay until a setting changes or another run begins.
  ///
  /// - Parameter isCancelled: asked between updates; where it says so nothing is kept.
  /// - Returns: whether they were kept now.
  @discardableResult
  public func keepBlackBox(isCancelled: () -> Bool = { false }) -> Bool {
    // What it looks for are the units of a recurrent network's tape.
    guard experiment.isRecurrent, let explosion, course.blackBox?.explosion != explosion else { return false }
    let end = update
    let first = max(course.beginning.update, end - BlackBox.updates)
    var (snapshots, bytes) = ([Snapshot](), 0)
    let isWhole = revisit(from: first, isCancelled: isCancelled) {
      var snapshot = snapshot()
      snapshot.history = LossHistory()
      snapshot.blackBox = nil
      snapshot.explosion = snapshot.update == end ? explosion : nil
      bytes += snapshot.bytes
      snapshots.append(snapshot)
      while snapshots.count > 1, bytes > BlackBox.byteLimit { bytes -= snapshots.removeFirst().bytes }
    }
    if isWhole { course.blackBox = BlackBox(explosion, snapshots: snapshots) }
    return isWhole
  }
}

extension Snapshot {
  /// About what it takes in memory beside its histories.
  fileprivate var bytes: Int {
    let numbers =
      parameters.count + data.x.count + storedHidden.count
      + (carriedState + sequenceState).reduce(0) { $0 + $1.count }
    return numbers * MemoryLayout<Double>.stride + algorithmMemory.count
  }
}
