import Canvas
import Dashboard
import Instruments

/// What is wrong with the run and what is sound: a line a finding.
struct DiagnosisPanel: Panel {
  let id: PanelID = "diagnosis"
  let title = "Diagnosis"
  let size = PanelSize(28, 5)
  let help = [
    "What is wrong with the run by the present pass and the losses so far, the worst first, and what is fine; under what is wrong, the settings that may help.",
    "!! serious: while it stays so, the task is not learned. ! costly. · a remark. ✓ fine. `bpttop diagnose` also tries what may help.",
    "Look for: the first line. What stands below it may follow from it.",
  ]
  let reads: [any Instrument.Type] = [DiagnosisInstrument.self]

  func isWanted(_ state: DashboardState) -> Bool { false }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[DiagnosisInstrument.self] else { return [] }
    return [state.lanePrefix + (reading.grave.isEmpty ? "nothing serious" : "\(reading.grave.count) serious")]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard
      let reading = reading("the diagnosis", from: DiagnosisInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    var row = 0
    for finding in reading.findings {
      let style = finding.severity >= .costly ? theme[.text] : theme[.dimText]
      let remedy = finding.severity >= .costly ? finding.remedies.first.map { " → \($0.words)" } ?? "" : ""
      let lines = [finding.sentence + remedy].wrapped(to: rect.width - 3, rows: rect.height - row)
      for (index, line) in lines.enumerated() {
        buffer.put(
          (index == 0 ? finding.severity.mark : "   ").words(theme) + line.words(theme), in: rect, row: row,
          style: style)
        row += 1
      }
    }
  }
}
