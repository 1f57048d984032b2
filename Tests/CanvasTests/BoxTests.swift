import Testing

@testable import Canvas

@Suite struct BoxTests {
  private func box(_ width: Int, _ tier: CharacterTier = .braille, focused: Bool = false) -> [String] {
    var buffer = Buffer(width: width, height: 3)
    buffer.box(
      buffer.bounds, title: ["Gradient norm", "Norm"], note: ["log10 of the norm", "log10"], key: "2", focused: focused,
      theme: Theme(characters: tier))
    return buffer.rows
  }

  @Test func theNoteGivesWayThenTheTitleIsAbbreviated() {
    #expect(box(42)[0] == "╭ 2 Gradient norm ──── log10 of the norm ╮")
    #expect(box(34)[0] == "╭ 2 Gradient norm ──────── log10 ╮")
    #expect(box(26)[0] == "╭ 2 Gradient norm ───────╮")
    #expect(box(19)[0] == "╭ 2 Gradient norm ╮")
    #expect(box(18)[0] == "╭ 2 Norm ────────╮")
    #expect(box(9)[0] == "╭ 2 ────╮")
    #expect(box(2)[0] == "╭╮")
  }

  @Test func asciiAndFocus() {
    #expect(box(12, .ascii) == ["+ 2 Norm --+", "|          |", "+----------+"])
    #expect(box(12, .ascii, focused: true) == ["# 2 Norm ==#", "|          |", "#==========#"])
    #expect(box(12, .block, focused: true)[2] == "┗━━━━━━━━━━┛")
  }

  @Test func noTitleIsEverCutAtAnyWidth() {
    for width in 0...50 {
      let row = box(width).first ?? ""
      let words = row.filter { !"╭╮─".contains($0) }.split(separator: " ").joined(separator: " ")
      #expect(
        ["", "2", "2 Norm", "2 Gradient norm", "2 Gradient norm log10", "2 Gradient norm log10 of the norm"].contains(
          words))
    }
  }
}
