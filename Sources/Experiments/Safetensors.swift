import Training

/// A named tensor: shape and elements, row-major.
public struct NamedTensor: Equatable, Sendable {
  /// The elements, in the type that they are written in.
  public enum Elements: Equatable, Sendable {
    case float64([Double])
    case float32([Float])
    case int64([Int64])
    case int32([Int32])
    case uint8([UInt8])

    /// How many there are.
    public var count: Int {
      switch self {
      case .float64(let values): values.count
      case .float32(let values): values.count
      case .int64(let values): values.count
      case .int32(let values): values.count
      case .uint8(let values): values.count
      }
    }
  }

  /// The name.
  public var name: String
  /// The shape; [] for a scalar.
  public var shape: [Int]
  /// The elements, as many as the shape says.
  public var elements: Elements

  /// A tensor from its parts.
  public init(_ name: String, _ shape: [Int], _ elements: Elements) {
    precondition(elements.count == shape.reduce(1, *), "\(name) of shape \(shape) has \(elements.count) elements")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}

/// The safetensors format: eight bytes of header length, a JSON header, and the tensors' bytes, little-endian.
public enum Safetensors {
  /// A longer header is refused, as the format's own library does.
  public static let headerLimit = 100_000_000

  /// The file's bytes: tensors in the order given, save that wider types come first to lie aligned; metadata by name.
  public static func encode(_ tensors: [NamedTensor], metadata: [String: String] = [:]) -> [UInt8] {
    let ordered = [8, 4, 1].flatMap { width in tensors.filter { $0.elements.width == width } }
    var bytes = header(
      ordered.map { ($0.name, $0.elements.type, $0.shape, $0.elements.width) }, metadata: metadata)
    bytes.reserveCapacity(bytes.count + ordered.reduce(0) { $0 + $1.elements.count * $1.elements.width })
    for tensor in ordered { tensor.elements.append(to: &bytes) }
    return bytes
  }

  /// What stands before the tensors' bytes: the length of the header, and the header, filled up to a multiple of 8.
  static func header(
    _ tensors: [(name: String, type: String, shape: [Int], width: Int)], metadata: [String: String]
  ) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.shape.reduce(tensor.width, *)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSON.quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(0x20, count: (8 - header.count % 8) % 8))
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header)
    return bytes
  }

  /// Writes `tensors` to `path` (`-`: standard output), whole or not at all.
  public static func write(
    _ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String
  ) throws(OutputError) {
    try OutputFile.write(bytes: encode(tensors, metadata: metadata), to: path)
  }
}

extension NamedTensor.Elements {
  /// The format's name of the type, and its bytes an element.
  var type: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .int64: "I64"
    case .int32: "I32"
    case .uint8: "U8"
    }
  }

  var width: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .uint8: 1
    }
  }

  func append(to bytes: inout [UInt8]) {
    func copy<Element>(_ values: [Element]) {
      // Little-endian is the only order of the processors that this builds for.
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    switch self {
    case .float64(let values): copy(values)
    case .float32(let values): copy(values)
    case .int64(let values): copy(values)
    case .int32(let values): copy(values)
    case .uint8(let values): copy(values)
    }
  }
}
