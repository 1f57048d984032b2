import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Experiments

@Suite("Weights files that are not all, or more")
struct PartialWeightsTests {
  private func read(_ more: [String: [Int]], without: Set<String> = []) throws -> String {
    var shapes = [
      "rnn.weight_ih_l0": [16, 3], "rnn.weight_hh_l0": [16, 4], "fc.weight": [2, 4], "fc.bias": [2],
      "rnn.bias_ih_l0": [16], "rnn.bias_hh_l0": [16],
    ]
    for (name, shape) in more { shapes[name] = shape }
    let tensors = shapes.sorted { $0.key < $1.key }.filter { !without.contains($0.key) }.map { name, shape in
      NamedTensor(name, shape, .float64([Double](repeating: 0.5, count: shape.reduce(1, *))))
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("w-\(UUID().uuidString).safetensors").path
    defer { unlink(path) }
    try Safetensors.write(tensors, metadata: [:], to: path)
    var network = NetworkSpecification()
    (network.cell, network.hidden) = (.lstm, 4)
    let layout = ParameterLayout(network, inputs: 3, outputs: 2)
    do throws(InputError) {
      return try WeightsFile.load(SafetensorsFile.read(path: path), layout: layout).reading
    } catch {
      return error.description
    }
  }

  @Test func aReadoutWithoutABiasIsSaid() throws {
    #expect(try read([:], without: ["fc.bias"]).contains("no bias in fc: it is 0"))
    #expect(try !read([:]).contains("no bias in fc"))
  }

  @Test func aTensorWithinTheModuleIsRefused() throws {
    let words = try read(["rnn.layer_norm.weight": [16]])
    #expect(words.contains("rnn.layer_norm.weight") && words.contains("within rnn"), "\(words)")
  }

  @Test func onePartOfAModelIsRefusedByItsName() {
    let error = #expect(throws: InputError.self) {
      try SafetensorsFile.read(path: "/x/model-00001-of-00002.safetensors")
    }
    #expect(error?.description.contains("found one of 2 parts of a model") ?? false)
  }
}
