import LinearAlgebra
import RecurrentNetworks

/// The memory of a pass: taken once, freed with it.
final class Arena<S: Scalar> {
  private var blocks: [AlignedBuffer<S>] = []

  /// `rows` rows of `columns` zeros, one after the other.
  func take(_ rows: Int, _ columns: Int = 1) -> UnsafeMutablePointer<S> {
    let block = AlignedBuffer<S>(rows * columns)
    blocks.append(block)
    return block.start
  }

  /// The numbers taken.
  var count: Int { blocks.reduce(0) { $0 + $1.count } }
}

/// Parameters and their gradient, flat, as a layout says.
struct Weights<S: Scalar> {
  let layout: ParameterLayout
  let parameters: UnsafeMutablePointer<S>, gradient: UnsafeMutablePointer<S>
  /// What they, and all that a body works with, lie in. Who has a body, as a graph of its pass does, keeps the memory by it.
  private let arena: Arena<S>

  /// Parameters and gradient of 0 in an arena.
  init(_ layout: ParameterLayout, _ arena: Arena<S>) {
    (self.layout, self.arena) = (layout, arena)
    (parameters, gradient) = (arena.take(layout.count), arena.take(layout.count))
  }

  /// Where a tensor begins.
  func offset(_ name: String) -> Int {
    // Bodies ask for the tensors that they listed for the layout themselves: no file or setting leads here.
    guard let entry = layout[name] else { preconditionFailure("the layout has \(name)") }
    return entry.offset
  }
}
