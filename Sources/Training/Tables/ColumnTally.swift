/// What all cells of a column say of it, told one by one.
struct ColumnTally: Sendable {
  let name: String
  /// Whether its name is of times of day.
  private let isClock: Bool
  /// How many cells are numbers, true or false, dates, missing, and anything else.
  private(set) var numbers = 0, truths = 0, dates = 0, timesOfDay = 0, missing = 0, texts = 0
  /// The first row without a number, and what stands there.
  private(set) var firstMissing: (row: Int, cell: String)?
  /// The last rows with a missing cell.
  private(set) var lastMissing: [Int] = []
  /// The first cell with true or false, the first with a sign of per cent, and the first currency and the first other one.
  private(set) var firstTruth: (row: Int, cell: String)?, firstPercent: (row: Int, cell: String)?
  private(set) var currency: Unicode.Scalar?, otherCurrency: (row: Int, cell: String)?
  private(set) var percents = 0
  /// How many numbers have three digits behind their decimal sign, and how many have others and are not whole.
  private(set) var threeDecimals = 0, otherDecimals = 0
  /// Whether all numbers are days as 20240131 writes them, perhaps with hours, minutes and seconds.
  private(set) var isCompactDate = true
  /// Whether each number is the one before and 1, or the first one again; and how often it is that.
  private(set) var countsOrRestarts = true, restarts = 0
  private var first: Double?
  /// The first number that is not finite.
  private(set) var firstInfinite: (row: Int, cell: String)?
  /// The first and the last rows with text.
  private(set) var firstText: (row: Int, cell: String)?
  private(set) var lastTexts: [Int] = []
  /// The first date.
  private(set) var firstDate: (row: Int, cell: String)?
  /// Whether each number is the one before and 1.
  private(set) var countsUp = true
  /// Whether no number, or date, lies before the one above it, or none after.
  private(set) var rises = true, falls = true
  private(set) var isWhole = true
  private var last: Double?
  /// The first of the numbers that may stand for a missing one, how often it does, and the ends of all others.
  private var sentinel: Double?, sentinels = 0
  private var plainLeast = Double.infinity, plainGreatest = -Double.infinity
  private(set) var least = Double.infinity, greatest = -Double.infinity
  /// Whether its numbers may be years, one after the other.
  var isLikeYear: Bool { isWhole && rises && numbers > 0 && least >= 1500 && greatest <= 2200 }
  /// Whether a day or a month stands first in its dates.
  private var dayOrder = Order(), monthOrder = Order()
  /// The rows at which another id begins, where the column may tell series apart.
  private(set) var ids: IDRuns?
  /// The different words.
  private(set) var classes = ClassWords()

  /// Whether values in their order rise or fall.
  private struct Order: Sendable {
    var rises = true, falls = true, repeats = false, isPossible = true, last: Double?
    mutating func add(_ place: Double?) {
      guard let place else {
        isPossible = false
        return
      }
      if let last {
        if place < last { rises = false }
        if place > last { falls = false }
        if place == last { repeats = true }
      }
      last = place
    }
  }

  init(name: String, mayTellSeries: Bool) {
    self.name = name
    isClock = ColumnWords.isClock(name)
    ids = mayTellSeries ? IDRuns() : nil
  }

  /// Takes the cell of data row `row`, counted from 0 (row `line` of the file); gives its number, NaN where it has none; of a word
  /// its code, and of a date the date's.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, row: Int, line: Int, _ reader: CellReader) -> Double {
    ids?.take(bytes, row: row)
    switch reader.value(bytes) {
    case .number(let number):
      note(number)
      note(bytes, of: number, reader)
      return number
    case .marked(let number, let mark):
      note(mark, bytes, line: line)
      note(number)
      return number
    case .truth(let truth):
      truths += 1
      if firstTruth == nil { firstTruth = (line, shown(bytes)) }
      countsUp = false
      return truth ? 1 : 0
    case .missing:
      missing += 1
      if firstMissing == nil { firstMissing = (line, shown(bytes)) }
      lastMissing.append(row)
      if lastMissing.count > 2 * TablePass.footerLimit { lastMissing.removeFirst(TablePass.footerLimit) }
      countsUp = false
    case .notFinite:
      if firstInfinite == nil { firstInfinite = (line, shown(bytes)) }
    case .text:
      // A column of words is not looked through for dates again and again.
      if texts < 100 || dates > 0, let date = CellDate.read(bytes, isClock: isClock) {
        note(date)
        if firstDate == nil { firstDate = (line, shown(bytes)) }
        return date.code
      } else {
        texts += 1
        if firstText == nil { firstText = (line, shown(bytes)) }
        lastTexts.append(row)
        if lastTexts.count > 2 * TablePass.footerLimit { lastTexts.removeFirst(TablePass.footerLimit) }
        if let code = classes.code(of: bytes) { return Double(code) }
      }
    }
    return .nan
  }

  private mutating func note(_ number: Double) {
    numbers += 1
    if let last {
      if number != last + 1 { countsUp = false }
      if number < last { rises = false }
      if number > last { falls = false }
      if countsOrRestarts, number != last + 1 {
        if number == first { restarts += 1 } else { countsOrRestarts = false }
      }
    } else {
      first = number
    }
    if isCompactDate { isCompactDate = CompactDate.isOne(number) }
    if isWhole, number != number.rounded() { isWhole = false }
    noteSentinel(number)
    if number < least { least = number }
    if number > greatest { greatest = number }
    last = number
  }

  /// Keeps the numbers apart that files write in place of a missing one.
  private mutating func noteSentinel(_ number: Double) {
    switch number {
    case -99, -200, -999, -9999, -99999, 9999, 99999, 999999:
      if sentinel == nil { sentinel = number }
      if sentinel == number {
        sentinels += 1
        return
      }
    default: break
    }
    if number < plainLeast { plainLeast = number }
    if number > plainGreatest { plainGreatest = number }
  }

  /// A number that may stand for a missing cell, and how often: it lies alone, farther from all others than these lie apart, or it is
  /// the only negative one. Nil where there is none.
  var likelySentinel: (number: Double, count: Int)? {
    guard let sentinel, kind == .numbers, numbers > 2 * sentinels, plainLeast <= plainGreatest else { return nil }
    let span = plainGreatest - plainLeast
    let isFar = sentinel < plainLeast - span || sentinel > plainGreatest + span || (sentinel < 0 && plainLeast >= 0)
    return isFar ? (sentinel, sentinels) : nil
  }

  /// Notes the digits behind a number's decimal sign.
  private mutating func note(_ bytes: UnsafeBufferPointer<UInt8>, of number: Double, _ reader: CellReader) {
    if bytes.count >= 5, bytes[bytes.count - 4] == reader.style.decimal {
      threeDecimals += 1
    } else if number != number.rounded() {
      otherDecimals += 1
    }
  }

  /// Notes a sign of per cent or of a currency.
  private mutating func note(_ mark: Unicode.Scalar, _ bytes: UnsafeBufferPointer<UInt8>, line: Int) {
    if mark == "%" {
      percents += 1
      if firstPercent == nil { firstPercent = (line, shown(bytes)) }
    } else if currency == nil {
      currency = mark
    } else if currency != mark, otherCurrency == nil {
      otherCurrency = (line, shown(bytes))
    }
  }

  private mutating func note(_ date: CellDate.Reading) {
    if date.isTimeOfDay {
      timesOfDay += 1
    } else {
      dayOrder.add(date.dayFirst)
      monthOrder.add(date.monthFirst)
    }
    dates += 1
  }

  private func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self).trimmed
    return shortened(String(String.UnicodeScalarView(text.unicodeScalars.filter { !TextCorpus.isControl($0) })), to: 40)
  }

  /// Forgets the cells of the last rows, which are no data.
  mutating func dropFooter(rows: [Int]) {
    let droppedTexts = lastTexts.count { rows.contains($0) }, droppedMissing = lastMissing.count { rows.contains($0) }
    texts -= droppedTexts
    if texts == 0 { firstText = nil }
    missing -= droppedMissing
    if missing == 0 { firstMissing = nil }
    let rest = rows.count - droppedTexts - droppedMissing
    if numbers >= rest { numbers -= rest }
    ids?.cut(at: rows.min() ?? .max)
  }

  /// Forgets the last `count` rows, from `row` on, which have nothing in any cell.
  mutating func dropEmptyRows(_ count: Int, from row: Int) {
    missing -= count
    if missing == 0 { firstMissing = nil }
    lastMissing.removeAll { $0 >= row }
    ids?.cut(at: row)
  }

  // MARK: What it is

  /// What a column is for.
  enum Kind: Equatable {
    /// Numbers.
    case numbers
    /// Dates, times of day.
    case dates
    /// Mostly numbers, and in between something else.
    case broken
    /// Words.
    case words
    /// Nothing at all.
    case empty
  }

  var kind: Kind {
    let numeric = numbers + truths
    if numeric + dates + texts == 0, firstInfinite == nil { return .empty }
    if dates > numeric, dates >= 9 * texts { return .dates }
    if texts + dates == 0 { return isMixed ? .broken : .numbers }
    return numeric >= texts + dates ? .broken : .words
  }

  /// Whether true and false stand beside numbers other than 1 and 0.
  private var isMixed: Bool { truths > 0 && numbers > 0 && !(isWhole && least >= 0 && greatest <= 1) }

  /// The first cell that does not go with the others: true among numbers, per cent or another currency in some cells only.
  var oddCell: (row: Int, cell: String, others: String)? {
    if isMixed, let cell = firstTruth { return (cell.row, cell.cell, "\(grouped(numbers)) numbers") }
    if percents > 0, percents < numbers, let cell = firstPercent {
      return (cell.row, cell.cell, "\(grouped(numbers - percents)) numbers without %")
    }
    if let cell = otherCurrency, let currency { return (cell.row, cell.cell, "numbers with \(currency)") }
    return nil
  }

  /// Whether its numbers may have signs between thousands that were read as decimal ones: 1.000 behind 996.
  var hasLikelyThousands: Bool {
    kind == .numbers && threeDecimals > 0 && otherDecimals == 0 && numbers > threeDecimals
  }

  /// Whether it holds words and nothing else, and may be predicted.
  var isClasses: Bool { !classes.isFull && texts > 0 && numbers + truths + dates == 0 }

  /// Whether its dates rise from each row to the next, whichever of two numbers the month is.
  var datesRise: Bool {
    guard kind == .dates, dates > timesOfDay, texts == 0, missing == 0 else { return false }
    let orders = [monthOrder, dayOrder].filter(\.isPossible)
    return !orders.isEmpty && orders.contains { $0.rises && !$0.repeats }
  }

  /// Whether the first of two numbers that may be the month is the day.
  var isDayFirst: Bool {
    guard dayOrder.isPossible else { return false }
    guard monthOrder.isPossible else { return true }
    // Either may be; the one that keeps an order is right.
    return !(monthOrder.rises || monthOrder.falls) && (dayOrder.rises || dayOrder.falls)
  }

  /// Whether its numbers are all those from the first on.
  var isCount: Bool { kind == .numbers && truths == 0 && missing == 0 && countsUp && isWhole && numbers > 1 }

  /// Whether every row has the same number.
  var isConstant: Bool { kind == .numbers && truths == 0 && missing == 0 && least == greatest }
}

/// The rows at which a column's value changes, with a code for each value.
struct IDRuns: Sendable {
  private(set) var starts: [(row: Int, code: Int)] = []
  private var codes: [[UInt8]: Int] = [:]
  private(set) var names: [String] = []
  private var last: [UInt8] = []
  /// Whether it changes too often to be kept.
  private(set) var isFull = false
  private static let limit = 4_000_000, nameLimit = 1_000_000

  init() {}

  /// Those of a column of `cells`, `width` cells a row.
  init(of column: Int, in cells: SpilledArray<Double>, width: Int, rows: Int) {
    var known: [UInt64: Int] = [:], last: UInt64?
    let size = max(1, 65_536 / width)
    for start in stride(from: 0, to: rows, by: size) where !isFull {
      let end = min(start + size, rows)
      cells.read(start * width..<end * width) { cells in
        for row in 0..<end - start where !isFull {
          let bits = cells[row * width + column].bitPattern
          if bits == last { continue }
          last = bits
          let code = known[bits] ?? known.count
          if code == known.count {
            known[bits] = code
            names.append("")
          }
          starts.append((start + row, code))
          if starts.count > Self.limit || known.count > Self.nameLimit { (isFull, starts) = (true, []) }
        }
      }
    }
  }

  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, row: Int) {
    guard !isFull else { return }
    let cell = CellReader.trimmed(bytes)
    if !starts.isEmpty, cell.elementsEqual(last) { return }
    last = Array(cell)
    let code: Int
    if let known = codes[last] {
      code = known
    } else {
      code = codes.count
      codes[last] = code
      names.append(String(decoding: last.prefix(100), as: UTF8.self))
    }
    starts.append((row, code))
    if starts.count > Self.limit || codes.count > Self.nameLimit { (isFull, starts, codes) = (true, [], [:]) }
  }

  /// The number of values.
  var count: Int { names.count }
  /// Whether each value's rows follow each other.
  var isContiguous: Bool { !isFull && starts.count == names.count }

  /// Takes the rows from `row` on away.
  mutating func cut(at row: Int) {
    while let last = starts.last, last.row >= row {
      starts.removeLast()
      if !starts.contains(where: { $0.code == last.code }), last.code == names.count - 1 { names.removeLast() }
    }
  }
}

/// The different words of a column, each with a code in the order in which they came.
struct ClassWords: Sendable {
  private var codes: [[UInt8]: Int] = [:]
  private(set) var names: [String] = []
  /// Whether there are more words than classes make sense of.
  private(set) var isFull = false
  /// How often a row has another word than the one before.
  private(set) var changes = 0
  private var last: (word: [UInt8], code: Int) = ([], -1)
  private static let limit = 1000

  /// Whether the rows of each word follow each other.
  var isInBlocks: Bool { !isFull && changes == names.count }

  /// The code of a word; nil where there are too many.
  mutating func code(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard !isFull else { return nil }
    let cell = CellReader.trimmed(bytes)
    if last.code >= 0, cell.elementsEqual(last.word) { return last.code }
    let word = Array(cell)
    changes += 1
    if let known = codes[word] {
      last = (word, known)
      return known
    }
    guard names.count < Self.limit else {
      (isFull, codes) = (true, [:])
      return nil
    }
    codes[word] = names.count
    last = (word, names.count)
    names.append(String(decoding: word.prefix(100), as: UTF8.self))
    return names.count - 1
  }

  /// The words in the order of the alphabet, and the place there of each code.
  var sorted: (names: [String], places: [Int]) {
    let order = names.indices.sorted { names[$0] < names[$1] }
    var places = [Int](repeating: 0, count: names.count)
    for (place, code) in order.enumerated() { places[code] = place }
    return (order.map { names[$0] }, places)
  }
}

/// Days, and times of day behind them, as one whole number: 20240131, 2024013117, 202401311730.
enum CompactDate {
  /// Whether `number` may be one.
  static func isOne(_ number: Double) -> Bool {
    guard number >= 19_000_101, number < 22_000_000_000_000, number == number.rounded() else { return false }
    var whole = Int(number)
    var isRight = true
    func take(_ limit: Int) {
      if whole % 100 >= limit { isRight = false }
      whole /= 100
    }
    switch number {
    case ..<1e8: break
    case 1e9..<1e10: take(25)
    case 1e11..<1e12:
      take(60)
      take(25)
    case 1e13...:
      take(61)
      take(60)
      take(25)
    default: return false
    }
    let (year, month, day) = (whole / 10_000, whole / 100 % 100, whole % 100)
    return isRight && (1900..<2200).contains(year) && (1...12).contains(month) && (1...31).contains(day)
  }
}
