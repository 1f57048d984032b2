import Experiments
import Foundation

/// Pictures of dots, made of SVG by rsvg-convert.
enum PNGFile {
  /// What is said where the program is missing.
  static let absence = "no PNG: rsvg-convert is not installed (Debian: apt-get install librsvg2-bin)"

  /// Whether rsvg-convert is installed.
  static var isPossible: Bool { converter != nil }

  /// The program.
  static var converter: URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(fileURLWithPath: "\($0)/rsvg-convert") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Writes a picture to `path`, twice as many dots a side as the SVG has units.
  static func write(svg: String, to path: String) throws {
    guard let converter else { throw Failure.input("\(path): \(absence)") }
    let process = Process(), input = Pipe(), output = Pipe()
    process.executableURL = converter
    process.arguments = ["--zoom", "2"]
    (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
    let picture: Data
    do {
      try process.run()
      // It reads all of the picture before it writes.
      try input.fileHandleForWriting.write(contentsOf: Data(svg.utf8))
      try input.fileHandleForWriting.close()
      picture = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
    } catch {
      throw Failure.run("\(path): rsvg-convert failed: \(error.localizedDescription)")
    }
    guard process.terminationStatus == 0, !picture.isEmpty else {
      throw Failure.run("\(path): rsvg-convert failed with exit code \(process.terminationStatus)")
    }
    try OutputFile.write(bytes: Array(picture), to: path)
  }
}
