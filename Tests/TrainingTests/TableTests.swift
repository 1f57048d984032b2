import Foundation
import RecurrentNetworks
import Testing

@testable import Training

/// What a table is read as: the columns by name with their numbers, or the error.
private struct Reading {
  var task: CSVTask?
  var error = ""
  var columns: [String: [Double]] = [:]
  var words: String { task?.reading ?? error }

  init(_ bytes: [UInt8], _ change: (inout TaskSpecification) -> Void = { _ in }) {
    var specification = TaskSpecification()
    specification.name = .csv
    specification.length = 2
    change(&specification)
    do throws(TaskError) {
      let table = try Table(
        TextSource(bytes, file: "d.csv", encoding: specification.encoding), specification, memory: 1 << 30)
      for (index, column) in table.columns.enumerated() {
        columns[column.name] = table.read(0..<table.rows) { cells in
          (0..<table.rows).map { cells[$0 * table.width + index] }
        }
      }
      task = try CSVTask(bytes, specification, file: "d.csv")
    } catch {
      self.error = error.description
    }
  }

  init(_ text: String, _ change: (inout TaskSpecification) -> Void = { _ in }) { self.init(Array(text.utf8), change) }
}

@Suite("Tables as people have them")
struct TableTests {
  /// Each text writes columns a = 1.5, 2.5, 4 and b = 10, 30, 20.
  @Test(arguments: [
    "a,b\n1.5,10\n2.5,30\n4,20\n", "a;b\n1.5;10\n2.5;30\n4;20\n", "a;b\n1,5;10\n2,5;30\n4;20\n",
    "a\tb\n1.5\t10\n2.5\t30\n4\t20\n", "a|b\r\n1.5|10\r\n2.5|30\r\n4|20\r\n", "a b\n1.5 10\n 2.5   30\n4 20 \n",
    "sep=;\na;b\n1,5;10\n2,5;30\n4;20\n", "\u{FEFF}a,b\n1.5,10\n2.5,30\n4,20\n", "a,b\r1.5,10\r2.5,30\r4,20\r",
    "a, b\n1.5, \"10\"\n2.5, \"30\" \n4, \"20\"", "# made by hand\na,b\n1.5,10\n# here a pause\n2.5,30\n4,20\n",
    "# a b\n1.5 10\n2.5 30\n4 20\n", "a,b,\n1.5,10,\n2.5,30,\n4,20,\n", "a,b\n1.5,10,\n2.5,30,\n4,20,\n",
    "a;b\n1,50 €;10 %\n2,50 €;30 %\n4,00 €;20 %\n", "a,b\n1.5,10\n2.5,30\n4,20\nTotal\n",
    "a,b\n$1.5,10\n$2.5,30\n$4,20\n",
    "Report of May\n\na,b\n1.5,10\n2.5,30\n4,20\n", "a,b\nm/s,hPa\n1.5,10\n2.5,30\n4,20\n",
    "day,a,b\n2031-01-01,1.5,10\n2031-01-02,2.5,30\n2031-01-03,4,20\n",
    "day;time;a;b\n1/1/2031;00:00:00;1.5;10\n2/1/2031;00:01:00;2.5;30\n13/1/2031;00:02:00;4;20\n",
    "day,a,b\n2031-01-03,4,20\n2031-01-02,2.5,30\n2031-01-01,1.5,10\n",
    ",a,b\n0,1.5,10\n1,2.5,30\n2,4,20\n", "year,month,a,b\n2031,1,1.5,10\n2031,2,2.5,30\n2031,3,4,20\n",
    "\"a\" \"b\"\n\"1\" 1.5 10\n\"2\" 2.5 30\n\"3\" 4 20\n", "a,b\n1.5,10\na,b\n2.5,30\n4,20\n",
    "a,b,note\n1.5,10,fine\n2.5,30,\n4,20,\"a, b\"\n",
  ])
  func forms(_ text: String) {
    let reading = Reading(text)
    #expect(reading.columns == ["a": [1.5, 2.5, 4], "b": [10, 30, 20]], "\(reading.words)")
  }

  /// What stands before the table, under its names and behind it is left out, and said.
  @Test(arguments: [
    (
      "Station: Berlin\nHeight: 34\n\na,b\n1.5,10\n2.5,30\n4,20\n",
      "2 lines before the header left out (“Station: Berlin”)"
    ),
    (
      "Price,a,b\nTicker,X,X\nDate,,\n2031-01-01,1.5,10\n2031-01-02,2.5,30\n2031-01-03,4,20\n",
      "2 rows under the names left out"
    ),
    ("a,b\n1.5,10\n2.5,30\n4,20\nSource: the station\n", "1 line at the end left out (“Source: the station”)"),
    ("a,b,\n1.5,10\n2.5,30\n4,20\n", "3 rows"), ("a,b\n1.5,10\n\n2.5,30\n4,20\n\n\n", "3 rows"),
    ("1.5,10\n2.5,30\n4,20\n", "no header"),
  ])
  func surroundings(_ text: String, _ said: String) {
    let reading = Reading(text)
    #expect(
      Array(reading.columns.values).sorted { $0[0] < $1[0] } == [[1.5, 2.5, 4], [10, 30, 20]], "\(reading.words)")
    #expect(reading.words.contains(said), "\(reading.words)")
  }

  @Test func aSumInTheLastRowIsLeftOut() {
    let rows = (0..<40).map { "2031-01-\($0 % 28 + 1 < 10 ? "0" : "")\($0 % 28 + 1),\($0 * $0 % 7)\n" }.joined()
    let reading = Reading("day,v\n" + rows + "Total,999\n")
    #expect(reading.columns["v"]?.count == 40)
    #expect(reading.words.contains("row 42 at the end left out (“Total”)"), "\(reading.words)")
  }

  @Test func namesAndCellsThatDoNotAgreeAreRefused() {
    #expect(
      Reading("a,b\n1,5,2,5\n2,5,7,5\n4,0,6,5\n").error
        == "d.csv, row 2: found 4 cells under 2 names, expected as many: where commas are decimal, another delimiter or quotes"
    )
    #expect(Reading("a,b,c\n1,5\n2,7\n4,6\n").error.contains("found 2 cells under 3 names"))
  }

  @Test func otherKindsOfFilesAreNamedWithWhatToDo() {
    func zip(_ name: String) -> [UInt8] {
      [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
    }
    for (bytes, what) in [
      ([0x1F, 0x8B, 8, 0], "a gzip archive, expected a text: gunzip"),
      (zip("[Content_Types].xml"), "an Excel workbook"),
      (zip("x.npy"), "NumPy arrays (.npz), expected a text: python3"),
      (zip("a.csv"), "a zip archive, expected a text: unzip"),
      ([0x80, 4, 0x95], "a pickle"),
      (Array("PAR1".utf8), "a Parquet file"), (Array("SQLite format 3\0".utf8), "an SQLite database"),
    ] as [([UInt8], String)] {
      #expect(Reading(bytes + [UInt8](repeating: 1, count: 100)).error.contains(what))
    }
  }

  /// What is a text, but no table, is named too.
  @Test(arguments: [
    (
      "{\"u\": 1, \"v\": 2}\n{\"u\": 3, \"v\": 4}\n",
      "JSON, expected a table: python3 -c \"import pandas; pandas.read_json('FILE', lines=True)"
    ),
    ("[{\"u\": 1}]", "read_json('FILE')"),
    ("<!DOCTYPE html>\n<table><tr><td>1</td></tr></table>\n", "pandas.read_html"),
    ("<?xml version='1.0'?><r/>\n", "pandas.read_xml"),
    ("% a comment\n@RELATION t\n@ATTRIBUTE u NUMERIC\n@DATA\n1,2\n3,4\n", "an ARFF file"),
  ])
  func textsThatAreNoTables(_ text: String, _ said: String) {
    #expect(Reading(text).error.contains(said), "\(Reading(text).error)")
  }

  /// Errors of a spreadsheet, and a column called #, are cells; other lines with # are comments.
  @Test func aCellMayBeginWithAHash() {
    let text = "#,a\n1,5\n#N/A,7\n# a comment\n#DIV/0!,6\n4,9\n"
    #expect(Reading(text).error.contains("row 3, column #: found “#N/A” (2 of 4 cells are missing)"))
    let held = Reading(text) { $0.missing = .hold }
    #expect(held.columns == ["#": [1, 1, 1, 4], "a": [5, 7, 6, 9]])
    #expect(held.words.contains("1 comment line left out; 2 missing cells hold the number before"))
  }

  /// Under each store its items: a series is one item of one store.
  @Test func twoColumnsMayTellSeriesApart() throws {
    let rows = ["N", "S"].flatMap { store in
      (1...2).flatMap { item in (0..<8).map { "\(store),\(item),\($0 * $0 * item + (store == "N" ? 0 : 100))\n" } }
    }
    let reading = Reading("store,item,sales\n" + rows.joined())
    #expect(reading.words.contains("4 series by store and item"), "\(reading.words)")
    #expect(reading.task?.description.inputNames == ["sales"])
  }

  @Test func numbers() {
    func column(_ cells: [String]) -> [Double]? {
      Reading("v|w\n" + cells.enumerated().map { "\($1)|\($0 * $0)\n" }.joined()).columns["v"]
    }
    #expect(column(["1,234", "12,345,678", "17"]) == [1234, 12_345_678, 17])
    #expect(column(["12,34,567", "1,23,456", "17"]) == [1_234_567, 123_456, 17])
    #expect(column(["10-", "5", "3"]) == [-10, 5, 3])
    #expect(column(["1 234.5", "2\u{A0}345", "3\u{202F}456"]) == [1234.5, 2345, 3456])
    #expect(column(["1'234", "2\u{2019}345", "3"]) == [1234, 2345, 3])
    #expect(column(["1.234,5", "2.345,25", "3"]) == [1234.5, 2345.25, 3])
    #expect(column(["(10.00)", "\u{2212}3.5", "+4"]) == [-10, -3.5, 4])
    #expect(column(["true", "FALSE", "True"]) == [1, 0, 1])
    #expect(column(["1e3", "2.5E-2", "1D+02"]) == [1000, 0.025, 100])
    #expect(column([".5", "5.", "-.25"]) == [0.5, 5, -0.25])
    #expect(
      column(["0.1", "123456789.123456789", "1.7976931348623157e308"]) == [
        0.1, 123456789.123456789, 1.7976931348623157e308,
      ])
    #expect(
      column(["5e-324", "0.30000000000000004", "9007199254740993"]) == [
        Double.leastNonzeroMagnitude, 0.30000000000000004, 9007199254740992,
      ])
  }

  @Test func encodings() throws {
    let text = "größe,b\n1,5\n2,7\n4,6\n"
    #expect(Reading(text).columns["größe"] == [1, 2, 4])
    let utf16 = try #require(text.data(using: .utf16LittleEndian))
    #expect(Reading([0xFF, 0xFE] + utf16).columns["größe"] == [1, 2, 4])
    #expect(Reading(Array(utf16)).columns["größe"] == [1, 2, 4])
    #expect(Reading(Array(try #require(text.data(using: .utf16BigEndian)))).columns["größe"] == [1, 2, 4])
    let western = Reading(Array(try #require(text.data(using: .windowsCP1252))))
    #expect(western.columns["größe"] == [1, 2, 4])
    #expect(western.words.contains("windows-1252, as byte 0xf6 on line 1 is no UTF-8"))
    let japanese = Reading(Array(try #require("温度,b\n1,5\n2,7\n4,6\n".data(using: .shiftJIS)))) {
      $0.encoding = .shiftJIS
    }
    #expect(japanese.columns["温度"] == [1, 2, 4])
  }

  @Test func missingCells() {
    let text = "a,b\nNA,1\n2,5\n,3\n4,?\n5,2\n"
    #expect(Reading(text).error.contains("row 2, column a: found “NA” (2 of 5 cells are missing)"))
    #expect(Reading(text).error.contains("--set task.missing=hold, drop or mean"))
    #expect(Reading(text) { $0.missing = .hold }.columns == ["a": [2, 2, 2, 4, 5], "b": [1, 5, 3, 3, 2]])
    #expect(
      Reading(text) { $0.missing = .hold }.words.contains(
        "2 missing cells hold the number before; 1 missing cell, before all numbers, holds the first number"))
    #expect(Reading(text) { $0.missing = .mean }.words.contains("3 missing cells stand for the column's mean"))
    #expect(Reading(text) { $0.missing = .drop }.columns == ["a": [2, 5], "b": [5, 2]])
    let mean = Reading(text) { $0.missing = .mean }
    // Mean 11/3 is 0 once normalized.
    let data = mean.task?.sequences(index: 0, batch: 1, length: 3)
    #expect(data?.x[0] == 0 && data?.x[4] == 0)
    // A column that nobody reads may have holes.
    #expect(Reading(text) { $0.columns = ["b"] }.error.contains("column b"))
    #expect(Reading("a,b\nNA,1\n2,5\n,3\n") { $0.columns = ["b"] }.columns == ["b": [1, 5, 3]])
  }

  @Test func doubleNamesAreToldApart() {
    let reading = Reading("x,x,y\n1,5,2\n2,7,3\n4,6,9\n")
    #expect(reading.columns["x"] == [1, 2, 4] && reading.columns["x.1"] == [5, 7, 6])
    #expect(reading.words.contains("names that stand twice told apart: x.1"))
  }

  /// Two series of 4 and 3 rows: no sequence has rows of both, each begins with a state of 0, and all rows are read.
  @Test(arguments: ["id,x\n0,1\n0,2\n0,3\n0,4\n7,10\n7,20\n7,40\n", "symbol,x\nA,1\nB,10\nA,2\nB,20\nA,3\nB,40\nA,4\n"])
  func series(_ text: String) throws {
    let reading = Reading(text) { $0.id = text.hasPrefix("symbol") ? "symbol" : nil }
    let task = try #require(reading.task, "\(reading.error)")
    #expect(!task.description.isStream)
    #expect(task.description.inputNames == ["x"])
    #expect(reading.columns == ["x": [1, 2, 3, 4, 10, 20, 40]])
    var seen: Set<[Int]> = []
    for index in 0..<3 {
      let data = task.sequences(index: index, batch: 1, length: 2)
      guard case .values(let values) = data.target else { return }
      let restored = (data.x + values).map { z in Int(task.restored([z])[0].rounded()) }
      seen.insert([restored[0], restored[1], restored[3]])
    }
    #expect(seen == [[1, 2, 3], [2, 3, 4], [10, 20, 40]])
  }

  @Test func everythingThatIsLeftOutIsSaid() throws {
    let rows = (0..<30).map { "\($0),2031-01-\($0 % 28 + 1 < 10 ? "0" : "")\($0 % 28 + 1),7,\($0 * $0 % 11),red\n" }
      .joined()
    let words = Reading("No,day,k,v,color\n" + rows).words
    for piece in [
      "30 rows", "reads v", "No (counts the rows)", "day (dates)", "k (always the same)", "color (words, as “red”)",
    ] {
      #expect(words.contains(piece), "\(words)")
    }
  }

  /// A seventh column of 3 rows of data may be missing at first: it is judged by all of its rows.
  @Test func aColumnIsJudgedByAllOfItsRows() {
    let text =
      "No,year,month,day,hour,pm,dew\n1,2031,1,1,0,NA,57.5\n2,2031,1,1,1,NA,58\n3,2031,1,1,2,5,57\n4,2031,1,1,3,9,59\n"
    #expect(Reading(text).error.contains("row 2, column pm: found “NA” (2 of 4 cells are missing)"))
    #expect(Reading(text) { $0.missing = .drop }.columns == ["pm": [5, 9], "dew": [57, 59]])
    #expect(Reading(text) { $0.missing = .hold }.words.contains("year (part of the date)"))
  }

  @Test func quotesThatDoNotEndAreRefusedByTheirRow() {
    #expect(
      Reading("a,b\n1,2\n\"3,4\n").error == "d.csv, row 3: found a quote that does not end, expected a closing \"")
  }

  /// Numbers beyond what is kept in memory lie on the disk; what is read is the same.
  @Test func aLargeTableIsReadFromTheDisk() throws {
    let text = "a,b\n" + (0..<20_000).map { "\(($0 * 7919) % 1000),\($0 % 17).5\n" }.joined()
    let bytes = Array(text.utf8)
    var specification = TaskSpecification()
    specification.length = 50
    let source = try TextSource(bytes, file: "d.csv")
    let small = try CSVTask(source, specification, memory: 1 << 14),
      large = try CSVTask(source, specification, memory: 1 << 30)
    for index in [0, 3, 1000] {
      #expect(
        small.sequences(index: index, batch: 4, length: 50) == large.sequences(index: index, batch: 4, length: 50))
    }
    #expect(small.description == large.description)
  }

  /// Of a table on the disk some columns are read where they lie, between others; quoted and doubled quotes stand anywhere.
  @Test func columnsOfALargeTableAreReadBetweenOthers() throws {
    func number(_ row: Int, _ column: Int) -> Int { (row * 7919 + column * 104_729) % 10_007 }
    let text =
      "day,x,y,w\n"
      + (0..<120_000).map { row in
        "2021-03-04,\(number(row, 1)),\"\(number(row, 2))\",\"a \"\"\(number(row, 3))\"\"\"\n"
      }.joined()
    let source = try TextSource(Array(text.utf8), file: "d.csv")
    for memory in [1 << 14, 1 << 30] {
      let table = try Table(source, TaskSpecification(), memory: memory)
      #expect(table.columns.map(\.name) == ["x", "y"] && table.rows == 120_000)
      for row in stride(from: 0, to: 119_990, by: 1009) {
        let read = table.read(row..<row + 2) { Array($0) }
        #expect(read == [(row, 1), (row, 2), (row + 1, 1), (row + 1, 2)].map { Double(number($0.0, $0.1)) })
      }
    }
  }

  /// Rows wait to be read with their neighbors: millions of bytes of comments and blank lines between them change nothing.
  @Test func rowsBetweenManyComments() throws {
    let nothing = String(repeating: "# a comment that goes on and on and on\n\n   \n", count: 120_000)
    let text = "x,y\n5,1\n" + nothing + "7,3\n2,8\n" + nothing + "4,9\n"
    let table = try Table(TextSource(Array(text.utf8), file: "d.csv"), TaskSpecification(), memory: 1 << 30)
    #expect(table.rows == 4)
    #expect(table.read(0..<4) { Array($0) } == [5, 1, 7, 3, 2, 8, 4, 9])
    #expect(table.notes.contains { $0.contains("240,000 comment lines") })
  }

  /// Mean and standard deviation over parts far apart, against their closed form for 3, 6 … 3n: 3 (n + 1) / 2 and 3 √((n² - 1) / 12).
  @Test func meanAndDeviationOverParts() throws {
    let count = 200_000
    let text = "a,b\n" + (1...count).map { "\(3 * $0),\(1e9 + Double($0 % 2))\n" }.joined()
    for memory in [1 << 14, 1 << 30] {
      var table = try Table(TextSource(Array(text.utf8), file: "d.csv"), TaskSpecification(), memory: memory)
      table.measure(over: [0..<70_001, 70_001..<count])
      let n = Double(count)
      #expect(abs(table.columns[0].mean / (3 * (n + 1) / 2) - 1) < 1e-14)
      #expect(abs(table.columns[0].deviation / (3 * ((n * n - 1) / 12).squareRoot()) - 1) < 1e-13)
      #expect(abs(table.columns[1].mean - (1e9 + 0.5)) < 1e-3 && abs(table.columns[1].deviation - 0.5) < 1e-5)
    }
  }
}

@Suite("Held-out rows")
struct HeldOutTests {
  private let text = "a\n" + (0..<20).map { "\($0 * $0)\n" }.joined()

  /// The last 5 of 20 rows are never read in training, nor used to normalize, and the other way round.
  @Test func noSequenceCrossesTheBorder() throws {
    let reading = Reading(text) { $0.heldOut = .count(5) }
    let task = try #require(reading.task, "\(reading.error)")
    func numbers(_ task: any SequenceTask, _ batch: Int) -> Set<Int> {
      var numbers: Set<Int> = []
      for index in 0..<40 {
        let data = task.sequences(index: index, batch: batch, length: 2)
        guard case .values(let values) = data.target else { return [] }
        for z in data.x + values {
          numbers.insert(Int(((task as? CSVTask)?.restored([z])[0] ?? .nan).rounded()))
        }
      }
      return numbers
    }
    #expect(numbers(task, 2) == Set((0..<15).map { $0 * $0 }))
    #expect(numbers(try #require(task.heldOut), 2) == Set((15..<20).map { $0 * $0 }))
    // 0 stands for the mean of the first 15 squares.
    let mean = task.restored([0])[0]
    #expect(abs(mean - Double((0..<15).reduce(0) { $0 + $1 * $1 }) / 15) < 1e-9)
    #expect(reading.words.contains("held out: the last 5 rows"))
    #expect(Reading(text) { $0.heldOut = .share(0.25) }.words.contains("held out: the last 5 rows"))
    #expect(Reading(text) { $0.heldOut = .count(2) }.error.contains("held-out rows"))
  }

  @Test func ofATextLikewise() throws {
    let corpus = try TextCorpus(Array("0123456789abcdef".utf8), name: "t.txt")
    var specification = TaskSpecification()
    (specification.name, specification.length, specification.heldOut) = (.text, 3, .count(6))
    let task = try TextTask(corpus, specification)
    func symbols(_ task: any SequenceTask) -> Set<Int32> {
      var symbols: Set<Int32> = []
      for index in 0..<30 {
        let data = task.sequences(index: index, batch: 2, length: 3)
        symbols.formUnion(data.symbols ?? [])
        if case .classes(let classes) = data.target { symbols.formUnion(classes) }
      }
      return symbols
    }
    #expect(symbols(task) == Set(0..<10))
    #expect(symbols(try #require(task.heldOut)) == Set(10..<16))
  }

  @Test func asTheExperimentFileWritesIt() throws {
    for (text, value) in [
      ("null", HeldOut.none), ("0.1", .share(0.1)), ("500", .count(500)), ("test.csv", .file("test.csv")),
    ] {
      var experiment = Experiment()
      try experiment.set("task.name", "text")
      try experiment.set("task.held_out", text)
      #expect(experiment.task.heldOut == value)
      #expect(try experiment.value(of: "task.held_out") == text)
    }
    var experiment = Experiment()
    #expect(throws: ExperimentKeyError.self) { try experiment.set("task.held_out", "1.5") }
    #expect(throws: ExperimentKeyError.self) { try experiment.set("task.held_out", "0") }
  }
}
