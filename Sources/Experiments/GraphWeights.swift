import RecurrentNetworks
import Training

/// The weights of a network that is no recurrent one, found in a file by their names.
///
/// A Transformer's are those of `torch.nn.TransformerEncoder`; a `TransformerEncoderLayer`'s and a `MultiheadAttention`'s are those of
/// its first block. What stands before the names is a module's path and the same for all of them. Embedding, positions and readout
/// stand beside the encoder: they are found by name, by `map`, or as the one matrix that fits; where the file has none they are drawn.
struct GraphWeights {
  private let file: SafetensorsFile
  private let layout: ParameterLayout
  private let map: [String: String]
  /// The path before the network's names in the file, and what those leave out at their beginning.
  private var module = "", omitted = ""
  private var taken: Set<String> = []

  /// What stands before a Transformer's names here and not in a file of one of its parts.
  private static let parts = ["", "layers.0.", "layers.0.self_attn."]
  /// What stands beside the network.
  private static let beside = ["embedding", "positions", "readout"]

  /// The parameters that `layout` asks for.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - layout: the parameters that are wanted.
  ///   - drawn: what stands where the file has nothing; nil to refuse such a file.
  ///   - map: our names, or `embedding`, `positions` and `readout`, with what they are called in the file.
  static func load(
    _ file: SafetensorsFile, layout: ParameterLayout, drawn: [Double]?, map: [String: String]
  ) throws(InputError) -> WeightsFile.Loaded {
    var weights = GraphWeights(file: file, layout: layout, map: map)
    return try weights.load(drawn)
  }

  private init(file: SafetensorsFile, layout: ParameterLayout, map: [String: String]) {
    (self.file, self.layout, self.map) = (file, layout, map)
  }

  private mutating func load(_ drawn: [Double]?) throws(InputError) -> WeightsFile.Loaded {
    let names = Self.beside + layout.entries.map(\.name)
    if let unknown = map.keys.sorted().first(where: { !names.contains($0) }) {
      throw InputError(
        file: "--map", problem: "found \(unknown), expected one of \(names.joined(separator: ", "))",
        nearest: nearestName(to: unknown, among: names))
    }
    try findModule()
    var parameters = drawn ?? [Double](repeating: 0, count: layout.count)
    var missing: [String] = []
    for entry in layout.entries {
      guard let found = try tensor(entry) else {
        guard drawn != nil, isOptional(entry.name) else { throw absent(entry) }
        missing.append(entry.name)
        continue
      }
      if isBeside(entry.name), found.shape != entry.shape { throw misfit(found, entry) }
      taken.insert(found.name)
      parameters.replaceSubrange(entry.range, with: try WeightsFile.numbers(found, in: file, shape: entry.shape))
    }
    let rest = file.entries.map(\.name).filter { !taken.contains($0) && !$0.hasPrefix("grad.") }
    if let extra = rest.first(where: { isOfModule($0) }) { throw additional(extra) }
    var pieces = ["\(module.isEmpty ? "its weights" : String(module.dropLast())) as the network"]
    if !missing.isEmpty { pieces.append("drawn, for the file has none: \(some(missing))") }
    if !rest.isEmpty { pieces.append("left out: \(some(rest))") }
    return WeightsFile.Loaded(parameters: parameters, reading: "\(file.file): " + pieces.joined(separator: "; "))
  }

  /// Where the network's names stand in the file.
  private mutating func findModule() throws(InputError) {
    let own = layout.entries.map(\.name).filter { !isBeside($0) }
    for part in Self.parts {
      guard let anchor = own.first(where: { $0.hasPrefix(part) }) else { continue }
      let name = anchor.dropFirst(part.count)
      let paths = file.entries.map(\.name).filter { $0 == name || $0.hasSuffix("." + name) }
        .map { String($0.dropLast(name.count)) }
      guard let path = paths.first else { continue }
      guard paths.count == 1 else {
        throw InputError(
          file: file.file, key: anchor,
          problem: "found \(paths.count) networks, \(paths.map { $0 + name }.joined(separator: " and ")), expected one")
      }
      (module, omitted) = (path, part)
      return
    }
  }

  private func isBeside(_ name: String) -> Bool { Self.beside.contains { name.hasPrefix($0 + ".") } }

  /// Whether a tensor may be missing: it stands beside the network, or the file has only a part of it.
  private func isOptional(_ name: String) -> Bool { isBeside(name) || !name.hasPrefix(omitted) }

  /// Whether a tensor of the file has a name as only the network's own have.
  private func isOfModule(_ name: String) -> Bool {
    guard name.hasPrefix(module) else { return false }
    let inside = omitted + name.dropFirst(module.count)
    return layout[inside] != nil || omitted.isEmpty && (inside.hasPrefix("layers.") || inside.hasPrefix("norm."))
  }

  /// The tensor of the file that an entry is read from; nil where it has none.
  private func tensor(_ entry: ParameterLayout.Entry) throws(InputError) -> SafetensorsFile.Entry? {
    if let theirs = map[entry.name] { return file[theirs] }
    guard isBeside(entry.name) else {
      return entry.name.hasPrefix(omitted) ? file[module + entry.name.dropFirst(omitted.count)] : nil
    }
    let words = entry.name.split(separator: "."), group = String(words[0]), last = String(words[1])
    if let theirs = map[group] { return theirs == "none" ? nil : file["\(theirs).\(last)"] ?? file[theirs] }
    let named = file.entries.filter { $0.name == entry.name || $0.name.hasSuffix("." + entry.name) }
    if let one = named.first { return one }
    // A bias stands beside the matrix that was found for its weight.
    guard last == "weight", group != "positions" else {
      let weight = layout[group + ".weight"].flatMap { try? tensor($0) }
      return weight.flatMap { file[$0.name.dropLast(6) + "bias"] }
    }
    let fitting = file.entries.filter {
      !isOfModule($0.name) && $0.shape == entry.shape && $0.name.hasSuffix(".weight")
    }
    guard fitting.count < 2 else {
      throw InputError(
        file: file.file, key: entry.name,
        problem: "found \(fitting.map(\.name).joined(separator: " and ")), which both fit, expected one: --map "
          + "\(group)=\(fitting[0].name.dropLast(7)) takes that, --map \(group)=none draws one")
    }
    return fitting.first
  }

  /// What is said of what stands beside the network and is of another task.
  private func misfit(_ found: SafetensorsFile.Entry, _ entry: ParameterLayout.Entry) -> InputError {
    let group = entry.name.split(separator: ".").first.map(String.init) ?? entry.name
    let size =
      group == "embedding"
      ? " for the \(layout.inputs) inputs of the task" : group == "readout" ? " for its \(layout.outputs) outputs" : ""
    return InputError(
      file: file.file, key: found.name,
      problem: "found shape \(found.shape), expected \(entry.shape)\(size): or --map \(group)=none draws one")
  }

  /// What is said of a tensor that is not there.
  private func absent(_ entry: ParameterLayout.Entry) -> InputError {
    if entry.name == "norm.weight" {
      return InputError(
        file: file.file, key: module + entry.name,
        problem:
          "found no such tensor, expected one of shape \(entry.shape): network.norm pre has a norm behind the last "
          + "block, torch.nn.TransformerEncoder(…, norm=LayerNorm(\(entry.shape[0]))); or network.norm post")
    }
    let others = file.entries.map(\.name).filter { $0 != entry.name }
    return InputError(
      file: file.file, key: module + entry.name.dropFirst(entry.name.hasPrefix(omitted) ? omitted.count : 0),
      problem: "found no such tensor, expected one of shape \(entry.shape)",
      nearest: nearestName(to: entry.name, among: others))
  }

  private func additional(_ name: String) -> InputError {
    let blocks = Set(
      layout.entries.compactMap { $0.name.hasPrefix("layers.") ? $0.name.split(separator: ".")[1] : nil })
    return InputError(
      file: file.file, key: name,
      problem:
        "found a weight that the network has not, expected network.layers or network.norm as the file has them: here "
        + "\(blocks.count) layer\(blocks.count == 1 ? "" : "s")"
        + (layout["norm.weight"] == nil ? ", no norm behind the last" : ", a norm behind the last"))
  }
}
