import Canvas
import Dashboard
import GradientFlow
import Instruments
import Lessons
import Training

/// One layer of a picture of stacked layers.
struct TimeLayer {
  /// Its number, from 1 for the lowest, and its name, long and short.
  var number: Int
  var name: (long: String, short: String)
  /// h of a unit at a step; nil where it is not known.
  var state: (_ unit: Int, _ step: Int) -> Double?
  /// The largest |h| that the colors reach.
  var stateRange: Double
  /// log10 ‖∂L/∂h_t‖, -infinity where nothing arrives; empty where not known.
  var gradient: [Double]
}

/// What a gated cell carries beside h.
struct TimeCarried {
  /// Its name: c.
  var name: String
  var state: (_ unit: Int, _ step: Int) -> Double?
  var range: Double
}

/// The numbers that the panel draws, without where they came from: steps count from 0 in the sequence.
struct TimePicture {
  /// n, H.
  var length: Int, units: Int
  var window: Range<Int>, injected: Range<Int>
  var cursor: Cursor
  /// k2 as it was asked for, which may be more than the window has.
  var wantedWindow: Int
  /// Whether the gradient goes back through all of the window: not where an algorithm cuts it in its own way.
  var isWhole = true
  /// Whether states follow each other in time.
  var isRecurrent = true
  /// Whether the states were computed elsewhere, so that neither φ′ nor the schedule is known.
  var isRecorded = false
  /// Whether the past comes along in an influence ∂h/∂w, and not by going back.
  var carriesInfluence = false
  /// How many losses of the sequence no window trains; and what is said of the state before its first step, longest first.
  var untrainedLosses = 0, firstState: [String] = []
  /// k1 as it was asked for, nil where it is the number of injected losses; and which losses are injected.
  var wantedNewest: Int?, injection = Injection.newest
  /// A symbol a step where inputs are symbols, else nil.
  var symbols: [InputSymbol]?
  /// Numeric inputs: a name and a value a step each.
  var inputs: [(name: String, values: [Double])] = []
  /// The names of inputs that have no row.
  var hiddenInputs: [String] = []
  /// The targets, a text a step, "" where there is none.
  var targets: [String] = []
  /// h of a unit at a step; nil where it is not known.
  var state: (_ unit: Int, _ step: Int) -> Double?
  /// The largest |h| that the colors reach.
  var stateRange = 1.0
  /// Mean and least φ′ over the units, a step each, over γ = max φ′; empty where not known.
  var meanDerivative: [Double] = [], leastDerivative: [Double] = []
  /// γ, the largest slope that φ has.
  var largestSlope = 1.0
  /// log10 ‖∂L/∂h_t‖, -infinity where nothing arrives; empty where not known.
  var gradient: [Double] = []
  /// The range of the gradient's axis.
  var gradientAxis = Axis(.logarithmic, lower: -1, upper: 0)
  /// All layers, the top one first, where they are more than one; and the number of the one that the rest shows.
  var layers: [TimeLayer] = [], layer = 1
  /// The gates of a gated cell, and what it carries beside h.
  var gates: GateActivity?, carried: TimeCarried?
  /// The first step of `gates` in the sequence.
  var firstSeen = 0
  /// The rows that are left out, as a lesson does not speak of them.
  var hidden: Set<PassRow> = []
}

extension TimePicture {
  /// The ends of the gradient's axis.
  var gradientRange: String { "\(gradientAxis.label(gradientAxis.lower))…\(gradientAxis.label(gradientAxis.upper))" }

  /// What stands where numbers are missing.
  var missing: String { isRecorded ? "not recorded" : "not computed yet" }

  /// The input of 0 and a few 1 that has no row of its own where only `shown` have one: its steps are told by color in the
  /// first row, which it marks.
  func marks(hiddenFrom shown: Int) -> Int? {
    guard symbols == nil, shown > 0 else { return nil }
    return inputs.indices.first { index in
      let values = inputs[index].values
      let count = values.count { $0 == 1 }
      return index >= shown && count > 0 && 4 * count <= values.count && values.allSatisfy { $0 == 0 || $0 == 1 }
    }
  }
}

/// An input that is a symbol.
struct InputSymbol: Equatable {
  var text: String
  /// Whether it is what the task turns on.
  var isAccented = false
}

extension TimePicture {
  /// The picture of a lane's pass: sequence 0 of the batch, the layer that is looked into; the gradient over the batch. Nil before
  /// the pass is there.
  init?(_ lane: Lane, cursor: Cursor) {
    guard let time = lane[TimeInstrument.self] else { return nil }
    let norms = lane[GradientNormInstrument.self]
    let layer = min(norms?.layer ?? time.layers.count - 1, time.layers.count - 1)
    (length, units) = (time.length, time.units)
    (window, injected) = (time.window, time.injected)
    self.cursor = cursor
    (wantedWindow, wantedNewest, injection) = (time.k2, time.k1, time.injection)
    (isWhole, carriesInfluence, isRecurrent) = (time.goesBackWhole, time.carriesInfluence, time.isRecurrent)
    (untrainedLosses, isRecorded, firstState) = (time.untrainedLosses, time.isRecorded, time.firstState.words)
    state = Self.states(time.layers[layer], time.window, cursor)
    stateRange = Self.range(time.layers[layer])
    if time.layers.count > 1 {
      self.layer = layer + 1
      layers = time.layers.indices.reversed().map { index in
        TimeLayer(
          number: index + 1, name: lane.experiment.layerName(index, of: time.layers.count),
          state: Self.states(time.layers[index], time.window, cursor),
          stateRange: Self.range(time.layers[index]), gradient: norms.map { $0.layers[index] } ?? [])
      }
    }
    let saturation = lane[SaturationInstrument.self]
    gates =
      saturation?.gates ?? lane[AttentionInstrument.self]?.bands(position: cursor.phase == .update ? nil : cursor.step)
    firstSeen = saturation?.firstStep ?? 0
    if let part = time.carried {
      carried = TimeCarried(
        name: part.name, state: Self.states(part, time.window, cursor), range: Self.range(part))
    }
    symbols = time.symbols?.map { InputSymbol(text: $0.text == " " ? "␣" : $0.text, isAccented: $0.isKey) }
    inputs = time.inputs.map { (name: $0.name, values: $0.values) }
    hiddenInputs = time.furtherInputs
    targets = time.targets.map(Self.text)
    if let derivatives = saturation?.derivatives { setDerivatives(derivatives) }
    gradient = norms?.norms ?? []
    gradientAxis = Axis.logarithmic(
      layers.isEmpty ? gradient + (norms?.uncut ?? []) : layers.flatMap(\.gradient))
  }

  /// A unit's state at a step: in the window as far as the pass has come.
  private static func states(
    _ states: TimeInstrument.States, _ window: Range<Int>, _ cursor: Cursor
  ) -> (_ unit: Int, _ step: Int) -> Double? {
    { unit, step in step >= window.lowerBound && !cursor.hasState(at: step) ? nil : states.value(unit: unit, step: step)
    }
  }

  /// Rounded up, so that the colors hold still.
  private static func range(_ states: TimeInstrument.States) -> Double {
    states.range == 1 ? 1 : Axis.linear([states.range], including: [0]).upper
  }

  private static func text(_ target: TimeInstrument.Target) -> String {
    switch target {
    case .none: ""
    case .named(let name): name == "blank" ? "·" : name == " " ? "␣" : name
    case .value(let value): NumberText.fixed(value, value == value.rounded() ? 0 : 2)
    }
  }

  private mutating func setDerivatives(_ saturation: Saturation) {
    let gamma = saturation.largest > 0 ? saturation.largest : 1
    // Where the window stands for the whole sequence, nothing is known before it.
    meanDerivative = [Double](repeating: -.infinity, count: firstSeen)
    leastDerivative = meanDerivative
    largestSlope = gamma
    for step in 0..<saturation.steps {
      let row = saturation.derivative[step * saturation.units..<(step + 1) * saturation.units]
      meanDerivative.append(row.reduce(0, +) / Double(max(1, saturation.units)) / gamma)
      leastDerivative.append((row.min() ?? 0) / gamma)
    }
  }
}
