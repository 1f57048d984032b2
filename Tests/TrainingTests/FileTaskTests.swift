import Foundation
import RecurrentNetworks
import Testing

@testable import Training

private func corpus(_ text: String) throws -> TextCorpus { try TextCorpus(Array(text.utf8), name: "t.txt") }

private func textError(_ bytes: [UInt8], length: Int = 2) -> String {
  do {
    _ = try TextTask(TextCorpus(bytes, name: "t.txt"), file: "t.txt", length: length)
    return "no error"
  } catch { return "\(error)" }
}

private func csv(
  _ text: String, length: Int = 2, columns: [String] = [], targets: [String] = []
) throws(TaskError) -> CSVTask {
  var specification = TaskSpecification()
  specification.name = .csv
  specification.length = length
  specification.columns = columns
  specification.targets = targets
  return try CSVTask(Array(text.utf8), specification, file: "d.csv")
}

private func csvError(_ text: String, length: Int = 2, columns: [String] = [], targets: [String] = []) -> String {
  do {
    _ = try csv(text, length: length, columns: columns, targets: targets)
    return "no error"
  } catch { return "\(error)" }
}

@Suite("The task text")
struct TextTaskTests {
  @Test("the text that ships is the one in Demos/data, whole")
  func shipped() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Demos/data/alice.txt").path
    let (shipped, read) = try (TextCorpus(path: nil, memory: 1 << 30), TextCorpus(path: file, memory: 1 << 30))
    #expect(shipped.codes == read.codes && shipped.alphabet == read.alphabet)
    #expect(shipped.codes.count == 148_315)
    #expect(shipped.alphabet.count == 69)
  }

  @Test("characters are Unicode scalars; CR LF is one line feed, a byte order mark is none")
  func characters() throws {
    let corpus = try corpus("\u{FEFF}a\r\né\u{1F600}\ra")
    #expect(corpus.alphabet == ["\n", "\r", "a", "é", "\u{1F600}"])
    #expect(corpus.codes == [2, 0, 3, 4, 1, 2])
    #expect(corpus.alphabet.map(TextCorpus.symbol) == ["⏎", "\u{FFFD}", "a", "é", "\u{1F600}"])
  }

  @Test("more characters than a byte counts, in memory and on the disk: every code and every pair is that of the text")
  func manyCharacters() throws {
    // Plain text first, then 500 characters of other scripts, then both.
    let plain = String(repeating: "the cat sat\r\n", count: 9_000)
    let others = String(String.UnicodeScalarView((0..<500).compactMap { Unicode.Scalar(0x4E00 + $0) }))
    let text = plain + others + plain + String(others.reversed()) + plain
    let file = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("many-\(UUID()).txt")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let scalars = text.unicodeScalars.filter { $0 != "\r" }
    for memory in [1 << 12, 1 << 30] {
      let corpus = try TextCorpus(path: file.path, memory: memory)
      #expect(corpus.count == scalars.count)
      #expect(corpus.codes.map { corpus.alphabet[Int($0)] } == Array(scalars))
      // H = -Σ p log p, counted here.
      let counts = scalars.reduce(into: [Unicode.Scalar: Double]()) { $0[$1, default: 0] += 1 }
      let entropy = counts.values.reduce(0) { $0 - $1 / Double(scalars.count) * log($1 / Double(scalars.count)) }
      #expect(abs(corpus.entropies().single - entropy) < 1e-12)
      var pairs: [String: Double] = [:]
      for (first, second) in zip(scalars, scalars.dropFirst()) {
        pairs[String(first) + String(second), default: 0] += 1
      }
      let firsts = scalars.dropLast().reduce(into: [Unicode.Scalar: Double]()) { $0[$1, default: 0] += 1 }
      let afterOne = pairs.reduce(0.0) { sum, pair in
        let first = pair.key.unicodeScalars.first.flatMap { firsts[$0] } ?? .nan
        return sum - pair.value * log(pair.value / first) / Double(scalars.count - 1)
      }
      let told = try #require(corpus.entropies().afterOne)
      #expect(abs(told - afterOne) < 1e-12)
    }
  }

  @Test("each target is the next input; rows start evenly spaced and go on where they stopped, around the end")
  func rows() throws {
    let task = try TextTask(corpus("0123456789"), file: nil, length: 4)
    // Nine places that have a next character; two rows, from 0 and from 4.
    var read = [[Int32]](repeating: [], count: 2), asked = read
    for index in 0..<5 {
      let data = task.sequences(index: index, batch: 2, length: 4)
      guard case .classes(let classes) = data.target, let symbols = data.symbols else { return }
      for t in 0..<4 {
        for row in 0..<2 {
          read[row].append(symbols[t * 2 + row])
          asked[row].append(classes[t * 2 + row])
        }
      }
    }
    #expect(read[0] == (0..<20).map { $0 % 9 })
    #expect(read[1] == (0..<20).map { ($0 + 4) % 9 })
    #expect(asked[0] == (0..<20).map { $0 % 9 + 1 })
    #expect(task.fileSummary(sequence: 2, steps: 4, batch: 2)?.contains("10 symbols, at character 9 (88 %)") == true)
  }

  @Test("floors: ln of the alphabet, the entropy of a character, and after the one before")
  func floors() throws {
    // abab…: two characters as often as each other, and each is known from the one before.
    let task = try TextTask(corpus(String(repeating: "ab", count: 500)), file: nil, length: 4)
    let floors = task.description.floors.map(\.loss)
    #expect(abs(floors[0] - Foundation.log(2)) < 1e-12)
    #expect(abs(floors[1] - Foundation.log(2)) < 1e-12)
    #expect(abs(floors[2]) < 1e-12)
  }

  @Test("what is no text is refused, with the line")
  func refusals() {
    #expect(textError([]) == "t.txt: found an empty file, expected a text")
    #expect(
      textError(Array("ab\ncd".utf8) + [0, 65])
        == "t.txt, line 2: found a zero byte, expected text; task.encoding names its encoding")
    #expect(
      textError(Array("ab\n".utf8) + [0xE9, 0xC3, 65])
        == "t.txt, line 2: found byte 0xe9, which is no UTF-8, expected UTF-8, or the encoding named, as in "
        + "task.encoding: shift_jis, gb18030, koi8-r")
    #expect(
      textError(Array("aaaa".utf8))
        == "t.txt: found one character over and over, expected a text of two characters or more")
    #expect(
      textError(Array("abcd".utf8), length: 4)
        == "t.txt: found 4 characters, expected at least 5, one more than task.length")
    #expect(textError(Array("abcde".utf8), length: 4) == "no error")
    #expect(textError([0xEF, 0xBB, 0xBF]) == "t.txt: found no character, expected a text of two characters or more")
  }

  @Test("a device has no end: it is refused, and so is a file of gigabytes that holds nothing")
  func neverEnding() throws {
    for device in ["/dev/zero", "/dev/urandom", "/dev/full", "/dev/null"] {
      #expect(throws: FileProblem(found: "a device", expected: "a file or a pipe")) {
        try FileReader.bytes(device, limit: 1 << 40)
      }
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("sparse-\(UUID().uuidString)").path
    defer { unlink(path) }
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    // 100 TB, whatever the machine has.
    guard ftruncate(descriptor, 1 << 43) == 0 else { return }
    close(descriptor)
    let error = #expect(throws: FileProblem.self) { try FileReader.bytes(path, limit: .max) }
    #expect(error?.found == "8.8 TB or more")
    #expect(error?.expected == "at most \(formatBytes(MemoryLimit.bytes / 4))")
  }

  @Test("a table of twenty thousand columns is read in a moment")
  func wideTable() throws {
    let columns = 20_000
    let text = (0..<20).map { row in (0..<columns).map { "\(row * $0 % 7)" }.joined(separator: ",") }
      .joined(separator: "\n")
    var task = TaskSpecification()
    task.length = 10
    let clock = ContinuousClock()
    let start = clock.now
    let csv = try CSVTask(Array(text.utf8), task, file: "wide.csv")
    // It took minutes when every column was looked for among all others.
    #expect(clock.now - start < .seconds(20))
    // Every seventh column is 0 throughout, and left out.
    #expect(csv.description.inputs == columns - (columns + 6) / 7)
    #expect((csv.fileSummary(sequence: 0, steps: 10, batch: 1)?.count ?? 0) < 250)
  }

  @Test("files that cannot be read")
  func files() {
    func error(_ path: String) -> String {
      do {
        _ = try TextCorpus(path: path, memory: 1 << 30)
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(error("/nowhere.txt") == "/nowhere.txt: found no such file, expected a readable file")
    #expect(error("/tmp").hasPrefix("/tmp: found a folder, expected a file; a folder of sequences"))
    #expect(error("/dev/null") == "/dev/null: found a device, expected a file or a pipe")
  }
}

@Suite("The task csv")
struct CSVTaskTests {
  @Test("columns are normalized over the file to mean 0 and variance 1, asked for one row ahead, with their names")
  func normalized() throws {
    let task = try csv("a,b,name\n1,10,x\n2,30,y\n3,20,z\n6,40,w\n")
    #expect(task.description.inputNames == ["a", "b"])
    #expect(task.description.outputNames == ["a, next", "b, next"])
    let data = task.sequences(index: 0, batch: 1, length: 3)
    // a: mean 3, variance 14/4; b: mean 25, variance 125.
    let a = [1.0, 2, 3, 6].map { ($0 - 3) / 3.5.squareRoot() },
      b = [10.0, 30, 20, 40].map { ($0 - 25) / 125.0.squareRoot() }
    #expect(relativeError(data.x, [a[0], b[0], a[1], b[1], a[2], b[2]]) < 1e-14)
    guard case .values(let values) = data.target else { return }
    #expect(relativeError(values, [a[1], b[1], a[2], b[2], a[3], b[3]]) < 1e-14)
    let floors = task.description.floors.map(\.loss)
    #expect(floors[0] == 1)
    let steps =
      zip(a, a.dropFirst()).map { ($1 - $0) * ($1 - $0) } + zip(b, b.dropFirst()).map { ($1 - $0) * ($1 - $0) }
    #expect(abs(floors[1] - steps.reduce(0, +) / 2 / 3) < 1e-12)
  }

  @Test("a target that is no input is asked for at its own row; chosen columns keep the order they are named in")
  func targets() throws {
    let text = "a,b,c\n1,5,2\n2,1,8\n3,4,5\n"
    let own = try csv(text, targets: ["c"])
    #expect(own.description.inputNames == ["a", "b"])
    #expect(own.description.outputNames == ["c"])
    guard case .values(let values) = own.sequences(index: 0, batch: 1, length: 3).target else { return }
    #expect(relativeError(values, [-1, 1, 0].map { $0 * 1.5.squareRoot() }) < 1e-14)

    let ordered = try csv(text, columns: ["b", "a"], targets: ["a"])
    #expect(ordered.description.inputNames == ["b", "a"])
    #expect(ordered.description.outputNames == ["a, next"])
    let data = ordered.sequences(index: 0, batch: 1, length: 2)
    let root = 1.5.squareRoot()
    #expect(relativeError([data.x[1], data.x[3]], [-root, 0]) < 1e-14)
    guard case .values(let next) = data.target else { return }
    #expect(relativeError(next, [0, root]) < 1e-14)
  }

  @Test("quotes, doubled quotes, line ends of both kinds, blank lines and a byte order mark")
  func quoting() throws {
    let task = try csv("\u{FEFF}\"x \"\"y\"\"\",\"z,\nw\"\r\n\"1\",2\r\n\r\n 3 ,\"4e1\"\n5,-6")
    #expect(task.description.inputNames == ["x \"y\"", "z,\nw"])
    #expect(
      task.fileSummary(sequence: 0, steps: 2, batch: 1)?.contains("3 rows, 2 columns in, 2 out, at row 1 (0 %)") == true
    )
  }

  @Test("a first row of numbers is no header")
  func headerless() throws {
    #expect(try csv("1,2\n3,5\n4,4\n").description.inputNames == ["column 1", "column 2"])
  }

  @Test("what is wrong is named by row and column")
  func refusals() {
    #expect(csvError("") == "d.csv: found an empty file, expected a text")
    #expect(csvError("a,b\n") == "d.csv: found a header only, expected rows of numbers below it")
    #expect(
      csvError("a,b\n1,2\n3\n4,5\n")
        == "d.csv, row 3: found 1 cell, expected 2, as in other rows, with “,” between them (task.delimiter)")
    #expect(
      csvError("a,b\n1,2\n3,4\n5,n/a\n")
        == "d.csv, row 4, column b: found “n/a” (1 of 3 cells are missing), expected a finite number, or --set "
        + "task.missing=hold, drop or mean")
    #expect(
      csvError("a,b\n1,2\n,4\n")
        == "d.csv, row 3, column a: found nothing (1 of 2 cells are missing), expected a finite number, or --set "
        + "task.missing=hold, drop or mean")
    #expect(
      csvError("a,b\n1,2\n2,x7\n3,4\n")
        == "d.csv, row 3, column b: found “x7”, expected a finite number, as in 2 other rows; task.columns names the "
        + "columns to read")
    #expect(csvError("a,b\n1,2\n3,inf\n") == "d.csv, row 3, column b: found “inf”, expected a finite number")
    #expect(
      csvError("a,b\nx,y\nz,w\n")
        == "d.csv: found no numeric column among a (as “x”), b (as “y”), expected at least one, with commas, semicolons, tabs, | or blanks between cells (task.delimiter)"
    )
    #expect(
      csvError("temp,wind\n1,2\n2,3\n4,5\n", columns: ["tepm"])
        == "task.columns: found “tepm”, expected a column of d.csv (temp, wind); nearest is temp")
    #expect(
      csvError("a\n1\n1\n1\n")
        == "d.csv: found the same numbers in every row, expected an input column whose numbers vary")
    #expect(
      csvError("a,b\n1,2\n1,3\n1,5\n", columns: ["a"])
        == "d.csv, column a: found the same in every row, expected a column that varies")
    #expect(csvError("a\n1\n2\n3\n", length: 3) == "d.csv: found 3 rows, expected at least 4 for task.length 3")
    #expect(csvError("a,b\n1,\"2\n3,4\n") == "d.csv, row 2: found a quote that does not end, expected a closing \"")
    #expect(
      csvError("a\n\"1\"2\n") == "d.csv, row 2: found text after a closing quote, expected “,” or the row's end")
    #expect(csvError("a\n1\0\n") == "d.csv, line 2: found a zero byte, expected text; task.encoding names its encoding")
  }

  @Test("a constant column that was not asked for is left out, and said so; huge numbers do not overflow")
  func constantAndHuge() throws {
    let task = try csv("a,b\n1,7\n2,7\n4,7\n")
    #expect(task.description.inputNames == ["a"])
    #expect(task.fileSummary(sequence: 0, steps: 2, batch: 1)?.contains("constant and left out: b") == true)
    let data = try csv("a\n1e308\n-1e308\n1e308\n-1e308\n").sequences(index: 0, batch: 1, length: 3)
    #expect(relativeError(data.x, [1, -1, 1]) < 1e-14)
  }

  @Test("the demo's file is read, and learnt from")
  func demo() throws {
    var experiment = Experiment()
    experiment.task.name = .csv
    experiment.task.file =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Demos/data/predator_prey.csv").path
    experiment.task.length = 20
    experiment.network.hidden = 8
    experiment.training.optimizer.learningRate = 0.1
    let run = try TrainingRun(experiment: experiment)
    #expect(run.snapshot().description.inputNames == ["prey", "predators", "season"])
    for _ in 0..<300 { run.trainOnce() }
    let losses = run.history.recent.map(\.loss)
    #expect(losses.suffix(20).reduce(0, +) / 20 < 0.3 * 1.5)
  }
}

@Suite("Classes of a table")
struct ClassColumnTests {
  private static let text =
    "x,y,state\n" + (0..<12).map { "\($0),\($0 * $0 % 7),\(["walk", "sit", "run", "sit"][$0 % 4])\n" }.joined()

  @Test("a target column of words is a class, by the alphabet, of the same row")
  func classes() throws {
    let task = try csv(Self.text, length: 4, targets: ["state"])
    #expect(task.description.loss == .crossEntropy && task.description.outputNames == ["run", "sit", "walk"])
    #expect(task.description.inputNames == ["x", "y"] && task.predictsClasses)
    let data = task.sequences(index: 0, batch: 1, length: 4)
    #expect(data.target == .classes([2, 1, 0, 1]))
    // Half are sit, a quarter each of the others: H = ½ log 2 + ½ log 4.
    #expect(task.description.floors.map(\.loss) == [log(3.0), 0.5 * log(2.0) + 0.5 * log(4.0)])
    #expect(
      task.reading?.contains("predicts state of the same row; 3 classes (run, sit, walk)") ?? false,
      "\(task.reading ?? "")")
  }

  @Test("words beside other targets, as inputs, or among numbers are refused by name")
  func refused() {
    #expect(csvError(Self.text, targets: ["state", "y"]).contains("words beside other targets"))
    #expect(csvError(Self.text, columns: ["x", "state"], targets: ["y"]).contains("expected numbers"))
    #expect(csvError("x,state\n1,walk\n2,sit\n3,4\n", targets: ["state"]).contains("state"))
    #expect(csvError("x,state\n1,walk\n2,walk\n3,walk\n", targets: ["state"]).contains("the same in every row"))
  }
}
