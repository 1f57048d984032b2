/// When each row of a table is, by its columns of dates and times.
struct RowTimes {
  /// The columns' names: "date and hour".
  let name: String
  /// The columns that say it.
  let columns: Set<Int>
  /// Whether dates, or a year and what is below it, say it; not a number that may as well be data.
  let isSure: Bool
  /// Of the columns that are read one after the other, what a cell says.
  private let parts: [Part]

  private enum Part {
    case date(Int, isDayFirst: Bool)
    case number(Int)
  }

  /// The places in time of a row: a later one is larger, the first part before the second.
  struct Moment: Comparable {
    var first: Double, second: Double
    var isKnown: Bool { !first.isNaN }

    static func < (one: Moment, other: Moment) -> Bool {
      one.first != other.first ? one.first < other.first : one.second < other.second
    }
  }

  /// What says when rows are; nil where nothing does.
  ///
  /// - Parameters:
  ///   - columns: all columns.
  ///   - named: those that are named as data.
  init?(_ columns: [ColumnTally], named: Set<Int>) {
    let ranks = columns.map { ColumnWords.rankInDate($0.name) }
    func isNumber(_ index: Int) -> Bool {
      columns[index].kind == .numbers && columns[index].truths == 0 && columns[index].numbers > 1
        && !named.contains(index)
    }
    let dates = columns.indices.filter {
      columns[$0].kind == .dates && columns[$0].texts == 0 && columns[$0].dates > 2 * columns[$0].timesOfDay
    }
    let clocks = columns.indices.filter { columns[$0].kind == .dates && columns[$0].timesOfDay == columns[$0].dates }
    let ofDate = columns.indices.filter {
      ranks[$0] != nil && isNumber($0) && columns[$0].isWhole && columns[$0].least >= 0 && columns[$0].greatest <= 2500
    }.sorted { (ranks[$0] ?? 0, $0) < (ranks[$1] ?? 0, $1) }
    let belowDay = ofDate.filter { (ranks[$0] ?? 0) >= ColumnWords.rankOfHour }
    let numbers = columns.indices.filter { isNumber($0) && ColumnWords.isTime(columns[$0].name) && ranks[$0] == nil }
    let compact = columns.indices.filter { index in
      isNumber(index) && columns[index].isCompactDate && ColumnWords.isLikeDate(columns[index].name)
    }
    var parts: [Part] = []
    if let date = dates.first(where: { columns[$0].datesRise })
      ?? dates.first(where: { ColumnWords.isTime(columns[$0].name) }) ?? dates.first
    {
      parts = [.date(date, isDayFirst: columns[date].isDayFirst)] + (clocks + belowDay + numbers).map { .number($0) }
      isSure = true
    } else if let date = compact.first {
      parts = ([date] + clocks + belowDay + numbers.filter { $0 != date }).map { .number($0) }
      isSure = true
    } else if let year = ofDate.first, ranks[year] == 0 {
      parts = (ofDate + clocks).map { .number($0) }
      isSure = true
    } else if let time = numbers.first {
      parts = [.number(time)]
      isSure = false
    } else if let count = columns.indices.first(where: { index in
      isNumber(index) && columns[index].countsOrRestarts && columns[index].restarts > 0
        && columns[index].numbers >= 20 && ranks[index] == nil && ColumnWords.isCount(columns[index].name)
        // Behind a year it is the month: 1749;01;101.3
        && (index == 0 || !columns[index - 1].isLikeYear)
    }) {
      parts = [.number(count)]
      isSure = false
    } else {
      return nil
    }
    self.parts = parts
    let found = parts.map { part in
      switch part {
      case .date(let index, _), .number(let index): index
      }
    }
    self.columns = Set(found)
    // What is below the date is said where it is needed.
    name = found.prefix(3).map { columns[$0].name }.joined(separator: " and ")
  }

  /// When the row is whose cells begin at `start` of `cells`.
  func moment(_ cells: UnsafeBufferPointer<Double>, at start: Int) -> Moment {
    var moment = Moment(first: .nan, second: 0)
    for (place, part) in parts.enumerated() {
      let number =
        switch part {
        case .date(let index, let isDayFirst): CellDate.place(of: cells[start + index], isDayFirst: isDayFirst)
        case .number(let index): cells[start + index]
        }
      if place == 0 {
        moment.first = number
      } else {
        // Parts of a date are small and whole, and a clock is seconds of a day.
        moment.second = moment.second * 100_000 + (number.isNaN ? 0 : number)
      }
    }
    return moment
  }
}

/// In which order the rows of each series stand.
struct RowOrder {
  /// Rows that have one before them in their series.
  private(set) var pairs = 0
  /// Of those: how many are at no later time than some row before, how many at an earlier one, and the other way round.
  private(set) var notLater = 0, earlier = 0, notEarlier = 0, later = 0
  /// The first row that lies before one above it.
  private(set) var firstBack: Int?
  private(set) var series = 0
  /// Rows in which the series is another than in the row before, and those of them that go back in time; and rows that go back without.
  private(set) var changes = 0, backsAtChanges = 0, backsWithin = 0

  /// The share of rows that may be out of order in a series: clocks are put back in autumn, and some rows come twice.
  private static let tolerance = 0.05

  /// Whether each series has its oldest row first, or its newest.
  var rises: Bool { isFew(notLater) }
  var falls: Bool { pairs > 0 && (isFew(notEarlier) || (later == 0 && earlier > 0)) && !rises }
  /// Whether it is quite so.
  var risesThroughout: Bool { notLater == 0 }
  /// Whether time at least never goes back.
  var neverGoesBack: Bool { earlier == 0 }
  /// Whether rows stand in no order at all.
  var isDisordered: Bool { !falls && Double(notLater) > 0.4 * Double(pairs) && earlier > 0 }

  private func isFew(_ count: Int) -> Bool { Double(count) <= Self.tolerance * Double(pairs) }

  private struct Key: Hashable {
    var a: UInt64 = 0, b: UInt64 = 0, c: UInt64 = 0

    mutating func add(_ number: UInt64) { (a, b, c) = (number, a, b) }
  }

  private struct Extent {
    var earliest: RowTimes.Moment, latest: RowTimes.Moment
  }

  /// Goes through all rows; nil where there are as many series as a third of the rows, which are none.
  ///
  /// - Parameters:
  ///   - pass: the table.
  ///   - times: when rows are.
  ///   - runs: the columns that are known to tell series apart.
  ///   - others: columns that may do so too.
  init?(_ pass: TablePass, _ times: RowTimes, runs: [IDRuns], others: [Int]) {
    let width = pass.head.width, rows = pass.rows
    var extents: [Key: Extent] = [:]
    var places = [Int](repeating: 0, count: runs.count)
    var last: Key?, extent: Extent?, previous = RowTimes.Moment(first: .nan, second: 0)
    let size = max(1, 65_536 / width)
    for start in stride(from: 0, to: rows, by: size) {
      let end = min(start + size, rows)
      pass.cells.read(start * width..<end * width) { cells in
        for row in start..<end {
          var key = Key()
          for (index, run) in runs.enumerated() {
            while places[index] + 1 < run.starts.count, run.starts[places[index] + 1].row <= row { places[index] += 1 }
            key.add(UInt64(run.starts.isEmpty ? 0 : run.starts[places[index]].code))
          }
          for column in others { key.add(cells[(row - start) * width + column].bitPattern) }
          let moment = times.moment(cells, at: (row - start) * width)
          guard moment.isKnown else { continue }
          let goesBack = previous.isKnown && moment < previous
          previous = moment
          if key != last {
            if let last, let extent { extents[last] = extent }
            if last != nil { changes += 1 }
            if goesBack { backsAtChanges += 1 }
            (last, extent) = (key, extents[key])
          } else if goesBack {
            backsWithin += 1
          }
          guard var known = extent else {
            extent = Extent(earliest: moment, latest: moment)
            continue
          }
          pairs += 1
          if moment <= known.latest {
            notLater += 1
            if moment < known.latest {
              earlier += 1
              if firstBack == nil { firstBack = row }
            }
          } else {
            known.latest = moment
          }
          if moment >= known.earliest {
            notEarlier += 1
            if moment > known.earliest { later += 1 }
          } else {
            known.earliest = moment
          }
          extent = known
        }
      }
      if !others.isEmpty, extents.count > max(1, rows / 3) { return nil }
    }
    if let last, let extent { extents[last] = extent }
    series = extents.count
    if !others.isEmpty, series > max(1, rows / 3) { return nil }
  }
}
