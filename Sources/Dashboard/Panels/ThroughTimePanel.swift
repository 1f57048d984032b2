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
    "One window's pass over the batch's first sequence: inputs, units h by time (colour is the value), φ′ or gates, and ‖∂L/∂h_t‖ of every layer.",
    "‖∂L/∂h_t‖ is in log10, colour and height alike; gates are means over units; the brackets are the window (k2) and its newest losses (k1).",
    "Look for: steps and layers at which the gradient fades, units that are shut (φ′ near 0), forget gates near 1.",
  ]
  let heightWeight = 12
  let instruments: Set<Instrument> = [.gradientNorm, .saturation]

  /// A gated cell has a row a gate, and one for what it carries.
  func heightWeight(_ state: DashboardState) -> Int {
    let gates = state.experiment.network.cell.gates
    guard state.layers == 1, gates > 1 else { return heightWeight }
    // On a screen of few lines the equation of This step is worth more.
    return heightWeight + (state.size.height >= 30 ? 2 * (gates - 1) : 2)
  }

  func notes(_ state: DashboardState) -> [String] {
    guard let snapshot = state.shown else { return [] }
    let step = "t \(state.cursor.step + 1) of \(snapshot.data.steps)"
    let steps = snapshot.window.steps
    let batch = snapshot.data.batch
    let stacked = state.layers > 1 ? "layer \(state.shownLayer + 1) of \(state.layers) · " : ""
    let whose = stacked + (batch > 1 ? "h of sequence 1 of \(batch), ∂L/∂h of all · " : "")
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
  /// The picture of an analysis: sequence 0 of the batch, the layer that was asked for; the gradient over the batch.
  init(_ analysis: Analysis, cursor: Cursor) {
    let snapshot = analysis.snapshot
    let data = snapshot.data
    let tape = analysis.window
    let window = snapshot.window
    let units = tape.hidden
    let top = tape.layers.count - 1
    length = data.steps
    self.units = units
    self.window = window.steps
    injected = window.injected
    self.cursor = cursor
    wantedWindow = snapshot.schedule.k2
    wantedNewest = snapshot.experiment.training.k1.resolved(length: data.steps)
    injection = snapshot.experiment.training.inject
    isWhole = analysis.isCutByWindows
    carriesInfluence = snapshot.experiment.training.algorithm.description.isForward
    state = Self.states(analysis, layer: analysis.layer, cursor)
    stateRange = Self.range(tape, layer: analysis.layer)
    if top > 0 {
      layer = analysis.layer + 1
      layers = (0...top).reversed().map { index in
        TimeLayer(
          number: index + 1, state: Self.states(analysis, layer: index, cursor),
          stateRange: Self.range(tape, layer: index),
          gradient: analysis.layerGradientNorms.map { $0[index] } ?? [])
      }
    }
    gates = analysis.gates
    firstSeen = analysis.full == nil ? window.steps.lowerBound : 0
    let cell = tape.network.cellDescription
    if let part = cell.carousel?.part, part > 0 {
      carried = TimeCarried(
        name: cell.parts[part], state: Self.states(analysis, layer: analysis.layer, part: part, cursor),
        range: Self.range(tape, layer: analysis.layer, part: part))
    }
    symbols = Self.symbols(data, snapshot.description)
    if symbols == nil {
      inputs = Self.inputs(data, snapshot.description)
      hiddenInputs = (inputs.count..<data.inputs).map { Self.inputName($0, snapshot.description) }
    }
    targets = Self.targets(data, snapshot.description)
    if let saturation = analysis.saturation { setDerivatives(saturation) }
    gradient = analysis.truncatedGradientNorm ?? []
    gradientAxis = Axis.logarithmic(
      layers.isEmpty ? gradient + (analysis.fullGradientNorm ?? []) : layers.flatMap(\.gradient))
  }

  /// A unit's state at a step: before the window the stored one, which there is of the top layer's h, in it that of the
  /// pass, as far as it has come.
  private static func states(
    _ analysis: Analysis, layer index: Int, part: Int = 0, _ cursor: Cursor
  ) -> (_ unit: Int, _ step: Int) -> Double? {
    let (tape, window) = (analysis.window, analysis.snapshot.window.steps)
    let units = tape.hidden
    let layer = tape.layers[index]
    let (stride, offset) = (layer.parts * tape.batch * units, part * tape.batch * units)
    let stored = index == tape.layers.count - 1 && part == 0 ? analysis.snapshot.storedHidden : []
    return { unit, step in
      if step < window.lowerBound {
        let place = step * units + unit
        return place < stored.count ? stored[place] : nil
      }
      guard window.contains(step), cursor.hasState(at: step) else { return nil }
      let place = (step - window.lowerBound + 1) * stride + offset + unit
      return place < layer.state.count ? layer.state[place] : nil
    }
  }

  private mutating func setDerivatives(_ saturation: Saturation) {
    let gamma = saturation.largest > 0 ? saturation.largest : 1
    // Where the window stands for the whole sequence, nothing is known before it.
    meanDerivative = [Double](repeating: -.infinity, count: firstSeen)
    leastDerivative = meanDerivative
    for step in 0..<saturation.steps {
      let row = saturation.derivative[step * saturation.units..<(step + 1) * saturation.units]
      meanDerivative.append(row.reduce(0, +) / Double(max(1, saturation.units)) / gamma)
      leastDerivative.append((row.min() ?? 0) / gamma)
    }
  }

  /// ±1 where φ and the cell keep h there; else the largest magnitude, rounded up so that the colours hold still.
  private static func range(_ tape: Tape, layer: Int, part: Int = 0) -> Double {
    let isBounded = [.tanh, .sigmoid, .softsign, .hardTanh, .sin].contains(tape.network.activation)
    if part == 0, isBounded, tape.network.cellDescription.boundsState { return 1 }
    let (states, parts, block) = (tape.layers[layer].state, tape.layers[layer].parts, tape.batch * tape.hidden)
    var most = 0.0
    for step in 0...tape.steps {
      for value in states[(step * parts + part) * block..<(step * parts + part + 1) * block] where value.isFinite {
        most = max(most, abs(value))
      }
    }
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
      case .values(let values):
        guard data.outputs > 0 else { return "" }
        let value = values[index * data.outputs]
        return NumberText.fixed(value, value == value.rounded() ? 0 : 2)
      }
    }
  }
}
