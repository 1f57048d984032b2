import LinearAlgebra

/// The parameters that a network starts with, flat, as `layout` says: a pure function of the network and the seed.
///
/// Each tensor has its own stream of random numbers, so a change of one tensor's shape leaves the others as they were. Untied,
/// all steps begin with the same weights.
public func initialParameters(_ network: NetworkSpecification, _ layout: ParameterLayout, seed: UInt64) -> [Double] {
  if layout.copies > 1 {
    let tied = ParameterLayout(network, inputs: layout.inputs, outputs: layout.outputs)
    return layout.copied(initialParameters(network, tied, seed: seed))
  }
  var parameters = [Double](repeating: 0, count: layout.count)
  let initialization = network.initialization
  for (index, entry) in layout.entries.enumerated() where entry.shape.count == 2 {
    var random = CounterRandom(seed: seed, stream: UInt64(index))
    /// N(0, scale²/fan-in)
    func gaussian(_ rows: Int, _ columns: Int, _ scale: Double) -> [Double] {
      let deviation = scale / Double(max(1, columns)).squareRoot()
      return (0..<rows * columns).map { _ in deviation * random.normal() }
    }
    let (rows, columns) = (entry.shape[0], entry.shape[1])
    let values: [Double]
    if entry.name.hasPrefix("weight_hh") {
      // One square matrix a gate; of a projected LSTM its first columns.
      let size = network.isProjected ? network.hidden : columns
      values = (0..<rows / size).flatMap { _ in
        let square = recurrentMatrix(initialization, size: size, &random)
        return size == columns ? square : (0..<size).flatMap { square[$0 * size..<$0 * size + columns] }
      }
    } else if entry.name == "weight" {
      // [W_hh, W_ih]: the recurrent columns first.
      let recurrent = recurrentMatrix(initialization, size: rows, &random)
      let inputs = columns - rows
      let input = gaussian(rows, inputs, initialization.input)
      values = (0..<rows).flatMap { row -> ArraySlice<Double> in
        recurrent[row * rows..<(row + 1) * rows] + input[row * inputs..<(row + 1) * inputs]
      }
    } else if entry.name.hasPrefix("weight_hr") {
      values = gaussian(rows, columns, 1)
    } else {
      values = gaussian(
        rows, columns, entry.name.hasPrefix("weight_ih") ? initialization.input : initialization.readout)
    }
    parameters.replaceSubrange(entry.range, with: values)
  }
  for layer in 0..<network.layers {
    let units = layout.unitTensors(layer: layer)
    guard !units.isEmpty else { continue }
    // A stream for a layer, beside those of the matrices.
    var random = CounterRandom(seed: seed, stream: UInt64(layout.entries.count + layer))
    parameters.replaceSubrange(units, with: network.initialUnitTensors(&random))
  }
  parameters.withUnsafeMutableBufferPointer { values in
    if let base = values.baseAddress { network.clearAbsentConnections(of: layout, base) }
  }
  let cell = network.cellDescription
  if let gate = cell.forgetGate {
    let keeping = cell.memoryPath?.isComplement == true ? -initialization.forgetBias : initialization.forgetBias
    for layer in 0..<network.layers {
      guard let bias = layout["bias_ih_l\(layer)"] else { continue }
      for unit in 0..<network.hidden {
        parameters[bias.offset + gate * network.hidden + unit] = keeping
      }
    }
  }
  return parameters
}

/// weight_hh of one gate from a stream of random numbers of its own.
package func recurrentMatrix(_ initialization: Initialization, size: Int, seed: UInt64, stream: Int) -> [Double] {
  var random = CounterRandom(seed: seed, stream: UInt64(stream))
  return recurrentMatrix(initialization, size: size, &random)
}

/// weight_hh of one gate, H×H, row-major.
private func recurrentMatrix(
  _ initialization: Initialization, size h: Int, _ random: inout CounterRandom
) -> [Double] {
  let scale = initialization.scale
  var matrix = [Double](repeating: 0, count: h * h)
  switch initialization.recurrent {
  case .orthogonal:
    for i in matrix.indices { matrix[i] = random.normal() }
    orthogonalizeRows(&matrix, size: h)
    for i in matrix.indices { matrix[i] *= scale }
  case .gaussian:
    let deviation = scale / Double(h).squareRoot()
    for i in matrix.indices { matrix[i] = deviation * random.normal() }
  case .identity:
    for i in 0..<h { matrix[i * h + i] = scale }
  case .uniform:
    let bound = scale / Double(h).squareRoot()
    for i in matrix.indices { matrix[i] = bound * (2 * random.uniform() - 1) }
  case .antisymmetric:
    // W_ij = -W_ji, of variance scale²/H as in the gaussian kind.
    let deviation = scale / Double(h).squareRoot()
    for i in 0..<h {
      for j in (i + 1)..<h {
        matrix[i * h + j] = deviation * random.normal()
        matrix[j * h + i] = -matrix[i * h + j]
      }
      matrix[i * h + i] = -initialization.diffusion
    }
  case .zero: break
  }
  return matrix
}

/// Makes the rows orthonormal: modified Gram-Schmidt, twice (Giraud, Langou & Rozložník 2005: twice is enough).
///
/// Of a gaussian matrix it gives a matrix distributed by Haar's measure: R has a positive diagonal (Mezzadri 2007).
private func orthogonalizeRows(_ matrix: inout [Double], size h: Int) {
  func dot(_ i: Int, _ j: Int) -> Double {
    var sum = 0.0
    for k in 0..<h { sum += matrix[i * h + k] * matrix[j * h + k] }
    return sum
  }
  for i in 0..<h {
    for _ in 0..<2 {
      for j in 0..<i {
        let projection = dot(i, j)
        for k in 0..<h { matrix[i * h + k] -= projection * matrix[j * h + k] }
      }
      let norm = dot(i, i).squareRoot()
      for k in 0..<h { matrix[i * h + k] /= norm }
    }
  }
}
