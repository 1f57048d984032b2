import Glibc
import LinearAlgebra
import RecurrentNetworks

/// The flow matrix of the batch's first sequence from the update's own pass: what `FlowMatrix` makes of a tape, for the top layer.
///
/// R losses take T R/2 products of a row with W_hh, where the update itself takes 3 B T. Of 16 sequences of 100 steps all losses are
/// followed; where they are more than the update is to wait for, some of them are, spread evenly.
package final class FlowTally {
  /// The most losses R that are followed at every update: such that they take at most 4/3 of the multiply-adds of the update itself.
  package static func losses(batch: Int) -> Int { 8 * batch }

  private let pullback: PassPullback
  private var rows: RowBlock
  private var chosen: [Int] = []
  private var norms = [Double]()
  private var log10: [Double] = []
  private var steps = 0
  private let room = WideRows()

  /// Whether it follows the flow in a network's passes.
  package static func reads(_ network: NetworkSpecification) -> Bool { PassPullback.reads(network) }

  /// A tally of the passes of a network that it reads.
  package init(_ network: NetworkSpecification) {
    pullback = PassPullback(network)
    rows = RowBlock(rows: 0, width: network.stateComponents * network.hidden)
  }

  /// The matrix of the pass that was followed last.
  package var matrix: FlowMatrix { FlowMatrix(steps: steps, rows: chosen, log10: log10) }

  /// Follows a pass that went back over its whole sequence.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func follow<S: Scalar>(_ pass: Pass<S>) {
    steps = pass.steps
    chosen = EvenSpread.choose(Self.losses(batch: pass.batch), of: (0..<steps).filter { pass.firstHasTarget(step: $0) })
    log10.removeAll(keepingCapacity: true)
    log10.append(contentsOf: repeatElement(-.infinity, count: chosen.count * steps))
    makeRoom()
    pullback.begin(pass)
    // The last losses are the first rows, so that those under way are always the first ones.
    var count = 0
    for t in (0..<steps).reversed() {
      if count < chosen.count, chosen[chosen.count - 1 - count] == t {
        pass.addLossGradient(step: t, to: count, of: rows, room: room)
        count += 1
      }
      guard count > 0 else { continue }
      rows.measure(count: count, columns: pass.network.hidden, into: &norms)
      for row in 0..<count { log10[(chosen.count - 1 - row) * steps + t] = norms[row] }
      if t > 0 { pullback.apply(pass, step: t, count: count, to: rows) }
    }
  }

  /// Zeros in as many rows as there are losses.
  private func makeRoom() {
    if chosen.count > rows.capacity {
      rows = RowBlock(rows: chosen.count, width: rows.width)
      norms = [Double](repeating: -.infinity, count: chosen.count)
    } else {
      rows.clear(count: chosen.count)
    }
  }
}

extension FlowMatrix {
  /// The flow of at most `count` of its losses, spread evenly.
  public func ofSomeLosses(_ count: Int) -> FlowMatrix {
    guard rows.count > count else { return self }
    let chosen = EvenSpread.choose(count, of: Array(rows.indices))
    return FlowMatrix(
      steps: steps, rows: chosen.map { rows[$0] },
      log10: chosen.flatMap { log10[$0 * steps..<($0 + 1) * steps] })
  }

  /// How many steps back a term of the gradient comes from on the average, each term by its norm: Σ (i - t) F[i, t] / Σ F[i, t] over
  /// the losses that it has; NaN where nothing flows.
  public var meanLag: Double {
    let largest = log10.reduce(-.infinity) { max($0, $1) }
    guard largest.isFinite else { return .nan }
    var mass = 0.0, moment = 0.0
    for (row, i) in rows.enumerated() {
      for t in 0..<min(steps, i + 1) {
        let term = exp2((self[row, t] - largest) / Log10.of2)
        mass += term
        moment += Double(i - t) * term
      }
    }
    return moment / mass
  }
}
