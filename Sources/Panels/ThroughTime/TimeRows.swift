import Dashboard
import Lessons

/// What each row of cells of the panel shows, from top to bottom.
struct TimeRows: Equatable {
  /// Heights; 0 for what is not shown.
  var axis = 0, inputs = 0, targets = 0, states = 0, derivatives = 0, gradients = 0, brackets = 0
  /// Into how many bands of one height the states fall, one a layer; likewise the gates, and the gradients: 0 where all layers
  /// share one picture.
  var stateBands = 1, gateBands = 0, gradientBands = 1
  /// Rows that are not given away yet.
  private var left: Int

  /// Gives a kind of row as many as it wants in all, on panels of at least a height: as far as there is room, or all or none.
  /// - Returns: whether it has them now.
  @discardableResult
  private mutating func claim(
    _ rows: WritableKeyPath<TimeRows, Int>, _ wanted: Int, from height: Int = 0, on total: Int = 0, wholly: Bool = false
  ) -> Bool {
    let missing = max(0, wanted - self[keyPath: rows])
    guard total >= height, !wholly || missing <= left else { return false }
    self[keyPath: rows] += min(missing, left)
    left -= min(missing, left)
    return self[keyPath: rows] >= wanted
  }

  /// Shares out `height` rows: what tells most first. `inputs` rows of inputs and `states` of units at most are of use.
  init(
    height: Int, inputs: Int, states: Int, hasTargets: Bool, bracketRows: Int = 2, hidden: Set<PassRow> = []
  ) {
    left = height
    // The last of a few units is worth more than a taller gradient.
    let hasFewUnits = states == 2 && inputs > 1 && height == 7
    let claims: [(rows: WritableKeyPath<TimeRows, Int>, wanted: Int, height: Int)] = [
      (\.gradients, 1, 0), (\.brackets, 1, 0), (\.inputs, min(1, inputs), 0), (\.states, min(1, states), 0),
      (\.derivatives, 1, 0), (\.gradients, hasFewUnits ? 1 : 2, 0), (\.inputs, min(2, inputs), 7),
      (\.states, min(2, states), 0), (\.brackets, bracketRows, 9), (\.axis, 1, 10), (\.inputs, min(3, inputs), 10),
      (\.derivatives, 2, 12), (\.targets, hasTargets ? 1 : 0, 13),
    ]
    let without: [PassRow: WritableKeyPath<TimeRows, Int>] = [
      .targets: \.targets, .slopes: \.derivatives, .gradient: \.gradients,
    ]
    let missing = Set(hidden.compactMap { without[$0] })
    for (rows, wanted, least) in claims where !missing.contains(rows) { claim(rows, wanted, from: least, on: height) }
    guard !hidden.contains(.gradient) else {
      // Units of a few rows each are read; what is over stays empty.
      while states > 0, self.states < 4 * states, left >= states { claim(\.states, self.states + states) }
      return
    }
    // A third to the gradient, up to 10 rows, then the rest to the units as far as there are units. What is over makes both
    // taller, units by whole multiples so that all have the same height.
    claim(\.gradients, min(10, gradients + left / 3))
    claim(\.states, states)
    while states > 0, self.states >= states, left >= states + gradients { claim(\.states, self.states + states) }
    gradients += left
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
    left = height
    let isStacked = layers > 1
    claim(\.gradients, min(height, isStacked ? shared : 1))
    gradientBands = isStacked ? 0 : 1
    claim(\.brackets, 1)
    claim(\.states, 1)
    if isStacked { claim(\.inputs, min(1, inputs), from: 6, on: height) }
    claim(\.derivatives, 1)
    gateBands = gates > 0 ? derivatives : 0
    // A row of its own for every layer, its gradient first; then what goes in, then more gates, then what is carried beside h.
    if isStacked, gradients > 0, claim(\.gradients, layers, wholly: true) { gradientBands = layers }
    if isStacked, self.states > 0, claim(\.states, layers, wholly: true) { stateBands = layers }
    claim(\.inputs, min(1, inputs))
    if !isStacked { claim(\.gradients, 2) }
    while gateBands > 0, gateBands < gates, claim(\.derivatives, derivatives + 1) { gateBands += 1 }
    if stateBands == layers, bands > layers, claim(\.states, self.states + 1) { stateBands += 1 }
    claim(\.axis, 1, from: 14, on: height)
    claim(\.brackets, bracketRows, from: 14, on: height)
    claim(\.inputs, min(self.inputs + 2, inputs), from: 14, on: height, wholly: true)
    if gates == 0 { claim(\.derivatives, 2, from: 16, on: height) }
    claim(\.targets, hasTargets ? 1 : 0, from: 16, on: height)
    guard self.states > 0, gradients > 0 else { return }
    share(states: states, gates: gates)
  }

  /// The rest makes all bands taller, one row each at a time, in turn.
  private mutating func share(states: Int, gates: Int) {
    func grows(_ rows: WritableKeyPath<TimeRows, Int>, _ bands: Int, to height: Int) -> Bool {
      bands > 0 && self[keyPath: rows] / bands < height
        && claim(rows, self[keyPath: rows] + bands, wholly: true)
    }
    let caps: [(gradients: Int, states: Int, gates: Int)] = [
      (3, min(4, states), 1), (5, min(8, states), 3), (8, states, 6),
    ]
    for cap in caps {
      var isGrowing = true
      while isGrowing {
        isGrowing = grows(\.gradients, gradientBands, to: cap.gradients)
        isGrowing = grows(\.states, stateBands, to: cap.states) || isGrowing
        isGrowing = grows(\.derivatives, gateBands == gates ? gates : 0, to: cap.gates) || isGrowing
      }
    }
    if gradientBands <= 1 { gradients += left }
  }
}
