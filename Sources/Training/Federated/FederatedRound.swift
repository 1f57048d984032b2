import LinearAlgebra
import RecurrentNetworks

/// A round of federated averaging as its server and its clients see it: the next one, at the weights as they stand.
public struct FederatedRound: Sendable {
  /// A client.
  public struct Client: Sendable {
    /// Whether it takes part in this round; those that do not are computed all the same.
    public let takesPart: Bool
    /// The loss on its rows at the server's weights.
    public let loss: Double
    /// ‖Δ_k‖, the norm of its update before clipping, and what clipping multiplies it by.
    public let norm: Double, scale: Double
    /// The cosine between its update and the average that the server gets; NaN where one of them is 0.
    public let cosine: Double
  }

  /// The clients.
  public let clients: [Client]
  /// -Δ̄/η_c: what the optimizer gets as a gradient.
  public let gradient: [Double]
  /// ‖Δ̄‖, of the averaged update, its noise included.
  public let norm: Double
  /// The cosines between the clients' gradients at the server's weights, and between their updates, [K, K].
  public let gradientCosines: [Double], updateCosines: [Double]
  /// √(mean ‖g_k - ḡ‖²)/‖ḡ‖, of the clients' gradients at the server's weights: 0 where all are the same.
  public let spread: Double

  /// The mean over pairs of clients of what `cosines` has.
  public static func mean(ofPairs cosines: [Double], clients: Int) -> Double {
    let others = cosines.indices.filter { $0 / clients != $0 % clients }
    return others.reduce(0) { $0 + cosines[$1] } / Double(others.count)
  }
}

extension Snapshot {
  /// The round that comes next; nil where there are no clients.
  public func federatedRound() -> FederatedRound? {
    experiment.precision == .float64 ? round(Double.self) : round(Float.self)
  }

  private func round<S: Scalar>(_: S.Type) -> FederatedRound? {
    guard let clients = FederatedClients<S>.made(for: experiment, layout: layout, data: data, keeping: nil) else {
      return nil
    }
    let server = AlignedBuffer<S>(layout.count), average = AlignedBuffer<S>(layout.count)
    let weights = UnsafeMutableBufferPointer(start: server.start, count: layout.count)
    let mean = UnsafeMutableBufferPointer(start: average.start, count: layout.count)
    narrow(parameters, into: weights)
    var work: [FederatedClients<S>.Work] = [], isTaking: [Bool] = []
    var gradients: [[Double]] = [], updates: [[Double]] = []
    _ = clients.round(weights, data, window, after: position.update, into: mean) { _, done, takesPart, first, sum in
      work.append(done)
      isTaking.append(takesPart)
      gradients.append(first)
      updates.append(widened(sum))
    }
    let gradient = widened(mean), rate = experiment.training.clientRate(after: position.update)
    return FederatedRound(
      clients: work.indices.map {
        FederatedRound.Client(
          takesPart: isTaking[$0], loss: work[$0].loss, norm: work[$0].norm, scale: work[$0].scale,
          cosine: cosine(updates[$0], gradient))
      },
      gradient: gradient, norm: rate * VectorNorms.euclidean(gradient), gradientCosines: cosines(gradients),
      updateCosines: cosines(updates), spread: spread(gradients))
  }
}

private func cosines(_ vectors: [[Double]]) -> [Double] { vectors.flatMap { a in vectors.map { cosine(a, $0) } } }

private func cosine(_ a: [Double], _ b: [Double]) -> Double {
  let (x, y) = (VectorNorms.euclidean(a), VectorNorms.euclidean(b))
  guard x > 0, y > 0, x.isFinite, y.isFinite else { return .nan }
  // Each divided by its norm first, so that no product underflows.
  return max(-1, min(1, zip(a, b).reduce(0) { $0 + ($1.0 / x) * ($1.1 / y) }))
}

private func spread(_ vectors: [[Double]]) -> Double {
  guard let count = vectors.first?.count else { return .nan }
  let mean = (0..<count).map { k in vectors.reduce(0) { $0 + $1[k] } / Double(vectors.count) }
  let squares = vectors.reduce(0.0) { sum, vector in
    let distance = VectorNorms.euclidean(zip(vector, mean).lazy.map { $0 - $1 })
    return sum + distance * distance
  }
  return (squares / Double(vectors.count)).squareRoot() / VectorNorms.euclidean(mean)
}
