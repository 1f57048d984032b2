import Foundation
import RecurrentNetworks
import Testing
import Training

@testable import Experiments

/// A model as people name it, with the pass that PyTorch made of it.
struct NamedModel: CustomTestStringConvertible, Sendable {
  var name: String, cell: CellKind, layers: Int, activation = Activation.tanh
  /// The recurrent module and the readout as they are found.
  var module: String, readout: String
  var testDescription: String { name }

  static let all = [
    NamedModel(name: "lstmcell", cell: .lstm, layers: 1, module: "cell", readout: "fc"),
    NamedModel(name: "grucells", cell: .gru, layers: 2, module: "cells", readout: "head"),
    NamedModel(name: "wrapped", cell: .gru, layers: 2, module: "encoder.rnn", readout: "module.encoder.head"),
    NamedModel(
      name: "compiled", cell: .elman, layers: 1, activation: .relu, module: "rnn", readout: "_orig_mod.linear"),
    NamedModel(name: "embedding", cell: .lstm, layers: 1, module: "lstm", readout: "decoder"),
  ]
}

@Suite struct WeightNamesTests {
  private func network(_ model: NamedModel) -> NetworkSpecification {
    var network = NetworkSpecification()
    (network.cell, network.layers, network.hidden, network.activation) = (model.cell, model.layers, 4, model.activation)
    return network
  }

  /// States, losses and gradients are those of the model itself.
  @Test(arguments: NamedModel.all)
  func aModelAsItIsNamedGivesPyTorchsPass(_ model: NamedModel) throws {
    let file = try SafetensorsFile.read(path: fixture("named_\(model.name).safetensors"))
    let pass = try SafetensorsFile.read(path: fixture("named_\(model.name)_pass.safetensors"))
    let found = try #require(try NetworkInFile(file))
    #expect(found.cell == model.cell && found.hidden == 4 && found.layers == model.layers)
    let data = try SequenceFile.batch(pass, classes: WeightsFile.outputs(of: file))
    let layout = ParameterLayout(network(model), inputs: data.inputs, outputs: data.outputs)
    let loaded = try WeightsFile.load(file, layout: layout)
    #expect(loaded.reading.contains("\(model.module) as the network of 4 units, \(model.readout) as its readout"))
    let state = [Double](repeating: 0, count: network(model).stateComponents * data.batch * 4)
    let tape = Tape.compute(
      network: network(model), layout: layout, parameters: loaded.parameters, data: data,
      window: Window(steps: 0..<data.steps, injected: 0..<data.steps),
      carriedState: [[Double]](repeating: state, count: model.layers), reduction: .mean, precision: .float64)
    let ours = TraceFile.tensors(tape)
    var compared = 0
    for entry in pass.entries where !["x", "target", "grad.embedding.weight"].contains(entry.name) {
      let found = try #require(ours.first { $0.name == entry.name }, "no \(entry.name)")
      guard case .float64(let values) = found.elements else { continue }
      let want = pass.doubles(entry)
      let largest = want.map(\.magnitude).max() ?? 0
      #expect(values.count == want.count)
      for (ours, theirs) in zip(values, want) { #expect(abs(ours - theirs) <= 1e-12 * largest, "\(entry.name)") }
      compared += 1
    }
    #expect(compared >= 6)
  }

  @Test func aBareModuleTakesTheReadoutThatIsDrawn() throws {
    let file = try SafetensorsFile.read(path: fixture("named_bare.safetensors"))
    var network = NetworkSpecification()
    (network.cell, network.hidden) = (.lstm, 4)
    let layout = ParameterLayout(network, inputs: 3, outputs: 2)
    let drawn = (0..<layout.count).map { Double($0) }
    let loaded = try WeightsFile.load(file, layout: layout, drawn: drawn)
    let readout = try #require(layout["readout.weight"])
    #expect(Array(loaded.parameters[readout.range]) == Array(drawn[readout.range]))
    #expect(
      loaded.reading.hasSuffix("named_bare.safetensors: its weights as the network of 4 units; no readout: it is drawn")
    )
    let pass = try SafetensorsFile.read(path: fixture("named_bare_pass.safetensors"))
    let h = pass.doubles(try #require(pass["h"])), x = pass.doubles(try #require(pass["x"]))
    let data = SequenceBatch(
      steps: 6, batch: 2, inputs: 3, outputs: 2, x: x, symbols: nil,
      target: .values([Double](repeating: 0, count: 24)), targetMask: [UInt8](repeating: 1, count: 12))
    let tape = Tape.compute(
      network: network, layout: layout, parameters: loaded.parameters, data: data,
      window: Window(steps: 0..<6, injected: 0..<6), carriedState: [[Double](repeating: 0, count: 16)],
      reduction: .mean,
      precision: .float64)
    let ours = TraceFile.tensors(tape).first { $0.name == "h" }
    guard case .float64(let values)? = ours?.elements else { return }
    for (ours, theirs) in zip(values, h) { #expect(abs(ours - theirs) <= 1e-12) }
  }

  /// A file of tensors of zeros, by name and shape, for an LSTM of 3 inputs, 4 units and 2 outputs.
  private func load(
    _ tensors: [String: [Int]], map: [String: String] = [:], inputs: Int = 3, outputs: Int = 2
  ) -> String {
    var network = NetworkSpecification()
    (network.cell, network.hidden) = (.lstm, 4)
    let layout = ParameterLayout(network, inputs: inputs, outputs: outputs)
    let named = tensors.sorted { $0.key < $1.key }.map { name, shape in
      NamedTensor(name, shape, .float64([Double](repeating: 0, count: shape.reduce(1, *))))
    }
    do throws(InputError) {
      let file = try SafetensorsFile(Safetensors.encode(named), file: "w")
      return try WeightsFile.load(file, layout: layout, drawn: [Double](repeating: 0, count: layout.count), map: map)
        .reading
    } catch {
      return error.description
    }
  }

  /// The fault that is found where the file says what network it is.
  private func network(in tensors: [String: [Int]]) -> String {
    let named = tensors.sorted { $0.key < $1.key }.map { name, shape in
      NamedTensor(name, shape, .float64([Double](repeating: 0, count: shape.reduce(1, *))))
    }
    do throws(InputError) {
      _ = try NetworkInFile(SafetensorsFile(Safetensors.encode(named), file: "w"))
      return ""
    } catch {
      return error.description
    }
  }

  private let lstm = ["lstm.weight_ih_l0": [16, 3], "lstm.weight_hh_l0": [16, 4]]
  private func with(_ more: [String: [Int]]) -> [String: [Int]] { lstm.merging(more) { $1 } }

  @Test func whatIsReadAsWhatIsSaid() {
    #expect(
      load(with(["fc.weight": [2, 4], "fc.bias": [2], "epoch": [1]]))
        == "w: lstm as the network of 4 units, fc as its readout; left out: epoch")
    #expect(
      load(with(["emb.weight": [9, 3], "out.weight": [9, 4]]), inputs: 9, outputs: 9)
        == "w: lstm as the network of 4 units, out as its readout; emb.weight multiplied into weight_ih_l0, which reads "
        + "symbols here")
    #expect(load(["rnn.weight_hh_l0_raw": [16, 4], "rnn.weight_ih_l0": [16, 3]]).contains("rnn as the network"))
    #expect(
      load(with(["a.fc.weight": [2, 4], "b.fc.weight": [2, 4]]), map: ["readout": "b.fc"])
        == "w: lstm as the network of 4 units, b.fc as its readout; left out: a.fc.weight")
    #expect(
      load(["W": [16, 4], "U": [16, 3]], map: ["weight_hh_l0": "W", "weight_ih_l0": "U"])
        == "w: its weights as the network of 4 units; no readout: it is drawn")
    #expect(
      load(
        ["a": [16, 3], "b": [16, 4], "c": [16], "d": [16], "e": [2, 4], "f": [2]],
        map: [
          "weight_ih_l0": "a", "weight_hh_l0": "b", "bias_ih_l0": "c", "bias_hh_l0": "d", "readout.weight": "e",
          "readout.bias": "f",
        ]) == "w: its weights as the network of 4 units, e as its readout")
    #expect(load(with(["lstm.bias_ih_l0": [16]])).contains("not there, and 0: bias_hh_l0"))
    #expect(
      load(
        with(["dec.weight_ih_l0": [16, 5], "dec.weight_hh_l0": [16, 4]])
      ).contains(
        "lstm as the network of 4 units; no readout: it is drawn; left out: dec.weight_hh_l0, dec.weight_ih_l0"))
  }

  @Test func whatIsNoSuchNetworkIsNamedWithWhatToDo() {
    #expect(load(with(["lstm.weight_hh_l0_reverse": [16, 4]])).contains("found a bidirectional network"))
    #expect(load(with(["lstm.weight_hh_l0_reverse": [16, 4]])).contains("not k.endswith('_reverse')"))
    #expect(
      load(["rnn.weight_hh_l0": [16, 2], "rnn.weight_ih_l0": [16, 3], "rnn.weight_hr_l0": [2, 4]]).contains(
        "proj_size 2"))
    #expect(load(with(["lstm.weight_hh_l0_g": [16, 1]])).contains("remove_weight_norm"))
    #expect(
      load(with(["a.weight": [2, 4], "b.weight": [2, 4]])).contains(
        "found 2 that may be the readout, a.weight, b.weight, expected one: --map readout=a"))
    #expect(
      load(with(["fc.weight": [5, 4]])).contains("fc.weight: found shape [5, 4], expected [2, 4] for the 2 outputs"))
    #expect(
      load(with(["dec.weight_ih_l0": [16, 3], "dec.weight_hh_l0": [16, 4]])).contains(
        "found 2 networks in one, dec (weight_ih_l0 [16, 3]) and lstm (weight_ih_l0 [16, 3]), expected one: --map recurrent=dec"
      ))
    #expect(
      load(["foo.1": [16, 3], "foo.2": [16, 4]])
        == "w: weight_ih_l0: found foo.1, foo.2, expected PyTorch's names, or theirs told one by one: --map weight_ih_l0=NAME"
    )
    #expect(
      network(in: ["lstm.weight_ih_l0": [16, 3], "lstm.weight_hh_l0": [16, 6]]).contains(
        "lstm.weight_hh_l0: found shape [16, 6], expected a square for each gate"))
    #expect(load(lstm, map: ["readuot": "fc"]).contains("--map: found readuot, expected one of recurrent, readout"))
    #expect(load(lstm, map: ["recurrent": "lsmt"]).hasSuffix("nearest is lstm"))
  }

  @Test func filesOfOtherKindsAreNamedWithTheLineThatConvertsThem() {
    func problem(_ bytes: [UInt8], _ name: String = "model.pt") -> String {
      do throws(InputError) {
        _ = try SafetensorsFile(bytes, file: name)
        return ""
      } catch {
        return error.description
      }
    }
    func zip(_ name: String) -> [UInt8] {
      [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
    }
    let torch = problem(zip("model/data.pkl"))
    #expect(torch.contains("found a PyTorch file") && torch.contains("torch.load('model.pt'"))
    #expect(torch.contains("'model.safetensors')\""))
    #expect(problem(zip("weight_hh_l0.npy"), "w.npz").contains("n.load('w.npz').items()"))
    // A checkpoint's weights may stand under any key; a whole module and TorchScript are loaded otherwise.
    #expect(torch.contains("isinstance(v, dict) and any(map(torch.is_tensor, v.values()))"))
    #expect(
      problem(zip("model/data.pkl") + Array("ctorch.nn.modules.rnn\nLSTM\n".utf8)).contains(
        "weights_only=False).state_dict()"))
    #expect(
      problem(zip("model/data.pkl") + Array("model/code/__torch__/rnn.py".utf8)).contains("torch.jit.load('model.pt'"))
    #expect(
      problem([0x80, 4, 0x95, 1, 2, 3], "w.pkl").contains(
        "found a pickle, expected safetensors: python3 -c \"import pickle"))
    let old: [UInt8] = [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    #expect(problem(old).contains("found a PyTorch file, expected safetensors: python3"))
    #expect(problem(zip("[Content_Types].xml"), "t.xlsx").contains("pandas.read_excel('t.xlsx').to_csv('t.csv'"))
    #expect(problem(zip("config.json"), "m.keras").contains("found a Keras model"))
    let index =
      #"{"weight_map": {"lstm.weight_hh_l0": "b.safetensors", "lstm.weight_ih_l0": "b.safetensors", "x": "a.safetensors"}}"#
    // The readout may lie in the other file.
    #expect(problem(Array(index.utf8)).contains("found the index of a model in 2 files, expected one file: python3"))
    #expect(problem([0x89] + Array("HDF\r\n".utf8)).contains("found an HDF5 file"))
  }
}
