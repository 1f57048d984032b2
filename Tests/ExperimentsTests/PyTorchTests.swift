import RecurrentNetworks
import Testing
import Training

@testable import Experiments

/// A pass that PyTorch made of one of its modules with a readout: weights, data, states, losses and gradients.
struct PyTorchPass: CustomTestStringConvertible, Sendable {
  var cell: String
  var layers: Int
  var testDescription: String { "\(cell), layers: \(layers)" }

  /// torch.nn.RNN, LSTM and GRU, of one layer and of two.
  static let all = ["elman", "lstm", "gru"].flatMap { cell in
    [1, 2].map { PyTorchPass(cell: cell, layers: $0) }
  }

  func file() throws -> SafetensorsFile {
    try SafetensorsFile.read(path: fixture("torch_\(cell)_\(layers).safetensors"))
  }

  func network(_ file: SafetensorsFile) throws -> NetworkSpecification {
    var network = NetworkSpecification()
    network.cell = try #require(CellKind(rawValue: cell))
    network.layers = layers
    network.hidden = try #require(file["h"]).shape[2]
    return network
  }

  func layout(_ file: SafetensorsFile) throws -> ParameterLayout {
    let outputs = try WeightsFile.outputs(of: file)
    return ParameterLayout(
      try network(file), inputs: try #require(file["x"]).shape[2], outputs: try #require(outputs))
  }
}

@Suite struct PyTorchTests {
  /// PyTorch's weights load, and give PyTorch's states, losses and gradients; its two biases are not zero, its states are carried in, and
  /// losses are injected in the last half only.
  @Test(arguments: PyTorchPass.all)
  func weightsLoadAndGiveTheSamePass(_ pass: PyTorchPass) throws {
    let file = try pass.file()
    let layout = try pass.layout(file)
    let data = try SequenceFile.batch(file, classes: WeightsFile.outputs(of: file))
    let tape = Tape.compute(
      network: try pass.network(file), layout: layout, parameters: try WeightsFile.parameters(file, layout: layout),
      data: data, window: Window(steps: 0..<data.steps, injected: data.steps / 2..<data.steps),
      carriedState: try (0..<pass.layers).map { file.doubles(try #require(file["state0_l\($0)"])) },
      reduction: try #require(Reduction(rawValue: file.metadata["reduction"] ?? "")), precision: .float64)
    #expect(tape.lossKind.rawValue == file.metadata["loss"])
    let ours = TraceFile.tensors(tape)
    let computed = file.entries.map(\.name).filter { $0.hasPrefix("grad") } + ["h", "loss", "mask"]
    #expect(computed.count == 6 + 4 * pass.layers)
    for name in computed {
      let found = try #require(ours.first { $0.name == name }, "no \(name)")
      let entry = try #require(file[name])
      #expect(found.shape == entry.shape)
      let want = file.doubles(entry)
      let largest = want.map(\.magnitude).max() ?? 0
      #expect(largest > 0)
      for (ours, theirs) in zip(try doubles(found), want) {
        #expect(abs(ours - theirs) <= 1e-12 * largest, "\(name)")
      }
    }
  }

  /// What is written has PyTorch's names and shapes, so that `load_state_dict` takes it strictly, and its values; of two biases that are
  /// added before anything else is done with them the sum is kept.
  @Test(arguments: PyTorchPass.all)
  func weightsAreWrittenAsPyTorchsAre(_ pass: PyTorchPass) throws {
    let file = try pass.file()
    let layout = try pass.layout(file)
    let written = WeightsFile.tensors(try WeightsFile.parameters(file, layout: layout), layout: layout)
    let names = file.entries.map(\.name).filter {
      $0.hasPrefix("weight_") || $0.hasPrefix("bias_") || $0.hasPrefix("readout.")
    }
    #expect(Set(written.map(\.name)) == Set(names))
    for tensor in written {
      let entry = try #require(file[tensor.name])
      #expect(tensor.shape == entry.shape)
      var want = file.doubles(entry)
      if pass.cell != "gru", tensor.name.hasPrefix("bias_ih_l"),
        let other = file["bias_hh_l" + tensor.name.dropFirst(9)]
      {
        want = zip(want, file.doubles(other)).map(+)
      } else if pass.cell != "gru", tensor.name.hasPrefix("bias_hh_l") {
        want = want.map { _ in 0 }
      }
      #expect(try doubles(tensor) == want, "\(tensor.name)")
    }
  }

  private func doubles(_ tensor: NamedTensor) throws -> [Double] {
    let file = try SafetensorsFile(Safetensors.encode([tensor]), file: "tensor")
    return file.doubles(try #require(file[tensor.name]))
  }
}
