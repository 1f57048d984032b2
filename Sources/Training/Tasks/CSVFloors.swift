import Glibc
import RecurrentNetworks

/// What forecasts without a model come to on the rows that are trained on, in the units of the loss.
struct CSVFloors {
  let table: Table
  /// The rows that steps begin at, of each series.
  let rows: [Range<Int>]
  /// The columns that are asked for, how many rows ahead, and how they are normalized.
  let outputs: [Int], ahead: [Int]
  let scales: [Table.Column]

  /// The most rows in which a season is looked for, and the longest season.
  private static let searched = 20_000, longest = 400
  /// Seasons beyond that people have: days of minutes, weeks of quarters of an hour and of minutes, years of days.
  private static let longSeasons = [672, 720, 1008, 1440, 2016, 8760, 10080]

  /// The mean, the last row, and the row one season before, where there is one.
  var floors: [TaskDescription.Floor] {
    // Columns of variance 1: always answering 0 costs ½ a column.
    var floors: [TaskDescription.Floor] = [
      .init(name: "always answering the mean", short: "the mean", loss: Double(outputs.count) / 2)
    ]
    guard let rowsAhead = ahead.first, rowsAhead > 0, ahead.allSatisfy({ $0 == rowsAhead }) else { return floors }
    if let loss = loss(ofRowsBefore: rowsAhead) {
      floors.append(.init(name: "repeating the last row", short: "last row", loss: loss))
    }
    if let season, season >= rowsAhead, let loss = loss(ofRowsBefore: season) {
      floors.append(.init(name: "repeating the row \(season) before", short: "season \(season)", loss: loss))
    }
    return floors
  }

  /// Guessing among the classes, and knowing how often each comes: H = -Σ p log p over the targets.
  func ofClasses(_ count: Int) -> [TaskDescription.Floor] {
    var counts = [Double](repeating: 0, count: count)
    for part in rows {
      for row in part {
        table.read(row + ahead[0]..<row + ahead[0] + 1) { cells in
          if !cells[outputs[0]].isNaN { counts[Int(cells[outputs[0]])] += 1 }
        }
      }
    }
    let total = counts.reduce(0, +)
    let entropy = counts.reduce(0) { $1 > 0 ? $0 - $1 / total * log($1 / total) : $0 }
    return [
      .init(name: "guessing", loss: log(Double(count))),
      .init(name: "knowing the classes' frequencies", short: "frequencies", loss: entropy),
    ]
  }

  /// ½ Σ (z_t - z_{t-lag})², the mean over all rows that have one so far before.
  private func loss(ofRowsBefore lag: Int) -> Double? {
    let width = table.width
    var sum = 0.0, count = 0
    for part in rows {
      // The targets of the last steps lie behind them.
      let all = part.lowerBound..<part.upperBound + (ahead.max() ?? 0)
      var row = all.lowerBound
      while row + lag < all.upperBound {
        let end = min(row + max(1, 65_536 / width), all.upperBound - lag)
        table.read(row..<end + lag) { cells in
          for t in 0..<end - row {
            for column in outputs {
              let difference =
                scales[column].normalized(cells[(t + lag) * width + column])
                - scales[column].normalized(cells[t * width + column])
              sum += difference * difference
            }
          }
        }
        count += end - row
        row = end
      }
    }
    return count > 0 ? sum / 2 / Double(count) : nil
  }

  /// The lag after which the first output comes again most nearly, where that is nearer than the row before by a good deal.
  private var season: Int? {
    guard let column = outputs.first, let part = rows.max(by: { $0.count < $1.count }), part.count >= 16 else {
      return nil
    }
    let end = min(part.upperBound, part.lowerBound + Self.searched)
    let width = table.width
    let values = table.read(part.lowerBound..<end) { cells in
      (0..<end - part.lowerBound).map { scales[column].normalized(cells[$0 * width + column]) }
    }
    func error(_ lag: Int) -> Double {
      var sum = 0.0
      for index in lag..<values.count {
        sum += (values[index] - values[index - lag]) * (values[index] - values[index - lag])
      }
      return sum / Double(values.count - lag)
    }
    let last = error(1)
    let lags =
      Array(2...max(2, min(Self.longest, values.count / 3))) + Self.longSeasons.filter { $0 <= values.count / 3 }
    let errors = lags.map { (lag: $0, error: error($0)) }
    guard last > 0, let least = errors.map(\.error).min(), least < 0.8 * last else { return nil }
    // Its multiples come about as near.
    return errors.first { $0.error <= 1.2 * least + 0.001 * last }?.lag
  }
}
