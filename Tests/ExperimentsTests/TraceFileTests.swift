import Foundation
import GradientFlow
import RecurrentNetworks
import Testing
import Training

@testable import Experiments

@Suite struct TraceFileTests {
  private func tape(_ network: NetworkSpecification, variant: PassVariant = PassVariant()) -> Tape {
    let layout = ParameterLayout(network, inputs: 2, outputs: 3)
    let (n, b) = (6, 2)
    var random = CounterRandom(seed: 5, stream: 0)
    let data = SequenceBatch(
      steps: n, batch: b, inputs: 2, outputs: 3, x: (0..<n * b * 2).map { _ in random.normal() }, symbols: nil,
      target: .classes((0..<n * b).map { Int32($0 % 3) }), targetMask: (0..<n * b).map { $0 % 5 == 0 ? 0 : 1 })
    let carried = (0..<network.stateComponents).flatMap { _ in [0.1, -0.2, 0.3, 0.4, 0.5, -0.6] }
    return Tape.compute(
      network: network, layout: layout, parameters: initialParameters(network, layout, seed: 2), data: data,
      window: Window(steps: 2..<6, injected: 4..<6),
      carriedState: [[Double]](repeating: carried, count: network.layers), reduction: .mean, precision: .float64,
      variant: variant)
  }

  private func network(_ cell: CellKind, layers: Int) -> NetworkSpecification {
    var network = NetworkSpecification()
    network.cell = cell
    network.hidden = 3
    network.layers = layers
    if cell == .leaky { network.beta = 0.25 }
    return network
  }

  @Test func namesAndShapes() throws {
    let tape = tape(network(.leaky, layers: 1))
    let folder = try TemporaryFolder()
    var experiment = Experiment()
    experiment.seed = 9
    var shares: [Double] = []
    let omitted = try TraceFile.write(tape, experiment: experiment, update: 7, to: folder.path("t")) { share in
      shares.append(share)
      return true
    }
    #expect(omitted.isEmpty)
    #expect(shares.last == 1 && shares.count > 6 && zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
    let file = try SafetensorsFile.read(path: folder.path("t"))
    let shapes = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.shape) })
    #expect(
      shapes == [
        "x": [4, 2, 2], "target": [4, 2], "target_mask": [4, 2], "mask": [4, 2], "state0_l0": [1, 2, 3],
        "weight_ih_l0": [3, 2], "weight_hh_l0": [3, 3], "bias_ih_l0": [3], "bias_hh_l0": [3], "readout.weight": [3, 3],
        "readout.bias": [3], "grad.weight_ih_l0": [3, 2], "grad.weight_hh_l0": [3, 3], "grad.bias_ih_l0": [3],
        "grad.bias_hh_l0": [3], "grad.readout.weight": [3, 3], "grad.readout.bias": [3], "h": [4, 2, 3],
        "loss": [4, 2],
        "grad_h": [4, 2, 3], "flow": [4, 4], "product": [4, 3],
      ])
    #expect(file.entries.allSatisfy { $0.type == ($0.name == "target" ? "I64" : "F64") })
    #expect(file.metadata["cell_options"] == "{\"beta\": 0.25}")
    #expect(file.metadata["cell"] == "leaky" && file.metadata["loss"] == "cross_entropy")
    #expect(file.metadata["first_step"] == "3" && file.metadata["update"] == "7")
    #expect(try ExperimentFile.parse(try #require(file.metadata["experiment"]), file: "m") == experiment)
    func values(_ name: String) throws -> [Double] { file.doubles(try #require(file[name])) }
    // Of the mask only what is injected too, in the last two of the window's steps.
    #expect(try values("mask") == [0, 0, 0, 0, 1, 1, 0, 1])
    #expect(try values("target_mask") == [1, 0, 1, 1, 1, 1, 0, 1])
    #expect(try values("state0_l0") == [0.1, -0.2, 0.3, 0.4, 0.5, -0.6])
    // The first row is the longest product, the last one Jacobian; a loss at step 0 flows to no later step.
    #expect(try values("product")[0] < values("product")[9])
    #expect(try values("flow")[1...3].allSatisfy { $0 == -.infinity })
    #expect(try values("flow") == FlowMatrix(tape).dense(tape))
    let spectra = try ProductByLag(tape).spectra
    #expect(try values("product") == spectra.reversed().flatMap(\.log10))
    #expect(try values("grad.bias_hh_l0") == values("grad.bias_ih_l0"))
  }

  /// Of an LSTM in two layers: h, what makes it (h = o ⊙ tanh c, o the fourth gate), and δ of the top layer's h.
  @Test func statesOfEveryLayer() throws {
    let tensors = TraceFile.tensors(tape(network(.lstm, layers: 2)))
    func values(_ name: String, _ shape: [Int]) throws -> [Double] {
      let tensor = try #require(tensors.first { $0.name == name })
      #expect(tensor.shape == shape)
      guard case .float64(let values) = tensor.elements else { return [] }
      return values
    }
    let h = try values("h", [4, 2, 3]), gradient = try values("grad_h", [4, 2, 3])
    let state = try values("state_l1", [4, 2, 2, 3]), delta = try values("grad_state_l1", [4, 2, 2, 3])
    let a = try values("a_l1", [4, 2, 12])
    _ = try values("state_l0", [4, 2, 2, 3])
    for t in 0..<4 {
      for b in 0..<2 {
        for unit in 0..<3 {
          let first = (t * 2 * 2 + b) * 3 + unit, index = (t * 2 + b) * 3 + unit
          #expect(state[first] == h[index] && delta[first] == gradient[index])
          let preactivation: Double = a[(t * 2 + b) * 12 + 9 + unit], c: Double = state[first + 6]
          let o = 1 / (1 + exp(-preactivation))
          #expect(abs(h[index] - o * tanh(c)) < 1e-15)
        }
      }
    }
    let plain = TraceFile.tensors(tape(network(.elman, layers: 1)))
    #expect(!plain.contains { $0.name.hasPrefix("state_") || $0.name.hasPrefix("a_") })
  }

  /// Where the gradient was cut or weighted between steps, the trace says by what.
  @Test func whatMultipliedTheGradientIsTold() throws {
    var variant = PassVariant()
    variant.gradientScale = [1, 0, 2, 1]
    let tensors = TraceFile.tensors(tape(network(.elman, layers: 1), variant: variant))
    let gradientScale = try #require(tensors.first { $0.name == "gradient_scale" })
    #expect(gradientScale.shape == [4] && gradientScale.elements == .float64([1, 0, 2, 1]))
    let plain = TraceFile.tensors(tape(network(.elman, layers: 1)))
    #expect(!plain.contains { $0.name == "gradient_scale" })
  }

  /// A row and column for all layers' states together, the lowest first.
  @Test func severalLayersHaveOneProduct() throws {
    let tape = tape(network(.lstm, layers: 2))
    let folder = try TemporaryFolder()
    try TraceFile.write(tape, experiment: Experiment(), update: 0, to: folder.path("t"))
    let file = try SafetensorsFile.read(path: folder.path("t"))
    let product = try #require(file["product"])
    #expect(product.shape == [4, 2 * 2 * 3])
    let last = file.doubles(product).suffix(12)
    let wanted = try tape.jointJacobian(step: 3, sequence: 0).singularValues()
    for (found, value) in zip(last, wanted) where value > 1e-6 { #expect(abs(found - Log10.of(value)) < 1e-9) }
    #expect(file["state0_l1"] != nil && file["grad.bias_hh_l1"] != nil)
  }

  @Test func whatNeedsTooMuchIsLeftOutAndSaid() throws {
    let tape = tape(network(.leaky, layers: 1))
    let folder = try TemporaryFolder()
    // flow: 8 · 4 (4 + 3) bytes; product: 8 · 3 (4 + 18)
    func left(_ memory: Int) throws -> [String] {
      try TraceFile.write(tape, experiment: Experiment(), update: 0, to: folder.path("t"), memory: memory)
        .map(\.description)
    }
    #expect(try left(528) == [])
    #expect(try left(527) == ["product [4, 3] is left out: it needs 528 bytes, and 527 bytes are allowed"])
    #expect(try left(224).count == 1)
    #expect(try left(223).map { String($0.prefix(22)) } == ["flow [4, 4] is left ou", "product [4, 3] is left"])
    let names = try SafetensorsFile.read(path: folder.path("t")).entries.map(\.name)
    #expect(!names.contains("flow") && !names.contains("product") && names.contains("grad_h"))
  }

  /// At every place where it may be told to stop it stops, and leaves what was there.
  @Test func stopsWhenItIsTold() throws {
    let tape = tape(network(.gru, layers: 2))
    let folder = try TemporaryFolder()
    try OutputFile.write("old", to: folder.path("t"))
    var most = 0, count = 0
    repeat {
      count = 0
      most += 1
      do {
        try TraceFile.write(tape, experiment: Experiment(), update: 0, to: folder.path("t")) { _ in
          count += 1
          return count < most
        }
      } catch is CancellationError {
        #expect(count == most)
        #expect(try String(contentsOfFile: folder.path("t"), encoding: .utf8) == "old")
      }
    } while count == most
    #expect(most > 8 && folder.names == ["t"])
  }
}
