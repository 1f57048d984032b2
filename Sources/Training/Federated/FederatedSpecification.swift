/// Federated averaging: clients train by themselves, and a server averages what they send (McMahan, Moore, Ramage, Hampson &
/// Agüera y Arcas 2017, "Communication-efficient learning of deep networks from decentralized data").
public struct FederatedSpecification: Equatable, Sendable {
  /// K, the clients among which the rows of the batch are dealt; 1 where all data are in one place.
  public var clients = 1
  /// The steps that a client makes over its rows before it sends its update.
  public var localUpdates = 1
  /// The share of the clients that take part in a round.
  public var fraction = 1.0
  /// The share of a client's rows that are dealt by what their targets are, and not as they come.
  public var skew = 0.0
  /// η of the clients' steps; nil for the optimizer's.
  public var rate: Double?
  /// S, the largest norm of a client's update that is left alone; nil for no clipping.
  public var clip: Double?
  /// z, the deviation of the noise added to the sum of the updates, in units of S; 0 for none.
  public var noise = 0.0
  /// δ, at which the privacy budget ε is told.
  public var delta = 1e-5

  /// The defaults: none.
  public init() {}
}
