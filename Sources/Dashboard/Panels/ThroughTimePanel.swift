import Canvas
import GradientFlow
import RecurrentNetworks
import Training

/// One window's pass over the sequence: what goes in, what the units do, and the gradient on its way back.
struct ThroughTimePanel: Panel {
  let id: PanelID = "through-time"
  let digit = 1
  let title = "Through time"
  let shortTitle = "Time"
  let minimumSize = Size(width: 40, height: 5)
  let help = [
    "One window's pass over the batch's first sequence: inputs, units h by time (colour is the value), φ′ and ‖∂L/∂h_t‖.",
    "‖∂L/∂h_t‖ is in log10, colour and height alike; the brackets are the window (k2) and its newest losses (k1).",
    "Look for: the steps at which the gradient fades, and the units that are shut (φ′ near 0).",
  ]
  let heightWeight = 12
  let instruments: Set<Instrument> = [.gradientNorm, .saturation]

  func notes(_ state: DashboardState) -> [String] {
    guard let snapshot = state.shown else { return [] }
    let step = "t \(state.cursor.step + 1) of \(snapshot.data.steps)"
    let steps = snapshot.window.steps
    let batch = snapshot.data.batch
    let whose = batch > 1 ? "h of sequence 1 of \(batch), ∂L/∂h of all · " : ""
    let window = "window \(steps.lowerBound + 1)…\(steps.upperBound)"
    switch state.cursor.phase {
    case .forward:
      return [
        whose + "forward pass · \(step) · \(window)", "forward pass · \(step) · \(window)", "forward · \(step)", step,
      ]
    case .backward:
      return [
        whose + "backward pass · \(step) · \(window)", "backward pass · \(step) · \(window)", "backward · \(step)",
        step,
      ]
    case .update:
      return [
        whose + "the whole pass · \(window) of \(snapshot.data.steps)",
        "the whole pass · \(window) of \(snapshot.data.steps)", window,
      ]
    }
  }

  func draw(_ state: DashboardState, in rect: Rect, _ buffer: inout Buffer, theme: Theme) {
    guard let analysis = state.analysis else {
      buffer.paragraph("no pass yet: it comes with the first weights", in: rect, style: theme[.dimText])
      return
    }
    TimeDrawing(TimePicture(analysis, cursor: state.cursor), in: rect, theme: theme).draw(into: &buffer)
  }
}

extension TimePicture {
  /// The picture of an analysis: sequence 0 of the batch, its top layer; the gradient over the batch.
  init(_ analysis: Analysis, cursor: Cursor) {
    let snapshot = analysis.snapshot
    let data = snapshot.data
    let tape = analysis.window
    let window = snapshot.window
    let units = tape.hidden
    let layer = tape.layers.last
    let size = (layer?.parts ?? 1) * tape.batch * units
    let states = layer?.state ?? []
    let stored = snapshot.storedHidden
    let start = window.steps.lowerBound
    length = data.steps
    self.units = units
    self.window = window.steps
    injected = window.injected
    self.cursor = cursor
    wantedWindow = snapshot.schedule.k2
    wantedNewest = snapshot.experiment.training.k1.resolved(length: data.steps)
    injection = snapshot.experiment.training.inject
    // Before the window the states are the stored ones, in it those of the pass, as far as it has come.
    state = { unit, step in
      if step < start {
        let index = step * units + unit
        return index < stored.count ? stored[index] : nil
      }
      guard window.steps.contains(step), cursor.hasState(at: step) else { return nil }
      let index = (step - start + 1) * size + unit
      return index < states.count ? states[index] : nil
    }
    stateRange = Self.range(of: states, activation: tape.network.activation, cell: tape.network.cellDescription)
    symbols = Self.symbols(data, snapshot.description)
    if symbols == nil {
      inputs = Self.inputs(data, snapshot.description)
      hiddenInputs = (inputs.count..<data.inputs).map { Self.inputName($0, snapshot.description) }
    }
    targets = Self.targets(data, snapshot.description)
    if let saturation = analysis.saturation { setDerivatives(saturation) }
    gradient = analysis.truncatedGradientNorm ?? []
    gradientAxis = Axis.logarithmic(gradient + (analysis.fullGradientNorm ?? []))
  }

  private mutating func setDerivatives(_ saturation: Saturation) {
    let gamma = saturation.largest > 0 ? saturation.largest : 1
    for step in 0..<saturation.steps {
      let row = saturation.derivative[step * saturation.units..<(step + 1) * saturation.units]
      meanDerivative.append(row.reduce(0, +) / Double(max(1, saturation.units)) / gamma)
      leastDerivative.append((row.min() ?? 0) / gamma)
    }
  }

  /// ±1 where φ and the cell keep h there; else the largest |h|, rounded up so that the colours hold still.
  private static func range(of states: [Double], activation: Activation, cell: CellDescription) -> Double {
    let isBounded = [.tanh, .sigmoid, .softsign, .hardTanh, .sin].contains(activation) && cell.boundsState
    if isBounded { return 1 }
    var most = 0.0
    for value in states where value.isFinite { most = max(most, abs(value)) }
    return Axis.linear([most], including: [0]).upper
  }

  /// Symbols where inputs are one-hot: accented what the task turns on.
  private static func symbols(_ data: SequenceBatch, _ description: TaskDescription) -> [InputSymbol]? {
    guard let symbols = data.symbols, !description.inputSymbols.isEmpty else { return nil }
    let names = description.inputSymbols
    return (0..<data.steps).map { step in
      let index = step * data.batch
      let symbol = index < symbols.count ? Int(symbols[index]) : -1
      guard names.indices.contains(symbol) else { return InputSymbol(text: "?") }
      let name = names[symbol]
      return InputSymbol(text: name == " " ? "␣" : name, isAccented: description.keySymbols.contains(symbol))
    }
  }

  private static func inputs(_ data: SequenceBatch, _ description: TaskDescription) -> [(
    name: String, values: [Double]
  )] {
    (0..<min(data.inputs, 3)).map { input in
      let values = (0..<data.steps).map { step in
        let index = step * data.batch * data.inputs + input
        return index < data.x.count ? data.x[index] : .nan
      }
      return (inputName(input, description), values)
    }
  }

  private static func inputName(_ input: Int, _ description: TaskDescription) -> String {
    description.inputNames.indices.contains(input) ? description.inputNames[input] : "x\(input + 1)"
  }

  private static func targets(_ data: SequenceBatch, _ description: TaskDescription) -> [String] {
    (0..<data.steps).map { step in
      let index = step * data.batch
      guard index < data.targetMask.count, data.targetMask[index] != 0 else { return "" }
      switch data.target {
      case .classes(let classes):
        let target = Int(classes[index])
        let names = description.outputNames
        guard names.indices.contains(target) else { return "\(target)" }
        return names[target] == "blank" ? "·" : names[target] == " " ? "␣" : names[target]
      case .values(let values): return data.outputs > 0 ? NumberText.fixed(values[index * data.outputs], 2) : ""
      }
    }
  }
}
