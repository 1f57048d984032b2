import Foundation
import Training

/// A safetensors file that was read and found consistent; tensors are decoded when asked for.
public struct SafetensorsFile: Sendable {
  /// One tensor's entry in the header.
  public struct Entry: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// The format's name of its type: F64, F32, I64, ….
    public let type: String
    /// Its shape.
    public let shape: [Int]
    let range: Range<Int>
  }

  /// The file as the user named it.
  public let file: String
  /// The entries in the order of their bytes.
  public private(set) var entries: [Entry]
  /// The metadata.
  public let metadata: [String: String]
  private let data: ArraySlice<UInt8>

  /// What a type's elements take in the file, for the types that are read: floats are widened to doubles, exactly, and
  /// whole numbers and truth values to 64 bits.
  private static let widths = [
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
  ]

  /// As many as NumPy's arrays may have.
  private static let mostDimensions = 64

  /// Reads the file at `path` (`-`: standard input), at most `limit` bytes.
  public static func read(path: String, limit: Int = 4 << 30) throws(InputError) -> SafetensorsFile {
    try refusePart(path)
    try refuseFolder(path)
    return try SafetensorsFile(InputFile.bytes(path: path, limit: limit), file: InputFile.displayName(path))
  }

  /// Of a folder the file is named that was meant.
  private static func refuseFolder(_ path: String) throws(InputError) {
    var isFolder: ObjCBool = false
    guard path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue,
      let names = try? FileManager.default.contentsOfDirectory(atPath: path).sorted()
    else { return }
    let inside = names.first { $0.hasSuffix(".index.json") } ?? names.first { $0.hasSuffix(".safetensors") }
    throw InputError(
      file: path, problem: "found a folder, expected a .safetensors file",
      nearest: inside.map { (path.hasSuffix("/") ? path : path + "/") + $0 })
  }

  /// A file that is called as one of several, as in model-00001-of-00002, has not all of the weights.
  private static func refusePart(_ path: String) throws(InputError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let mark = name.range(of: "-of-") else { return }
    let before = name[..<mark.lowerBound], count = name[mark.upperBound...].prefix { $0.isNumber }
    let number = before.reversed().prefix { $0.isNumber }
    guard number.count == 5, count.count == 5, let total = Int(String(count)), total > 1 else { return }
    let stem = before.dropLast(6), folder = path.dropLast(name.count)
    throw InputError(
      file: InputFile.displayName(path),
      problem: "found one of \(total) parts of a model, expected all in one file: python3 -c \"import glob; from "
        + "safetensors.torch import *; save_file({k: v for f in glob.glob('\(folder)\(stem)-*-of-\(count).safetensors') for "
        + "k, v in load_file(f).items()}, '\(folder)whole.safetensors')\"")
  }

  /// The file whose bytes are `bytes`, called `file` in messages.
  /// - Throws: what is inconsistent: a length, the header, an offset, a shape, a name.
  public init(_ bytes: [UInt8], file: String) throws(InputError) {
    func refuse(_ problem: String) -> InputError { InputError(file: file, problem: problem) }
    if let problem = ForeignFile.problem(bytes, file: file) { throw refuse(problem) }
    guard bytes.count >= 8 else {
      throw refuse(
        "found \(bytes.count) bytes, expected a safetensors file, which begins with 8 bytes of header length")
    }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Safetensors.headerLimit) else {
      throw refuse(
        "found a header of \(length) bytes, expected at most \(Safetensors.headerLimit): not a safetensors file")
    }
    let end = 8 + Int(length)
    guard end <= bytes.count else {
      throw refuse("found \(bytes.count) bytes, expected \(end) for the header alone: the file is cut short")
    }
    guard end > 8, bytes[8] == UInt8(ascii: "{") else {
      throw refuse("found no '{' at the header's start, expected JSON")
    }
    let header: JSON
    do throws(JSON.SyntaxError) {
      header = try JSON(bytes[8..<end])
    } catch {
      throw refuse("found bad JSON at byte \(error.offset) of the header, expected \(error.expected)")
    }
    guard case .object(let members) = header else { throw refuse("found no object in the header, expected one") }
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    var names: Set<String> = []
    for (name, value) in members {
      guard names.insert(name).inserted else {
        throw InputError(file: file, key: name, problem: "found twice in the header, expected once")
      }
      if name == "__metadata__" {
        metadata = try Self.metadata(value, file: file)
      } else {
        entries.append(try Self.entry(name, value, file: file))
      }
    }
    self.file = file
    self.metadata = metadata
    self.entries = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    data = bytes[end...]
    try checkCoverage()
    self.entries += aliases
  }

  /// The tensors that safetensors.torch.save_model left out, as they share the bytes of another: its metadata has the name of each
  /// with that of the one that was kept.
  private var aliases: [Entry] {
    let known = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    return metadata.sorted { $0.key < $1.key }.compactMap { name, kept in
      guard known[name] == nil, let entry = known[kept] else { return nil }
      return Entry(name: name, type: entry.type, shape: entry.shape, range: entry.range)
    }
  }

  /// The tensors' bytes follow each other without a gap or an overlap, to the file's end.
  private func checkCoverage() throws(InputError) {
    var offset = 0
    for entry in entries {
      guard entry.range.upperBound <= data.count else {
        throw InputError(
          file: file, key: entry.name,
          problem: "found \(data.count) bytes of data, expected \(entry.range.upperBound): the file is cut short")
      }
      guard entry.range.lowerBound == offset else {
        let fault =
          entry.range.lowerBound < offset ? "overlap the tensor before" : "leave a gap after the tensor before"
        throw InputError(
          file: file, key: entry.name,
          problem: "found offsets from \(entry.range.lowerBound), which \(fault), expected from \(offset)")
      }
      offset = entry.range.upperBound
    }
    guard offset == data.count else {
      throw InputError(
        file: file, problem: "found \(data.count) bytes of data, expected \(offset): what follows belongs to no tensor")
    }
  }

  private static func metadata(_ value: JSON, file: String) throws(InputError) -> [String: String] {
    guard case .object(let members) = value else {
      throw InputError(file: file, key: "__metadata__", problem: "found no object, expected texts by name")
    }
    var metadata: [String: String] = [:]
    for (name, value) in members {
      guard case .string(let text) = value else {
        throw InputError(
          file: file, key: "__metadata__", problem: "found a value of \(name) that is no text, expected text")
      }
      metadata[name] = text
    }
    return metadata
  }

  private static func entry(_ name: String, _ value: JSON, file: String) throws(InputError) -> Entry {
    func refuse(_ problem: String) -> InputError { InputError(file: file, key: name, problem: problem) }
    guard case .object(let members) = value else {
      throw refuse("found no object, expected dtype, shape and data_offsets")
    }
    let fields = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    guard fields.count == members.count else {
      throw refuse("found a field twice, expected dtype, shape and data_offsets")
    }
    guard case .string(let type)? = fields["dtype"] else { throw refuse("found no dtype, expected one") }
    guard let shape = whole(fields["shape"]) else { throw refuse("found no shape, expected a list of sizes") }
    guard let offsets = whole(fields["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
      throw refuse("found no data_offsets, expected [begin, end]")
    }
    guard let width = widths[type] else {
      throw refuse("found elements of type \(type), expected \(widths.keys.sorted().joined(separator: ", "))")
    }
    guard shape.count <= mostDimensions else {
      throw refuse("found \(shape.count) dimensions, expected at most \(mostDimensions)")
    }
    var bytes = width
    for size in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      if overflow { throw refuse("found shape \(shape), whose size cannot be counted") }
      bytes = product
    }
    guard bytes == offsets[1] - offsets[0] else {
      throw refuse("found \(offsets[1] - offsets[0]) bytes, expected \(bytes) for \(type) of shape \(shape)")
    }
    return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// A list of whole numbers from 0, or nil.
  private static func whole(_ value: JSON?) -> [Int]? {
    guard case .array(let elements)? = value else { return nil }
    var numbers: [Int] = []
    for element in elements {
      guard case .number(let text) = element, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(text)
      else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// The entry called `name`, or nil.
  public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  /// Whether the entry's elements are whole numbers or truth values.
  public static func isWhole(_ entry: Entry) -> Bool { !["F64", "F32", "F16", "BF16"].contains(entry.type) }

  /// The bytes of a tensor, as they lie in the file.
  func bytes(_ entry: Entry) -> ArraySlice<UInt8> {
    data[data.startIndex + entry.range.lowerBound..<data.startIndex + entry.range.upperBound]
  }

  /// The elements of `entry` as doubles.
  public func doubles(_ entry: Entry) -> [Double] {
    switch entry.type {
    case "F64": load(entry, Double.self) { $0 }
    case "F32": load(entry, Float.self, Double.init)
    case "F16": load(entry, Float16.self, Double.init)
    // A bfloat16 is the upper half of a float.
    case "BF16": load(entry, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    default: integers(entry).map(Double.init)
    }
  }

  /// The elements of `entry`, whose type is whole, as 64-bit numbers.
  public func integers(_ entry: Entry) -> [Int64] {
    switch entry.type {
    case "I64": load(entry, Int64.self) { $0 }
    case "I32": load(entry, Int32.self, Int64.init)
    case "I16": load(entry, Int16.self, Int64.init)
    case "I8": load(entry, Int8.self, Int64.init)
    default: load(entry, UInt8.self, Int64.init)
    }
  }

  private func load<Stored: BitwiseCopyable, Element>(
    _ entry: Entry, _ type: Stored.Type, _ widen: (Stored) -> Element
  ) -> [Element] {
    data.withUnsafeBytes { bytes in
      stride(from: entry.range.lowerBound, to: entry.range.upperBound, by: MemoryLayout<Stored>.size).map {
        widen(bytes.loadUnaligned(fromByteOffset: $0, as: Stored.self))
      }
    }
  }
}
