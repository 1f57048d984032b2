import LinearAlgebra
import RecurrentNetworks

/// The products ∂S_T/∂S_{T-lag} of one sequence where S_t is the state of all layers together: what a change of any layer's state
/// does to every layer's state later on, by all paths through time and up the layers.
///
/// S_t is (s^0_t, s^1_t, …), the lowest layer first, the parts of each as they lie in its state. A layer reads the one below at its
/// own step, so that a step's Jacobian is block lower triangular:
/// ∂s^l_t/∂s^m_{t-1} = J^l_t for m = l, and (∂s^l_t/∂h^{l-1}_t) (∂h^{l-1}_t/∂s^m_{t-1}) for m < l.
public struct JointProduct: Equatable, Sendable {
  /// The size of S: layers · components · H.
  public let width: Int
  /// log10 of all singular values, descending, at lag 1, 2, …; -infinity for an exact 0.
  public let log10: [[Double]]

  /// The products at every lag of a tape.
  /// - Parameters:
  ///   - tape: the pass.
  ///   - sequence: the sequence of the batch.
  ///   - progress: called with the share that is done; what it throws ends the computation.
  /// - Throws: `LinearAlgebraError` where a Jacobian is not finite.
  public init(_ tape: Tape, sequence: Int = 0, progress: (Double) throws -> Void = { _ in }) throws {
    width = tape.layers.count * tape.network.stateComponents * tape.hidden
    guard width > 0 else {
      log10 = []
      return
    }
    let product = JacobianProduct(size: width)
    var log10: [[Double]] = []
    for step in (0..<tape.steps).reversed() {
      try product.extend(by: tape.jointJacobian(step: step, sequence: sequence))
      log10.append(try product.log10SingularValues())
      try progress(Double(log10.count) / Double(tape.steps))
    }
    self.log10 = log10
  }
}

extension Tape {
  /// ∂S_t/∂S_{t-1} of all layers together, of one sequence at step `step` of the window.
  public func jointJacobian(step: Int, sequence: Int) -> Matrix {
    let width = network.stateComponents * hidden
    var joint = Matrix(rows: layers.count * width, columns: layers.count * width)
    for layer in layers.indices {
      let own = jacobian(step: step, sequence: sequence, layer: layer)
      for i in 0..<width {
        for j in 0..<width { joint[layer * width + i, layer * width + j] = own[i, j] }
      }
      guard layer > 0 else { continue }
      // h is the first part of the layer below: its H rows, by the states of all layers up to it.
      let below = (layer - 1) * width
      let up = inputJacobian(step: step, sequence: sequence, layer: layer)
      for i in 0..<width {
        for unit in 0..<hidden where up[i, unit] != 0 {
          for j in 0..<layer * width { joint[layer * width + i, j] += up[i, unit] * joint[below + unit, j] }
        }
      }
    }
    return joint
  }
}
