import RecurrentNetworks
import Training

/// What network a file's weights are of, as far as their shapes say it.
public struct NetworkInFile: Equatable, Sendable {
  /// The cell: four rows of W_hh a unit are an LSTM's, three a GRU's, two a JANET's, one a plain network's.
  public let cell: CellKind
  /// H, and the number of layers; P of a projected LSTM, 0 of others.
  public let hidden: Int, layers: Int, projection: Int
  /// Whether it has weights of a second direction.
  public let isBidirectional: Bool
  /// The sizes of an input, and of the readout where the file has one.
  public let inputs: Int, outputs: Int?

  /// The network in `file`; nil where it has no recurrent weights by PyTorch's names.
  /// - Throws: what the file holds instead of one network, and what to do.
  public init?(_ file: SafetensorsFile, map: [String: String] = [:]) throws(InputError) {
    let names = try WeightNames(file, layout: nil, map: map)
    guard let recurrent = names.tensors["weight_hh_l0"], let read = names.tensors["weight_ih_l0"] else { return nil }
    // A copy for each step stands before the matrix.
    let projected = names.tensors["weight_hr_l0"].flatMap { $0.shape.count == 2 ? $0.shape : nil }
    projection = projected?[0] ?? 0
    isBidirectional = names.tensors["weight_hh_l0_reverse"] != nil
    let (rows, columns) = (recurrent.shape.dropLast().last ?? 0, projected?[1] ?? recurrent.shape.last ?? 0)
    guard columns > 0, rows % columns == 0 || recurrent.shape.count != 2 else {
      throw InputError(
        file: file.file, key: recurrent.name,
        problem: "found shape \(recurrent.shape), expected a square for each gate: [H, H], [3H, H] or [4H, H]")
    }
    guard let cell = Self.cells[rows / columns] else { return nil }
    self.cell = cell
    hidden = columns
    layers = (0...).first { names.tensors["weight_hh_l\($0)"] == nil } ?? 1
    inputs = read.shape.last ?? 0
    outputs = names.tensors["readout.weight"]?.shape.first
  }

  private static let cells: [Int: CellKind] = [1: .elman, 2: .janet, 3: .gru, 4: .lstm]
}

extension ExperimentSource {
  /// Takes cell, hidden units and layers from a file of weights, where the experiment does not say them itself.
  public mutating func take(_ network: NetworkInFile) {
    let isUngated = experiment.network.cell.gates == network.cell.gates
    if isOpen("network.cell"), !isUngated { try? experiment.set("network.cell", network.cell.rawValue) }
    if isOpen("network.hidden") { experiment.network.hidden = network.hidden }
    if isOpen("network.kind"), network.isBidirectional { experiment.architecture.kind = .bidirectional }
    if isOpen("network.projection"), experiment.network.cell == .lstm {
      experiment.network.projection = network.projection
    }
    if isOpen("network.layers") { experiment.network.layers = network.layers }
  }

  /// Whether the experiment leaves a key to the file of weights.
  func isOpen(_ key: String) -> Bool { !settings.contains(key) && (isBuiltIn || entries[key] == nil) }

  /// Whether the experiment is the one that is built in.
  private var isBuiltIn: Bool { file == "built-in experiment" || file == "defaults" }
}
