import Canvas
import Dashboard
import Instruments
import Training

/// A round of federated averaging: what the clients send, what the server sees of it, and how far they point apart.
struct ClientsPanel: Panel {
  let id: PanelID = "clients"
  let title = "Clients"
  let size = PanelSize(30, 6, widthWeight: 2, heightWeight: 14)
  let help = [
    "The next round: ‖Δ_k‖ of each client's update after its local steps (the bar, clipped where it says so) and its cosine to the average; - before a client that does not take part. Δ̄ is what the server sees.",
    "Right: the cosine between the updates of two clients, -1 to 1. Gradients: the same at the server's weights, before any local step. Spread: √(mean ‖g_k - ḡ‖²)/‖ḡ‖. ε, δ: what all rounds told about one client.",
    "Look for: cosines under 0, and an average far shorter than the updates: clients that undo each other's work.",
  ]
  let reads: [any Instrument.Type] = [FederatedInstrument.self]

  let needs = "training.federated.clients above 1"

  func applies(to state: DashboardState) -> Bool {
    state.lanes.contains { $0.experiment.training.federated.clients > 1 }
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let reading = state.lane[FederatedInstrument.self] else { return [] }
    let clients = reading.round.clients, taking = clients.filter(\.takesPart).count
    return ["\(state.lanePrefix)\(taking) of \(clients.count) take part"]
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let reading = reading("a round", from: FederatedInstrument.self, of: state.lane, in: rect, &buffer, theme)
    else { return }
    let count = reading.round.clients.count
    let lines = words(reading).prefix(max(2, rect.height - count))
    let parts = rect.rows([.fixed(lines.count), .flexible()])
    for (row, line) in lines.enumerated() {
      buffer.put(line, in: parts[0], row: row, style: theme[.text], ellipsis: true)
    }
    let map = rect.width >= 44 ? min(rect.width / 3, max(12, 4 * count)) : 0
    let sides = parts[1].columns([.flexible(), .fixed(map)], gap: map > 0 ? 1 : 0)
    drawClients(reading, in: sides[0], &buffer, theme)
    guard map > 0 else { return }
    buffer.put("cos Δ_j, Δ_k", in: sides[1], style: theme[.dimText], ellipsis: true)
    HeatMap(
      reading.round.updateCosines.map { $0.isNaN ? -.infinity : $0 }, rows: count, columns: count, range: -1...1,
      map: .diverging
    ).draw(in: sides[1].inset(top: 1), into: &buffer, theme: theme)
  }

  /// What the server sees, what must be known first.
  private func words(_ reading: FederatedInstrument.Reading) -> [String] {
    let round = reading.round, share = round.norm / reading.meanNorm
    let length =
      share > 1 ? "\(NumberText.short(share, digits: 2)) × ‖Δ_k‖" : "\(NumberText.percent(share)) of ‖Δ_k‖"
    let mean = "mean Δ \(NumberText.short(round.norm)), " + (share.isFinite ? length : "of no client")
    let budget = reading.privacy.map { privacy in
      privacy.epsilon.isFinite
        ? "ε \(NumberText.short(privacy.epsilon)), δ \(NumberText.trimmed(privacy.delta)), \(privacy.rounds) rounds"
        : "no ε: \(privacy.roundsWithoutNoise) rounds without noise"
    }
    let cosines =
      "cos Δ \(NumberText.fixed(reading.updateCosine, 2)) g \(NumberText.fixed(reading.gradientCosine, 2)) spread "
      + NumberText.short(round.spread, digits: 2)
    let clip = reading.serverClip.map { "training.clip \($0.rawValue) clips the server's own step" }
    return [mean] + [clip, budget].compactMap { $0 } + [cosines]
  }

  /// A client a row: its name, a bar, ‖Δ_k‖, the cosine to the average, and by what it is clipped.
  private func drawClients(
    _ reading: FederatedInstrument.Reading, in rect: Rect, _ buffer: inout Buffer, _ theme: Theme
  ) {
    let clients = reading.round.clients, largest = max(clients.map(\.norm).max() ?? 0, reading.clip ?? 0)
    let isClipping = reading.clip != nil, numbers = isClipping ? 24 : 17, bar = max(0, rect.width - 4 - numbers)
    func put(_ texts: [String], row: Int, _ style: Style) {
      var place = rect.inset(left: 4 + bar)
      for text in texts {
        buffer.put(text, in: place, row: row, style: style)
        place = place.inset(left: 9)
      }
    }
    // Where there is not room for all, the line that names the columns goes first.
    let first = rect.height > clients.count ? 1 : 0
    if first > 0 { put(["  ‖Δ_k‖", "  cos"] + (isClipping ? ["clip"] : []), row: 0, theme[.dimText]) }
    for (index, client) in clients.enumerated() where index + first < rect.height {
      let row = index + first
      if row == rect.height - 1, clients.count > index + 1 {
        buffer.put("… \(clients.count - index) more", in: rect, row: row, style: theme[.dimText])
        return
      }
      let style = theme[client.takesPart ? .text : .dimText]
      buffer.put((client.takesPart ? " " : "-") + "\(index + 1)", in: rect, row: row, style: style)
      Bars.horizontal(
        client.norm / largest, in: Rect(x: rect.x + 4, y: rect.y + row, width: bar, height: 1),
        style: theme[client.takesPart ? .gradientNorm : .dimText], into: &buffer, theme: theme)
      put(
        ["  " + NumberText.short(client.norm), (client.cosine < 0 ? " " : "  ") + NumberText.fixed(client.cosine, 2)]
          + (client.scale < 1 ? ["×" + NumberText.short(client.scale, digits: 2)] : []), row: row, style)
    }
  }
}
