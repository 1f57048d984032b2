import RecurrentNetworks
import Training

/// What goes into a pass and what its units do, step by step: inputs, targets and states of the batch's first sequence, and the
/// window with its losses.
public enum TimeInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "time"
  /// States, wherever they were computed.
  public static let needs: InstrumentNeeds = .states
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// What a pass is made of; steps count from 0 in the sequence of n.
  public struct Reading: Sendable {
    /// n, H, and the sequences of the batch.
    public let length: Int, units: Int, batch: Int
    /// The window's steps, and those of them whose losses are injected.
    public let window: Range<Int>, injected: Range<Int>
    /// k1 and k2 as they are set, either of which may be more than the window has, and which losses an update injects.
    public let k1: Int, k2: Int, injection: Injection
    /// Whether the gradient goes back through all of the window, and whether the past comes along in an influence ∂h/∂w.
    public let goesBackWhole: Bool, carriesInfluence: Bool
    /// Whether states follow each other in time; else the network takes a sequence at once.
    public let isRecurrent: Bool
    /// Whether the states were computed elsewhere: the schedule under which they were trained is then not known.
    public let isRecorded: Bool
    /// Where the state before the sequence's first step comes from.
    public let firstState: FirstState
    /// How many losses of the sequence no window trains, a sequence.
    public let untrainedLosses: Int
    /// A symbol a step, where inputs are symbols.
    public let symbols: [Symbol]?
    /// Numeric inputs: a name and a value a step each; and the names of those beyond.
    public let inputs: [Input], furtherInputs: [String]
    /// What is asked for at each step.
    public let targets: [Target]
    /// The states of every layer, the lowest first.
    public let layers: [States]
    /// What a gated cell carries beside h in the layer that is looked into, where it does.
    public let carried: States?
  }

  /// An input that is a symbol, and whether it is one that the task turns on.
  public struct Symbol: Hashable, Sendable {
    public let text: String, isKey: Bool
  }

  /// A numeric input through time.
  public struct Input: Hashable, Sendable {
    public let name: String, values: [Double]
  }

  /// What is asked for at a step.
  public enum Target: Hashable, Sendable {
    case none
    /// A class, by its name.
    case named(String)
    case value(Double)
  }

  /// The units of one part of a layer's state through time.
  public struct States: Sendable {
    /// The part's name: h, c.
    public let name: String
    /// The steps that are known, and their values, [steps, H].
    public let steps: Range<Int>
    private let values: [Double], units: Int
    /// The largest magnitude that is to be told apart.
    public let range: Double

    /// The state of a unit after a step; nil where it is not known.
    public func value(unit: Int, step: Int) -> Double? {
      let index = (step - steps.lowerBound) * units + unit
      return steps.contains(step) && unit < units && index < values.count ? values[index] : nil
    }

    init(name: String, steps: Range<Int>, values: [Double], units: Int, range: Double) {
      self.name = name
      self.steps = steps
      self.values = values
      self.units = units
      self.range = range
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let snapshot = pass.snapshot, data = snapshot.data, words = snapshot.description
    let training = snapshot.experiment.training
    let symbols = symbols(data, words)
    let shown = symbols == nil ? min(data.inputs, 3) : 0
    return Reading(
      length: data.steps, units: snapshot.experiment.network.outputUnits, batch: data.batch,
      window: snapshot.window.steps,
      injected: snapshot.window.injected, k1: training.k1.resolved(length: data.steps), k2: snapshot.schedule.k2,
      injection: training.inject, goesBackWhole: pass.isCutByWindows,
      carriesInfluence: training.algorithm.description.isForward, isRecurrent: pass.isRecurrent,
      isRecorded: false, firstState: pass.isRecurrent ? FirstState(snapshot) : .zero,
      untrainedLosses: snapshot.untrainedLosses,
      symbols: symbols, inputs: (0..<shown).map { input($0, data, words) },
      furtherInputs: symbols == nil ? (shown..<data.inputs).map { inputName($0, words) } : [],
      targets: targets(data, words),
      layers: (0..<pass.layers).map { states(pass, layer: $0) }, carried: carried(pass, pass.layer(focus)))
  }

  /// h of a layer.
  private static func states(_ pass: PassView, layer: Int) -> States {
    guard let recording = pass.recording else {
      return states(
        pass.window, pass.snapshot, layer: layer, component: 0,
        name: pass.window.network.cellDescription.stateComponents[0])
    }
    let (all, row) = (recording.states(layer: layer), recording.batch * recording.width)
    let values = (0..<recording.steps).flatMap { all[$0 * row..<$0 * row + recording.width] }
    return States(
      name: recording.stateName, steps: 0..<recording.steps, values: values, units: recording.width,
      range: all.reduce(0) { max($0, abs($1)) })
  }

  /// What a gated cell carries beside h, where it does.
  private static func carried(_ pass: PassView, _ layer: Int) -> States? {
    guard pass.isRecurrent, let path = pass.window.network.cellDescription.memoryPath, path.component > 0 else {
      return nil
    }
    return states(
      pass.window, pass.snapshot, layer: layer, component: path.component,
      name: pass.window.network.cellDescription.stateComponents[path.component])
  }
}

extension TimeInstrument.Reading {
  /// States that were computed elsewhere, of which nothing more is known.
  ///
  /// - Parameter states: h_t by step and unit, [T][H], as many units at every step.
  public init(states: [[Double]]) {
    let steps = 0..<states.count, units = states.first?.count ?? 0
    let largest = states.joined().reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    self.init(
      length: states.count, units: units, batch: 1, window: steps, injected: steps, k1: states.count, k2: states.count,
      injection: .newest, goesBackWhole: true, carriesInfluence: false, isRecurrent: true, isRecorded: true,
      firstState: .zero, untrainedLosses: 0, symbols: nil, inputs: [], furtherInputs: [],
      targets: [TimeInstrument.Target](repeating: .none, count: states.count),
      layers: [
        TimeInstrument.States(name: "h", steps: steps, values: Array(states.joined()), units: units, range: largest)
      ],
      carried: nil)
  }
}

extension TimeInstrument {
  /// The states of sequence 0 by step and unit, a layer each, with their first step, counted from 1; numeric inputs by step; and
  /// targets that are numbers.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let states = reading.layers.enumerated().flatMap { layer, states in
      let values = states.steps.flatMap { step in
        (0..<reading.units).map { states.value(unit: $0, step: step) ?? .nan }
      }
      return [
        ReadingArray("\(states.name)_l\(layer)", values, shape: [states.steps.count, reading.units]),
        ReadingArray("\(states.name)_l\(layer)_first_step", [Double(states.steps.lowerBound + 1)]),
      ]
    }
    let targets = reading.targets.map { target -> Double in
      if case .value(let value) = target { value } else { .nan }
    }
    return states
      + (reading.inputs.isEmpty
        ? []
        : [
          ReadingArray("inputs", reading.inputs.flatMap(\.values), shape: [reading.inputs.count, reading.length])
        ])
      + (targets.contains { !$0.isNaN } ? [ReadingArray("targets", targets)] : [])
  }

  /// The states of sequence 0; of the top layer's h with what was stored of the steps before the window.
  private static func states(
    _ tape: Tape, _ snapshot: Snapshot, layer index: Int, component: Int, name: String
  ) -> States {
    let layer = tape.layers[index], units = tape.hidden, block = tape.batch * units
    let isStored = component == 0 && index == tape.layers.count - 1
    let before = isStored ? Array(snapshot.storedHidden.prefix(tape.window.steps.lowerBound * units)) : []
    var values = before
    values.reserveCapacity(before.count + tape.steps * units)
    for step in 0..<tape.steps {
      let start = ((step + 1) * layer.stateComponents + component) * block
      values += layer.state[start..<start + units]
    }
    return States(
      name: name, steps: tape.window.steps.lowerBound - before.count / max(1, units)..<tape.window.steps.upperBound,
      values: values, units: units, range: range(tape, layer: index, component: component))
  }

  /// 1 where φ and the cell keep the state there, else the largest magnitude.
  private static func range(_ tape: Tape, layer: Int, component: Int) -> Double {
    let isBounded = [.tanh, .sigmoid, .softsign, .hardTanh, .sin].contains(tape.network.activation)
    if component == 0, isBounded, tape.network.cellDescription.boundsState { return 1 }
    let (states, stateComponents, block) = (
      tape.layers[layer].state, tape.layers[layer].stateComponents, tape.batch * tape.hidden
    )
    var most = 0.0
    for step in 0...tape.steps {
      for value in states[
        (step * stateComponents + component) * block..<(step * stateComponents + component + 1) * block]
      where value.isFinite {
        most = max(most, abs(value))
      }
    }
    return most
  }

  static func symbols(_ data: SequenceBatch, _ words: TaskDescription) -> [Symbol]? {
    guard let symbols = data.symbols, !words.inputSymbols.isEmpty else { return nil }
    return (0..<data.steps).map { step in
      let index = step * data.batch
      let symbol = index < symbols.count ? Int(symbols[index]) : -1
      guard words.inputSymbols.indices.contains(symbol) else { return Symbol(text: "?", isKey: false) }
      return Symbol(text: words.inputSymbols[symbol], isKey: words.keySymbols.contains(symbol))
    }
  }

  private static func input(_ input: Int, _ data: SequenceBatch, _ words: TaskDescription) -> Input {
    let values = (0..<data.steps).map { step in
      let index = step * data.batch * data.inputs + input
      return index < data.x.count ? data.x[index] : .nan
    }
    return Input(name: inputName(input, words), values: values)
  }

  static func inputName(_ input: Int, _ words: TaskDescription) -> String {
    words.inputNames.indices.contains(input) ? words.inputNames[input] : "x\(input + 1)"
  }

  private static func targets(_ data: SequenceBatch, _ words: TaskDescription) -> [Target] {
    (0..<data.steps).map { step in
      let index = step * data.batch
      guard index < data.targetMask.count, data.targetMask[index] != 0, !data.givesGradients else { return .none }
      switch data.target {
      case .classes(let classes):
        let target = Int(classes[index])
        return .named(words.outputNames.indices.contains(target) ? words.outputNames[target] : "\(target)")
      case .values(let values): return data.outputs > 0 ? .value(values[index * data.outputs]) : .none
      }
    }
  }
}
