import LinearAlgebra
import Testing

@Suite struct JacobianProductTests {
  /// The Jacobians of a case, drawn as the fixtures' script draws them.
  private func jacobians(_ truth: JacobianProductTruth.Case) -> [Matrix] {
    var random = TestRandom(truth.seed)
    let weights = random.matrix(truth.size, truth.size)
    if truth.kind == "gated" { return (0..<truth.steps).map { _ in gated(weights, &random) } }
    return (0..<truth.steps).map { _ in
      let scales = (0..<truth.size).map { _ -> Double in
        let u = random.next()
        return switch truth.kind {
        case "tanh": Double(sign: .plus, exponent: -Int((u + 1) * 2), significand: 1)
        case "saturated": Double(sign: .plus, exponent: -Int((u + 1) * 50), significand: 1)
        case "relu": u < -0.8 ? 0 : 1
        case "exploding": Double(sign: .plus, exponent: Int((u + 1) * 4), significand: 1)
        default: Double(sign: .plus, exponent: -Int((u + 1) * 8), significand: 1)
        }
      }
      return Matrix.diagonal(scales) * weights
    }
  }

  /// The Jacobian of an LSTM whose gates are more or less shut, as the fixtures' script has it.
  private func gated(_ weights: Matrix, _ random: inout TestRandom) -> Matrix {
    let half = weights.rows / 2
    var jacobian = Matrix(rows: weights.rows, columns: weights.rows)
    func opening(_ range: Double) -> Double {
      Double(sign: .plus, exponent: -Int((random.next() + 1) * range), significand: 1)
    }
    for k in 0..<half {
      let (a, f, p, q) = (opening(40), opening(40), opening(40), opening(4))
      for l in 0..<half {
        jacobian[half + k, l] = a * weights[half + k, l]
        jacobian[k, l] = p * jacobian[half + k, l] + q * weights[k, l]
      }
      jacobian[half + k, half + k] = f
      jacobian[k, half + k] = p * f
    }
    return jacobian
  }

  @Test(arguments: JacobianProductTruth.cases.indices, instructionSets)
  func everySingularValueIsMpmaths(index: Int, kernels: InstructionSet) throws {
    let truth = JacobianProductTruth.cases[index]
    let product = JacobianProduct(size: truth.size, kernels: kernels)
    for (lag, jacobian) in jacobians(truth).enumerated() {
      try product.extend(by: jacobian)
      guard let wanted = truth.spectra.first(where: { $0.lag == lag + 1 }) else { continue }
      let values = try product.log10SingularValues()
      #expect(abs(values[0] - wanted.log10[0]) < 1e-9)
      for (j, value) in values.enumerated() {
        let error = value == wanted.log10[j] ? 0 : abs(value - wanted.log10[j])
        // Hundreds of steps through shut gates, down to 1e-4000, may cost some digits more.
        let allowed = truth.kind == "gated" && lag > 100 ? 2e-7 : 1e-9
        #expect(
          error <= max(allowed, 20 * wanted.rounding[j]),
          "\(truth.kind) lag \(lag + 1) value \(j): \(value) for \(wanted.log10[j])")
      }
    }
  }

  @Test func productsThatAreNotAskedForLoseNothing() throws {
    let truth = JacobianProductTruth.cases[0]
    let product = JacobianProduct(size: truth.size)
    for jacobian in jacobians(truth) { try product.extend(by: jacobian) }
    let values = try product.log10SingularValues()
    for (value, wanted) in zip(values, truth.spectra[3].log10) { #expect(abs(value - wanted) < 1e-9) }
    #expect(abs(try product.log10Norm() - truth.spectra[3].log10[0]) < 1e-9)
  }

  @Test(arguments: [0.9, 1.1, 1e-3, 1e3]) func scaledOrthogonalMatrixHasPowersOfItsScale(scale: Double) throws {
    // W = ρQ: every singular value of Wⁿ is ρⁿ, also where ρⁿ is 1e-2100 or 1e+2100.
    var random = TestRandom(5)
    let weights = scale * random.matrix(16, 16).orthonormalColumns
    let product = JacobianProduct(size: 16)
    for n in 1...700 {
      try product.extend(by: weights)
      guard n % 100 == 0 else { continue }
      let wanted = Double(n) * log10OfScale(scale)
      for value in try product.log10SingularValues() { #expect(abs(value / wanted - 1) < 1e-10) }
    }
  }

  private func log10OfScale(_ scale: Double) -> Double {
    [0.9: -0.045757490560675129, 1.1: 0.041392685158225041, 1e-3: -3, 1e3: 3][scale] ?? .nan
  }

  @Test func rotationsThatTheConditionDoesNotNeedAreSkippedWithoutLoss() throws {
    // The condition of the tanh case's Jacobians is under 100: told so, most steps go without rotations.
    let truth = JacobianProductTruth.cases[0]
    let product = JacobianProduct(size: truth.size)
    for jacobian in jacobians(truth) {
      try jacobian.elements.withUnsafeBufferPointer { elements in
        let base = try #require(elements.baseAddress)
        try product.extend(by: base, rowStride: truth.size, conditionBound: 100)
      }
    }
    #expect(abs(product.log10NormByIteration() - truth.spectra[3].log10[0]) < 1e-8)
    for (value, wanted) in zip(try product.log10SingularValues(), truth.spectra[3].log10) {
      #expect(abs(value - wanted) < 1e-7)
    }
  }

  @Test func largestSingularValueByIterationOfAKnownMatrix() throws {
    let product = JacobianProduct(size: 3)
    try product.extend(by: .diagonal([3, 4, 1e-30]))
    try product.extend(by: Matrix(rows: 3, columns: 3, elements: [0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1]))
    try product.extend(by: .diagonal([5, 5, 1]))
    // A rotation between them: the largest is 4 · 5.
    #expect(abs(product.log10NormByIteration() - 1.3010299956639813) < 1e-9)
  }

  @Test func squaredNormsOfManyVectors() {
    let vectors = (0..<11 * 16).map { Double($0 % 16) }
    var norms = [Double](repeating: 0, count: 11)
    vectors.withUnsafeBufferPointer { vectors in
      norms.withUnsafeMutableBufferPointer { norms in
        if let from = vectors.baseAddress, let to = norms.baseAddress {
          VectorNorms.squared(count: 11, length: 8, stride: 16, vectors: from, into: to)
        }
      }
    }
    // Σ k², k = 0 … 7
    #expect(norms.allSatisfy { $0 == 140 })
  }

  @Test func textbookProduct() throws {
    // 0.99^1000 = 4.317e-5
    let product = JacobianProduct(size: 1)
    for _ in 0..<1000 { try product.extend(by: Matrix(rows: 1, columns: 1, elements: [0.99])) }
    #expect(abs(try product.log10Norm() - (-4.3648054024500874)) < 1e-12)
  }

  @Test func emptyProductIsTheIdentityAndZeroIsZero() throws {
    let product = JacobianProduct(size: 3)
    #expect(try product.log10SingularValues() == [0, 0, 0])
    try product.extend(by: Matrix(rows: 3, columns: 3))
    #expect(try product.log10SingularValues() == [-.infinity, -.infinity, -.infinity])
    try product.extend(by: .identity(3))
    #expect(product.rank == 0)
    #expect(try product.log10Norm() == -.infinity)
    product.reset()
    try product.extend(by: .diagonal([2, 4, 8]))
    for (value, wanted) in zip(try product.log10SingularValues(), [3.0, 2, 1]) {
      #expect(abs(value - wanted * 0.30102999566398119521) < 1e-15)
    }
  }

  @Test func diagonalJacobiansKeepExactZeros() throws {
    // As with identity W and relu: units are cut one by one, the others keep their products.
    let product = JacobianProduct(size: 4)
    try product.extend(by: .diagonal([1, 0.5, 0, 1e-200]))
    try product.extend(by: .diagonal([1, 0.5, 1, 1e-200]))
    try product.extend(by: .diagonal([0, 1, 1, 1]))
    let values = try product.log10SingularValues()
    #expect(abs(values[0] + 0.60205999132796239) < 1e-14)
    #expect(abs(values[1] + 400) < 1e-12)
    #expect(values[2...] == [-.infinity, -.infinity])
  }

  @Test func notFiniteJacobianIsATypedErrorAndLeavesTheProduct() throws {
    let product = JacobianProduct(size: 2)
    try product.extend(by: .diagonal([0.1, 0.01]))
    #expect(throws: LinearAlgebraError.notFinite(row: 1, column: 0)) {
      try product.extend(by: Matrix(rows: 2, columns: 2, elements: [1, 0, .infinity, 1]))
    }
    #expect(try product.log10SingularValues().map { ($0 * 1e9).rounded() } == [-1e9, -2e9])
  }
}
