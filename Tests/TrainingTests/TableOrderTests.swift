import Foundation
import RecurrentNetworks
import Testing

@testable import Training

/// What a table is read as, in words, with the numbers of its last column; or the error.
private func read(_ text: String, _ change: (inout TaskSpecification) -> Void = { _ in }) -> (
  words: String, numbers: [Double]
) {
  var task = TaskSpecification()
  (task.name, task.length) = (.csv, 2)
  change(&task)
  do throws(TaskError) {
    let bytes = Array(text.utf8)
    let table = try Table(TextSource(bytes, file: "d.csv"), task, memory: 1 << 30)
    let numbers = table.read(0..<table.rows) { cells in
      (0..<table.rows).map { cells[$0 * table.width + table.width - 1] }
    }
    return (try CSVTask(bytes, task, file: "d.csv").reading ?? "", numbers)
  } catch {
    return (error.description, [])
  }
}

private func day(_ number: Int) -> String { "2031-0\(1 + number / 28)-\(number % 28 < 9 ? "0" : "")\(number % 28 + 1)" }

@Suite("Order and series of tables")
struct TableOrderTests {
  /// Two series beside one another, one after the other, and under two ids: time rises within each.
  @Test(arguments: [
    ("date,variable,value\n", true, "variable"), ("date,variable,value\n", false, "variable"),
    ("Date,Country/Region,x\n", true, "Country/Region"),
  ])
  func seriesAreFoundByTheirTimes(_ header: String, _ isInterleaved: Bool, _ name: String) {
    func line(_ row: Int, _ id: String) -> String { "\(day(row)),\(id),\(id == "p" ? row * row : -row)\n" }
    let rows: [String] =
      isInterleaved
      ? (0..<20).flatMap { row in ["p", "q"].map { line(row, $0) } }
      : ["p", "q"].flatMap { id in (0..<20).map { line($0, id) } }
    let (words, numbers) = read(header + rows.joined())
    #expect(words.contains("2 series by \(name)"), "\(words)")
    let squares: [Double] = (0..<20).map { Double($0 * $0) }, falling: [Double] = (0..<20).map { -Double($0) }
    #expect(numbers == squares + falling)
    let alone = read(header + rows.joined()) { $0.id = "none" }
    #expect(!alone.words.contains("series by"), "\(alone.words)")
  }

  /// As the Royal Observatory of Belgium writes sunspots: no header, year, month, number. A year is no id.
  @Test func monthsBehindAYearAreOneSeries() {
    let rows = (0..<60).map { "\(1749 + $0 / 12);\($0 % 12 + 1);\(100 + $0 * $0 % 7).3\n" }
    let (words, numbers) = read(rows.joined())
    #expect(!words.contains("series") && numbers.count == 60, "\(words)")
  }

  /// Titles have blanks in them and split no rows.
  @Test func titlesWithBlanksBeforeTheHeaderAreLeftOut() {
    let rows = (0..<20).map { "\(day($0)) 17:24:00,\($0 * $0).5,\($0 % 7)\n" }
    let (words, _) = read("Station: Foo\nGenerated 2024-01-01\ntime,temp,hum\n" + rows.joined())
    #expect(words.contains("2 lines before the header left out") && words.contains("reads temp, hum"), "\(words)")
  }

  @Test func aSecondIDIsFoundBesideTheFirst() {
    var rows: [String] = []
    for store in 1...2 {
      for dept in 1...3 { rows += (0..<12).map { "\(store),\(dept),\(day($0)),\($0 * $0 + store * dept)\n" } }
    }
    #expect(read("Store,Dept,Date,Sales\n" + rows.joined()).words.contains("6 series by Store and Dept"))
  }

  @Test func numbersThatAreSensorsTellSeriesApart() {
    let rows = (0..<30).flatMap { row in (1...3).map { "\(day(row)),\($0),\(row * $0 % 11)\n" } }
    #expect(read("date,sensor,temp\n" + rows.joined()).words.contains("3 series by sensor"))
    // Of a name that says nothing the user is asked.
    let words = read("date,k,temp\n" + rows.joined()).words
    #expect(words.contains("task.id: k where it tells series apart, or task.id: none"), "\(words)")
  }

  @Test func aSeriesMayHaveItsNewestRowFirst() {
    let rows = ["N", "S"].flatMap { store in (0..<12).reversed().map { "\(store),\(day($0)),\($0 * $0)\n" } }
    let (words, numbers) = read("store,date,x\n" + rows.joined())
    #expect(words.contains("the newest row of each series stands first (date)"), "\(words)")
    let squares: [Double] = (0..<12).map { Double($0 * $0) }
    #expect(numbers == squares + squares)
  }

  @Test func rowsInNoOrderAreRefused() {
    let rows = (0..<40).map { "\(day($0 * 17 % 40)),\($0 * $0 % 19)\n" }.joined()
    let words = read("date,x\n" + rows).words
    #expect(words.contains("date that goes back") && words.contains("task.id: none"), "\(words)")
    #expect(read("date,x\n" + rows) { $0.id = "none" }.words.contains("rows are read as they stand"))
  }

  /// Clocks are put back in autumn: an hour comes twice, and nothing is refused.
  @Test func anHourMayComeTwice() {
    let hours: [Int] = Array(0..<20) + [19] + Array(20..<24)
    let words = read("time,x\n" + hours.map { "2031-10-26 \($0 < 10 ? "0" : "")\($0):00,\($0 * $0 % 7)\n" }.joined())
      .words
    #expect(words.contains("25 rows") && words.contains("1 row: read as they stand"), "\(words)")
  }

  @Test func hoursBesideADateAreItsTime() {
    let rows = (0..<5).flatMap { row in (1...24).map { "\(day(row)),\($0),\(row * $0 % 11)\n" } }.joined()
    let words = read("date,hour,load\n" + rows).words
    #expect(!words.contains("series") && !words.contains("read as they stand"), "\(words)")
  }

  @Test func idsInTheFirstRowOfAGroupAreRefused() {
    let rows = (0..<30).map { "\($0 % 10 == 0 ? "s\($0)" : ""),\($0 * $0 % 13)\n" }.joined()
    let words = read("id,x\n" + rows).words
    #expect(words.contains("row 3, column id: found nothing (27 of 30 cells are empty), expected an id"), "\(words)")
  }

  @Test func wordsInBlocksAreAskedFor() {
    let rows = ["A", "B"].flatMap { id in (0..<20).map { "\(id),\($0 * $0 % 13)\n" } }.joined()
    #expect(read("grp,x\n" + rows).words.contains("task.id: grp where it tells series apart"))
    #expect(read("grp,x\n" + rows) { $0.id = "grp" }.words.contains("2 series by grp"))
  }

  /// Years, months in words, quarters and days as one number, the newest first.
  @Test(arguments: [
    ("year,x\n", (0..<20).map { "\(2030 - $0)" }), ("quarter,x\n", (0..<20).map { "Q\(4 - $0 % 4) \(2030 - $0 / 4)" }),
    ("year_month,x\n", (0..<12).map { "2031-\($0 > 2 ? "0" : "")\(12 - $0)" }),
    ("MESS_DATUM,x\n", (0..<20).map { "\(20_310_131 - $0)" }),
    ("mois,x\n", ["décembre", "novembre", "octobre", "août", "juillet", "juin"].map { "\($0) 2004" }),
    ("stamp,x\n", (0..<9).map { "0\(9 - $0)/Dec/2006:17:24:00 +0000" }),
  ])
  func theNewestRowMayStandFirst(_ header: String, _ times: [String]) {
    let (words, numbers) = read(header + times.enumerated().map { "\($1),\($0 * $0)\n" }.joined())
    #expect(words.contains("the newest row stands first"), "\(words)")
    let squares: [Double] = times.indices.reversed().map { Double($0 * $0) }
    #expect(numbers == squares, "\(words)")
  }

  @Test func aCountThatFallsIsSaid() {
    let words = read("t,x\n" + (0..<20).map { "\(20 - $0),\($0 * $0 % 7)\n" }.joined()).words
    #expect(words.contains("t falls from row to row"), "\(words)")
  }
}

@Suite("Cells of tables that do not go together")
struct TableCellTests {
  @Test(arguments: [
    (["true", "2.5", "false", "7"], "“true” among 2 numbers"),
    (["1", "12 %", "3", "4"], "“12 %” among 3 numbers without %"),
    (["£1", "$2", "£3", "£4"], "“$2” among numbers with £"),
  ])
  func cellsOfTwoKindsAreRefused(_ cells: [String], _ said: String) {
    let words = read("w|v\n" + cells.enumerated().map { "\($0 * $0)|\($1)\n" }.joined()).words
    #expect(words.contains(said), "\(words)")
  }

  @Test func aBlankLineOfOneColumnIsAMissingCell() {
    let text = "a\n1\n4\n\n9\n2\n\n\n"
    #expect(read(text).words.contains("row 4, column a: found nothing (1 of 5 cells"), "\(read(text).words)")
    #expect(read(text) { $0.missing = .hold }.numbers == [1, 4, 4, 9, 2])
    // Blank lines between all rows are how the file is spaced.
    #expect(read("a\n\n1\n\n4\n\n9\n\n2\n").numbers == [1, 4, 9, 2])
  }

  @Test func emptyRowsAndUndatedSumsAtTheEndAreLeftOut() {
    let rows = (0..<40).map { "\(day($0)),\($0 * $0 % 7)\n" }.joined()
    #expect(
      read("day,v\n" + rows + ",\n,\n").words.contains("40 rows, “,” between cells; 2 empty rows at the end left out"))
    #expect(read("day,v\n" + rows + ",999\n").words.contains("row 42 at the end left out (nothing in day)"))
  }

  /// As the air quality table of the UCI repository has them: 18.00.00 beside 10/03/2004 and decimal commas.
  @Test func timesWithPointsAreTimes() {
    func row(_ hour: Int, _ time: String) -> String {
      "\(hour < 10 ? "0" : "")\(1 + hour / 24)/03/2004;\(time);\(hour * hour % 11),5;\(hour % 7),25\n"
    }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let hours = (0..<48).map { row($0, two($0 % 24) + ".00.00") }
    let air = read("Date;Time;CO;T\n" + hours.joined())
    #expect(air.words.contains("left out: Date (dates), Time (times)"), "\(air.words)")
    #expect(!air.words.contains("Date is that of a row before"), "\(air.words)")
    // Any of these may be a date too: the column's name says what it is.
    let minutes = (1..<13).map { "\(two($0)).05.09;\($0 * $0 % 7)\n" }.joined()
    #expect(read("Uhrzeit;v\n" + minutes).words.contains("Uhrzeit (times)"))
    #expect(read("Datum;v\n" + minutes).words.contains("Datum (dates)"))
  }

  /// Many files write -200 or -9999 for a missing number; it is read as pandas reads it, and said.
  @Test func numbersThatMayStandForMissingOnesAreSaid() {
    func rows(_ sentinel: String) -> String {
      "co,t\n" + (0..<40).map { "\($0 % 13 == 5 ? sentinel : "\($0 * $0 % 11)"),\($0 % 7 - 3)\n" }.joined()
    }
    #expect(read(rows("-200")).words.contains("-200 stands 3 times in co, far from the other numbers: read as it is"))
    #expect(!read(rows("12")).words.contains("stands"))
    // Within the reach of the others it is a number as they are.
    let steps = (-250 ..< -150).map { "\($0)\n" }.joined()
    #expect(!read("v\n" + steps).words.contains("stands"))
  }

  /// Where no column has numbers, it is said what stands there.
  @Test func whatStandsInColumnsWithoutNumbersIsShown() {
    #expect(read("v\n1.5K\n2.5K\n3M\n").words.contains("(as \u{201C}1.5K\u{201D})"))
  }

  @Test func classesHaveNoMean() {
    let labels: [String] = (0..<20).map { $0 == 5 ? "" : $0 % 2 == 0 ? "a" : "b" }
    let text = "x,label\n" + labels.enumerated().map { "\($0 * $0 % 7),\($1)\n" }.joined()
    let words = read(text) { ($0.targets, $0.missing) = (["label"], .mean) }.words
    #expect(words.contains("found a missing class") && words.contains("--set task.missing=drop or hold"), "\(words)")
    #expect(read(text) { $0.targets = ["label"] }.words.contains("expected a word, or --set task.missing=hold or drop"))
  }

  @Test func decimalSignsAndHeadersAgreeWithTheRows() {
    func words(_ header: String, _ row: (Int) -> String) -> String {
      let rows: [String] = (0..<20).map { row($0) + "\n" }
      return read(header + "\n" + rows.joined()).words
    }
    let german = words("Tag;x") { "\($0 < 9 ? "0" : "")\($0 + 1).01;\($0),\($0 * $0 % 10)5" }
    #expect(german.contains("decimal comma; reads x"), "\(german)")
    let mixed = words("a;b") { "5\($0 + 10),255.50;\($0),13" }
    #expect(mixed.contains("reads b"), "\(mixed)")
    let tabs = words("g,u\t2019") { "A,C\($0)\t\($0 * $0 % 7)" }
    #expect(tabs.contains("tab between cells; reads 2019"), "\(tabs)")
    let indexed = words(",0,1") { "\($0),\($0 * $0 % 7).5,\($0 % 5)" }
    #expect(indexed.contains("reads 0, 1 and"), "\(indexed)")
    let numbered = words("0,1") { "\($0 * $0 % 7).5,\($0 % 5)" }
    #expect(numbered.contains("20 rows"), "\(numbered)")
    let split = words("Date,Sales") { "\(day($0)),500,\($0 + 100)" }
    #expect(split.contains("3 cells under 2 names, with a date"), "\(split)")
    let thousands = words("d;x") { row in
      let cell = row < 15 ? String(900 + row) : "1.0\(row)"
      return "\(day(row));\(cell)"
    }
    #expect(thousands.contains("task.decimal: comma reads it as 1234"), "\(thousands)")
  }

  @Test func whatVariesALittleIsNotCalledTheSame() {
    let text = "a,b,c\n" + (0..<20).map { "\(9_007_199_254_740_993 + 2 * $0),7,\($0 * $0 % 7)\n" }.joined()
    let words = read(text).words
    #expect(words.contains("a (nearly the same)") && words.contains("b (always the same)"), "\(words)")
  }

  /// A cell that the rule filled is no truth of what is held out.
  @Test(arguments: [MissingRule.hold, .mean])
  func filledCellsAreNotScored(_ rule: MissingRule) throws {
    var task = TaskSpecification()
    (task.name, task.length, task.heldOut, task.missing) = (.csv, 4, .count(8), rule)
    let text = "x\n" + (0..<30).map { $0 == 26 ? "NA\n" : "\($0 * $0 % 11)\n" }.joined()
    let csv = try CSVTask(Array(text.utf8), task, file: "d.csv")
    #expect(csv.reading?.contains("missing cells are not scored") ?? false)
    #expect(csv.sequences(index: 0, batch: 1, length: 4).targetMask.allSatisfy { $0 == 1 })
    // The first of the held-out rows is the 22nd; the target of the 25th is missing.
    let heldOut = try #require(csv.heldOut)
    #expect(heldOut.sequences(index: 0, batch: 1, length: 7).targetMask == [1, 1, 1, 0, 1, 1, 1])
    #expect(csv.line(of: 0) == 2)
  }

  @Test func howAHeldOutFileWasReadIsSaid() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("held-\(UUID().uuidString).csv").path
    defer { unlink(path) }
    let rows = (0..<20).reversed().map { "\(day($0));\($0 * $0 % 7)\n" }.joined()
    try ("date;x\n" + rows).write(toFile: path, atomically: true, encoding: .utf8)
    let words = read("x\n" + (0..<20).map { "\($0 * $0 % 7)\n" }.joined()) { $0.heldOut = .file(path) }.words
    #expect(words.contains("“;” between cells, the newest row stands first (date)"), "\(words)")
  }

  @Test func tooMuchHeldOutIsSaidSo() throws {
    let text = "x\n" + (0..<30).map { "\($0 * $0 % 7)\n" }.joined()
    #expect(
      read(text) { ($0.length, $0.heldOut) = (5, .share(0.99)) }.words.contains("of 30 rows beside those held out"))
    #expect(read(text) { $0.horizon = 100 }.words.contains("found 30 rows, expected at least 102"))
    let corpus = try TextCorpus(Array("0123456789abcdef\r\n".utf8), name: "t.txt")
    var task = TaskSpecification()
    (task.name, task.length, task.heldOut, task.file) = (.text, 3, .count(1), "t.txt")
    let error = #expect(throws: TaskError.self) { try TextTask(corpus, task) }
    #expect(error?.description.contains("found 1 held-out character, expected at least 4") ?? false)
    task.heldOut = .none
    #expect(try TextTask(corpus, task).reading?.contains("1 CR LF read as a line feed each") ?? false)
  }

  @Test(arguments: [("version https://git-lfs.github.com/spec/v1\noid 1\n", "git lfs pull"), ("$FL2@(#)", "read_spss")])
  func moreKindsOfFilesAreNamed(_ text: String, _ said: String) { #expect(read(text).words.contains(said)) }
}
