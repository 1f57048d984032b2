import LinearAlgebra
import RecurrentNetworks

/// A square matrix's spectrum: of W_hh, or of a step's Jacobian J_t.
public struct MatrixSpectrum: Equatable, Sendable {
  /// The eigenvalues, the largest magnitude first.
  public let eigenvalues: [Complex]
  /// The singular values, descending.
  public let singularValues: [Double]
  /// ρ = max |λ|.
  public var spectralRadius: Double { eigenvalues.first?.magnitude ?? 0 }

}

extension MatrixSpectrum {
  /// The spectrum of `matrix`, which is square; throws where it is not finite.
  public init(_ matrix: Matrix) throws {
    self.init(eigenvalues: try matrix.eigenvalues(), singularValues: try matrix.fastSingularValues())
  }

  /// The spectrum of W_hh of layer `layer` (nil: the top one) at step `step` (nil: the last), which matters where each step has
  /// its own; nil for cells with more than one gate.
  public init?(recurrentWeightsOf tape: Tape, step: Int? = nil, layer: Int? = nil) throws {
    guard tape.network.cell.gates == 1,
      let weights = tape.recurrentWeights(layer: layer ?? tape.layers.count - 1, step: step ?? tape.steps - 1)
    else { return nil }
    try self.init(weights)
  }

  /// The spectra of the square blocks of W_hh of layer `layer` (nil: the top one) at step `step` (nil: the last), one a gate, in the
  /// order of the cell's gates.
  public static func recurrentWeights(of tape: Tape, step: Int? = nil, layer: Int? = nil) throws -> [MatrixSpectrum] {
    let block = tape.layout.recurrentWeights(layer: layer ?? tape.layers.count - 1, step: step ?? tape.steps - 1)
    let elements = tape.elements(block)
    let width = tape.hidden
    if let projection = tape.layout.projection(layer: layer ?? tape.layers.count - 1), block.rows > 0 {
      // What a gate makes of the units of the step before: its W_h W_hr.
      let reading = Matrix(rows: projection.rows, columns: width, elements: tape.elements(projection))
      return try (0..<block.rows / width).map { gate in
        let own = elements[gate * width * block.columns..<(gate + 1) * width * block.columns]
        return try MatrixSpectrum(Matrix(rows: width, columns: block.columns, elements: Array(own)) * reading)
      }
    }
    return try (0..<block.rows / width).map { gate in
      let square = elements[gate * width * width..<(gate + 1) * width * width]
      return try MatrixSpectrum(Matrix(rows: width, columns: width, elements: Array(square)))
    }
  }

  /// The spectrum of J_t = ∂s_t/∂s_{t-1} at step `step` of the tape's window.
  public init(jacobianOf tape: Tape, step: Int, layer: Int? = nil, sequence: Int = 0) throws {
    try self.init(tape.jacobian(step: step, sequence: sequence, layer: layer ?? tape.layers.count - 1))
  }
}
