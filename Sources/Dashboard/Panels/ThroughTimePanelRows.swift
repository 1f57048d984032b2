import Canvas
import Training

/// What each row of cells of the panel shows, from top to bottom.
struct TimeRows: Equatable {
  /// Heights; 0 for what is not shown.
  var axis = 0, inputs = 0, targets = 0, states = 0, derivatives = 0, gradients = 0, brackets = 0

  /// Shares out `height` rows: what tells most first. `inputs` rows of inputs and `states` of units at most are of use.
  init(height: Int, inputs: Int, states: Int, hasTargets: Bool, bracketRows: Int = 2) {
    var left = height
    func take(_ count: Int) -> Int {
      let taken = max(0, min(count, left))
      left -= taken
      return taken
    }
    gradients = take(1)
    brackets = take(1)
    self.inputs = take(min(1, inputs))
    self.states = take(min(1, states))
    derivatives = take(1)
    gradients += take(1)
    if inputs > 1 && height >= 7 { self.inputs += take(1) }
    self.states += take(min(1, max(0, states - self.states)))
    brackets += height >= 9 && bracketRows > 1 ? take(1) : 0
    axis = height >= 10 ? take(1) : 0
    self.inputs += height >= 10 ? take(min(1, max(0, inputs - self.inputs))) : 0
    derivatives += height >= 12 ? take(1) : 0
    targets = height >= 13 && hasTargets ? take(1) : 0
    // A third to the gradient, up to 10 rows, then the rest to the units as far as there are units. What is over makes both
    // taller, units by whole multiples so that all have the same height.
    let more = take(min(max(0, 10 - gradients), left / 3))
    gradients += more
    self.states += take(max(0, states - self.states))
    while states > 0, self.states >= states, left >= states + gradients { self.states += take(states) }
    gradients += take(left)
  }
}

/// The numbers that the panel draws, without where they came from: steps count from 0 in the sequence.
struct TimePicture {
  /// n, H.
  var length: Int, units: Int
  var window: Range<Int>, injected: Range<Int>
  var cursor: Cursor
  /// k2 as it was asked for, which may be more than the window has.
  var wantedWindow: Int
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
  /// The largest |h| that the colours reach.
  var stateRange = 1.0
  /// Mean and least φ′ over the units, a step each, over γ = max φ′; empty where not known.
  var meanDerivative: [Double] = [], leastDerivative: [Double] = []
  /// log10 ‖∂L/∂h_t‖, -infinity where nothing arrives; empty where not known.
  var gradient: [Double] = []
  /// The range of the gradient's axis.
  var gradientAxis = Axis(.logarithmic, lower: -1, upper: 0)
}

/// An input that is a symbol.
struct InputSymbol: Equatable {
  var text: String
  /// Whether it is what the task turns on.
  var isAccented = false
}
