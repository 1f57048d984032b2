import LinearAlgebra

/// An optimiser's memory over all parameters, flat; the steps are in one file each.
final class Optimizer<S: Scalar> {
  /// The settings; with another name the memory begins anew.
  private(set) var specification: OptimizerSpecification
  /// Momentum's v, or Adam's mean of g; and Adam's mean of g².
  let first: UnsafeMutableBufferPointer<S>, second: UnsafeMutableBufferPointer<S>
  /// The steps made since the memory began.
  var steps = 0

  /// An optimiser of `count` parameters that remembers nothing yet.
  init(_ specification: OptimizerSpecification, count: Int) {
    self.specification = specification
    first = .allocate(capacity: count)
    second = .allocate(capacity: count)
    first.initialize(repeating: 0)
    second.initialize(repeating: 0)
  }

  deinit {
    first.deallocate()
    second.deallocate()
  }

  /// How many of the two memories the optimiser uses.
  var memories: Int {
    switch specification.name {
    case .sgd: 0
    case .momentum: 1
    case .adam: 2
    }
  }

  /// Takes new settings; another optimiser begins with an empty memory.
  func configure(_ specification: OptimizerSpecification) {
    if specification.name != self.specification.name {
      first.update(repeating: 0)
      second.update(repeating: 0)
      steps = 0
    }
    self.specification = specification
  }

  /// Moves the parameters by one step along the gradient (after clipping).
  func step(_ parameters: UnsafeMutableBufferPointer<S>, gradient: UnsafeMutableBufferPointer<S>) {
    steps += 1
    switch specification.name {
    case .sgd: stepSGD(parameters, gradient)
    case .momentum: stepMomentum(parameters, gradient)
    case .adam: stepAdam(parameters, gradient)
    }
  }
}
