import LinearAlgebra
import RecurrentNetworks

/// One square matrix of weight_hh: a gate's of a layer, or of one step's copy.
struct RecurrentMatrix {
  let block: ParameterLayout.Block
  let gate: Int

  /// The columns, and the rows of the block that are this gate's.
  var size: Int { block.columns }
  var rows: Range<Int> { gate * size..<(gate + 1) * size }

  /// The matrix among `parameters`.
  func matrix(_ parameters: [Double]) -> Matrix {
    Matrix(
      rows: size, columns: size,
      elements: rows.flatMap { parameters[block.index($0, 0)..<block.index($0, size)] })
  }

  func multiply(_ parameters: inout [Double], by factor: Double) {
    for row in rows {
      for column in 0..<size { parameters[block.index(row, column)] *= factor }
    }
  }
}

/// The square matrices of every layer's weight_hh, step by step where each step has its own.
func recurrentMatrices(_ layout: ParameterLayout, _ network: NetworkSpecification) -> [RecurrentMatrix] {
  (0..<network.layers).flatMap { layer in
    (0..<layout.copies).flatMap { step in
      let block = layout.recurrentWeights(layer: layer, step: step)
      return (0..<block.rows / network.hidden).map { RecurrentMatrix(block: block, gate: $0) }
    }
  }
}

/// Rescales each layer's weight_hh to the spectral radius that `network` asks for, if it asks for one.
///
/// - Returns: what each square matrix was multiplied by; nothing where no radius is asked for.
@discardableResult
func rescale(
  _ parameters: inout [Double], _ layout: ParameterLayout, network: NetworkSpecification
) throws(TrainingError) -> [Double] {
  guard let wanted = network.initialization.spectralRadius else { return [] }
  var factors: [Double] = []
  for recurrent in recurrentMatrices(layout, network) {
    guard let radius = try? recurrent.matrix(parameters).spectralRadius(), radius.isFinite, radius > 0 else {
      throw .noSpectralRadius(tensor: layout.entries.last { $0.offset <= recurrent.block.offset }?.name ?? "weight")
    }
    factors.append(wanted / radius)
    recurrent.multiply(&parameters, by: wanted / radius)
  }
  return factors
}
