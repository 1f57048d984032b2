import CKernels
import Foundation
import Testing

@testable import LinearAlgebra

@Suite struct KernelFunctionTests {
  /// a, tanh, tanh′, sigmoid, sigmoid′, sin, cos at 50 digits, by mpmath.
  static func table() throws -> [[Double]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/kernel_functions.txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
      line.split(separator: " ").compactMap { Double($0) }
    }
  }

  /// The error in units of the last place of the truth; a truth below the normal numbers counts absolutely.
  func unitsInLastPlace<S: BinaryFloatingPoint>(_ value: S, _ truth: Double) -> Double {
    let unit = max(Double(S(truth).ulp), Double(S.leastNormalMagnitude) * Double(S.ulpOfOne))
    return abs(Double(value) - truth) / unit
  }

  @Test func activationsAreAccurate() throws {
    let rows = try Self.table()
    #expect(rows.count > 90 && rows.allSatisfy { $0.count == 7 })
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      let f32 = try #require(bpt_kernels_f32(set.rawValue)).pointee
      for (function, column) in [(ElementwiseFunction.tanh, 1), (.sigmoid, 3), (.sin, 5)] {
        let count = rows.count
        var value = [Double](repeating: 0, count: count)
        var derivative = value
        #expect(f64.activate(function.rawValue, 1, count, rows.map { $0[0] }, 0, &value, 0, &derivative, 0))
        var value32 = [Float](repeating: 0, count: count)
        var derivative32 = value32
        #expect(f32.activate(function.rawValue, 1, count, rows.map { Float($0[0]) }, 0, &value32, 0, &derivative32, 0))
        for (index, row) in rows.enumerated() {
          let name = Comment(rawValue: "\(set) \(function) at \(row[0])")
          // Near its zeros, far out, the sine's last place is that of the reduced argument.
          let slack = function == .sin ? max(1, abs(row[0]) / 100) : 1
          #expect(unitsInLastPlace(value[index], row[column]) <= 2.5 * slack, name)
          #expect(unitsInLastPlace(derivative[index], row[column + 1]) <= 3.5 * slack, name)
          #expect(unitsInLastPlace(value32[index], row[column]) <= 3 * slack, name)
          #expect(unitsInLastPlace(derivative32[index], row[column + 1]) <= 4 * slack, name)
        }
      }
    }
  }

  /// The piecewise activations, and what is not finite, for odd lengths.
  @Test func piecewiseActivations() throws {
    let a = [-3, -1, -0.5, 0, 0.5, 1, 3, 0.25, -7, 2.5, -0.1]
    let truths: [ElementwiseFunction: ([Double], [Double])] = [
      .relu: (a.map { max(0, $0) }, a.map { $0 > 0 ? 1 : 0 }),
      .leakyReLU: (a.map { $0 > 0 ? $0 : 0.01 * $0 }, a.map { $0 > 0 ? 1 : 0.01 }),
      .identity: (a, a.map { _ in 1 }),
      .softsign: (a.map { $0 / (1 + abs($0)) }, a.map { 1 / ((1 + abs($0)) * (1 + abs($0))) }),
      .hardTanh: (a.map { max(-1, min(1, $0)) }, a.map { abs($0) < 1 ? 1 : 0 }),
    ]
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      for (function, truth) in truths {
        var value = [Double](repeating: 9, count: 12)
        var derivative = value
        #expect(f64.activate(function.rawValue, 1, 11, a, 0, &value, 0, &derivative, 0))
        for index in 0..<11 {
          #expect(abs(value[index] - truth.0[index]) < 1e-15 && abs(derivative[index] - truth.1[index]) < 1e-15)
        }
        #expect(value[11] == 9 && derivative[11] == 9)
      }
      for function in ElementwiseFunction.allCases {
        for bad in [Double.nan, .infinity, -.infinity] {
          var poisoned = a
          poisoned[10] = bad
          var value = a
          var derivative = a
          #expect(!f64.activate(function.rawValue, 1, 11, poisoned, 0, &value, 0, &derivative, 0))
          #expect(f64.activate(function.rawValue, 1, 10, poisoned, 0, &value, 0, &derivative, 0))
        }
      }
    }
  }

  @Test(arguments: [1, 2, 7, 8, 9, 16, 31, 33, 100])
  func lossesAreTheirDefinitions(columns: Int) throws {
    let rows = 5
    let y = pseudoRandom(rows * columns, seed: 6).map { 30 * $0 }
    let d = pseudoRandom(rows * columns, seed: 7)
    let mask: [UInt8] = [1, 1, 0, 1, 1]
    let classes = (0..<rows).map { Int32($0 * 7 % columns) }
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      var gradient = y
      var loss = [Double](repeating: .nan, count: rows)
      f64.cross_entropy(rows, columns, 0.5, mask, classes, &gradient, columns, &loss)
      for i in 0..<rows {
        let row = y[i * columns..<(i + 1) * columns]
        let top = row.max() ?? 0
        let logSum = top + log(row.reduce(0) { $0 + exp($1 - top) })
        let truth = mask[i] == 0 ? 0 : logSum - y[i * columns + Int(classes[i])]
        #expect(abs(loss[i] - truth) < 1e-13 * max(1, abs(truth)))
        for j in 0..<columns {
          let slope = exp(y[i * columns + j] - logSum) - (j == Int(classes[i]) ? 1 : 0)
          #expect(abs(gradient[i * columns + j] - (mask[i] == 0 ? 0 : 0.5 * slope)) < 1e-14)
        }
      }
      gradient = y
      f64.squared_error(rows, columns, 0.5, mask, d, columns, &gradient, columns, &loss)
      for i in 0..<rows {
        var truth = 0.0
        for j in i * columns..<(i + 1) * columns where mask[i] != 0 {
          truth += 0.5 * (y[j] - d[j]) * (y[j] - d[j])
          #expect(abs(gradient[j] - 0.5 * (y[j] - d[j])) < 1e-14)
        }
        #expect(abs(loss[i] - truth) < 1e-13 * max(1, truth))
      }
    }
  }

  /// A class that is as good as certain: l = log(1 + Σ e^(y_j - y_d)) and its derivative keep their digits.
  @Test(arguments: [2, 3, 9, 33])
  func certainClassesKeepTheirDigits(columns: Int) throws {
    for set in instructionSets {
      let (f64, f32) = try (
        #require(bpt_kernels_f64(set.rawValue)).pointee, #require(bpt_kernels_f32(set.rawValue)).pointee
      )
      for margin in [3.0, 12, 40, 80] {
        var y = [Double](repeating: -margin, count: columns)
        y[1] = 0
        var single = y.map(Float.init)
        var (loss, singleLoss) = ([Double.nan], [Float.nan])
        f64.cross_entropy(1, columns, 0.5, [1], [1], &y, columns, &loss)
        f32.cross_entropy(1, columns, 0.5, [1], [1], &single, columns, &singleLoss)
        let others = Double(columns - 1) * exp(-margin)
        #expect(abs(loss[0] / log1p(others) - 1) < 1e-14)
        #expect(abs(y[1] / (-0.5 * others / (1 + others)) - 1) < 1e-14)
        #expect(abs(Double(singleLoss[0]) / log1p(others) - 1) < 1e-5)
        #expect(abs(Double(single[1]) / (-0.5 * others / (1 + others)) - 1) < 1e-5)
      }
    }
  }

  /// The sums, products and copies on rows, by definition, for every remainder of a vector's length.
  @Test(arguments: [1, 3, 8, 15, 16, 17, 33, 64, 70, 130])
  func rowKernelsAreTheirDefinitions(columns: Int) throws {
    let (rows, stride) = (3, columns + 2)
    let x = pseudoRandom(rows * stride, seed: 8)
    let y = pseudoRandom(rows * stride, seed: 9)
    func at(_ a: [Double], _ i: Int, _ j: Int) -> Double { a[i * stride + j] }
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      var z = y
      f64.scale_add(rows, columns, 0.5, x, stride, -2, &z, stride)
      for i in 0..<rows {
        for j in 0..<columns { #expect(abs(at(z, i, j) - (0.5 * at(x, i, j) - 2 * at(y, i, j))) < 1e-15) }
        for j in columns..<stride { #expect(at(z, i, j) == at(y, i, j)) }
      }
      z = [Double](repeating: .nan, count: rows * stride)
      f64.scale_add(rows, columns, 3, x, stride, 0, &z, stride)
      #expect(at(z, 1, columns - 1) == 3 * at(x, 1, columns - 1))
      // y is broadcast over the rows
      let squares = f64.multiply_elements(rows, columns, 2, x, stride, y, 0, &z, stride)
      var truth = 0.0
      for i in 0..<rows {
        for j in 0..<columns {
          truth += at(x, i, j) * at(x, i, j)
          #expect(at(z, i, j) == 2 * at(x, i, j) * y[j])
        }
      }
      #expect(abs(squares - truth) < 1e-13 * truth)
      var sums = Array(y[0..<columns])
      f64.add_column_sums(rows, columns, x, stride, &sums)
      for j in 0..<columns {
        #expect(abs(sums[j] - (y[j] + at(x, 0, j) + at(x, 1, j) + at(x, 2, j))) < 1e-15 * 8)
      }
      let index: [Int32] = [2, 0, 2]
      f64.gather_rows(rows, columns, x, stride, index, &z, stride)
      var table = y
      f64.scatter_add_rows(rows, columns, x, stride, index, &table, stride)
      for j in 0..<columns {
        #expect(at(z, 0, j) == at(x, 2, j) && at(z, 1, j) == at(x, 0, j) && at(z, 2, j) == at(x, 2, j))
        #expect(at(table, 0, j) == at(y, 0, j) + at(x, 1, j) && at(table, 1, j) == at(y, 1, j))
        #expect(abs(at(table, 2, j) - (at(y, 2, j) + at(x, 0, j) + at(x, 2, j))) < 1e-15 * 4)
      }
      let total = f64.sum_of_squares(rows * stride, x)
      #expect(abs(total - x.reduce(0) { $0 + $1 * $1 }) < 1e-13 * total)
    }
  }

  /// A step with both moments, by definition, for second moments from nothing to as large as they come.
  @Test(arguments: [1, 7, 8, 33])
  func momentStepIsItsDefinition(count: Int) throws {
    let scales = [0, 1, 1e-8, 1e-30, 1e-154, 1e-160, 3e-308, 1e20, 1e150]
    let w = pseudoRandom(count, seed: 10)
    let g = pseudoRandom(count, seed: 11).enumerated().map { $1 * scales[$0 % scales.count] }
    let m = pseudoRandom(count, seed: 12)
    let v = pseudoRandom(count, seed: 13).enumerated().map { abs($1) * scales[($0 + 4) % scales.count] }
    var step = MomentStep(
      rate: 0.01, l2: 0, keep: 0.999, first: .init(keep: 0.9, add: 0.1), second: .init(keep: 0.99, add: 0.01),
      root: 1.5,
      epsilon: 1e-8
    ).numbers(leastEpsilon: .leastNormalMagnitude)
    for set in instructionSets {
      let f64 = try #require(bpt_kernels_f64(set.rawValue)).pointee
      var (w1, m1, v1) = (w, m, v)
      f64.moment_step(count, &step, g, &w1, &m1, &v1)
      for i in 0..<count {
        let first = 0.9 * m[i] + 0.1 * g[i]
        let second = 0.99 * v[i] + 0.01 * g[i] * g[i]
        let change = 0.01 * first / (second.squareRoot() * 1.5 + 1e-8)
        #expect(abs(m1[i] - first) <= 4e-16 * (abs(m[i]) + abs(g[i])))
        #expect(abs(v1[i] - second) <= 4e-16 * second)
        #expect(abs(w1[i] - (0.999 * w[i] - change)) <= 1e-15 * (abs(w[i]) + abs(change)))
      }
    }
  }
}
