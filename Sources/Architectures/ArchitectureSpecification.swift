/// The kinds of network, by the names of the experiment file.
public enum NetworkKind: String, CaseIterable, Sendable {
  /// States that follow one another: what `NetworkSpecification` describes.
  case recurrent
  /// Blocks of causal self-attention (Vaswani et al. 2017).
  case transformer
  /// A recurrent network whose readout attends to all past states.
  case attention
  /// A recursive network over a binary tree.
  case tree
  /// A feed-forward network as deep as the sequence is long.
  case feedforward
  /// A convolutional LSTM over frames of one dimension.
  case convolutional
  /// Recurrent layers of two directions (Schuster & Paliwal 1997).
  case bidirectional
}

/// How attention to past states is scored.
public enum AttentionScoring: String, CaseIterable, Sendable {
  /// h_t·h_s/√H (Luong et al. 2015).
  case dot
  /// v·tanh(W_q h_t + W_k h_s) (Bahdanau et al. 2015).
  case additive
}

/// The shape of a binary tree over the steps of a sequence.
public enum TreeShape: String, CaseIterable, Sendable {
  /// Halves of halves: log2 T from a leaf to the root.
  case balanced
  /// One leaf after the other: up to T - 1.
  case chain
}

/// How a node is made of its children.
public enum TreeComposition: String, CaseIterable, Sendable {
  /// h = φ(W x + U_l h_left + U_r h_right + b).
  case plain
  /// A memory cell with a forget gate a child (Tai et al. 2015).
  case lstm
}

/// Where a block normalizes.
public enum NormPlacement: String, CaseIterable, Sendable {
  /// What each sublayer reads, and the output of the last block.
  case pre
  /// The sum behind each sublayer: "Attention is all you need".
  case post
  /// Nowhere.
  case none
}

/// How a position is told to attention.
public enum PositionCode: String, CaseIterable, Sendable {
  /// It is not told: only the causal mask tells before from after.
  case none
  /// sin and cos of t/10000^(2i/d) are added to the inputs.
  case sinusoidal
  /// A vector for each position is added, and trained.
  case learned
  /// Queries and keys are turned by t/10000^(2i/d) (Su et al. 2021, "RoFormer").
  case rotary
}

/// What a network has that is no recurrent one, beside its width, its layers and φ.
public struct ArchitectureSpecification: Equatable, Sendable {
  /// The kind.
  public var kind = NetworkKind.recurrent
  /// The heads of attention.
  public var heads = 4
  /// Where blocks normalize.
  public var norm = NormPlacement.pre
  /// Whether each sublayer is added to what it reads.
  public var isResidual = true
  /// How positions are told.
  public var positions = PositionCode.sinusoidal
  /// How many times as wide as the network a block's hidden layer is.
  public var expansion = 4
  /// How attention to past states is scored.
  public var scoring = AttentionScoring.dot
  /// The tree, and how its nodes are made.
  public var tree = TreeShape.balanced, composition = TreeComposition.plain
  /// k, the width of a convolution's kernel, odd.
  public var kernel = 3
  /// Whether all layers of a feed-forward network have the same weights.
  public var isTied = false
  /// Whether states are joined into fewer and fewer nodes.
  public var joinsPositions: Bool { kind == .tree }
  /// σ² of the matrices' N(0, σ²/fan-in) at the start.
  public var variance = 1.0

  /// Whether the number of steps decides how many weights there are.
  public var hasWeightsByStep: Bool { kind == .transformer && positions == .learned || kind == .feedforward }
  /// Whether it has weights of attention.
  public var attends: Bool { kind == .transformer || kind == .attention }

  /// A recurrent network.
  public init() {}
}
