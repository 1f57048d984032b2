import RecurrentNetworks
import Training

/// Which tensors of a file are a network's weights, by the ends of their names and by their shapes.
///
/// What stands before a name is a module's path (`lstm.`, `encoder.rnn.`, `module.`, `_orig_mod.`) and says only which tensors
/// belong together. A cell's names without a layer (`torch.nn.LSTMCell`) are those of the first layer, cells in a list those of a layer
/// each. The readout is the one matrix beside them that fits, whatever it is called. `map` says what cannot be found: `readout=fc`,
/// `recurrent=decoder.rnn`, or a tensor's own name.
struct WeightNames {
  /// The entries by our names.
  private(set) var tensors: [String: SafetensorsFile.Entry] = [:]
  /// The path of the recurrent module; empty at the top.
  private(set) var module = ""
  /// The path of the readout; nil where the file has none.
  private(set) var readout: String?
  /// The matrix [V, E] that turns a symbol's number into inputs, where the network here reads symbols.
  private(set) var embedding: SafetensorsFile.Entry?
  /// The tensors that are not read.
  private(set) var leftOut: [String] = []

  private let file: SafetensorsFile
  private let layout: ParameterLayout?

  /// One tensor of a recurrent module.
  private struct Part {
    var entry: SafetensorsFile.Entry
    var path: String
    /// `weight_ih`, and the layer where the name has one.
    var kind: String
    var layer: Int?
    var isReverse = false

    var name: String { "\(kind)_l\(layer ?? 0)\(isReverse ? "_reverse" : "")" }
  }

  /// The names of `file`; with a layout, those that fit it.
  ///
  /// - Throws: what the file holds instead of one network, and what to do.
  init(_ file: SafetensorsFile, layout: ParameterLayout?, map: [String: String] = [:]) throws(InputError) {
    (self.file, self.layout) = (file, layout)
    try refuseUnknown(map)
    var parts: [Part] = []
    for entry in file.entries where !entry.name.hasPrefix("grad.") {
      if let part = try part(entry) { parts.append(part) }
    }
    let groups = joinedCells(Dictionary(grouping: parts, by: \.path))
    if let chosen = try chooseModule(groups, map["recurrent"]) {
      module = chosen
      try take(groups[chosen] ?? [])
    }
    // The fully recurrent network's one matrix.
    if let layout, !layout.hasReadout { tensors["weight"] = file["weight"] }
    try takeOwnNames(map)
    if let weight = tensors["readout.weight"] {
      readout = weight.name
    } else {
      try takeReadout(beside: parts, map["readout"])
    }
    takeEmbedding(beside: parts, map["embedding"])
    // A network that is no recurrent one has its tensors under their own names.
    for entry in layout?.entries ?? [] where tensors[entry.name] == nil && !entry.name.hasPrefix("readout.") {
      tensors[entry.name] = file[entry.name]
    }
    let taken = Set(tensors.values.map(\.name) + [embedding?.name].compactMap { $0 })
    leftOut = file.entries.map(\.name).filter { !taken.contains($0) && !$0.hasPrefix("grad.") }
    try refuseInside()
  }

  /// Tensors within the module that nobody knows make it another network: a norm of layers, a gate.
  private func refuseInside() throws(InputError) {
    guard layout != nil, !module.isEmpty, tensors.keys.contains(where: { $0.hasPrefix("weight_hh") }) else { return }
    let inside = leftOut.filter { name in
      let words = name.split(separator: ".").filter { $0 != "module" && $0 != "_orig_mod" }
      return words.joined(separator: ".").hasPrefix(module + ".") && !name.contains("parametrizations")
    }
    guard let first = inside.first else { return }
    throw refuse(
      "found a tensor within \(module) that \(inside.count > 1 ? "is, with \(inside.count - 1) more, " : "is ")no part of a network here, "
        + "expected a recurrent module without it", key: first)
  }

  private func refuse(_ problem: String, key: String? = nil, nearest: String? = nil) -> InputError {
    InputError(file: file.file, key: key, problem: problem, nearest: nearest)
  }

  // MARK: --map

  private static let parts = ["recurrent", "readout", "embedding"]

  private func refuseUnknown(_ map: [String: String]) throws(InputError) {
    let ours =
      Self.parts + (layout.map { layout in layout.entries.flatMap { WeightsFile.names(for: $0, in: layout) } } ?? [])
    let paths = Set(file.entries.flatMap { entry in Self.paths(of: entry.name) })
    for (name, theirs) in map.sorted(by: { $0.key < $1.key }) {
      if layout != nil, !ours.contains(name) {
        throw InputError(
          file: "--map", problem: "found \(name), expected one of \(ours.joined(separator: ", "))",
          nearest: nearestName(to: name, among: ours))
      }
      guard paths.contains(theirs) || theirs == "none" else {
        throw InputError(
          file: "--map", problem: "found \(theirs), expected a tensor or a module of \(file.file)",
          nearest: nearestName(to: theirs, among: paths.sorted()))
      }
    }
  }

  /// A tensor's name, and those of the modules around it.
  private static func paths(of name: String) -> [String] {
    let words = name.split(separator: ".")
    return words.indices.map { words[...$0].joined(separator: ".") }
  }

  private mutating func takeOwnNames(_ map: [String: String]) throws(InputError) {
    for (name, theirs) in map where !Self.parts.contains(name) { tensors[name] = file[theirs] }
  }

  // MARK: The recurrent module

  /// What a tensor is of a recurrent module; nil where it is none.
  private func part(_ entry: SafetensorsFile.Entry) throws(InputError) -> Part? {
    var words = entry.name.split(separator: ".").map(String.init).filter { $0 != "_orig_mod" }
    while words.first == "module" { words.removeFirst() }
    guard var last = words.popLast() else { return nil }
    // torch.nn.utils.parametrize keeps the tensor itself as `original`.
    if last.hasPrefix("original"), words.dropLast().last == "parametrizations" {
      let name = words.removeLast()
      words.removeLast()
      last = last == "original" ? name : name + "_g"
    }
    for ending in ["_g", "_v"] where last.hasPrefix("weight_") && last.hasSuffix(ending) {
      throw refuse(
        "found half of a weight that is kept as length and direction, expected the weight itself: "
          + "torch.nn.utils.remove_weight_norm or parametrize.remove_parametrizations, then save it", key: entry.name)
    }
    if last.hasSuffix("_raw") { last = String(last.dropLast(4)) }
    var part = Part(entry: entry, path: words.joined(separator: "."), kind: "", layer: nil)
    if last.hasSuffix("_reverse") {
      part.isReverse = true
      last = String(last.dropLast(8))
    }
    if let mark = last.range(of: "_l", options: .backwards), let layer = Int(last[mark.upperBound...]), layer >= 0 {
      part.layer = layer
      last = String(last[..<mark.lowerBound])
    }
    guard
      ["weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh", "initial_state"].contains(last)
        || Self.unitTensors.contains(last) || last.hasPrefix("weight_hh_d") && Int(last.dropFirst(11)) != nil
    else { return nil }
    part.kind = last
    return part
  }

  /// What cells have of their own for each unit, under every setting.
  private static let unitTensors: Set<String> = {
    var network = NetworkSpecification()
    (network.learnsBeta, network.hasPeepholes) = (true, true)
    let all = CellKind.allCases.flatMap { cell in
      Discretization.allCases.flatMap { discretization in
        (network.cell, network.discretization) = (cell, discretization)
        return network.unitTensors.map(\.name)
      }
    }
    return Set(all)
  }()

  /// The modules by their paths; cells in a list, `cells.0` and `cells.1`, are layers of one.
  private func joinedCells(_ groups: [String: [Part]]) -> [String: [Part]] {
    var joined: [String: [Part]] = [:]
    for (path, parts) in groups {
      let words = path.split(separator: ".")
      guard parts.allSatisfy({ $0.layer == nil }), let number = words.last.flatMap({ Int($0) }) else {
        joined[path, default: []] += parts
        continue
      }
      joined[words.dropLast().joined(separator: "."), default: []] += parts.map { part in
        var part = part
        part.layer = number
        return part
      }
    }
    return joined
  }

  /// Whether parts are a network, as far as one layer goes.
  private func isNetwork(_ parts: [Part]) -> Bool {
    let hasRecurrentWeights = layout.map { !$0.hasReadout || $0["weight_hh_l0"] != nil } ?? true
    return (hasRecurrentWeights ? ["weight_ih_l0", "weight_hh_l0"] : ["weight_ih_l0"]).allSatisfy { name in
      parts.contains { $0.name == name && !$0.isReverse && $0.entry.shape.count >= 2 }
    }
  }

  /// The path of the module that is read; nil where the file has none.
  private func chooseModule(_ groups: [String: [Part]], _ mapped: String?) throws(InputError) -> String? {
    if let mapped {
      let path = mapped.split(separator: ".").filter { $0 != "module" && $0 != "_orig_mod" }.joined(separator: ".")
      guard groups[path] != nil else {
        // The module around it may be meant.
        let inside = groups.filter { $0.key.hasPrefix(path + ".") && isNetwork($0.value) }
        if inside.count == 1, let only = inside.first { return only.key }
        throw InputError(
          file: "--map", problem: "found recurrent=\(mapped), expected a module with weight_ih and weight_hh",
          nearest: nearestName(to: path, among: groups.keys.sorted()))
      }
      return path
    }
    guard groups.count > 1 else { return groups.keys.first }
    let networks = groups.filter { isNetwork($0.value) }
    guard networks.count > 1 else {
      // What stands beside a network under the same names is a mistake.
      if let whole = networks.first {
        for part in groups where part.key != whole.key {
          for one in part.value {
            guard let other = whole.value.first(where: { $0.name == one.name && $0.isReverse == one.isReverse }) else {
              continue
            }
            throw refuse(
              "found \(other.entry.name) and \(one.entry.name), expected one of them", key: other.name)
          }
        }
      }
      return networks.keys.first ?? groups.keys.sorted().first
    }
    let fitting = networks.filter { fits($0.value) }
    if layout != nil, fitting.count == 1 { return fitting.keys.first }
    let words = networks.keys.sorted().map { path in
      let shape = networks[path]?.first { $0.name == "weight_ih_l0" }?.entry.shape ?? []
      return "\(path.isEmpty ? "the top" : path) (weight_ih_l0 \(shape))"
    }
    let first = networks.keys.sorted()[0]
    throw refuse(
      "found \(networks.count) networks in one, \(words.joined(separator: " and "))\(stackedWords(networks)), expected one: --map recurrent=\(first) "
        + "takes that")
  }

  /// Says of two modules whether the second may read the first's states.
  private func stackedWords(_ networks: [String: [Part]]) -> String {
    let paths = networks.keys.sorted()
    func size(_ path: String, _ name: String) -> Int? { networks[path]?.first { $0.name == name }?.entry.shape.last }
    guard paths.count == 2, let hidden = size(paths[0], "weight_hh_l0"), hidden == size(paths[1], "weight_ih_l0"),
      hidden != size(paths[0], "weight_ih_l0")
    else { return "" }
    return ", of which \(paths[1]) may read the states of \(paths[0]): as one module of two layers both load"
  }

  private func fits(_ parts: [Part]) -> Bool {
    guard let layout else { return false }
    return ["weight_ih_l0", "weight_hh_l0"].allSatisfy { name in
      parts.first { $0.name == name }?.entry.shape == layout[name]?.shape
    }
  }

  private mutating func take(_ parts: [Part]) throws(InputError) {
    if let layout, layout["weight_ih_l0_reverse"] == nil, let reverse = parts.first(where: \.isReverse) {
      throw bidirectional(reverse.entry, parts)
    }
    if let layout, layout.projection(layer: 0) == nil, let projection = parts.first(where: { $0.kind == "weight_hr" }) {
      throw refuse(
        "found a projected lstm (proj_size \(projection.entry.shape.first ?? 0)), expected one without, or network.projection "
          + "\(projection.entry.shape.first ?? 0)", key: projection.entry.name)
    }
    let lowest = parts.compactMap(\.layer).min() ?? 0
    for var part in parts {
      // A list of cells may begin with another module.
      if part.layer != nil, parts.allSatisfy({ !$0.entry.name.contains("_l\($0.layer ?? 0)") }) {
        part.layer = (part.layer ?? 0) - lowest
      }
      if let other = tensors.updateValue(part.entry, forKey: part.name) {
        // The copy that is trained stands under _raw.
        guard part.entry.name.hasSuffix("_raw") != other.name.hasSuffix("_raw") else {
          throw refuse("found \(other.name) and \(part.entry.name), expected one of them", key: part.name)
        }
        if other.name.hasSuffix("_raw") { tensors[part.name] = other }
      }
    }
  }

  private func bidirectional(_ reverse: SafetensorsFile.Entry, _ parts: [Part]) -> InputError {
    let layers = Set(parts.compactMap(\.layer)).count
    guard layers <= 1, let hidden = parts.first(where: { $0.kind == "weight_hh" })?.entry.shape.last else {
      return refuse(
        "found a bidirectional network of \(layers) layers, whose upper ones read both directions, expected one "
          + "direction, bidirectional=False; or network.kind bidirectional", key: reverse.name)
    }
    return refuse(
      "found a bidirectional network, expected one direction; or network.kind bidirectional. The forward one alone: python3 -c \"from safetensors.torch "
        + "import *; d=load_file('W'); save_file({k: v for k, v in d.items() if not k.endswith('_reverse') and "
        + "v.shape[-1] != \(2 * hidden)}, 'forward.safetensors')\", W being this file", key: reverse.name)
  }

  // MARK: What is beside it

  /// The last words of a path that a readout may be called, the likeliest first.
  private static let readoutNames = ["readout"]

  private mutating func takeReadout(beside parts: [Part], _ mapped: String?) throws(InputError) {
    if let layout, !layout.hasReadout { return }
    if mapped == "none" { return }
    if let mapped {
      let path = mapped.hasSuffix(".weight") ? String(mapped.dropLast(7)) : mapped
      guard let weight = file[path + ".weight"] else {
        throw InputError(
          file: "--map", problem: "found readout=\(mapped), which has no weight, expected a linear layer")
      }
      take(readout: weight)
      return
    }
    let own = Set(parts.map(\.entry.name))
    // A readout by our own name is meant, whatever its shape.
    let named = file.entries.filter {
      !own.contains($0.name) && Self.path($0.name).split(separator: ".").last == "readout"
    }
    .filter { $0.name.hasSuffix(".weight") && !$0.name.hasPrefix("grad.") }
    if named.count > 1 {
      throw refuse("found \(named[0].name) and \(named[1].name), expected one of them", key: "readout.weight")
    }
    if let one = named.first {
      take(readout: one)
      return
    }
    guard let seen = tensors.first(where: { $0.key.hasPrefix("weight_hh") })?.value.shape.last else { return }
    // Of two directions it reads both.
    let hidden = tensors["weight_hh_l0_reverse"] == nil ? seen : 2 * seen
    let matrices = file.entries.filter { entry in
      entry.name.hasSuffix(".weight") && !own.contains(entry.name) && entry.shape.count == 2 && entry.shape[1] == hidden
        && !entry.name.hasPrefix("grad.") && !Self.isEmbedding(entry.name)
    }
    let fitting = likeliest(layout.map { layout in matrices.filter { $0.shape[0] == layout.outputs } } ?? matrices)
    if fitting.count == 1 {
      take(readout: fitting[0])
    } else if let first = fitting.first {
      let names = fitting.map(\.name).joined(separator: ", ")
      if layout == nil { return }
      throw refuse(
        "found \(fitting.count) that may be the readout, \(names), expected one: --map readout=\(Self.path(first.name)) "
          + "takes that, --map readout=none draws one")
    } else if let other = matrices.first, let layout {
      throw refuse(
        "found shape \(other.shape), expected [\(layout.outputs), \(hidden)] for the \(layout.outputs) outputs of the task: "
          + "or --map readout=none draws a readout", key: other.name)
    }
  }

  /// Of several matrices that fit, those in the same module as the recurrent one; those with a bias, which a table of symbols has not;
  /// and those that are called as no encoder.
  private func likeliest(_ matrices: [SafetensorsFile.Entry]) -> [SafetensorsFile.Entry] {
    func plain(_ name: String) -> String {
      name.split(separator: ".").filter { $0 != "module" && $0 != "_orig_mod" }.joined(separator: ".")
    }
    let around = module.lastIndex(of: ".").map { String(module[...$0]) }
    let rules: [(SafetensorsFile.Entry) -> Bool] = [
      { entry in around.map { plain(entry.name).hasPrefix($0) } ?? false },
      { file[Self.path($0.name) + ".bias"] != nil },
      { !$0.name.lowercased().contains("encoder") },
    ]
    return rules.reduce(matrices) { left, rule in
      let kept = left.filter(rule)
      return left.count > 1 && !kept.isEmpty ? kept : left
    }
  }

  private mutating func take(readout weight: SafetensorsFile.Entry) {
    let path = Self.path(weight.name)
    readout = path
    tensors["readout.weight"] = weight
    tensors["readout.bias"] = file[path + ".bias"]
  }

  /// A table of vectors for symbols, where the network here reads the symbols themselves.
  private mutating func takeEmbedding(beside parts: [Part], _ mapped: String?) {
    guard let layout, let read = tensors["weight_ih_l0"]?.shape.last, layout.inputs != read, mapped != "none" else {
      return
    }
    let own = Set(parts.map(\.entry.name))
    let tables = file.entries.filter { entry in
      entry.shape == [layout.inputs, read] && !own.contains(entry.name) && !entry.name.hasPrefix("grad.")
        && (mapped != nil || entry.name != tensors["readout.weight"]?.name)
        && (mapped.map { entry.name == $0 || entry.name == $0 + ".weight" } ?? true)
    }
    if tables.count == 1 { embedding = tables[0] }
  }

  private static func isEmbedding(_ name: String) -> Bool {
    ["emb", "wte", "tok", "lookup"].contains { name.lowercased().contains($0) }
  }

  /// A tensor's name without its last word.
  private static func path(_ name: String) -> String {
    name.split(separator: ".").dropLast().joined(separator: ".")
  }
}
