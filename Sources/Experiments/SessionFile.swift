import Foundation
import Training

/// Sessions as safetensors files: the runs' arrays as tensors, `a/parameters`, `b/states`, and everything else as metadata.
///
/// | metadata | what |
/// |---|---|
/// | `bpttop_session` | the version of this form |
/// | `lanes` | the lanes, `a` or `a b` |
/// | `a`, `b` | a lane's settings, position, journal and timeline, as JSON |
/// | `experiment` | the first lane's experiment as YAML, to be read by people |
/// | `view` | what the screen kept of itself, as JSON |
/// | `files` | path, size and checksum of the files that tasks read, as JSON |
/// | `checksum` | that of all other metadata and of all tensors, by name; a session that was changed is refused |
public enum SessionFile {
  /// The version that is written and read.
  public static let version = 1
  private static let mark = "bpttop_session"

  /// Writes `session` to `path`, whole or not at all.
  public static func write(_ session: Session, to path: String) throws(OutputError) {
    var tensors: [NamedTensor] = []
    var metadata = [
      mark: "\(version)", "lanes": session.lanes.keys.sorted().map(\.rawValue).joined(separator: " "),
      "view": session.view, "files": json(session.files),
    ]
    for (lane, checkpoint) in session.lanes.sorted(by: { $0.key < $1.key }) {
      metadata[lane.rawValue] = json(checkpoint.fields)
      for (name, array) in checkpoint.arrays.sorted(by: { $0.key < $1.key }) {
        tensors.append(tensor("\(lane.rawValue)/\(name)", array))
      }
    }
    if let first = session.lanes.min(by: { $0.key < $1.key })?.value {
      metadata["experiment"] = ExperimentFile.complete(first.experiment)
    }
    var checksum = Checksum(metadata)
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      var bytes: [UInt8] = []
      tensor.elements.append(to: &bytes)
      checksum.add(tensor.name.utf8)
      checksum.add(bytes)
    }
    metadata["checksum"] = "\(checksum.value)"
    try Safetensors.write(tensors, metadata: metadata, to: path)
  }

  /// Throws where the file is not as it was written.
  private static func check(_ file: SafetensorsFile) throws(InputError) {
    var checksum = Checksum(file.metadata.filter { $0.key != "checksum" })
    for entry in file.entries.sorted(by: { $0.name < $1.name }) {
      checksum.add(entry.name.utf8)
      checksum.add(file.bytes(entry))
    }
    guard file.metadata["checksum"] == "\(checksum.value)" else {
      throw InputError(
        file: file.file,
        problem:
          "found a session that was changed or damaged, expected it as it was saved; its weights can be opened with --weights"
      )
    }
  }

  /// Whether the file at `path` is a session, of whatever version; false where it cannot be read.
  public static func isSession(path: String) -> Bool {
    guard path != "-", let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    // A header's length in eight bytes, then JSON.
    let start = (try? handle.read(upToCount: 9)) ?? Data()
    // What is named as a session and is cut before its header is one that cannot be read, and no experiment.
    guard start.count == 9 else { return path.hasSuffix(".bpttop") }
    return start[8] == UInt8(ascii: "{") && start[4..<8].allSatisfy { $0 == 0 }
  }

  /// Reads the session at `path`.
  ///
  /// - Throws: what is wrong with it in one line, and what of it can be opened still.
  public static func read(path: String) throws(InputError) -> Session {
    let file = try SafetensorsFile.read(path: path)
    func refuse(_ problem: String) -> InputError { InputError(file: file.file, problem: problem) }
    guard let found = file.metadata[mark] else {
      throw refuse("found a safetensors file without a session, expected one that s has saved; --weights reads weights")
    }
    guard found == "\(version)" else {
      throw refuse(
        "found a session of version \(found.prefix(20)), expected version \(version); its weights can be opened with --weights"
      )
    }
    var lanes: [LaneID: RunCheckpoint] = [:]
    for name in (file.metadata["lanes"] ?? "").split(separator: " ") {
      guard let lane = LaneID(rawValue: String(name)) else {
        throw refuse("found a lane \(name.prefix(20)), expected a and b")
      }
      lanes[lane] = try checkpoint(lane, file)
    }
    try check(file)
    guard lanes[.a] != nil || lanes[.b] != nil else { throw refuse("found no lane, expected a run to go on with") }
    let files = try decode([Session.FileMark].self, file.metadata["files"] ?? "[]", "files", file)
    let session = Session(lanes: lanes, view: file.metadata["view"] ?? "", files: files)
    for mark in session.files where Session.FileMark(mark.path) != mark {
      let now = Session.FileMark(mark.path).map { "\($0.size) bytes of other content" } ?? "no such file"
      throw refuse(
        "\(mark.path): found \(now), expected the \(mark.size) bytes that it had; the weights can be opened with --weights"
      )
    }
    return session
  }

  /// The parameters of the first lane of a session, flat; nil where the file is none.
  static func parameters(_ file: SafetensorsFile) -> [Double]? {
    guard file.metadata[mark] != nil, let lane = (file.metadata["lanes"] ?? "a").split(separator: " ").first,
      let entry = file["\(lane)/parameters"]
    else { return nil }
    return file.doubles(entry)
  }

  private static func checkpoint(_ lane: LaneID, _ file: SafetensorsFile) throws(InputError) -> RunCheckpoint {
    let fields = try decode(RunCheckpoint.Fields.self, file.metadata[lane.rawValue] ?? "", lane.rawValue, file)
    var arrays: [String: CheckpointArray] = [:]
    let prefix = "\(lane.rawValue)/"
    for entry in file.entries where entry.name.hasPrefix(prefix) {
      arrays[String(entry.name.dropFirst(prefix.count))] = array(entry, file)
    }
    do {
      return try RunCheckpoint(fields: fields, arrays: arrays)
    } catch {
      throw InputError(file: file.file, key: "lane \(lane.rawValue)", problem: error.description)
    }
  }

  // MARK: Arrays and JSON

  private static func tensor(_ name: String, _ array: CheckpointArray) -> NamedTensor {
    switch array {
    case .float64(let values): NamedTensor(name, [values.count], .float64(values))
    case .float32(let values): NamedTensor(name, [values.count], .float32(values))
    case .int32(let values): NamedTensor(name, [values.count], .int32(values))
    case .uint8(let values): NamedTensor(name, [values.count], .uint8(values))
    }
  }

  private static func array(_ entry: SafetensorsFile.Entry, _ file: SafetensorsFile) -> CheckpointArray {
    switch entry.type {
    case "F32": .float32(file.doubles(entry).map { Float($0) })
    case "I32": .int32(file.integers(entry).map { Int32(truncatingIfNeeded: $0) })
    case "U8": .uint8(file.integers(entry).map { UInt8(truncatingIfNeeded: $0) })
    default: .float64(file.doubles(entry))
    }
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func decode<T: Decodable>(
    _ type: T.Type, _ text: String, _ key: String, _ file: SafetensorsFile
  ) throws(InputError) -> T {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return try decoder.decode(type, from: Data(text.utf8))
    } catch {
      throw InputError(
        file: file.file, key: key, problem: "found a session that was changed or damaged, expected it as it was saved")
    }
  }
}

extension Checksum {
  /// That of metadata, by name.
  fileprivate init(_ metadata: [String: String]) {
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
      add(name.utf8)
      add(value.utf8)
    }
  }
}
