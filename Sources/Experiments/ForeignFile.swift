import Foundation
import Training

/// What a file is that is no safetensors file, and the line of Python that makes one of it.
enum ForeignFile {
  /// What was found and what to do, where the first bytes tell; nil for an unknown file.
  static func problem(_ bytes: [UInt8], file: String) -> String? {
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return zip(bytes, file) }
    if bytes.starts(with: Array("version https://git-lfs".utf8)) {
      return "found a pointer of Git LFS, expected the file that it stands for: git lfs pull fetches it"
    }
    let start = bytes.prefix(64).drop { $0 <= 0x20 }
    if start.starts(with: Array("<!".utf8)) || start.starts(with: Array("<html".utf8)) {
      return "found an HTML page, as a download that failed leaves it, expected safetensors: load it again"
    }
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
      return "found an HDF5 file, as Keras writes it, expected safetensors: \(keras(file))"
    }
    if bytes.starts(with: Array("GGUF".utf8)) {
      return "found a GGUF file, expected safetensors of a recurrent network"
    }
    if !isSafetensors, isONNX(bytes) { return "found an ONNX file, expected safetensors: \(onnx(file))" }
    if !isSafetensors, isMessagePack(bytes) {
      return "found MessagePack, as Flax writes it, expected safetensors: \(flax(file))"
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
      return "found a Keras model, expected safetensors: \(kerasArchive(file))"
    }
    return "found a PyTorch file, or another zip archive, expected safetensors: \(torch(file, bytes))"
  }

  // MARK: Keras, ONNX and Flax

  /// What the lines below take, and what they do not.
  private static let ofLSTM = ", which takes the first LSTM; a GRU's gates stand in another order there"

  /// The matrices lie in the order of their names, the kernel before the recurrent kernel; i, f, c, o are PyTorch's gates.
  private static func datasets(_ open: String, _ file: String) -> String {
    "import h5py\(open); from safetensors.numpy import save_file; d=[]; F.visititems(lambda n, o: d.append(o[()].T.copy()) "
      + "if 'lstm' in n and hasattr(o, 'shape') else None); k, r=[a for a in d if a.ndim==2][:2]; save_file({'weight_ih_l0': "
      + "k, 'weight_hh_l0': r, 'bias_ih_l0': next(a for a in d if a.ndim==1)}, '\(stem(file)).safetensors')"
  }

  private static func keras(_ file: String) -> String {
    python(datasets("; F=h5py.File('\(name(file))')", file)) + ofLSTM
  }

  private static func kerasArchive(_ file: String) -> String {
    let open = ", io, zipfile; F=h5py.File(io.BytesIO(zipfile.ZipFile('\(name(file))').read('model.weights.h5')))"
    return python(datasets(open, file)) + ofLSTM
  }

  /// A message of protocol buffers that begins with a small version of the format and one of the fields behind it.
  private static func isONNX(_ bytes: [UInt8]) -> Bool {
    bytes.count > 16 && bytes[0] == 0x08 && (1...32).contains(bytes[1])
      && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(bytes[2])
  }

  /// ONNX has the gates i, o, f, c and both biases in one row.
  private static func onnx(_ file: String) -> String {
    python(
      "import onnx, numpy as n; from safetensors.numpy import save_file; g=onnx.load('\(name(file))').graph; w={t.name: "
        + "onnx.numpy_helper.to_array(t) for t in g.initializer}; W, R, B=[w[x][0] for x in next(o for o in g.node if "
        + "o.op_type=='LSTM').input[1:4]]; f=lambda a: n.concatenate([n.split(a, 4)[i] for i in (0, 2, 3, 1)]); b, c=n.split(B, 2); "
        + "save_file({'weight_ih_l0': f(W), 'weight_hh_l0': f(R), 'bias_ih_l0': f(b), 'bias_hh_l0': f(c)}, "
        + "'\(stem(file)).safetensors')") + ofLSTM
  }

  /// A map whose first key is a text of letters.
  private static func isMessagePack(_ bytes: [UInt8]) -> Bool {
    let start = (0x81...0x8F).contains(bytes.first ?? 0) ? 1 : bytes.first == 0xDE ? 3 : bytes.first == 0xDF ? 5 : 0
    guard start > 0, bytes.count > start + 2, (0xA1...0xBF).contains(bytes[start]) else { return false }
    let key = bytes[(start + 1)...].prefix(Int(bytes[start] & 0x1F))
    return key.count == Int(bytes[start] & 0x1F)
      && key.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2E }
  }

  /// Flax has a matrix for each gate: ii, if, ig, io of the input and hi, hf, hg, ho of the state, the latter with biases.
  private static func flax(_ file: String) -> String {
    python(
      "import numpy as n; from flax.serialization import msgpack_restore; from safetensors.numpy import save_file; f=lambda d: d if "
        + "'hi' in d else next((x for v in d.values() if isinstance(v, dict) for x in [f(v)] if x), None); c=f(msgpack_restore("
        + "open('\(name(file))', 'rb').read())); w=lambda p, k: n.concatenate([c[p+g][k].T for g in 'ifgo']); "
        + "save_file({'weight_ih_l0': w('i', 'kernel'), 'weight_hh_l0': w('h', 'kernel'), 'bias_ih_l0': w('h', 'bias')}, "
        + "'\(stem(file)).safetensors')") + ofLSTM
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
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    let missing = files.sorted().filter { !FileManager.default.fileExists(atPath: folder + $0) }
    if file != InputFile.displayName("-"), !missing.isEmpty,
      missing.count < files.count || FileManager.default.fileExists(atPath: file)
    {
      return
        "found the index of a model in \(files.count) files, of which \(some(missing)) \(missing.count > 1 ? "are" : "is") not "
        + "in its folder, expected all of them there"
    }
    return "found the index of a model in \(files.count) files, expected one file: "
      + python(
        "import json, os; from safetensors.torch import *; p='\(name(file))'; r=os.path.dirname(p); d={}; "
          + "[d.update(load_file(os.path.join(r, f))) for f in set(json.load(open(p))['weight_map'].values())]; "
          + "save_file(d, os.path.join(r, 'whole.safetensors'))")
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
