import RecurrentNetworks

/// What an update of a network that is no recurrent one holds and computes by formula: the largest products alone, as the field
/// counts them.
///
/// The letters: n steps, m inputs, h units, o outputs, B sequences, l layers.
public struct ArchitectureCost: Equatable, Sendable {
  /// The numbers that a pass keeps until its gradient has come back, of all sequences: activations, not the weights.
  public let numbersHeld: Double
  /// The multiply-adds of an update over all sequences: once forward, and twice back, to what was read and to the weights.
  public let multiplyAdds: Double
  /// Both as they are computed, with the letters in place of numbers.
  public let heldFormula: String, workFormula: String
}

extension ArchitectureSpecification {
  /// The cost of an update of a network of this kind; nil for a recurrent one, whose learning algorithm decides.
  public func cost(
    _ network: NetworkSpecification, inputs: Int, outputs: Int, steps: Int, batch: Int
  ) -> ArchitectureCost? {
    let (n, m, h) = (Double(steps), Double(inputs), Double(network.hidden))
    let (o, b, l) = (Double(outputs), Double(batch), Double(network.layers))
    switch kind {
    case .recurrent: return nil
    case .transformer:
      let (e, heads, norms) = (Double(expansion), Double(heads), norm == .none ? 0.0 : 2)
      // q, k, v and W_o: 4 h²; the hidden layer: 2 e h²; q·k and Σ α v over half of all pairs each: n h.
      return ArchitectureCost(
        numbersHeld: b * n * (l * ((8 + norms + 2 * e) * h + heads * n) + h),
        multiplyAdds: b * n * (3 * (l * ((4 + 2 * e) * h * h + n * h) + h * o) + 2 * m * h),
        heldFormula: "B n (l ((\(Self.plain(8 + norms)) + 2e) h + heads n) + h)",
        workFormula: "B n (3 (l ((4 + 2e) h² + n h) + h o) + 2 m h)")
    case .attention:
      // W_hh: h²; W_c [h; c]: 2 h²; additive scores have W_q and W_k beside them.
      let (maps, kept) = scoring == .dot ? (3.0, 9.0) : (5, 11)
      return ArchitectureCost(
        numbersHeld: b * n * (kept * h + n),
        multiplyAdds: b * n * (3 * (maps * h * h + n * h + h * o) + 2 * m * h),
        heldFormula: "B n (\(Self.plain(kept)) h + n)",
        workFormula: "B n (3 (\(Self.plain(maps)) h² + n h + h o) + 2 m h)")
    case .tree:
      // n leaves and n - 1 nodes read an input each; a node has U_l and U_r, of g gates.
      let (g, kept) = composition == .lstm ? (5.0, 16.0) : (1, 4)
      let gates = g == 1 ? "" : "\(Self.plain(g)) "
      return ArchitectureCost(
        numbersHeld: b * (2 * n - 1) * (kept * h + m),
        multiplyAdds: b * (6 * (n - 1) * g * h * h + 2 * (2 * n - 1) * g * m * h + 3 * h * o),
        heldFormula: "B (2n - 1) (\(Self.plain(kept)) h + m)",
        workFormula: "B (6 (n - 1) \(gates)h² + 2 (2n - 1) \(gates)m h + 3 h o)")
    case .feedforward:
      let kept = norm == .pre ? 4.0 : 2
      return ArchitectureCost(
        numbersHeld: b * n * (kept * h + m), multiplyAdds: b * n * (3 * (h * h + h * o) + 2 * m * h),
        heldFormula: "B n (\(Self.plain(kept)) h + m)", workFormula: "B n (3 (h² + h o) + 2 m h)")
    case .convolutional:
      // m cells of c = h/m channels; each reads k cells.
      let (k, c) = (Double(kernel), h / m)
      return ArchitectureCost(
        numbersHeld: b * n * ((16 + k) * h + k * m),
        multiplyAdds: b * n * (12 * k * c * h + 8 * k * h + 3 * h * o / m),
        heldFormula: "B n ((16 + k) h + k m)", workFormula: "B n (12 k c h + 8 k h + 3 h o/m), c = h/m")
    case .bidirectional:
      let layout = layout(network, inputs: inputs, outputs: outputs, steps: steps)
      let weights = layout.entries.filter { $0.shape.count > 1 && !$0.name.hasPrefix("readout.") }
        .reduce(0) { $0 + $1.range.count }
      let (seen, s) = (Double(network.outputUnits), Double(network.stateComponents))
      return ArchitectureCost(
        numbersHeld: 2 * b * n * (l * s * h + m + (l - 1) * 2 * seen),
        multiplyAdds: 3 * b * n * (Double(weights) + 2 * seen * o),
        heldFormula: "2 B n (l \(s == 1 ? "" : "\(Self.plain(s)) ")h + m + (l - 1) 2h)",
        workFormula: "3 B n (w + 2 h o), w weights of both directions")
    }
  }

  private static func plain(_ number: Double) -> String { String(Int(number)) }
}
