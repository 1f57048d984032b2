/// A tensor on its way into a file: its elements are made when its turn comes, so that no two large ones are in memory at once.
struct StreamedTensor {
  let name: String
  let shape: [Int]
  /// The format's name of the elements' type, of 8 bytes each.
  let type: String
  /// Writes the elements, as many as the shape says.
  let write: (TensorSink) throws -> Void

  /// A tensor that is there already.
  init(_ tensor: NamedTensor) {
    precondition(tensor.elements.width == 8, "elements of 8 bytes lie aligned")
    (name, shape, type) = (tensor.name, tensor.shape, tensor.elements.type)
    write = { sink in
      var bytes: [UInt8] = []
      tensor.elements.append(to: &bytes)
      try sink.write(bytes)
    }
  }

  /// A tensor of doubles, row by row.
  init(_ name: String, _ shape: [Int], rows: @escaping (_ body: ([Double]) throws -> Void) throws -> Void) {
    (self.name, self.shape, type) = (name, shape, "F64")
    write = { sink in
      try rows { row in try row.withUnsafeBytes { try sink.write(Array($0)) } }
    }
  }
}

/// Where tensors' bytes go.
struct TensorSink {
  let write: ([UInt8]) throws -> Void
}

extension Safetensors {
  /// Writes `tensors` to `path` (`-`: standard output), whole or not at all, one after the other.
  /// - Throws: `OutputError`, and what the making of a tensor throws.
  static func stream(_ tensors: [StreamedTensor], metadata: [String: String], to path: String) throws {
    let file = try OutputFile(path: path, mode: .atomic)
    try file.write(bytes: header(tensors.map { ($0.name, $0.type, $0.shape, 8) }, metadata: metadata))
    for tensor in tensors {
      var count = 0
      try tensor.write(
        TensorSink { bytes in
          count += bytes.count
          try file.write(bytes: bytes)
        })
      precondition(count == tensor.shape.reduce(8, *), "\(tensor.name) has as many elements as its shape says")
    }
    try file.close()
  }
}
