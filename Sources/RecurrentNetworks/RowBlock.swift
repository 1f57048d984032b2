import LinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Row vectors of doubles with a scale each: row j stands for its elements times 2^exponent(of: j), so that none under- or
/// overflows, however far it is carried.
///
/// The rows begin as zeros, at a boundary of 64 bytes, an odd number of cache lines apart. A block owns its memory; one
/// thread uses it at a time.
public final class RowBlock {
  /// The number of rows, and the number of elements in each.
  public let capacity: Int, width: Int
  /// How far apart the rows lie: the same column of successive rows falls into different cache sets.
  package let stride: Int
  /// The rows' elements; padding is 0.
  package let elements: UnsafeMutablePointer<Double>
  /// Whole numbers.
  private let exponents: UnsafeMutablePointer<Double>
  private let squaredNorms: UnsafeMutablePointer<Double>

  /// `rows` rows of `width` zeros.
  public init(rows: Int, width: Int) {
    precondition(rows >= 0 && width >= 0, "a block has a size")
    (capacity, self.width) = (rows, width)
    stride = AlignedBuffer<Double>.rowStride(width)
    elements = Pass<Double>.zeroed(rows * stride)
    exponents = Pass<Double>.zeroed(rows)
    squaredNorms = Pass<Double>.zeroed(rows)
  }

  /// `rows` unit vectors of `width` elements: row j has its 1 in column `firstColumn` + j.
  public convenience init(unitRows rows: Int, width: Int, firstColumn: Int = 0) {
    self.init(rows: rows, width: width)
    for row in 0..<rows { self[row, firstColumn + row] = 1 }
  }

  deinit {
    elements.deallocate()
    exponents.deallocate()
    squaredNorms.deallocate()
  }

  /// An element, without its row's scale.
  public subscript(row: Int, column: Int) -> Double {
    get {
      precondition(row >= 0 && row < capacity && column >= 0 && column < width, "inside the block")
      return elements[row * stride + column]
    }
    set {
      precondition(row >= 0 && row < capacity && column >= 0 && column < width, "inside the block")
      elements[row * stride + column] = newValue
    }
  }

  /// The elements of a row, without its scale.
  public func row(_ row: Int) -> [Double] {
    precondition(row >= 0 && row < capacity, "inside the block")
    return Array(UnsafeBufferPointer(start: elements + row * stride, count: width))
  }

  /// The exponent of a row's scale, a whole number.
  public func exponent(of row: Int) -> Double {
    precondition(row >= 0 && row < capacity, "inside the block")
    return exponents[row]
  }

  /// 2^exponent; 0 or infinity where that is out of range.
  public static func power(_ exponent: Double) -> Double {
    Double(sign: .plus, exponent: Int(max(-2000, min(2000, exponent))), significand: 1)
  }
}

// MARK: Arithmetic

extension RowBlock {
  /// The first `count` rows become 0.
  public func clear(count: Int) {
    elements.update(repeating: 0, count: count * stride)
    exponents.update(repeating: 0, count: count)
  }

  /// Some columns of the first `count` rows become 0.
  public func clear(columns: Range<Int>, count: Int) {
    guard !columns.isEmpty else { return }
    precondition(columns.lowerBound >= 0 && columns.upperBound <= width && count <= capacity, "inside the block")
    for row in 0..<count { (elements + row * stride + columns.lowerBound).update(repeating: 0, count: columns.count) }
  }

  /// v ← factor · v for the first `count` rows.
  public func scale(by factor: Double, count: Int) {
    guard factor != 1 else { return }
    guard factor != 0, factor.isFinite else {
      for row in 0..<count {
        for k in 0..<width { elements[row * stride + k] *= factor }
      }
      return
    }
    // The factor's power of 2 goes to the scale: the elements cannot leave their range.
    let significand = factor / Self.power(Double(factor.exponent))
    for row in 0..<count {
      for k in 0..<width { elements[row * stride + k] *= significand }
      exponents[row] += Double(factor.exponent)
    }
  }

  /// Row `row` ← row + factor · vector · 2^exponent; the vector has as many elements as the row, or fewer.
  public func add(_ vector: ArraySlice<Double>, factor: Double = 1, exponent: Double = 0, to row: Int) {
    precondition(row >= 0 && row < capacity && vector.count <= width, "inside the block")
    vector.withUnsafeBufferPointer { vector in
      if let base = vector.baseAddress { add(base, count: vector.count, factor, exponent, to: row) }
    }
  }

  /// Row `row` ← row + the first of some rows, which is as long or shorter.
  func add(_ vector: PassRows<Double>, to row: Int) {
    precondition(row >= 0 && row < capacity && vector.columns <= width, "inside the block")
    add(vector.start, count: vector.columns, 1, 0, to: row)
  }

  /// Row `row` ← row + factor · 2^exponent · the row `source` of another block, its scale included.
  public func add(row source: Int, of other: RowBlock, factor: Double = 1, exponent: Double = 0, to row: Int) {
    precondition(source >= 0 && source < other.capacity && row >= 0 && row < capacity, "inside the blocks")
    precondition(other.width <= width, "the row fits")
    add(
      other.elements + source * other.stride, count: other.width, factor, exponent + other.exponents[source], to: row)
  }

  /// The first `count` rows ← themselves + those of another block, of the same width.
  public func add(_ other: RowBlock, count: Int) {
    for row in 0..<count { add(row: row, of: other, to: row) }
  }

  /// The first `count` rows become those of `rows` times a matrix [rows.width, width]; `rows` may be this block.
  public func assign(_ rows: RowBlock, count: Int, times matrix: Matrix) {
    precondition(matrix.rows == rows.width && matrix.columns == width, "the matrix fits the rows")
    precondition(count <= capacity && count <= rows.capacity, "the rows fit")
    for row in 0..<count {
      let v = rows.row(row)
      for j in 0..<width {
        elements[row * stride + j] = v.indices.reduce(0) { $0 + v[$1] * matrix[$1, j] }
      }
      exponents[row] = rows.exponents[row]
    }
  }

  /// Takes over the scales of another block's first `count` rows.
  package func copyExponents(of other: RowBlock, count: Int) {
    if other !== self { exponents.update(from: other.exponents, count: count) }
  }

  private func add(
    _ vector: UnsafePointer<Double>, count: Int, _ factor: Double, _ exponent: Double, to row: Int
  ) {
    let v = elements + row * stride
    guard factor != 0, !Self.isZero(vector, count: count) else { return }
    if Self.isZero(v, count: width) {
      exponents[row] = exponent
    } else if exponents[row] < exponent {
      // Both at the larger scale.
      rescale(row, to: exponent)
    }
    let scale = Self.power(exponent - exponents[row])
    for k in 0..<count { v[k] += factor * vector[k] * scale }
  }

  /// Whether all numbers are 0, of either sign.
  private static func isZero(_ v: UnsafePointer<Double>, count: Int) -> Bool {
    var bits: UInt64 = 0
    for k in 0..<count { bits |= v[k].magnitude.bitPattern }
    return bits == 0
  }
}

// MARK: Norms

extension RowBlock {
  /// Writes log10 ‖v‖ over the first `columns` columns of the first `count` rows, scales included, to the first `count` of `norms`;
  /// -infinity for a row of zeros.
  ///
  /// Rows whose norm has left the middle of the range are brought back, scale and all.
  public func measure(count: Int, columns: Int, into norms: inout [Double]) {
    precondition(count <= capacity && columns <= width && count <= norms.count, "inside the block")
    // Other columns, or padding, follow: only whole groups of 8 are summed fast.
    let isPadded = width == columns || columns % 8 == 0
    if isPadded {
      VectorNorms.squared(
        count: count, length: (columns + 7) / 8 * 8, stride: stride, vectors: elements, into: squaredNorms)
    }
    norms.withUnsafeMutableBufferPointer { norms in
      for row in 0..<count {
        var squared = isPadded ? squaredNorms[row] : sumOfSquares(row, columns)
        if !(squared > 1e-30 && squared < 1e30) {
          recenter(row)
          squared = sumOfSquares(row, columns)
        }
        // log10 ‖v‖ = (½ log2 ‖v‖² + exponent) log10 2
        norms[row] = squared == 0 ? -.infinity : (0.5 * log2(squared) + exponents[row]) * 0.301029995663981195214
      }
    }
  }

  private func sumOfSquares(_ row: Int, _ columns: Int) -> Double {
    var sum = 0.0
    for k in 0..<columns { sum += elements[row * stride + k] * elements[row * stride + k] }
    return sum
  }

  /// The largest element of the row becomes 1 … 2.
  private func recenter(_ row: Int) {
    let v = elements + row * stride
    let largest = (0..<width).reduce(0) { max($0, v[$1].magnitude) }
    guard largest > 0, largest.isFinite else { return }
    rescale(row, to: exponents[row] + Double(largest.exponent))
  }

  private func rescale(_ row: Int, to exponent: Double) {
    let shift = exponents[row] - exponent
    let v = elements + row * stride
    // In two factors: one alone may be out of range.
    let (half, rest) = (Self.power((shift / 2).rounded()), Self.power(shift - (shift / 2).rounded()))
    for k in 0..<width { v[k] = v[k] * half * rest }
    exponents[row] = exponent
  }
}

// MARK: Products

extension JacobianProduct {
  /// P ← P J, J the first n columns of the block's first n rows, without their scales.
  ///
  /// Throws where an element of J is not finite. `conditionBound` is a bound of σ_max/σ_min of J, where one is known.
  public func extend(by jacobian: RowBlock, conditionBound: Double = .infinity) throws(LinearAlgebraError) {
    precondition(jacobian.capacity >= size && jacobian.width >= size, "a Jacobian of order \(size)")
    try extend(by: jacobian.elements, rowStride: jacobian.stride, conditionBound: conditionBound)
  }
}
