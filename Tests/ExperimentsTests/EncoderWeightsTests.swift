import Architectures
import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Experiments

/// The weights of PyTorch's modules that attend, as `Fixtures/make_encoder.py` wrote them.
@Suite struct EncoderWeightsTests {
  private func architecture(_ norm: NormPlacement = .pre) -> ArchitectureSpecification {
    var architecture = ArchitectureSpecification()
    (architecture.kind, architecture.heads, architecture.norm) = (.transformer, 2, norm)
    (architecture.positions, architecture.expansion) = (.none, 2)
    return architecture
  }

  private func network(layers: Int, hidden: Int = 8) -> NetworkSpecification {
    var network = NetworkSpecification()
    (network.hidden, network.layers, network.activation) = (hidden, layers, .relu)
    return network
  }

  private func layout(
    layers: Int = 2, hidden: Int = 8, norm: NormPlacement = .pre, outputs: Int = 4
  ) -> ParameterLayout {
    architecture(norm).layout(network(layers: layers, hidden: hidden), inputs: 3, outputs: outputs, steps: 6)
  }

  private func drawn(_ layout: ParameterLayout) -> [Double] { (0..<layout.count).map { Double($0) + 0.5 } }

  private func file(_ name: String) throws -> SafetensorsFile { try SafetensorsFile.read(path: fixture(name)) }

  @Test("a TransformerEncoder between its embedding and its head: the loss and every gradient are PyTorch's")
  func encoder() throws {
    let (file, pass, layout) = (try file("encoder.safetensors"), try file("encoder_pass.safetensors"), layout())
    let loaded = try WeightsFile.load(file, layout: layout)
    #expect(loaded.reading.contains("encoder as the network"))
    let data = SequenceBatch(
      steps: 6, batch: 2, inputs: 3, outputs: 4, x: pass.doubles(try #require(pass["x"])), symbols: nil,
      target: .classes(pass.doubles(try #require(pass["target"])).map { Int32($0) }),
      targetMask: [UInt8](repeating: 1, count: 12))
    let recording = GraphRecording(
      architecture(), network(layers: 2), layout: layout, parameters: loaded.parameters, data: data, reduction: .mean)
    let objective = pass.doubles(try #require(pass["objective"]))[0]
    #expect(abs(recording.objective - objective) <= 1e-12 * objective)
    var compared = 0
    for entry in layout.entries {
      let theirs =
        entry.name.hasPrefix("readout.")
        ? entry.name.replacing("readout", with: "head")
        : entry.name.hasPrefix("embedding.") ? entry.name : "encoder." + entry.name
      let want = pass.doubles(try #require(pass["grad." + theirs], "\(theirs)"))
      let largest = want.map(\.magnitude).max() ?? 0
      for (a, b) in zip(recording.gradient[entry.range], want) { #expect(abs(a - b) <= 1e-12 * max(largest, 1e-2)) }
      compared += want.count
    }
    #expect(compared == layout.count)
  }

  @Test("a part of an encoder fills the first block, and the rest is drawn and told so")
  func parts() throws {
    let layout = layout(layers: 1), start = drawn(layout)
    for (name, prefix) in [("encoder_layer", "layers.0."), ("attention", "layers.0.self_attn.")] {
      let file = try file(name + ".safetensors")
      let loaded = try WeightsFile.load(file, layout: layout, drawn: start)
      #expect(loaded.reading.contains("drawn, for the file has none: embedding.weight"))
      for entry in layout.entries {
        let found = file[String(entry.name.dropFirst(prefix.count))]
        let want = entry.name.hasPrefix(prefix) ? file.doubles(try #require(found)) : Array(start[entry.range])
        #expect(Array(loaded.parameters[entry.range]) == want, "\(name) \(entry.name)")
      }
    }
  }

  @Test("kind, width, layers, norm and hidden layer are read off the file, where the experiment leaves them open")
  func readOffTheFile() throws {
    func taken(_ name: String, _ settings: [String] = []) throws -> Experiment {
      var source = try ExperimentFile.source(path: nil, settings: settings)
      source.take(try #require(TransformerInFile(try file(name))))
      return source.experiment
    }
    let whole = try taken("encoder.safetensors")
    #expect(whole.architecture.kind == .transformer && whole.architecture.norm == .pre)
    #expect((whole.network.hidden, whole.network.layers, whole.architecture.expansion) == (8, 2, 2))
    #expect(whole.network.activation == .relu && whole.architecture.heads == 4)
    let one = try taken("encoder_layer.safetensors"), attention = try taken("attention.safetensors")
    #expect(one.network.layers == 1 && one.network.hidden == 8 && one.architecture.expansion == 2)
    #expect(attention.architecture.kind == .transformer && attention.network.hidden == 8)
    // What is said goes first.
    let said = try taken("encoder.safetensors", ["network.kind=transformer", "network.norm=post", "network.heads=2"])
    #expect(said.architecture.norm == .post && said.architecture.heads == 2 && said.network.layers == 2)
    #expect(try taken("encoder.safetensors", ["network.kind=recurrent"]).architecture.kind == .recurrent)
    #expect(TransformerInFile(try file("torch_lstm_1.safetensors")) == nil)
  }

  @Test("what is written is read again, the same numbers")
  func roundTrip() throws {
    let layout = layout(), start = drawn(layout)
    let path = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try WeightsFile.write(start, layout: layout, to: path)
    #expect(try WeightsFile.read(path: path, layout: layout) == start)
  }

  @Test("what does not fit is told in one line by its name, with what to choose")
  func refusals() throws {
    let file = try file("encoder.safetensors")
    func message(_ layout: ParameterLayout, _ map: [String: String] = [:]) -> String {
      do {
        _ = try WeightsFile.load(file, layout: layout, drawn: drawn(layout), map: map)
        return "nothing was refused"
      } catch { return "\(error)" }
    }
    #expect(
      message(layout(hidden: 16)).contains(
        "embedding.weight: found shape [8, 3], expected [16, 3]"))
    #expect(message(layout(layers: 1)).contains("encoder.layers.1"))
    #expect(message(layout(layers: 1)).contains("here 1 layer"))
    #expect(
      message(layout(layers: 3)).contains(
        "encoder.layers.2.self_attn.in_proj_weight: found no such tensor, expected one of shape [24, 8]"))
    #expect(message(layout(norm: .post)).contains("encoder.norm.bias: found a weight that the network has not"))
    #expect(message(layout(), ["head": "head"]).contains("--map: found head, expected one of embedding"))
    #expect(
      message(layout(outputs: 7), ["readout": "head"]).contains("head.weight: found shape [4, 8], expected [7, 8]"))
    let recurrent = ParameterLayout(NetworkSpecification(), inputs: 3, outputs: 4)
    #expect(message(recurrent).contains("network.kind transformer"))
    for text in [message(layout(hidden: 16)), message(recurrent)] { #expect(!text.contains("\n")) }
  }
}
