/// What each row of cells of the panel shows, from top to bottom.
struct TimeRows: Equatable {
  /// Heights; 0 for what is not shown.
  var axis = 0, inputs = 0, targets = 0, states = 0, derivatives = 0, gradients = 0, brackets = 0
  /// Into how many bands of one height the states fall, one a layer; likewise the gates, and the gradients: 0 where all layers
  /// share one picture.
  var stateBands = 1, gateBands = 0, gradientBands = 1

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
    // The last of a few units is worth more than a taller gradient.
    let hasFewUnits = states == 2 && inputs > 1 && height == 7
    gradients += hasFewUnits ? 0 : take(1)
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

  /// Shares out `height` rows for stacked layers or a gated cell.
  /// - Parameters:
  ///   - states: rows of units of one layer that are of use.
  ///   - bands: bands of states, one a layer and one for what a cell carries beside h.
  ///   - gates: gates; 0 for cells without, which have two rows of φ′.
  ///   - shared: rows in which the gradients of all layers can be shown in one picture.
  init(
    height: Int, inputs: Int, states: Int, hasTargets: Bool, bracketRows: Int, layers: Int, bands: Int, gates: Int,
    shared: Int
  ) {
    var left = height
    func take(_ count: Int) -> Int {
      guard count <= left else { return 0 }
      left -= max(0, count)
      return max(0, count)
    }
    gradients = take(min(height, layers > 1 ? shared : 1))
    gradientBands = layers > 1 ? 0 : 1
    brackets = take(1)
    self.states = take(1)
    if layers > 1, inputs > 0, height >= 6 { self.inputs = take(1) }
    derivatives = take(1)
    gateBands = gates > 0 ? derivatives : 0
    // A row of its own for every layer, its gradient first; then what goes in, then more gates, then what is carried beside h.
    if layers > 1, gradients > 0, layers - gradients <= left {
      gradients += take(layers - gradients)
      gradientBands = layers
    }
    if layers > 1, self.states > 0, take(layers - 1) > 0 {
      self.states += layers - 1
      stateBands = layers
    }
    if inputs > self.inputs { self.inputs += take(1 - self.inputs) }
    if layers == 1 { gradients += take(1) }
    while gateBands > 0, gateBands < gates, take(1) > 0 {
      gateBands += 1
      derivatives += 1
    }
    if stateBands == layers, bands > layers, take(1) > 0 {
      self.states += 1
      stateBands += 1
    }
    if height >= 14 { axis = take(1) }
    if height >= 14, bracketRows > 1 { brackets += take(1) }
    if height >= 14 { self.inputs += take(min(2, inputs - self.inputs)) }
    if height >= 16, gates == 0 { derivatives += take(1) }
    if height >= 16, hasTargets { targets = take(1) }
    guard self.states > 0, gradients > 0 else { return }
    share(&left, states: states, gates: gates)
  }

  /// The rest makes all bands taller, one row each at a time, in turn.
  private mutating func share(_ left: inout Int, states: Int, gates: Int) {
    let gradientBands = max(1, gradientBands)
    let caps: [(gradients: Int, states: Int, gates: Int)] = [
      (3, min(4, states), 1), (5, min(8, states), 3), (8, states, 6),
    ]
    for cap in caps {
      var isGrowing = true
      while isGrowing {
        isGrowing = false
        if self.gradientBands > 0, gradients / gradientBands < cap.gradients, left >= gradientBands {
          gradients += gradientBands
          left -= gradientBands
          isGrowing = true
        }
        if self.states / stateBands < cap.states, left >= stateBands {
          self.states += stateBands
          left -= stateBands
          isGrowing = true
        }
        if gateBands == gates, gates > 0, derivatives / gates < cap.gates, left >= gates {
          derivatives += gates
          left -= gates
          isGrowing = true
        }
      }
    }
    if self.gradientBands <= 1 { gradients += left }
  }
}
