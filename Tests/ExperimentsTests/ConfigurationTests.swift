import Experiments
import Testing

/// The user's own file: what is right holds, and each fault is told in a line with its place and the nearest name.
@Suite struct ConfigurationTests {
  private let vocabulary = UserConfiguration.Vocabulary(
    themes: ["dark", "light", "high-contrast"], panels: ["through-time", "flow", "loss"], keyNames: ["<tab>", "<f1>"],
    isKey: { $0.count == 1 || ["<tab>", "<f1>"].contains($0) }, hasMeaning: { "qS<tab>".contains($0) })

  private func read(_ text: String) -> UserConfiguration { UserConfiguration(text, file: "c.yaml", vocabulary) }

  @Test func everythingIsRead() {
    let read = read(
      "theme: light\nmouse: false\npace: 30\npanels: [flow, loss]\nkeys:\n  w: S\n  \"<f1>\": q\n")
    #expect(read.theme == "light" && read.mouse == false && read.pace == 30 && read.panels == ["flow", "loss"])
    #expect(read.keys == ["w": "S", "<f1>": "q"] && read.faults.isEmpty)
  }

  @Test(arguments: ["", "# nothing\n", "keys: {}\n"])
  func nothingSetsNothing(_ text: String) {
    let read = read(text)
    #expect(read.theme == nil && read.mouse == nil && read.pace == nil && read.panels == nil && read.keys.isEmpty)
    #expect(read.faults.isEmpty)
  }

  @Test(arguments: [
    (
      "# a\ntheme: lihgt", "c.yaml:2: theme: found lihgt, expected one of: dark, light, high-contrast; nearest is light"
    ),
    ("theme: [light]", "c.yaml:1: theme: found a list, expected one of: dark, light, high-contrast"),
    ("theme:", "c.yaml:1: theme: found nothing, expected one of: dark, light, high-contrast"),
    ("mouse: flase", "c.yaml:1: mouse: found flase, expected one of: true, false; nearest is false"),
    ("pace: fast", "c.yaml:1: pace: found fast, expected a number of updates a second above 0"),
    ("pace: 0", "c.yaml:1: pace: found 0, expected a number of updates a second above 0"),
    ("pace: .inf", "c.yaml:1: pace: found .inf, expected a number of updates a second above 0"),
    ("panels: flow", "c.yaml:1: panels: found flow, expected a list of some of: through-time, flow, loss"),
    ("panels: []", "c.yaml:1: panels: found a list, expected a list of some of: through-time, flow, loss"),
    (
      "panels:\n- loss\n- flwo\n",
      "c.yaml:3: panels: found flwo, expected one of: through-time, flow, loss; nearest is flow"
    ),
    ("keys: w", "c.yaml:1: keys: found w, expected a mapping of keys, such as {w: S}: w does what S does"),
    (
      "keys:\n  <tba>: q",
      "c.yaml:2: keys: found <tba>, expected one character, or one of: <tab> <f1>; nearest is <tab>"
    ),
    ("keys: {w: qq}", "c.yaml:1: keys: found qq, expected one character, or one of: <tab> <f1>"),
    ("keys: {w: x}", "c.yaml:1: keys.w: found x, expected a key that does something; ? in the program lists them"),
    (
      "mouse: true\nthem: dark",
      "c.yaml:2: them: unknown key, expected one of: theme, mouse, pace, panels, keys; nearest is theme"
    ),
    ("- theme", "c.yaml:1: found a list, expected a mapping of theme, mouse, pace, panels, keys"),
    ("theme: dark\ntheme: light", "c.yaml:2: theme: found twice, expected once"),
  ])
  func faultsAreTold(_ text: String, _ line: String) {
    #expect(read(text).faults.map(\.description) == [line])
  }

  @Test func whatIsRightHolds() {
    let read = read("theme: light\nmuose: true\npace: -1\npanels: [flow, x]\nkeys: {w: S, e: \"?\"}\n")
    #expect(read.theme == "light" && read.panels == ["flow"] && read.keys == ["w": "S"] && read.pace == nil)
    #expect(read.faults.map(\.line) == [2, 3, 4, 5])
  }

  @Test func panelsAreKeptInTheFile() throws {
    let flow = "panels: [flow]\n"
    #expect(UserConfiguration.text("", panels: ["flow"]) == flow)
    #expect(UserConfiguration.text("theme: light # mine", panels: ["flow"]) == "theme: light # mine\n" + flow)
    for list in ["panels: [x]", "panels: [x,\n  y]", "panels:\n- x\n- y", "panels:\n  - x", "panels: [\n  x\n]"] {
      let text = try #require(UserConfiguration.text("# a\n\(list)\nmouse: false\n", panels: ["flow"]))
      #expect(text == "# a\n\(flow)mouse: false\n", "\(list)")
      #expect(read(text).panels == ["flow"] && read(text).faults.isEmpty)
    }
    #expect(UserConfiguration.text("{theme: light}", panels: ["flow"]) == nil)
  }

  @Test func brokenTextIsOneFault() {
    #expect(read("theme: \"light\nmouse: true\n").faults.count == 1)
    #expect(read("theme: \"light\n").faults.first?.line == 1)
  }

  @Test func aFileThatIsNotThereSetsNothing() {
    #expect(UserConfiguration(path: "/nowhere/config.yaml", vocabulary).faults.isEmpty)
    // A folder is no file: that is told.
    #expect(UserConfiguration(path: "/", vocabulary).faults.count == 1)
  }

  @Test func theFileIsWhereXDGSays() {
    #expect(UserConfiguration.path(environment: ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == "/x/bpttop/config.yaml")
    #expect(UserConfiguration.path(environment: ["HOME": "/h"]) == "/h/.config/bpttop/config.yaml")
    #expect(
      UserConfiguration.path(environment: ["XDG_CONFIG_HOME": "x", "HOME": "/h"]) == "/h/.config/bpttop/config.yaml")
    #expect(UserConfiguration.path(environment: [:]) == nil)
  }

  /// What is printed as an example is a file without a fault that changes nothing.
  @Test func theExampleIsRight() {
    let read = read(UserConfiguration.example(vocabulary))
    #expect(read.faults.isEmpty && read.mouse == true && read.panels == vocabulary.panels && read.keys.isEmpty)
  }
}
