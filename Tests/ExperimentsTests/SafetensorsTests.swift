import Foundation
import Testing

@testable import Experiments

/// The path of a fixture, written by the script beside it.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)").path
}

/// A safetensors file from its parts, whatever they are.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + header.utf8 + data
}

@Suite struct SafetensorsTests {
  @Test func readsWhatThePythonLibraryWrote() throws {
    let file = try SafetensorsFile.read(path: fixture("mixed.safetensors"))
    func doubles(_ name: String) throws -> [Double] { file.doubles(try #require(file[name])) }
    func integers(_ name: String) throws -> [Int64] { file.integers(try #require(file[name])) }
    #expect(try doubles("f64") == [1.0 / 3, -2, .leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, -0.0])
    #expect(try doubles("f64").last?.sign == .minus)
    #expect(file["f64"]?.shape == [2, 3])
    #expect(try doubles("f32") == [0.3333333432674408, 3.4028234663852886e38, 1.401298464324817e-45])
    #expect(try doubles("f16") == [0.333251953125, 65504, 5.960464477539063e-08])
    #expect(try integers("i64") == [.min, .max])
    #expect(try integers("i32") == [-2_147_483_648, 7])
    #expect(try integers("u8") == [0, 255])
    #expect(try integers("bool") == [1, 0, 1])
    #expect(try doubles("scalar") == [2.5])
    #expect(file["scalar"]?.shape == [])
    #expect(try doubles("empty") == [])
    #expect(file["empty"]?.shape == [0, 4])
    #expect(file.metadata == ["name": "größe \u{1d6fc} \"q\"\\\n", "update": "12"])
    let brain = try SafetensorsFile.read(path: fixture("bfloat16.safetensors"))
    #expect(brain.doubles(try #require(brain["bf16"])) == [0.333984375, -1.0002555517425873e30])
  }

  @Test func aShapeOfManyDimensionsIsToldInAShortLine() throws {
    let ones = repeatElement("1", count: 500_000).joined(separator: ",")
    let header = "{\"x\":{\"dtype\":\"F64\",\"shape\":[\(ones)],\"data_offsets\":[0,8]}}"
    let error = #expect(throws: InputError.self) {
      try SafetensorsFile(safetensors(header, data: [UInt8](repeating: 0, count: 8)), file: "f")
    }
    #expect(error?.description == "f: x: found 500000 dimensions, expected at most 64")
  }

  @Test func whatAnErrorQuotesIsCut() {
    let long = String(repeating: "ä", count: 1_000_000) + "z"
    let error = InputError(file: long, line: 3, key: long, problem: "found \(long), expected \(long)", nearest: long)
    let line = error.description
    #expect(line.unicodeScalars.count < 1250)
    #expect(line.hasPrefix("ää") && line.contains("äz:3: ä") && line.contains(": found ä") && line.hasSuffix("äz"))
    let short = InputError(file: "a.yaml", line: 3, key: "seed", problem: "found x, expected y", nearest: "z")
    #expect(short.description == "a.yaml:3: seed: found x, expected y; nearest is z")
  }

  @Test func readsWhatItWrites() throws {
    let tensors = [
      NamedTensor("a", [3], .float32([1, -.infinity, .nan])),
      NamedTensor("b\"\u{1F600}", [1, 2], .float64([0.1, -0.0])),
      NamedTensor("c", [2], .int64([.min, .max])), NamedTensor("s", [], .float64([7])),
      NamedTensor("none", [0], .float64([])),
    ]
    let bytes = Safetensors.encode(tensors, metadata: ["k": "line\nline \"\\ \u{1}"])
    let file = try SafetensorsFile(bytes, file: "t")
    #expect(file.metadata == ["k": "line\nline \"\\ \u{1}"])
    #expect(Set(file.entries.map(\.name)) == ["a", "b\"\u{1F600}", "c", "s", "none"])
    let a = file.doubles(try #require(file["a"]))
    #expect(a[0] == 1 && a[1] == -.infinity && a[2].isNaN)
    #expect(file.integers(try #require(file["c"])) == [.min, .max])
    #expect(file.doubles(try #require(file["b\"\u{1F600}"])).map(\.bitPattern) == [0.1, -0.0].map(\.bitPattern))
    // The data begin at a multiple of 8, and so does every 8-byte tensor.
    let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(header % 8 == 0)
  }

  @Test(arguments: [
    (Array("1234567".utf8), "found 7 bytes, expected a safetensors file, which begins with 8 bytes of header length"),
    (
      safetensors("{}", length: 1 << 40),
      "found a header of 1099511627776 bytes, expected at most 100000000: not a safetensors file"
    ),
    (
      safetensors("{}", length: .max),
      "found a header of 18446744073709551615 bytes, expected at most 100000000: not a safetensors file"
    ),
    (safetensors("{}", length: 50), "found 10 bytes, expected 58 for the header alone: the file is cut short"),
    (safetensors("[]"), "found no '{' at the header's start, expected JSON"),
    (safetensors(""), "found no '{' at the header's start, expected JSON"),
    (safetensors("{\"a\" 1}"), "found bad JSON at byte 5 of the header, expected ':'"),
    (safetensors("{\"a\": "), "found bad JSON at byte 6 of the header, expected a value"),
    (safetensors("{} x"), "found bad JSON at byte 3 of the header, expected the end"),
    (safetensors("{\"a\": 1}"), "a: found no object, expected dtype, shape and data_offsets"),
    (
      safetensors("{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}"),
      "a: found 0 bytes of data, expected 8: the file is cut short"
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", data: [UInt8](repeating: 0, count: 8)),
      "a: found 8 bytes, expected 16 for F64 of shape [2]"
    ),
    (
      safetensors("{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}}"),
      "a: found elements of type C64, expected BF16, BOOL, F16, F32, F64, I16, I32, I64, I8, U8"
    ),
    (
      safetensors("{\"a\":{\"dtype\":\"F64\",\"shape\":[-1],\"data_offsets\":[0,8]}}"),
      "a: found no shape, expected a list of sizes"
    ),
    (
      safetensors("{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,0]}}"),
      "a: found no data_offsets, expected [begin, end]"
    ),
    (
      safetensors("{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}"),
      "a: found shape [4611686018427387904, 4], whose size cannot be counted"
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
        data: [1, 2, 3]), "b: found offsets from 1, which overlap the tensor before, expected from 2"
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
        data: [1, 2, 3]), "b: found offsets from 2, which leave a gap after the tensor before, expected from 1"
    ),
    (
      safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", data: [1, 2, 3]),
      "found 3 bytes of data, expected 1: what follows belongs to no tensor"
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"
      ), "a: found twice in the header, expected once"
    ),
    (safetensors("{\"__metadata__\":{\"a\":3}}"), "__metadata__: found a value of a that is no text, expected text"),
    (safetensors("{\"\\ud800x\":1}"), "found bad JSON at byte 8 of the header, expected a second surrogate"),
    (
      safetensors("{\"a\u{1}\":1}"), "found bad JSON at byte 4 of the header, expected no control character in a string"
    ),
    (
      safetensors(String(repeating: "{\"a\":", count: 1000)),
      "found bad JSON at byte 100 of the header, expected less nesting"
    ),
  ])
  func refuses(bytes: [UInt8], message: String) {
    let error = #expect(throws: InputError.self) { try SafetensorsFile(bytes, file: "w") }
    #expect(error?.description == "w: " + message)
  }

  /// Every file that a cut or a changed byte makes is read or refused: nothing crashes.
  @Test func noDamageCrashes() throws {
    let whole = try InputFile.bytes(path: fixture("mixed.safetensors"), limit: 10_000)
    for end in whole.indices {
      #expect(throws: InputError.self) { try SafetensorsFile(Array(whole[..<end]), file: "w") }
    }
    for index in 0..<550 {
      for value in [0, 0x22, 0x2D, 0x39, 0x5B, 0x7D, 0xFF] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        if let file = try? SafetensorsFile(damaged, file: "w") {
          for entry in file.entries { #expect(file.doubles(entry).count == entry.shape.reduce(1, *)) }
        }
      }
    }
  }
}
