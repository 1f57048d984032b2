import Dispatch

/// Rows of a table that were found and are not read yet: their columns are read beside one another, on all cores.
struct RowBlock {
  private let width: Int
  /// The rows, counted from 0, and the lines of the file at which they end.
  private var rows: [(row: Int, line: Int)] = []
  /// Their cells, row by row.
  private var cells: [TableScanner.Cell] = []
  /// The bytes from the first cell's beginning to the last one's end.
  private var bytes = 0

  /// The cells, and the bytes, of a full block.
  private static let cellLimit = 1 << 16, byteLimit = 1 << 20

  init(width: Int) { self.width = width }

  /// Adds the row at which `scanner` stands; of cells behind the last column none has a value.
  mutating func add(_ scanner: TableScanner, row: Int) {
    rows.append((row, scanner.row))
    cells.append(contentsOf: scanner.cells.prefix(width))
    bytes = max(bytes, cells[cells.count - 1].range.upperBound - cells[0].range.lowerBound)
  }

  /// Adds a row of one cell with nothing in it.
  mutating func addMissing(row: Int, line: Int) {
    rows.append((row, line))
    cells.append(TableScanner.Cell.empty)
  }

  /// Whether it should be read now.
  var isFull: Bool { cells.count >= Self.cellLimit || bytes >= Self.byteLimit }

  mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
    bytes = 0
  }

  /// The numbers of all cells, row by row, NaN where there is none; `columns` take note of each.
  func read(_ scanner: TableScanner, _ reader: CellReader, into columns: inout [ColumnTally]) -> [Double] {
    let (width, count) = (width, rows.count)
    // A column behind the other: no two cores write to one line of the cache.
    var byColumn = [Double](repeating: .nan, count: width * count)
    columns.withUnsafeMutableBufferPointer { columns in
      byColumn.withUnsafeMutableBufferPointer { numbers in
        scanner.withBytes { bytes in
          // Every iteration has a column and its numbers to itself, the bytes are only read, and all ends before this returns.
          nonisolated(unsafe) let (columns, numbers, bytes) = (columns, numbers, bytes)
          DispatchQueue.concurrentPerform(iterations: count > 0 ? width : 0) { column in
            for (place, row) in rows.enumerated() {
              numbers[column * count + place] = TableScanner.withCell(cells[place * width + column], in: bytes) {
                columns[column].take($0, row: row.row, line: row.line, reader)
              }
            }
          }
        }
      }
    }
    return [Double](unsafeUninitializedCapacity: width * count) { numbers, filled in
      for row in 0..<count {
        for column in 0..<width { numbers[row * width + column] = byColumn[column * count + row] }
      }
      filled = width * count
    }
  }
}
