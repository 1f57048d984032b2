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
    #expect(
      load(["kernel_l0": [16, 3], "weight_hh_l0": [16, 4]]).contains(
        "weight_ih_l0: found no such tensor, expected one of shape [16, 3], as kernel_l0 is: --map weight_ih_l0=kernel_l0"
      ))
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
    let keras = problem([0x89] + Array("HDF\r\n".utf8), "a/w.h5")
    #expect(
      keras.contains("found an HDF5 file") && keras.contains("h5py.File('a/w.h5')")
        && keras.contains("'a/w.safetensors'"))
    #expect(problem(zip("config.json"), "m.keras").contains("ZipFile('m.keras').read('model.weights.h5')"))
    #expect(problem(Array("version https://git-lfs.github.com/spec/v1\n".utf8)).contains("git lfs pull"))
    #expect(problem(Array("\n<!DOCTYPE html><html>".utf8)).contains("found an HTML page"))
    // By their bytes, whatever they are called.
    let onnx: [UInt8] = [8, 8, 0x12, 7] + Array("pytorch".utf8) + [0x1A, 5, 0x32, 0x2E, 0x31, 0x2E, 0x30]
    #expect(
      problem(onnx, "w.bin").contains("found an ONNX file") && problem(onnx, "w.bin").contains("onnx.load('w.bin')"))
    for map: [UInt8] in [[0x81], [0xDE, 0, 1]] {
      let flax = problem(map + [0xA6] + Array("params".utf8) + [0x80], "w.bin")
      #expect(flax.contains("found MessagePack") && flax.contains("open('w.bin', 'rb')"))
    }
    // A header of so many bytes begins a safetensors file all the same.
    #expect(problem([8, 1, 0x12, 0, 0, 0, 0, 0] + Array("{}".utf8)).contains("the file is cut short"))
  }

  /// A part that is not there is named, and the line works from any folder.
  @Test func theIndexOfAModelInPartsSaysWhichIsMissing() throws {
    let folder = try TemporaryFolder()
    let index = #"{"weight_map": {"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors"}}"#
    let path = folder.path("m.safetensors.index.json")
    try index.write(toFile: path, atomically: true, encoding: .utf8)
    try Data().write(to: URL(fileURLWithPath: folder.path("m-00001-of-00002.safetensors")))
    func problem(_ path: String) -> String {
      do throws(InputError) {
        _ = try SafetensorsFile.read(path: path)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(problem(path).contains("in 2 files, of which m-00002-of-00002.safetensors is not in its folder"))
    try Data().write(to: URL(fileURLWithPath: folder.path("m-00002-of-00002.safetensors")))
    #expect(
      problem(path).contains("r=os.path.dirname(p)") && problem(path).contains("os.path.join(r, 'whole.safetensors')"))
    let part = folder.path("m-00001-of-00002.safetensors")
    #expect(problem(part).contains("glob.glob('\(part.dropLast(28))m-*-of-00002.safetensors')"))
    // Of a folder the file is named that is meant; of a link, what it leads to.
    let whole = String(path.dropLast("/m.safetensors.index.json".count))
    #expect(problem(whole).hasSuffix("found a folder, expected a .safetensors file; nearest is \(path)"))
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "/nowhere/w")
    #expect(problem(folder.path("link")).contains("found a link to /nowhere/w, which is not there, expected"))
  }

  /// safetensors.torch.save_model leaves out what shares its bytes with another tensor, and says so in the metadata.
  @Test func tiedWeightsLoadAsTheyWereSaved() throws {
    let header =
      #"{"__metadata__":{"encoder.weight":"decoder.weight","format":"pt"},"decoder.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#
    let length = UInt64(header.utf8.count)
    let bytes =
      (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: 24)
    let file = try SafetensorsFile(bytes, file: "w")
    #expect(file.entries.map(\.name) == ["decoder.weight", "encoder.weight"])
    #expect(file["encoder.weight"]?.shape == [2, 3] && file["format"] == nil)
  }

  /// Of two networks in one, each has its own readout; the module around a network names it, too.
  @Test func eachOfTwoNetworksHasItsOwnReadout() throws {
    var entries: [String: [Int]] = [:]
    for module in ["encoder", "decoder"] {
      entries["\(module).rnn.weight_ih_l0"] = [16, 3]
      entries["\(module).rnn.weight_hh_l0"] = [16, 4]
      entries["\(module).out.weight"] = [2, 4]
    }
    #expect(load(entries).contains("expected one: --map recurrent=decoder.rnn takes that"))
    for module in ["encoder", "decoder"] {
      #expect(
        load(entries, map: ["recurrent": module]).contains(
          "\(module).rnn as the network of 4 units, \(module).out as its"))
    }
  }

  /// A decoder with a bias is the readout, an encoder without one the table of symbols.
  @Test func anEncoderBesideADecoderIsTheEmbedding() throws {
    let entries: [String: [Int]] = [
      "encoder.weight": [2, 4], "rnn.weight_ih_l0": [16, 3], "rnn.weight_hh_l0": [16, 4], "decoder.weight": [2, 4],
    ]
    #expect(load(entries).contains("decoder as its readout"))
  }
}
