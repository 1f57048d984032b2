import Experiments
import Foundation

/// Sheets of paper, made of SVG by rsvg-convert.
enum PDFFile {
  /// Writes pages to `path`.
  static func write(pages: [String], to path: String) throws {
    guard let converter = PNGFile.converter else {
      throw Failure.input(
        "\(path): \(PNGFile.absence.replacing("PNG", with: "PDF")); a name that ends in .md needs none")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(getpid())-sheet")
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let files = pages.indices.map { folder.appendingPathComponent("\($0).svg") }
      for (page, file) in zip(pages, files) { try Data(page.utf8).write(to: file) }
      let sheet = folder.appendingPathComponent("sheet.pdf")
      process.executableURL = converter
      process.arguments = ["-f", "pdf", "-o", sheet.path] + files.map(\.path)
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        throw Failure.run("\(path): rsvg-convert failed with exit code \(process.terminationStatus)")
      }
      try OutputFile.write(bytes: Array(Data(contentsOf: sheet)), to: path)
    } catch let error as CocoaError {
      throw Failure.run("\(path): \(error.localizedDescription)")
    }
  }
}
