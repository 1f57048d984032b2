import RecurrentNetworks

/// One term of the double sum ∂L/∂W = Σ_t Σ_{i≥t} (∂l_i/∂h_t)(∂⁺h_t/∂W), written out: what loss i sends back step by step, and
/// what of it meets the weights at step t.
public struct FlowTerm: Equatable, Sendable {
  /// The steps i of the loss and t of the state, counted from the tape's first.
  public let loss: Int, step: Int
  /// log10 ‖∂l_i/∂h_s‖₂ for s = t … i; a loss reaches no later state, so that for t > i there are none.
  public let log10Norms: [Double]
  /// ∂l_i/∂h_t as elements of h times 10^log10Scale; empty for t > i.
  public let gradient: [Double], log10Scale: Double
  /// log10 of the Frobenius norm of the term itself by W_hh, ‖(∂l_i/∂h_t)(∂⁺h_t/∂W_hh)‖; -infinity where it is 0.
  public let log10Contribution: Double

  /// log10 ‖∂l_i/∂h_t‖; -infinity for t > i.
  public var log10Norm: Double { log10Norms.first ?? -.infinity }
  /// log10 of the mean factor a step from i back to t; nil where there is no step between, or nothing is left.
  public var log10Factor: Double? {
    guard loss > step, let last = log10Norms.last, log10Norm.isFinite, last.isFinite else { return nil }
    return (log10Norm - last) / Double(loss - step)
  }
}

extension FlowTerm {
  /// The term of a loss and a step of a layer; nil where there is no target at the loss's step. Rescaled as the pass rescales,
  /// like `FlowMatrix`.
  public init?(_ tape: Tape, loss: Int, step: Int, layer: Int, sequence: Int = 0) {
    let graph = tape.graph(sequence: sequence)
    guard let seed = graph.losses.first(where: { $0.loss == loss }), tape.layers.indices.contains(layer) else {
      return nil
    }
    var norms: [Double] = []
    var (gradient, scale, contribution) = ([Double](), 0.0, -Double.infinity)
    if step <= loss {
      norms = [Double](repeating: -.infinity, count: loss - step + 1)
      let pullback = graph.makePullback(capacity: 1)
      let back = ReverseAccumulation(graph: graph, rows: 1, lowestLayer: layer, firstPosition: step)
      back.run([.init(row: 0, site: seed.site, gradient: seed.gradient)]) { site, rows, _, log10Norms in
        guard site.layer == layer, site.position >= step else { return }
        norms[site.position - step] = log10Norms[0]
        guard site.position == step else { return }
        gradient = Array(rows.row(0).prefix(tape.hidden))
        scale = rows.exponent(of: 0) * Log10.of2
        // ∂⁺h_t/∂W_hh with h_{t-1} held fixed: the term is ∂l_i/∂(W_hh h_{t-1}) h_{t-1}ᵀ.
        let byState = pullback.preactivationGradient(rows, row: 0, at: site).byState
        let kept = tape.layers[layer]
        let start = (step * kept.stateComponents * tape.batch + sequence) * tape.hidden
        let squares = tape.network.connectedBlocks(rows: byState.count).map { rows, columns in
          2
            * (Log10.norm(byState[rows])
              + Log10.norm(kept.state[start + columns.lowerBound..<start + columns.upperBound]))
        }
        contribution = 0.5 * Log10.sum(squares) + scale
      }
    }
    self.init(
      loss: loss, step: step, log10Norms: norms, gradient: gradient, log10Scale: scale, log10Contribution: contribution)
  }
}
