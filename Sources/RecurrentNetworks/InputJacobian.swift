import LinearAlgebra

extension Tape {
  /// ∂s_t/∂h_t^{below} of one sequence at step `step` of the window, s_{t-1} held fixed, [components·H, H]; `layer` has one below it.
  public func inputJacobian(step: Int, sequence: Int, layer: Int) -> Matrix {
    let width = network.stateComponents * hidden
    let pullback = StatePullback(self, layer: layer, sequence: sequence, rows: width)
    let rows = RowBlock(unitRows: width, width: width)
    let below = RowBlock(rows: width, width: width)
    pullback.applyToLayerBelow(step: step, rows: width, from: rows, to: below)
    return Matrix(rows: width, columns: hidden, elements: (0..<width).flatMap { below.row($0).prefix(hidden) })
  }
}
