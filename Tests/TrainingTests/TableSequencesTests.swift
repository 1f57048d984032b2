import Foundation
import RecurrentNetworks
import Testing

@testable import Training

@Suite("Tables as sequences") struct TableSequencesTests {
  /// The sequences of tables with these texts, or the error.
  private func sequences(
    _ texts: [String], _ change: (inout TaskSpecification) -> Void = { _ in }
  ) throws -> TableSequences {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var task = TaskSpecification()
    change(&task)
    let paths = try texts.enumerated().map { index, text in
      let file = folder.appendingPathComponent("s\(index).csv")
      try text.write(to: file, atomically: true, encoding: .utf8)
      return file.path
    }
    return try TableSequences(paths: paths, task)
  }

  /// A label in the last row alone, and one in every row: words are classes in the order of the alphabet, over all files.
  @Test func labelsOfWords() throws {
    let texts = ["u,label\n1,\n2,\n3,up\n", "u,label\n4,\n9,down\n"]
    let last = try sequences(texts) { $0.targets = ["label"] }
    #expect(last.batch.target == .classes([0, 0, 0, 0, 1, 0].map { Int32($0) }))
    #expect(last.batch.targetMask == [0, 0, 0, 1, 1, 0])
    #expect(last.batch.outputs == 2 && last.batch.steps == 3 && last.batch.batch == 2)
    #expect(
      last.reading.contains("predicts label, 2 classes (down, up); targets in 2 of 5 rows"), "\(last.reading)")
    let each = try sequences(["u,label\n1,b\n2,a\n", "u,label\n4,a\n9,c\n"]) { $0.targets = ["label"] }
    #expect(each.batch.target == .classes([1, 0, 0, 2]) && each.batch.targetMask == [1, 1, 1, 1])
  }

  /// Of a number in the last row nothing is asked before; columns are normalized over all files.
  @Test func numbersInSomeRows() throws {
    let read = try sequences(["u,y\n1,\n3,10\n", "u,y\n1,\n3,30\n"]) { $0.targets = ["y"] }
    #expect(read.batch.x == [-1, -1, 1, 1])
    #expect(read.batch.target == .values([0, 0, -1, 1]) && read.batch.targetMask == [0, 0, 1, 1])
    #expect(read.batch.outputMask == nil)
    // Of two targets one may be there without the other.
    let two = try sequences(["u,y,z\n1,,4\n3,10,\n", "u,y,z\n1,,6\n3,30,\n"]) { $0.targets = ["y", "z"] }
    #expect(two.batch.outputMask == [0, 1, 0, 1, 1, 0, 1, 0])
  }

  /// A hole in an input is refused as in one table, whatever the targets are.
  @Test func inputsHaveNoHoles() throws {
    #expect(throws: TaskError.self) { try sequences(["u,y\n1,\n,10\n3,7\n"]) { $0.targets = ["y"] } }
    let held = try sequences(["u,y\n1,\n,10\n3,7\n"]) { ($0.targets, $0.missing) = (["y"], .hold) }
    #expect(held.batch.targetMask == [0, 1, 1] && held.reading.contains("1 missing cell holds the number before"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    let read = try sequences([
      "# by hand\nu;v;k\n1,5;2;7\n3;4;7\n4;4;7\n", "u,v,k,w\n1.5,2,7,1\n3,5,7,1\n", "u,v,k\n1,2,7\n",
    ])
    for piece in [
      "2 sequences of 1 to 2 steps in 3 files", "“;” between cells, decimal comma", "1 comment line left out",
      "s1.csv and 1 more otherwise: “,” between cells", "1 too short and left out", "k (always the same)",
      "w (only in s1.csv)",
    ] {
      #expect(read.reading.contains(piece), "\(read.reading)")
    }
  }
}
