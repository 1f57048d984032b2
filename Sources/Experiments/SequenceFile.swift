import RecurrentNetworks
import Training

/// A user's own sequences as safetensors, in place of a task's: `x` [T, B, I], `target` [T, B] classes or [T, B, O] values,
/// `target_mask` [T, B] where not every step has a target, and `output_mask` [T, B, O] where not every output of a step has.
///
/// Classes of shape [B] are a label a sequence, asked for at its last step. `lengths` [B] says where sequences end: no target stands
/// behind.
public enum SequenceFile {
  /// The tensors that are read.
  static let names: Set<String> = ["x", "target", "target_mask", "output_mask", "lengths"]

  /// Reads the sequences at `path` (`-`: standard input).
  /// - Parameters:
  ///   - path: the file's.
  ///   - weights: the file of the weights that are to read them: where the targets are classes, its readout says how many
  ///     there are. Without it they are one more than the largest.
  ///   - map: what the weights are called in their file.
  /// - Throws: missing or misshapen tensors, numbers that are not finite, classes out of range.
  public static func read(
    path: String, weights: String? = nil, map: [String: String] = [:]
  ) throws(InputError) -> SequenceBatch {
    var classes: Int?
    if let weights { classes = try WeightsFile.outputs(of: SafetensorsFile.read(path: weights), map: map) }
    return try batch(SafetensorsFile.read(path: path), classes: classes)
  }

  /// The sequences of a file that was read.
  /// - Parameters:
  ///   - file: the file.
  ///   - classes: the number O of classes where the targets are classes; nil takes one more than the largest.
  public static func batch(_ file: SafetensorsFile, classes: Int? = nil) throws(InputError) -> SequenceBatch {
    let x = try entry("x", of: file)
    guard x.shape.count == 3, x.shape.allSatisfy({ $0 > 0 }) else {
      throw InputError(file: file.file, key: "x", problem: "found shape \(x.shape), expected [steps, batch, inputs]")
    }
    let steps = x.shape[0], batch = x.shape[1], inputs = x.shape[2]
    let values = file.doubles(x)
    try WeightsFile.checkFinite(values, of: x, in: file)
    var mask = try mask(of: file, steps: steps, batch: batch)
    let (target, outputs) = try targets(of: file, steps: steps, batch: batch, mask: mask, classes: classes)
    var outputMask: [UInt8]?
    if file["output_mask"] != nil, case .values = target {
      let found = try zerosAndOnes("output_mask", of: file, shape: [steps, batch, outputs])
      // A step has a target where one of its outputs has.
      for row in mask.indices where !found[row * outputs..<(row + 1) * outputs].contains(1) { mask[row] = 0 }
      outputMask = found
    }
    return SequenceBatch(
      steps: steps, batch: batch, inputs: inputs, outputs: outputs, x: values,
      symbols: symbols(values, inputs: inputs), target: target, targetMask: mask, outputMask: outputMask)
  }

  private static func entry(_ name: String, of file: SafetensorsFile) throws(InputError) -> SafetensorsFile.Entry {
    if let entry = file[name] { return entry }
    throw InputError(
      file: file.file, key: name, problem: "found no such tensor, expected x, target and, if need be, target_mask",
      nearest: nearestName(to: name, among: file.entries.map(\.name)))
  }

  private static func mask(of file: SafetensorsFile, steps: Int, batch: Int) throws(InputError) -> [UInt8] {
    var mask = [UInt8](repeating: 1, count: steps * batch)
    if file["target_mask"] != nil { mask = try zerosAndOnes("target_mask", of: file, shape: [steps, batch]) }
    let lengths = try lengths(of: file, steps: steps, batch: batch)
    let isLabel =
      file["target_mask"] == nil
      && file["target"].map { SafetensorsFile.isWhole($0) && $0.shape == [batch] } ?? false
    for step in 0..<steps {
      for row in 0..<batch where step >= lengths[row] || (isLabel && step != lengths[row] - 1) {
        mask[step * batch + row] = 0
      }
    }
    guard mask.contains(1) else {
      throw InputError(
        file: file.file, key: "target_mask", problem: "found no step with a target within lengths, expected one")
    }
    return mask
  }

  /// How many steps each sequence has: all, where nothing says so.
  private static func lengths(of file: SafetensorsFile, steps: Int, batch: Int) throws(InputError) -> [Int] {
    guard let entry = file["lengths"] else { return [Int](repeating: steps, count: batch) }
    guard entry.shape == [batch], SafetensorsFile.isWhole(entry) else {
      throw InputError(
        file: file.file, key: "lengths",
        problem: "found \(entry.type) of shape \(entry.shape), expected I64 of shape [\(batch)], a length a sequence")
    }
    let lengths = file.integers(entry)
    if let wrong = lengths.first(where: { $0 < 1 || $0 > steps }) {
      throw InputError(file: file.file, key: "lengths", problem: "found \(wrong), expected 1 to \(steps)")
    }
    return lengths.map(Int.init)
  }

  /// A mask, which is not 0 everywhere.
  private static func zerosAndOnes(
    _ name: String, of file: SafetensorsFile, shape: [Int]
  ) throws(InputError) -> [UInt8] {
    let entry = try entry(name, of: file)
    guard entry.shape == shape else {
      throw InputError(
        file: file.file, key: name, problem: "found shape \(entry.shape), expected \(shape) as x has it")
    }
    var mask: [UInt8] = []
    for value in file.doubles(entry) {
      guard value == 0 || value == 1 else {
        throw InputError(file: file.file, key: name, problem: "found \(value), expected 0 or 1")
      }
      mask.append(UInt8(value))
    }
    guard mask.contains(1) else {
      throw InputError(file: file.file, key: name, problem: "found 0 everywhere, expected a step with a target")
    }
    return mask
  }

  private static func targets(
    of file: SafetensorsFile, steps: Int, batch: Int, mask: [UInt8], classes: Int?
  ) throws(InputError) -> (Targets, outputs: Int) {
    let entry = try entry("target", of: file)
    if SafetensorsFile.isWhole(entry), entry.shape == [steps, batch] {
      return try classTargets(file.integers(entry), of: file, batch: batch, mask: mask, classes: classes)
    }
    if SafetensorsFile.isWhole(entry), entry.shape == [batch] {
      let labels = file.integers(entry)
      return try classTargets(
        (0..<steps).flatMap { _ in labels }, of: file, batch: batch, mask: mask, classes: classes)
    }
    guard !SafetensorsFile.isWhole(entry), entry.shape.count == 3, Array(entry.shape[..<2]) == [steps, batch],
      entry.shape[2] > 0
    else {
      throw InputError(
        file: file.file, key: entry.name,
        problem:
          "found \(entry.type) of shape \(entry.shape), expected I64 classes of shape \([steps, batch]) or [\(batch)], or F64 "
          + "values of shape [\(steps), \(batch), outputs]")
    }
    let outputs = entry.shape[2]
    var values = file.doubles(entry)
    // Values without a target are not checked: nothing reads them.
    for index in values.indices where mask[index / outputs] == 0 { values[index] = 0 }
    try WeightsFile.checkFinite(values, of: entry, in: file)
    return (.values(values), outputs)
  }

  private static func classTargets(
    _ found: [Int64], of file: SafetensorsFile, batch: Int, mask: [UInt8], classes: Int?
  ) throws(InputError) -> (Targets, outputs: Int) {
    let limit = Int64(classes ?? 1_000_000)
    var targets: [Int32] = []
    for (index, value) in found.enumerated() {
      guard mask[index] == 1 else {
        targets.append(0)
        continue
      }
      guard (0..<limit).contains(value) else {
        let place = [index / batch, index % batch]
        throw InputError(
          file: file.file, key: "target", problem: "found class \(value) at \(place), expected 0 to \(limit - 1)")
      }
      targets.append(Int32(value))
    }
    return (.classes(targets), classes ?? Int((targets.max() ?? 0) + 1))
  }

  /// The inputs' symbols where every input is one-hot, else nil.
  private static func symbols(_ x: [Double], inputs: Int) -> [Int32]? {
    guard inputs > 1 else { return nil }
    var symbols: [Int32] = []
    symbols.reserveCapacity(x.count / inputs)
    for start in stride(from: 0, to: x.count, by: inputs) {
      var symbol: Int32?
      for index in 0..<inputs where x[start + index] != 0 {
        guard x[start + index] == 1, symbol == nil else { return nil }
        symbol = Int32(index)
      }
      guard let symbol else { return nil }
      symbols.append(symbol)
    }
    return symbols
  }
}
