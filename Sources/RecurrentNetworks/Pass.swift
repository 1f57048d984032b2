import LinearAlgebra

/// A network's forward and backward passes over one batch of sequences, in one precision; owns its arenas.
///
/// The states of every step of the sequence are kept: row t+1 is the state after step t, row 0 the state carried in. A
/// window that reaches behind the last update is run forward again from the row before it.
public final class Pass<S: Scalar> {
  /// The network; activation, β and α may be changed between passes.
  public var network: NetworkSpecification
  /// Where the tensors lie in `parameters` and `gradient`.
  public let layout: ParameterLayout
  /// The parameters, written by the caller; and the gradient of the objective that the last `backward` left.
  public let parameters: UnsafeMutableBufferPointer<S>
  public let gradient: UnsafeMutableBufferPointer<S>

  /// Arenas for sequences of `steps` steps in batches of `batch`.
  public init(network: NetworkSpecification, layout: ParameterLayout, steps: Int, batch: Int, loss: LossKind) {
    self.network = network
    self.layout = layout
    parameters = .allocate(capacity: layout.count)
    gradient = .allocate(capacity: layout.count)
  }

  deinit {
    parameters.deallocate()
    gradient.deallocate()
  }
}
