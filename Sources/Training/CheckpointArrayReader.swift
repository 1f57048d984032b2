import LinearAlgebra
import RecurrentNetworks

/// Reads the arrays of a checkpoint by name, and refuses what is missing or of another kind.
struct CheckpointArrayReader {
  let arrays: [String: CheckpointArray]
  var prefix = ""

  func has(_ name: String) -> Bool { arrays[prefix + name] != nil }

  private func wrong(_ name: String, _ kind: String) -> TrainingError {
    let found = arrays[prefix + name] == nil ? "nothing" : "other numbers"
    return .misfit("checkpoint: found \(found) under \(prefix + name), expected \(kind)")
  }

  func float64(_ name: String) throws(TrainingError) -> [Double] {
    guard case .float64(let numbers)? = arrays[prefix + name] else { throw wrong(name, "float64") }
    return numbers
  }

  func optional(_ name: String) throws(TrainingError) -> [Double]? { has(name) ? try float64(name) : nil }

  func float32(_ name: String) throws(TrainingError) -> [Float] {
    guard case .float32(let numbers)? = arrays[prefix + name] else { throw wrong(name, "float32") }
    return numbers
  }

  func int32(_ name: String) throws(TrainingError) -> [Int32] {
    guard case .int32(let numbers)? = arrays[prefix + name] else { throw wrong(name, "int32") }
    return numbers
  }

  func uint8(_ name: String) throws(TrainingError) -> [UInt8] {
    guard case .uint8(let numbers)? = arrays[prefix + name] else { throw wrong(name, "uint8") }
    return numbers
  }

  /// Rows of `columns` numbers.
  func rows(_ name: String, _ columns: Int) throws(TrainingError) -> [ArraySlice<Double>] {
    let numbers = try float64(name)
    guard numbers.count % columns == 0 else { throw wrong(name, "rows of \(columns)") }
    return stride(from: 0, to: numbers.count, by: columns).map { numbers[$0..<$0 + columns] }
  }

  /// Whole numbers of a row.
  func whole(_ row: ArraySlice<Double>, _ column: Int, _ name: String) throws(TrainingError) -> Int {
    guard let number = Int(exactly: row[row.startIndex + column]), number >= 0 else {
      throw wrong(name, "whole numbers")
    }
    return number
  }

  func marks(_ name: String) throws(TrainingError) -> [LossHistory.Mark] {
    var marks: [LossHistory.Mark] = []
    for row in try rows(name, 2) {
      marks.append(LossHistory.Mark(update: try whole(row, 0, name), value: row[row.startIndex + 1]))
    }
    return marks
  }

  func records(_ name: String) throws(TrainingError) -> [UpdateRecord] {
    var records: [UpdateRecord] = []
    for row in try rows(name, 8) {
      let first = row.startIndex
      var record = UpdateRecord()
      (record.update, record.step) = (try whole(row, 0, name), try whole(row, 1, name))
      (record.loss, record.gradientNorm) = (row[first + 2], row[first + 3])
      (record.clipScale, record.learningRate) = (row[first + 4], row[first + 5])
      (record.k1, record.k2) = (try whole(row, 6, name), try whole(row, 7, name))
      records.append(record)
    }
    for (record, next) in zip(records, records.dropFirst()) where next.update != record.update + 1 {
      throw wrong(name, "updates in order")
    }
    return records
  }

  func buckets(_ name: String) throws(TrainingError) -> [LossHistory.Bucket] {
    var buckets: [LossHistory.Bucket] = []
    for row in try rows(name, 10) {
      let first = row.startIndex
      buckets.append(
        LossHistory.Bucket(
          firstUpdate: try whole(row, 0, name), count: try whole(row, 1, name), lossMinimum: row[first + 2],
          lossMaximum: row[first + 3], lossMean: row[first + 4], normMinimum: row[first + 5],
          normMaximum: row[first + 6],
          normMean: row[first + 7], clippedCount: try whole(row, 8, name), clipScaleMinimum: row[first + 9]))
    }
    guard buckets.count <= LossHistory.bucketLimit else { throw wrong(name, "at most 512 rows") }
    return buckets
  }
}
