import Architectures
import Training

/// What Transformer a file's weights are of, as far as its names and shapes say it: those of `torch.nn.TransformerEncoder`, of one of
/// its layers, or of a `MultiheadAttention`. Heads, φ and sines leave no trace.
public struct TransformerInFile: Equatable, Sendable {
  /// d, and the number of blocks.
  public let hidden: Int, layers: Int
  /// How many times as wide a block's hidden layer is; nil where the file has attention alone.
  public let expansion: Int?
  /// Where blocks normalize; nil where the file has attention alone, or one layer, which may be either.
  public let norm: NormPlacement?
  /// Whether it has a vector for each position.
  public let hasPositions: Bool

  /// The Transformer in `file`; nil where it has no attention by PyTorch's names.
  public init?(_ file: SafetensorsFile) {
    let ending = "in_proj_weight"
    func inside(_ name: String) -> Bool { name == ending || name.hasSuffix(".\(ending)") }
    guard let first = file.entries.first(where: { inside($0.name) && $0.shape.count == 2 }) else { return nil }
    hidden = first.shape[1]
    // What stands before the number of the layer: "encoder.layers.".
    let words = first.name.split(separator: ".")
    let list = words.lastIndex(of: "layers").map { words[...$0].joined(separator: ".") + "." }
    let blocks = list.map { list in
      Set(
        file.entries.filter { $0.name.hasPrefix(list) }.compactMap {
          $0.name.dropFirst(list.count).split(separator: ".").first
        })
    }
    layers = max(1, blocks?.count ?? 1)
    let block = first.name.dropLast(
      ending.count + (first.name.hasSuffix("self_attn.\(ending)") ? "self_attn.".count : 0))
    expansion = file[block + "linear1.weight"].map { max(1, $0.shape[0] / max(1, first.shape[1])) }
    hasPositions = file.entries.contains { $0.name == "positions.weight" || $0.name.hasSuffix(".positions.weight") }
    let module = list.map { $0.dropLast("layers.".count) }
    norm =
      file[block + "linear1.weight"] == nil
      ? nil
      : file[block + "norm1.weight"] == nil
        ? NormPlacement.none : module.map { file[$0 + "norm.weight"] == nil ? .post : .pre }
  }
}

extension ExperimentSource {
  /// Takes kind, width, layers, norm and expansion from a file of weights, where the experiment does not say them itself; φ is then
  /// PyTorch's, ReLU, and heads are as many as divide the width.
  public mutating func take(_ network: TransformerInFile) {
    if isOpen("network.kind") { try? experiment.set("network.kind", NetworkKind.transformer.rawValue) }
    guard experiment.architecture.kind == .transformer else { return }
    if isOpen("network.hidden") { experiment.network.hidden = network.hidden }
    if isOpen("network.layers") { experiment.network.layers = network.layers }
    if isOpen("network.activation") { experiment.network.activation = .relu }
    if isOpen("network.expansion"), let expansion = network.expansion { experiment.architecture.expansion = expansion }
    if isOpen("network.norm"), let norm = network.norm { experiment.architecture.norm = norm }
    if isOpen("network.positions"), network.hasPositions { experiment.architecture.positions = .learned }
    if isOpen("network.heads") {
      let most = experiment.architecture.heads
      experiment.architecture.heads = (1...most).last { network.hidden % $0 == 0 } ?? 1
    }
  }
}
