import Foundation
import Training

/// What a file is that is no safetensors file, and the line of Python that makes one of it.
enum ForeignFile {
  /// What was found and what to do, where the first bytes tell; nil for an unknown file.
  static func problem(_ bytes: [UInt8], file: String) -> String? {
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return zip(bytes, file) }
    // The length of a safetensors' header, which comes first, may have the same two bytes.
    let isSafetensors = bytes.count > 8 && bytes[4..<8].allSatisfy { $0 == 0 } && bytes[8] == UInt8(ascii: "{")
    if !isSafetensors, bytes.first == 0x80, bytes.count > 1, (2...5).contains(bytes[1]) {
      return isTorch(bytes)
        ? "found a PyTorch file, expected safetensors: \(torch(file, bytes))"
        : "found a pickle, expected safetensors: \(pickle(file))"
    }
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) {
      return "found one NumPy array, expected safetensors: "
        + python(
          "import numpy as n; from safetensors.numpy import save_file; save_file({'x': n.load('\(name(file))')}, 'w.safetensors')"
        )
    }
    if bytes.starts(with: [0x89] + Array("HDF\r\n".utf8)) {
      return "found an HDF5 file, as Keras writes it, expected safetensors: in Python "
        + "safetensors.numpy.save_file({name: array, ...}, 'w.safetensors') under PyTorch's names and shapes"
    }
    if bytes.starts(with: Array("GGUF".utf8)) {
      return "found a GGUF file, expected safetensors of a recurrent network"
    }
    if bytes.first == UInt8(ascii: "{") { return index(bytes, file) }
    return nil
  }

  /// A zip archive holds a PyTorch file, NumPy arrays or a Keras model; its first name says which.
  private static func zip(_ bytes: [UInt8], _ file: String) -> String {
    let length = bytes.count > 30 ? Int(bytes[26]) | Int(bytes[27]) << 8 : 0
    let first = String(decoding: bytes.dropFirst(30).prefix(min(length, 300)), as: UTF8.self)
    if first.hasSuffix(".npy") {
      return "found NumPy arrays (.npz), expected safetensors: "
        + python(
          "import numpy as n; from safetensors.numpy import save_file; save_file({k: n.ascontiguousarray(v) for k, v in "
            + "n.load('\(name(file))').items()}, '\(stem(file)).safetensors')")
    }
    if ["[Content_Types].xml", "_rels/", "xl/", "docProps/"].contains(where: first.hasPrefix) {
      return "found an Excel workbook, expected safetensors or a table: "
        + python("import pandas; pandas.read_excel('\(name(file))').to_csv('\(stem(file)).csv', index=False)")
    }
    if first.hasSuffix(".json") || first.hasSuffix(".h5") {
      return "found a Keras model, expected safetensors: in Python safetensors.numpy.save_file({name: array, ...}, "
        + "'w.safetensors') under PyTorch's names and shapes"
    }
    return "found a PyTorch file, or another zip archive, expected safetensors: \(torch(file, bytes))"
  }

  /// Whether a pickle is of PyTorch's older kind: it begins with a number of its own.
  private static func isTorch(_ bytes: [UInt8]) -> Bool {
    bytes.count > 14 && bytes[4..<14].elementsEqual([0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])
  }

  /// The line that takes the tensors out: a state_dict, or one within a checkpoint, whatever it is called there.
  private static func torch(_ file: String, _ bytes: [UInt8]) -> String {
    let head = Data(bytes.prefix(1 << 20))
    func holds(_ words: String) -> Bool { head.firstRange(of: Data(words.utf8)) != nil }
    let name = name(file)
    var load = "d=torch.load('\(name)', map_location='cpu'"
    var warning = ""
    if holds("/code/__torch__") || holds("constants.pkl") {
      load = "d=torch.jit.load('\(name)', map_location='cpu').state_dict(); "
    } else if holds("torch.nn.modules") {
      load += ", weights_only=False).state_dict(); "
      warning = trust
    } else {
      load += "); d=next((v for v in d.values() if isinstance(v, dict) and any(map(torch.is_tensor, v.values()))), d); "
    }
    return python(
      "import torch; from safetensors.torch import save_file; \(load)save_file({k: v.clone() for k, v in d.items() if "
        + "torch.is_tensor(v)}, '\(stem(file)).safetensors')") + warning
  }

  private static let trust = ", which runs what the file says: only of one that you trust"

  private static func pickle(_ file: String) -> String {
    python(
      "import pickle, numpy as n; from safetensors.numpy import save_file; save_file({k: n.ascontiguousarray(v) for k, v in "
        + "pickle.load(open('\(name(file))', 'rb')).items()}, '\(stem(file)).safetensors')") + trust
  }

  /// The index of a model in several files.
  private static func index(_ bytes: [UInt8], _ file: String) -> String? {
    guard bytes.count < 16 << 20, case .object(let members)? = try? JSON(bytes[...]),
      case .object(let map)? = members.first(where: { $0.name == "weight_map" })?.value
    else { return "found JSON, expected safetensors" }
    let files = Set(
      map.compactMap { _, value -> String? in
        if case .string(let file) = value { return file }
        return nil
      })
    return "found the index of a model in \(files.count) files, expected one file: "
      + python(
        "import json; from safetensors.torch import *; d={}; [d.update(load_file(f)) for f in "
          + "set(json.load(open('\(name(file))'))['weight_map'].values())]; save_file(d, 'whole.safetensors')")
  }

  private static func python(_ code: String) -> String { "python3 -c \"\(code)\"" }

  /// The file's name as it stands in Python's quotes.
  private static func name(_ file: String) -> String {
    let isPlain = file.unicodeScalars.allSatisfy { $0.value > 0x1F && !"'\"\\`$".unicodeScalars.contains($0) }
    return isPlain && file.count <= 80 ? file : "FILE"
  }

  private static func stem(_ file: String) -> String {
    let name = name(file)
    let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
    guard let dot = name[last...].lastIndex(of: "."), dot > last else { return name }
    return String(name[..<dot])
  }
}
