import Canvas
import Testing
import Training

@testable import Dashboard

/// The dashboard knows its panels by the catalogue that it is given.
@Suite struct PanelCatalogueTests {
  /// Writes one word.
  private struct Word: Panel {
    let id: PanelID, title: String, word: String
    let size = PanelSize(20, 1)
    let help = ["A word.", "It has no unit.", "Look for the word."]

    func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
      buffer.paragraph(word, in: rect, style: theme[.text])
    }
  }

  @Test("panels of one's own are drawn, found by digit and name, and gone through by presets")
  func ownPanels() throws {
    let one = Word(id: "one", title: "First word", word: "uno"),
      two = Word(id: "two", title: "Second word", word: "due")
    let catalogue = PanelCatalogue(
      rows: [[one], [two]], priority: [two, one], digits: [two, one],
      presets: [PanelPreset("only two", first: [two]), PanelPreset("both", all: [one, two])])
    var state = DashboardState(
      experiment: Experiment(), size: Size(width: 60, height: 20), theme: Theme(), panels: catalogue)
    let rows = render(state).rows
    #expect(rows.contains { $0.contains("1 First word") } && rows.contains { $0.contains("0 Second word") })
    #expect(rows.contains { $0.contains("uno") } && rows.contains { $0.contains("due") })
    _ = reduce(into: &state, .key(.character("1")))
    #expect(state.focus == one.id)
    state.nextPreset()
    #expect(state.message?.text == "panels: only two (only two, both)")
    #expect(!render(state).rows.contains { $0.contains("uno") })
    #expect(state.findings("second").first?.name == "Second word")
  }
}
