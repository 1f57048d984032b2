import Foundation
import Testing

/// Pages in a browser, where one is installed, and comparisons, as a reader meets them.
@Suite(.serialized) struct PageTests {
  private static let browser = ["chromium", "chromium-browser", "google-chrome"].flatMap { name in
    ["/usr/bin/", "/usr/local/bin/"].map { $0 + name }
  }.first { FileManager.default.isExecutableFile(atPath: $0) }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  /// What the browser makes of a page.
  private struct Layout: Decodable {
    /// Left, right and height of every picture, in its own pixels; the page's width and the window's; what was loaded besides.
    var pictures: [[Double]], width: Double, window: Double, loaded: Int, words: Int, background: String
  }

  private static let look = """
    <script>
    const pictures = [...document.querySelectorAll('figure svg')].map(svg => {
      const box = svg.getBoundingClientRect(); return [box.left, box.right, box.height]; });
    const layout = {pictures, width: document.documentElement.scrollWidth, window: window.innerWidth,
      loaded: performance.getEntriesByType('resource').length, words: document.querySelectorAll('svg text').length,
      background: getComputedStyle(document.body).backgroundColor};
    document.body.textContent = 'LAYOUT' + JSON.stringify(layout) + 'END';
    </script>
    """

  @Test(
    "A page of a run, of two lanes, of a sweep is whole in a browser, wide and narrow, and loads nothing",
    .enabled(if: browser != nil, "no browser is installed: chromium or google-chrome would look at the page"),
    arguments: [["truncation", "--updates", "60"], ["vanishing", "clipping", "--updates", "20"], ["sweep"]])
  func inABrowser(_ what: [String]) throws {
    try inFolder { folder in
      let page = folder + "/page.html", looked = folder + "/looked.html", picture = folder + "/page.png"
      let isSweep = what == ["sweep"]
      if isSweep {
        let sweep = [
          "sweep", "vanishing", "--over", "training.k2=5,20", "--over", "network.init.spectral_radius=0.8,1.2",
        ]
        let (status, output) = try runTool(
          Bpttop.path, sweep + ["--seeds", "1", "--updates", "5", "-o", folder + "/runs"])
        #expect(status == 0, "\(output)")
      }
      let (status, output) = try runTool(
        Bpttop.path, ["report"] + (isSweep ? [folder + "/runs"] : what) + ["-o", page])
      #expect(status == 0, "\(output)")
      let text = try String(contentsOfFile: page, encoding: .utf8)
      #expect(!text.contains("<script"))
      try text.replacing("</body>", with: Self.look + "</body>").write(
        toFile: looked, atomically: true, encoding: .utf8)
      let browser = try #require(Self.browser)
      let options = ["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder)/profile"]
      for width in [1400, 700] {
        let dom = try runTool(browser, options + ["--window-size=\(width),1000", "--dump-dom", looked]).output
        let json = try #require(dom.firstMatch(of: /LAYOUT(.*)END/)).1
        let layout = try JSONDecoder().decode(Layout.self, from: Data(json.utf8))
        #expect(layout.pictures.count >= (isSweep ? 4 : 10) && layout.words > 50 && layout.loaded == 0)
        #expect(layout.width <= layout.window, "wider than the window of \(width)")
        #expect(layout.background == "rgb(255, 255, 255)")
        for box in layout.pictures { #expect(box[0] >= 0 && box[1] <= layout.window && box[2] > 100, "\(box)") }
        // Two of a run stand side by side where there is room.
        if what.contains("truncation") {
          #expect(Set(layout.pictures.map { $0[0].rounded() }).count == (width == 1400 ? 2 : 1))
        }
      }
      _ = try runTool(browser, options + ["--window-size=1400,4000", "--screenshot=\(picture)", page])
      let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
      #expect(bytes.count > 100_000, "a blank page is small")
    }
  }

  @Test("Two lanes of a session and two experiments are compared; anything else is one line")
  func compared() throws {
    try inFolder { folder in
      let path = folder + "/both.svg"
      let (status, output) = try runTool(
        Bpttop.path, ["compare", "vanishing", "clipping", "--updates", "20", "-o", path])
      #expect(status == 0 && output.contains("A: vanishing\nB: clipping\n"), "\(output)")
      #expect(output.contains("settings differ:\n") && output.contains("Training loss (mean ± standard deviation)"))
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("<title>bpttop compare</title>"))
      for (arguments, line) in [
        (["compare", "vanishing"], "bpttop: compare: found 1 run, expected two\n"),
        (
          ["compare", "vanishing", "clipping", "-o", "x.jpg"],
          "bpttop: --output: found x.jpg, expected a name that ends in .svg, .png, .ansi or .txt\n"
        ),
        (
          ["report", "vanishing", "vanishing", "vanishing", "--updates", "1", "-o", folder + "/x.html"],
          "bpttop: report: found 3 runs, expected one, two, or the folder of a sweep\n"
        ),
      ] {
        let (status, output) = try runTool(Bpttop.path, arguments)
        #expect(status == 2 && output == line, "\(output)")
      }
      let (bad, words) = try runTool(Bpttop.path, ["report", "vanishin", "-o", folder + "/x.html"])
      #expect(bad == 2 && words.contains("nearest is vanishing") && words.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: folder + "/x.html"))
    }
  }
}
