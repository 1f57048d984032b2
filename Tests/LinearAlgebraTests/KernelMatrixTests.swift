import CKernels
import Testing

@testable import LinearAlgebra

/// Deterministic numbers in ±1 without a pattern that a wrong index would repeat.
func pseudoRandom(_ count: Int, seed: UInt64) -> [Double] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-52 - 1
  }
}

/// The instruction sets of this machine.
let instructionSets = InstructionSet.allCases.filter(\.isSupported)

@Suite struct KernelMatrixTests {
  static let shapes = [
    (1, 1, 1), (1, 64, 64), (1, 7, 3), (2, 33, 5), (3, 64, 31), (7, 100, 33), (8, 32, 64), (31, 17, 9), (33, 31, 7),
    (5, 200, 2), (14, 16, 16), (13, 8, 100), (1, 130, 20), (2, 130, 20), (6, 48, 1), (4, 4, 0),
  ]

  @Test(arguments: shapes)
  func productsAreTheNaiveOnes(m: Int, n: Int, k: Int) throws {
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      let f32 = try #require(bpt_kernels_f32(set.rawValue)).pointee
      for accumulate in [false, true] {
        for (transposedA, transposedB) in [(false, false), (true, false), (false, true)] {
          let product = Product(
            m: m, n: n, k: k, accumulate: accumulate, transposedA: transposedA, transposedB: transposedB)
          product.check(
            tolerance: 1e-14, packedCount: bpt_packed_count_f64, f64.pack, f64.multiply_packed, f64.multiply)
          product.check(tolerance: 1e-5, packedCount: bpt_packed_count_f32, f32.pack, f32.multiply_packed, f32.multiply)
        }
      }
    }
  }

  /// A row of a product does not depend on how many rows it is computed with.
  @Test func rowsDoNotDependOnTheirNumber() throws {
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      let (k, n) = (37, 70)
      let a = pseudoRandom(15 * k, seed: 1)
      let b = pseudoRandom(k * n, seed: 2)
      var packed = [Double](repeating: 0, count: bpt_packed_count_f64(k, n))
      f64.pack(k, n, b, n, 1, &packed)
      var whole = [Double](repeating: 0, count: 15 * n)
      f64.multiply_packed(15, n, k, a, k, 1, packed, &whole, n, false)
      for row in 0..<15 {
        var one = [Double](repeating: 0, count: n)
        f64.multiply_packed(1, n, k, Array(a[row * k..<(row + 1) * k]), k, 1, packed, &one, n, false)
        #expect(one == Array(whole[row * n..<(row + 1) * n]))
      }
    }
  }
}

/// One product C = A B, by kernels and by definition.
struct Product {
  let m: Int, n: Int, k: Int
  let accumulate: Bool, transposedA: Bool, transposedB: Bool

  func check<S: Scalar>(
    tolerance: Double, packedCount: (Int, Int) -> Int,
    _ pack: (Int, Int, UnsafePointer<S>?, Int, Int, UnsafeMutablePointer<S>?) -> Void,
    _ multiplyPacked: (
      Int, Int, Int, UnsafePointer<S>?, Int, Int, UnsafePointer<S>?, UnsafeMutablePointer<S>?, Int, Bool
    ) -> Void,
    _ multiply: (
      Int, Int, Int, UnsafePointer<S>?, Int, Int, UnsafePointer<S>?, Int, UnsafeMutablePointer<S>?, Int, Bool
    ) -> Void
  ) {
    let (aLength, bLength, cStride) = (transposedA ? m + 3 : k + 2, transposedB ? k + 1 : n + 5, n + 4)
    let a = pseudoRandom(max(1, (transposedA ? k : m) * aLength), seed: 3).map { S($0) }
    let b = pseudoRandom(max(1, (transposedB ? n : k) * bLength), seed: 4).map { S($0) }
    let start = pseudoRandom(m * cStride, seed: 5).map { S($0) }
    let (ars, acs) = transposedA ? (1, aLength) : (aLength, 1)
    let (brs, bcs) = transposedB ? (1, bLength) : (bLength, 1)
    var truth = start.map { Double($0) }
    for i in 0..<m {
      for j in 0..<n {
        var sum = accumulate ? truth[i * cStride + j] : 0
        for l in 0..<k { sum += Double(a[i * ars + l * acs]) * Double(b[l * brs + j * bcs]) }
        truth[i * cStride + j] = sum
      }
    }
    func compare(_ c: [S]) {
      for (index, value) in c.enumerated() {
        if index % cStride < n {
          #expect(abs(Double(value) - truth[index]) <= tolerance * Double(k + 1))
        } else {
          #expect(value == start[index], "a kernel wrote beside its rows")
        }
      }
    }
    var packed = [S](repeating: .nan, count: packedCount(k, n) + 1)
    pack(k, n, b, brs, bcs, &packed)
    #expect(packed.last?.isNaN == true && packed.dropLast().allSatisfy { $0.isFinite })
    var c = start
    multiplyPacked(m, n, k, a, ars, acs, packed, &c, cStride, accumulate)
    compare(c)
    if !transposedB {
      c = start
      multiply(m, n, k, a, ars, acs, b, brs, &c, cStride, accumulate)
      compare(c)
    }
  }
}
