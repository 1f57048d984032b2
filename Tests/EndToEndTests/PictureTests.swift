import Foundation
import Testing

extension EndToEnd {
  /// What becomes of the screen: pictures, and the theme that fits the terminal.
  @Suite(.serialized) struct Pictures {
    private static let hasConverter = ["/usr/bin", "/usr/local/bin"].contains {
      FileManager.default.isExecutableFile(atPath: $0 + "/rsvg-convert")
    }

    /// The name of a file that is not there yet.
    private func file(_ ending: String) -> String {
      FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString).\(ending)").path
    }

    @Test func aPNGWithoutAConverterIsOneLine() throws {
      let path = file("png")
      let (status, output) = try runTool("/usr/bin/env", ["PATH=/nowhere", Bpttop.path, "screen", "-o", path])
      #expect(status == 2)
      #expect(
        output == "bpttop: \(path): no PNG: rsvg-convert is not installed (Debian: apt-get install librsvg2-bin)\n")
      #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(.enabled(if: hasConverter)) func aPNGIsTwiceTheCells() throws {
      let path = file("png")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let (status, output) = try runTool(
        Bpttop.path, ["screen", "--size", "60x20", "--theme", "light", "-o", path])
      #expect(status == 0, "\(output)")
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      // The signature, then the header with width and height: cells are 9 by 18.
      #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      #expect(Array(bytes[16..<24]) == [0, 0, 0x04, 0x38, 0, 0, 0x02, 0xD0])
    }

    /// Every theme's picture stands on its ground, and its text is text.
    @Test(arguments: [("dark", "#10141b"), ("light", "#ffffff"), ("high-contrast", "#000000")])
    func anSVGKeepsTheTheme(_ theme: String, _ ground: String) throws {
      let path = file("svg")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let (status, output) = try runTool(Bpttop.path, ["screen", "--theme", theme, "-o", path])
      #expect(status == 0, "\(output)")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains("<rect width=\"100%\" height=\"100%\" fill=\"\(ground)\"/>") && text.contains(">Spectrum<"))
    }

    @Test func anUnknownThemeIsOneLine() throws {
      let (status, output) = try runTool(Bpttop.path, ["screen", "--theme", "lihgt", "-o", "-"])
      #expect(status == 2 && output.contains("lihgt") && output.contains("'light'"), "\(output)")
      #expect(output.split(separator: "\n").count == 1)
    }

    /// The terminal's answer to OSC 11 chooses the theme; a theme that was named stays.
    @Test func aLightTerminalGetsTheLightTheme() throws {
      let white = "48;2;255;255;255m", answer = "\u{1B}]11;rgb:ffff/ffff/ffff\u{1B}\\"
      let terminal = try PseudoTerminal(Bpttop.path, ["--paused"], environment: ["COLORTERM": "truecolor"])
      #expect(terminal.time(until: "\u{1B}]11;?\u{07}") != nil && terminal.time(until: "This step") != nil)
      #expect(!terminal.output.contains(white))
      terminal.type(answer)
      #expect(terminal.time(until: white) != nil)
      // Where the answer comes at once, no frame is drawn for a dark ground.
      let quick = try PseudoTerminal(Bpttop.path, ["--paused"], environment: ["COLORTERM": "truecolor"])
      quick.type(answer)
      #expect(quick.time(until: "This step") != nil && quick.output.contains(white))
      #expect(!quick.output.contains("48;2;16;20;27m"))
      let named = try PseudoTerminal(
        Bpttop.path, ["--paused", "--theme", "dark"], environment: ["COLORTERM": "truecolor"])
      #expect(named.time(until: "This step") != nil && !named.output.contains("]11;?"))
    }
  }
}
