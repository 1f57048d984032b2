import Canvas
import Dashboard
import Instruments

/// The user's file: what is read, and what the network writes of it.
struct FilePanel: Panel {
  let id: PanelID = "file"
  let title = "File"
  let size = PanelSize(26, 2, widthWeight: 5, heightWeight: 7)
  let help = [
    "The file that is learned: for a text its size, alphabet and place in it; for a CSV how its columns are read, and what is left out.",
    "Below it, for a text, what the network writes by itself at the present weights, drawn with its own probabilities.",
    "Look for: spaces between words first, then frequent words, as the loss falls under what counting letters gives.",
  ]
  let reads: [any Instrument.Type] = [FileInstrument.self]

  let needs = "a task that reads a file"

  func applies(to state: DashboardState) -> Bool { state.lanes.contains { $0.newest?.hasFile ?? false } }

  func notes(_ state: DashboardState) -> [String] {
    state.lane[FileInstrument.self]?.sample.isEmpty == false ? ["below: what the network writes", "it writes"] : []
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    let inside = rect.inset(left: 1, right: 1)
    guard state.lanes.count > 1 else {
      draw(state.lane, in: inside, &buffer, theme)
      return
    }
    let places = inside.rows(state.lanes.map { _ in .flexible() })
    for (lane, place) in zip(state.lanes, places) {
      buffer.put(lane.id.letter, in: place, style: theme[lane.id == state.focusedLane ? .accent : .dimText])
      draw(lane, in: place.inset(left: 2), &buffer, theme)
    }
  }

  private func draw(_ lane: Lane, in inside: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard let reading = lane[FileInstrument.self] else { return }
    let summary = FileSummary(reading.summary)
      .lines(width: inside.width, height: inside.height <= 3 ? 1 : max(2, inside.height / 2))
    for (row, line) in summary.enumerated() {
      buffer.put(line, in: inside, row: row, style: theme[.dimText], ellipsis: true)
    }
    var below = inside.inset(top: summary.count)
    // Beside a sample there is room for it where the panel is large.
    if !reading.reading.isEmpty, reading.sample.isEmpty || below.height > 12 {
      let rows = buffer.paragraph(reading.reading, in: below, style: theme[.text])
      below = below.inset(top: rows)
    }
    drawSample(reading.sample, in: below, &buffer, theme)
    if let forecast = reading.forecast, below.height >= 5 {
      Self.plot(forecast).draw(in: below, into: &buffer, theme: theme)
    }
  }

  /// A column over the steps of the window, dashed as it is predicted.
  private static func plot(_ forecast: FileInstrument.Forecast) -> Plot {
    func points(_ values: [Double]) -> [(x: Double, y: Double)] { values.enumerated().map { (Double($0 + 1), $1) } }
    return Plot(
      x: .steps(1, forecast.truth.count), y: .linear((forecast.truth + forecast.predicted).filter(\.isFinite)),
      series: [
        Series(points(forecast.truth), role: .text, symbol: "*", labels: [forecast.name, "truth"]),
        Series(points(forecast.predicted), .line(.dashed), role: .future, symbol: "o", labels: ["predicted"]),
      ])
  }

  /// The newest of what the network writes, line feeds as ⏎.
  private func drawSample(_ sample: String, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme) {
    guard rect.width > 0, rect.height > 0 else { return }
    let characters = Array(sample)
    let rows = min(rect.height, (characters.count + rect.width - 1) / rect.width)
    let newest = characters.suffix(rows * rect.width)
    for (index, character) in newest.enumerated() {
      let shown = character == "\n" ? "⏎" : String(character)
      let style = character == "\n" ? theme[.dimText] : theme[.text]
      buffer.put(shown, x: rect.x + index % rect.width, y: rect.y + index / rect.width, style: style)
    }
  }
}

/// What a task says of its file, "a.txt: 8 kB, 8,600 characters, 26 symbols, at character 12 (0 %)", in pieces that are
/// never broken.
struct FileSummary {
  private let pieces: [String]

  init(_ text: String) {
    pieces = text.split(separator: ", ", omittingEmptySubsequences: true).map(String.init)
  }

  /// The fullest form that takes at most `height` lines; name and place stay longest.
  func lines(width: Int, height: Int) -> [String] {
    guard var first = pieces.first, var last = pieces.last, pieces.count > 1 else { return pieces }
    var middle = Array(pieces.dropFirst().dropLast())
    var form = packed([first] + middle + [last], width)
    // The place as a share alone, then without the counts between, the first first.
    if form.count > height {
      first.replace(": ", with: " ")
      if let open = last.lastIndex(of: "("), last.hasPrefix("at ") {
        last = "at " + last[open...].filter { $0 != "(" && $0 != ")" }
      }
      form = packed([first] + middle + [last], width)
    }
    while form.count > height, !middle.isEmpty {
      middle.removeFirst()
      form = packed([first] + middle + [last], width)
    }
    return Array(form.prefix(height))
  }

  private func packed(_ pieces: [String], _ width: Int) -> [String] {
    pieces.reduce(into: [String]()) { lines, piece in
      if let line = lines.last, line.columns + 3 + piece.columns <= width {
        lines[lines.count - 1] = line + " · " + piece
      } else {
        lines.append(piece)
      }
    }
  }
}
