import Canvas
import Instruments
import OrderedCollections
import Sources
import Training

/// One run on the screen: where it stands, what was read of it, and what the reader wants of it.
public struct Lane: Sendable {
  /// Which of the two it is.
  public var id: LaneID
  /// The settings as the reader wants them: the run's, with the changes on top that it has not confirmed yet.
  public var experiment: Experiment
  /// The changes that the run has not confirmed yet: dotted key, value.
  public var unconfirmed: OrderedDictionary<String, String> = [:]
  /// Where the run stands.
  public internal(set) var newest: RunSummary?
  /// The newest state of which there are readings: what the panels draw, so that all numbers are of one pass.
  public internal(set) var shown: LaneFrame?
  /// Numbers of the readings that are followed over training.
  public internal(set) var trends = Trends()

  /// The last update that the run has been at since it began, and the marks up to there: where it has gone back, those after it
  /// are still to be jumped to.
  package var furthestUpdate = 0
  package private(set) var marks: [TimelineMark] = []
  /// Where another run begins in this lane's place, until its first state is there.
  var beginning: Int?

  /// A lane before anything has arrived.
  public init(id: LaneID, experiment: Experiment) {
    self.id = id
    self.experiment = experiment
  }

  /// What header and timeline tell: while the run goes on, the state that the panels draw, so that all of the screen is of
  /// one update.
  package var told: RunSummary? { newest?.isRunning == true ? summary : newest }
  /// The state that the panels draw.
  public var summary: RunSummary? { shown?.summary ?? newest }
  /// What was read of it.
  public var readings: Readings? { shown?.readings }
  /// The reading of an instrument.
  public subscript<I: Instrument>(_ instrument: I.Type) -> I.Reading? { readings?[instrument] }

  /// Whether an instrument has read something of it.
  func has(_ instrument: any Instrument.Type) -> Bool {
    func isThere<I: Instrument>(_ instrument: I.Type) -> Bool { self[instrument] != nil }
    return isThere(instrument)
  }

  /// The name of the cell, and the number of its gates.
  package var cellName: String { experiment.network.cell.rawValue }
  package var gates: Int {
    experiment.architecture.attends ? self[AttentionInstrument.self]?.heads.count ?? 1 : experiment.network.cell.gates
  }
  /// Whether the gradient that trains is the pass's own, going back.
  package var trainsByPass: Bool { experiment.training.algorithm.description.isTape }

  /// Takes what a source gave.
  mutating func receive(_ frame: LaneFrame) {
    if newest.map({ $0.serial <= frame.summary.serial }) ?? true {
      if frame.summary.update == beginning { (furthestUpdate, beginning) = (0, nil) }
      newest = frame.summary
      if frame.summary.update >= furthestUpdate {
        (furthestUpdate, marks) = (frame.summary.update, frame.summary.marks)
      }
      unconfirmed = unconfirmed.filter { change in
        (try? frame.summary.experiment?.value(of: change.key)) != change.value
      }
      layChangesOnTop()
    }
    guard let readings = frame.readings else { return }
    shown = frame
    trends.add(readings, update: frame.summary.update)
  }

  /// The experiment as the run has it, and on it the changes that it has not confirmed yet.
  mutating func layChangesOnTop() {
    guard let confirmed = newest?.experiment else { return }
    experiment = confirmed
    for (key, value) in unconfirmed { try? experiment.set(key, value) }
  }

  /// The same as a paragraph of a place: in fewer words where all of them have no room.
  package func absence<I: Instrument>(of name: String, from instrument: I.Type, in rect: Rect) -> String {
    let whole = absence(of: name, from: instrument)
    guard [whole].wrapped(to: rect.width, rows: .max).count > rect.height, !I.readsAnyNetwork, !experiment.isRecurrent
    else { return whole }
    return "none with kind \(experiment.architecture.kind.rawValue), which is not recurrent"
  }

  /// Why `name`, which `instrument` gives, is not there to be drawn.
  func absence<I: Instrument>(of name: String, from instrument: I.Type) -> String {
    if !I.readsAnyNetwork, !experiment.isRecurrent {
      return "\(name): none. \(I.absence(experiment.architecture.kind))"
    }
    guard let readings else { return "no pass yet: it comes with the first weights" }
    guard readings.request.instruments.contains(I.id) else { return "\(name): being computed" }
    if let reason = readings.reasons[I.id] { return "\(name): none. \(reason)" }
    guard let leftOut = readings.leftOut[I.id] else { return "\(name): nothing to show" }
    return "left out: " + leftOut.joined(separator: "; ")
  }
}

extension Lane: Equatable {
  /// Two are the same when their settings are and what they hold was published at the same time.
  public static func == (a: Lane, b: Lane) -> Bool {
    a.id == b.id && a.experiment == b.experiment && a.unconfirmed == b.unconfirmed
      && a.newest?.serial == b.newest?.serial && a.shown?.summary.serial == b.shown?.summary.serial
      && a.shown?.readings?.request == b.shown?.readings?.request
  }
}

/// How the lines of a lane are drawn where two stand in one plot: never told apart by color alone.
package struct LaneStyle {
  package let mark: Series.Mark, role: Role, symbol: Unicode.Scalar

  package init(_ lane: LaneID) {
    switch lane {
    case .a: (mark, role, symbol) = (.line(.solid), .truncated, "*")
    case .b: (mark, role, symbol) = (.line(.alternating), .newest, "o")
    }
  }
}

extension DashboardState {
  /// One curve of each lane: of a single lane in the role's color, of two in each lane's own line, with its letter.
  package func series(
    _ name: String, role: Role, symbol: Unicode.Scalar = "*", _ points: (Lane) -> [(x: Double, y: Double)]
  ) -> [Series] {
    guard lanes.count > 1 else { return [Series(points(lane), role: role, symbol: symbol, labels: [name])] }
    return lanes.map { lane in
      let style = LaneStyle(lane.id), letter = lane.id.letter
      var series = Series(
        points(lane), style.mark, role: style.role, symbol: style.symbol, labels: ["\(letter) \(name)", letter])
      series.isOverlaid = style.mark != .line(.solid)
      return series
    }
  }
}

extension DashboardState {
  /// Draws each lane beside the other under its letter; one lane alone, or where there is no room for both the one that has the
  /// focus, over all of it.
  package func sideBySide(
    in rect: Rect, _ buffer: inout Buffer, _ theme: Theme, name: (Lane) -> String? = { _ in nil },
    draw: (Lane, Rect, inout Buffer) -> Void
  ) {
    guard lanes.count > 1 else { return draw(lane, rect, &buffer) }
    let shown = rect.width >= 36 ? lanes : [lane]
    for (lane, place) in zip(shown, rect.columns(shown.map { _ in .flexible(minimum: 1) }, gap: 2)) {
      let names = (name(lane).map { ["\(lane.id.letter) \($0)"] } ?? []) + [lane.id.letter]
      let style = theme[lane.id == focusedLane ? .accent : .dimText]
      buffer.put(String.fitting(place.width, names) ?? "", in: place, style: style)
      draw(lane, place.inset(top: 1), &buffer)
    }
  }
}

extension LaneID {
  /// Its letter on the screen.
  package var letter: String { rawValue.uppercased() }
}

extension DashboardState {
  /// "B: " before what is said of the focused lane, where there are two.
  package var lanePrefix: String { lanes.count > 1 ? "\(lane.id.letter): " : "" }
}
