import Architectures
import LinearAlgebra
import RecurrentNetworks

/// The clients of federated averaging, which train one after the other in one arena.
///
/// From the server's weights w each client makes E steps over its rows, w_k ← w_k - η_c g(w_k), and sends Δ_k = w_k - w. The server
/// averages, Δ̄ = Σ n_k Δ_k / Σ n_k over those that take part, n_k the losses of client k, and hands -Δ̄/η_c to its optimizer as a
/// gradient: with SGD of the same η that is w ← w + Δ̄, federated averaging (McMahan et al. 2017); with others it is FedAdam and
/// its like (Reddi et al. 2021).
///
/// With a clip S, Δ_k ← Δ_k · min(1, S/‖Δ_k‖). With noise z, each client takes part with probability C by itself, and
/// Δ̄ = (Σ Δ_k + N(0, z²S²)) / (C K): its denominator says nothing of who took part (McMahan, Ramage, Talwar & Zhang 2018).
final class FederatedClients<S: Scalar> {
  /// A pass over a client's rows.
  private enum Worker {
    case tape(Pass<S>)
    case graph(GraphPass<S>)
  }

  private(set) var experiment: Experiment
  let steps: Int, batch: Int
  private let worker: Worker
  private let parameters: UnsafeMutableBufferPointer<S>, gradient: UnsafeMutableBufferPointer<S>
  /// Σ g of a client's steps: -Δ_k/η_c.
  private let sum: UnsafeMutableBufferPointer<S>

  /// Room for a client of an experiment that has some.
  init(_ experiment: Experiment, layout: ParameterLayout, loss: LossKind, steps: Int, batch: Int) {
    (self.experiment, self.steps, self.batch) = (experiment, steps, batch)
    let rows = batch / experiment.training.federated.clients
    if experiment.isRecurrent {
      let pass = Pass<S>(network: experiment.network, layout: layout, steps: steps, batch: rows, loss: loss)
      (worker, parameters, gradient) = (.tape(pass), pass.parameters, pass.gradient)
    } else {
      let pass = GraphPass<S>(
        experiment.architecture, experiment.network, layout: layout, steps: steps, batch: rows, loss: loss)
      (worker, parameters, gradient) = (.graph(pass), pass.parameters, pass.gradient)
    }
    sum = .allocate(capacity: layout.count)
    sum.initialize(repeating: 0)
  }

  deinit { sum.deallocate() }

  /// The clients of other settings: these where their arenas fit; nil where there are none.
  static func made(
    for experiment: Experiment, layout: ParameterLayout, data: SequenceBatch, keeping present: FederatedClients?
  ) -> FederatedClients? {
    let clients = experiment.training.federated.clients
    guard clients > 1, data.batch % clients == 0 else { return nil }
    if let present, present.steps == data.steps, present.batch == data.batch,
      present.experiment.training.federated.clients == clients
    {
      present.experiment = experiment
      return present
    }
    return FederatedClients(experiment, layout: layout, loss: data.loss, steps: data.steps, batch: data.batch)
  }

  /// What a client does in a round, as it goes.
  struct Work {
    /// The objective and its gradient's norm at the server's weights, and how many losses there are.
    var loss = 0.0, losses = 0
    /// ‖Δ_k‖ before clipping, and what clipping multiplies it by.
    var norm = 0.0, scale = 1.0
    var nonFinite: NonFinite?
  }

  /// A round from the server's weights.
  ///
  /// - Parameters:
  ///   - server: the server's weights.
  ///   - data: the batch, whose rows are dealt.
  ///   - window: the steps over which the gradient goes back, and whose losses count; of recurrent networks.
  ///   - update: the rounds before it.
  ///   - average: takes -Δ̄/η_c.
  ///   - look: sees each client, its gradient at the server's weights, -Δ_k/η_c after clipping, and whether it takes part. With it,
  ///     those that do not take part train too.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  func round(
    _ server: UnsafeMutableBufferPointer<S>, _ data: SequenceBatch, _ window: Window, after update: Int,
    into average: UnsafeMutableBufferPointer<S>,
    look: ((Int, Work, Bool, [Double], UnsafeMutableBufferPointer<S>) -> Void)? = nil
  ) -> PassResult {
    let federated = experiment.training.federated
    let isTaking = takesPart(after: update), isNoisy = federated.noise > 0
    average.update(repeating: 0)
    var (objective, losses, weight) = (0.0, 0, 0.0)
    var nonFinite: NonFinite?
    for (client, rows) in data.dealt(to: federated.clients, skew: federated.skew).enumerated() {
      let takesPart = isTaking[client]
      // Where nobody takes part, all say how they do.
      guard takesPart || look != nil || !isTaking.contains(true) else { continue }
      var first: [Double] = []
      let work = train(server, data.only(sequences: rows), window, after: update) {
        if look != nil { first = widened($0) }
      }
      look?(client, work, takesPart, first, sum)
      guard takesPart || !isTaking.contains(true) else { continue }
      objective += work.loss * Double(work.losses)
      losses += work.losses
      nonFinite = nonFinite ?? work.nonFinite
      guard takesPart else { continue }
      let share = isNoisy ? 1 : Double(work.losses)
      weight += share
      add(sum, scaled: share, to: average)
    }
    if isNoisy { addNoise(to: average, after: update) }
    let denominator = isNoisy ? federated.fraction * Double(federated.clients) : weight
    if denominator > 0 { for k in average.indices { average[k] /= S(denominator) } }
    let norm = VectorNorms.euclidean(average.lazy.map(Double.init))
    let mean = objective / Double(max(1, losses))
    if nonFinite == nil, !mean.isFinite || !norm.isFinite { nonFinite = NonFinite(step: steps - 1, factor: "loss") }
    return PassResult(objective: mean, injected: losses, gradientNorm: norm, nonFinite: nonFinite)
  }

  /// A client's steps over its rows, into `sum`.
  private func train(
    _ server: UnsafeMutableBufferPointer<S>, _ rows: SequenceBatch, _ window: Window, after update: Int,
    _ seeFirst: (UnsafeMutableBufferPointer<S>) -> Void
  ) -> Work {
    let federated = experiment.training.federated, rate = experiment.training.clientRate(after: update)
    _ = parameters.update(fromContentsOf: server)
    load(rows)
    var work = Work()
    for step in 0..<federated.localUpdates {
      let result = goBack(over: window)
      work.nonFinite = work.nonFinite ?? result.nonFinite
      if step == 0 {
        (work.loss, work.losses) = (result.objective, result.injected)
        seeFirst(gradient)
        _ = sum.update(fromContentsOf: gradient)
      } else {
        add(gradient, scaled: 1, to: sum)
      }
      // w_k = w - η_c Σ g
      if step + 1 < federated.localUpdates {
        _ = parameters.update(fromContentsOf: server)
        add(sum, scaled: -rate, to: parameters)
      }
    }
    work.norm = rate * VectorNorms.euclidean(sum.lazy.map(Double.init))
    if let clip = federated.clip, work.norm > clip {
      work.scale = clip / work.norm
      for k in sum.indices { sum[k] *= S(work.scale) }
    }
    return work
  }

  private func load(_ rows: SequenceBatch) {
    switch worker {
    case .tape(let pass):
      pass.network = experiment.network
      pass.flow = experiment.training.flow
      pass.load(rows)
      pass.resetState()
    case .graph(let pass): pass.load(rows)
    }
  }

  /// The gradient at the client's weights.
  private func goBack(over window: Window) -> PassResult {
    switch worker {
    case .tape(let pass):
      pass.forward(0..<window.steps.upperBound)
      return pass.backward(window, reduction: .mean)
    case .graph(let pass):
      pass.forward()
      return pass.backward(.mean)
    }
  }

  @_specialize(where S == Double)
  @_specialize(where S == Float)
  private func add(
    _ x: UnsafeMutableBufferPointer<S>, scaled factor: Double, to y: UnsafeMutableBufferPointer<S>
  ) {
    let factor = S(factor)
    for k in y.indices { y[k] += factor * x[k] }
  }

  /// N(0, z²S²) on the sum of the updates, in the units of -Δ/η_c: a pure function of the seed and of the round.
  private func addNoise(to average: UnsafeMutableBufferPointer<S>, after update: Int) {
    let federated = experiment.training.federated
    let deviation = federated.noise * (federated.clip ?? 0) / experiment.training.clientRate(after: update)
    var random = CounterRandom(seed: experiment.seed, for: .clientNoise, index: UInt64(update))
    for k in average.indices { average[k] += S(deviation * random.normal()) }
  }

  /// Who takes part: with noise each client by itself with probability C, which is what its privacy is counted for; without it,
  /// C K clients drawn without replacement, one at least.
  private func takesPart(after update: Int) -> [Bool] {
    let federated = experiment.training.federated, clients = federated.clients
    var random = CounterRandom(seed: experiment.seed, for: .clients, index: UInt64(update))
    if federated.noise > 0 { return (0..<clients).map { _ in random.uniform() < federated.fraction } }
    let count = max(1, Int((federated.fraction * Double(clients)).rounded()))
    var order = Array(0..<clients)
    if count < clients { order.shuffle(using: &random) }
    let chosen = Set(order.prefix(count))
    return (0..<clients).map(chosen.contains)
  }
}

extension TrainingSpecification {
  /// η_c, the learning rate of clients in the round after `update` others.
  func clientRate(after update: Int) -> Double { federated.rate ?? learningRate(after: update) }
}
