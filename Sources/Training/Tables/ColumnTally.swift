/// What all cells of a column say of it, told one by one.
struct ColumnTally: Sendable {
  let name: String
  /// How many cells are numbers, true or false, dates, missing, and anything else.
  private(set) var numbers = 0, truths = 0, dates = 0, timesOfDay = 0, missing = 0, texts = 0
  /// The first row without a number, and what stands there.
  private(set) var firstMissing: (row: Int, cell: String)?
  /// The first number that is not finite.
  private(set) var firstInfinite: (row: Int, cell: String)?
  /// The first and the last rows with text.
  private(set) var firstText: (row: Int, cell: String)?
  private(set) var lastTexts: [Int] = []
  /// Whether each number is the one before and 1.
  private(set) var countsUp = true
  /// Whether no number, or date, lies before the one above it, or none after.
  private(set) var rises = true, falls = true
  private(set) var isWhole = true
  private var last: Double?
  private(set) var least = Double.infinity, greatest = -Double.infinity
  /// Whether a day or a month stands first in its dates.
  private var dayOrder = Order(), monthOrder = Order()
  /// The rows at which another id begins, where the column may tell series apart.
  private(set) var ids: IDRuns?
  /// The words of a column that may be predicted; nil for other columns.
  private(set) var classes: ClassWords?

  /// Whether values in their order rise or fall.
  private struct Order: Sendable {
    var rises = true, falls = true, isPossible = true, last: Double?
    /// The first row whose date lies before the one above it.
    var firstFall: Int?

    mutating func add(_ place: Double?, line: Int) {
      guard let place else {
        isPossible = false
        return
      }
      if let last {
        if place < last {
          rises = false
          if firstFall == nil { firstFall = line }
        }
        if place > last { falls = false }
      }
      last = place
    }
  }

  init(name: String, mayTellSeries: Bool, mayBeClasses: Bool = false) {
    self.name = name
    ids = mayTellSeries ? IDRuns() : nil
    classes = mayBeClasses ? ClassWords() : nil
  }

  /// Takes the cell of data row `row`, counted from 0 (row `line` of the file); gives its number, NaN where it has none; of a word
  /// that may be a class, the class's code.
  mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, row: Int, line: Int, _ reader: CellReader) -> Double {
    ids?.take(bytes, row: row)
    switch reader.value(bytes) {
    case .number(let number):
      note(number)
      return number
    case .truth(let truth):
      truths += 1
      countsUp = false
      return truth ? 1 : 0
    case .missing:
      missing += 1
      if firstMissing == nil { firstMissing = (line, shown(bytes)) }
      countsUp = false
    case .notFinite:
      if firstInfinite == nil { firstInfinite = (line, shown(bytes)) }
    case .text:
      // A column of words is not looked through for dates again and again.
      if texts < 100 || dates > 0, let date = CellDate.read(bytes) {
        note(date, line: line)
      } else {
        texts += 1
        if firstText == nil { firstText = (line, shown(bytes)) }
        lastTexts.append(row)
        if lastTexts.count > 2 * TablePass.footerLimit { lastTexts.removeFirst(TablePass.footerLimit) }
        if let code = classes?.code(of: bytes) { return Double(code) }
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
    }
    if isWhole, number != number.rounded() { isWhole = false }
    if number < least { least = number }
    if number > greatest { greatest = number }
    last = number
  }

  private mutating func note(_ date: CellDate.Reading, line: Int) {
    if date.isTimeOfDay {
      timesOfDay += 1
    } else {
      dayOrder.add(date.dayFirst, line: line)
      monthOrder.add(date.monthFirst, line: line)
    }
    dates += 1
  }

  private func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self).trimmed
    return shortened(String(String.UnicodeScalarView(text.unicodeScalars.filter { !TextCorpus.isControl($0) })), to: 40)
  }

  /// Forgets `count` texts and missing cells of the last rows, which are no data.
  mutating func dropFooter(rows: [Int]) {
    let dropped = lastTexts.count { rows.contains($0) }
    texts -= dropped
    if texts == 0 { firstText = nil }
    missing = max(0, missing - (rows.count - dropped))
    if missing == 0 { firstMissing = nil }
    ids?.cut(at: rows.min() ?? .max)
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
    if texts + dates == 0 { return .numbers }
    return numeric >= texts + dates ? .broken : .words
  }

  /// Whether it holds words and nothing else, and may be predicted.
  var isClasses: Bool { classes.map { !$0.isFull } ?? false && texts > 0 && numbers + truths + dates == 0 }

  /// Whether its dates fall from row to row: the newest stands first.
  var datesFall: Bool {
    guard kind == .dates, dates - timesOfDay > 1 else { return false }
    let orders = [monthOrder, dayOrder].filter(\.isPossible)
    return !orders.isEmpty && orders.allSatisfy { $0.falls && !$0.rises }
  }

  /// The first row whose date lies before the one above it, where dates neither rise nor fall throughout.
  var firstFall: Int? {
    guard kind == .dates, dates - timesOfDay > 1 else { return nil }
    let orders = [monthOrder, dayOrder].filter(\.isPossible)
    guard !orders.isEmpty, orders.allSatisfy({ !$0.rises && !$0.falls }) else { return nil }
    return orders.compactMap(\.firstFall).max()
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
  private static let limit = 1000

  /// The code of a word; nil where there are too many.
  mutating func code(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let word = Array(CellReader.trimmed(bytes))
    if let known = codes[word] { return known }
    guard names.count < Self.limit else {
      isFull = true
      return nil
    }
    codes[word] = names.count
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
