import RecurrentNetworks
import Testing
import Training

@testable import Experiments

@Suite struct WeightsFileTests {
  /// Two layers.
  private var network: NetworkSpecification {
    var network = NetworkSpecification()
    network.hidden = 5
    network.layers = 2
    return network
  }
  private var layout: ParameterLayout { ParameterLayout(network, inputs: 3, outputs: 2) }

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    let parameters = initialParameters(network, layout, seed: 3).enumerated().map { $1 + 0.001 * Double($0) }
    try WeightsFile.write(parameters, layout: layout, to: folder.path("w.safetensors"))
    #expect(try WeightsFile.read(path: folder.path("w.safetensors"), layout: layout) == parameters)
    let file = try SafetensorsFile.read(path: folder.path("w.safetensors"))
    #expect(
      Set(file.entries.map(\.name)) == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l1", "weight_hh_l1", "bias_ih_l1",
        "bias_hh_l1", "readout.weight", "readout.bias",
      ])
    #expect(file.doubles(try #require(file["bias_hh_l1"])) == [0, 0, 0, 0, 0])
    #expect(file["weight_ih_l1"]?.shape == [5, 5])
    try WeightsFile.write(parameters, layout: layout, precision: .float32, to: folder.path("s.safetensors"))
    #expect(
      try WeightsFile.read(path: folder.path("s.safetensors"), layout: layout) == parameters.map { Double(Float($0)) })
  }

  /// What a cell has of its own travels too; without W_hh there is no second bias, and a state that is not in the file is 0.
  @Test(arguments: CellKind.allCases)
  func everyCell(cell: CellKind) throws {
    let folder = try TemporaryFolder()
    for discretization in Discretization.allCases {
      var network = NetworkSpecification()
      (network.cell, network.hidden, network.layers) = (cell, 4, cell.isFullyRecurrent ? 1 : 2)
      (network.discretization, network.hasPeepholes, network.learnsInitialState) = (discretization, true, true)
      let layout = ParameterLayout(network, inputs: 3, outputs: 2)
      let parameters = initialParameters(network, layout, seed: 3).enumerated().map { $1 + 0.001 * Double($0) }
      let path = folder.path("w.safetensors")
      try WeightsFile.write(parameters, layout: layout, to: path)
      #expect(try WeightsFile.read(path: path, layout: layout) == parameters)
      let names = Set(try SafetensorsFile.read(path: path).entries.map(\.name))
      #expect(names.isSuperset(of: layout.entries.map(\.name)) && names.contains("initial_state_l0"))
      #expect(names.contains("bias_hh_l0") == (cell.hasRecurrentWeights && !cell.isFullyRecurrent))
      network.learnsInitialState = false
      let plain = ParameterLayout(network, inputs: 3, outputs: 2)
      try WeightsFile.write(Array(parameters.prefix(plain.count)), layout: plain, to: folder.path("p.safetensors"))
      let read = try WeightsFile.read(path: folder.path("p.safetensors"), layout: layout)
      #expect(read == Array(parameters.prefix(plain.count)) + Array(repeating: 0, count: layout.count - plain.count))
    }
  }

  /// A checkpoint of whatever kind is read again, under PyTorch's names where it has some.
  @Test(arguments: ["attention", "transformer", "tree", "feedforward", "bidirectional"])
  func everyKind(kind: String) throws {
    let folder = try TemporaryFolder()
    var experiment = Experiment()
    try experiment.set("task.name", "recall")
    try experiment.set("task.length", "6")
    try experiment.set("network.kind", kind)
    let run = try TrainingRun(experiment: experiment)
    try WeightsFile.write(run.parameters, layout: run.layout, to: folder.path("w.safetensors"))
    #expect(try WeightsFile.read(path: folder.path("w.safetensors"), layout: run.layout) == run.parameters)
    let names = Set(try SafetensorsFile.read(path: folder.path("w.safetensors")).entries.map(\.name))
    #expect(names.contains("bias_hh_l0_reverse") == (kind == "bidirectional"))
  }

  /// Each step's own weights: [T, …] under the same names; weights that all steps share are where every copy begins.
  @Test func untied() throws {
    let folder = try TemporaryFolder()
    let copies = ParameterLayout(network, inputs: 3, outputs: 2, copies: 4)
    let parameters = (0..<copies.count).map { 0.01 * Double($0) }
    try WeightsFile.write(parameters, layout: copies, to: folder.path("u.safetensors"))
    #expect(try WeightsFile.read(path: folder.path("u.safetensors"), layout: copies) == parameters)
    let file = try SafetensorsFile.read(path: folder.path("u.safetensors"))
    #expect(file["weight_hh_l1"]?.shape == [4, 5, 5] && file["bias_hh_l0"]?.shape == [4, 5])
    #expect(file["readout.weight"]?.shape == [2, 5])
    // Row 2 is step 2's.
    let row = file.doubles(try #require(file["weight_hh_l1"]))[50..<75]
    #expect(Array(row) == copies.recurrentWeights(layer: 1, step: 2).elements(of: parameters))
    let shared = initialParameters(network, layout, seed: 3)
    try WeightsFile.write(shared, layout: layout, to: folder.path("s.safetensors"))
    #expect(try WeightsFile.read(path: folder.path("s.safetensors"), layout: copies) == copies.copied(shared))
    func message(_ layout: ParameterLayout) -> String {
      do throws(InputError) {
        _ = try WeightsFile.parameters(file, layout: layout)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(
      message(layout)
        .contains("weight_ih_l0: found shape [4, 5, 3], a copy for each of 4 steps, expected [5, 3], or"))
    #expect(
      message(ParameterLayout(network, inputs: 3, outputs: 2, copies: 6))
        .contains("a copy for each of 4 steps, expected a copy for each of task.length 6"))
  }

  /// Writes the fixture's tensors with a change, and gives the message.
  private func message(_ change: (inout [NamedTensor]) -> Void) throws -> String? {
    let parameters = [Double](repeating: 0.5, count: layout.count)
    var tensors = WeightsFile.tensors(parameters, layout: layout)
    change(&tensors)
    do throws(InputError) {
      _ = try WeightsFile.parameters(SafetensorsFile(Safetensors.encode(tensors), file: "w"), layout: layout)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    #expect(try message { _ in } == nil)
    #expect(
      try message { $0.removeAll { $0.name == "weight_hh_l1" } }
        == "w: weight_hh_l1: found no such tensor, expected one of shape [5, 5]; nearest is weight_hh_l0")
    #expect(
      try message { $0[0] = NamedTensor("weight_ih_l0", [3, 5], .float64([Double](repeating: 0, count: 15))) }
        == "w: weight_ih_l0: found shape [3, 5], expected [5, 3]")
    #expect(
      try message { $0[0] = NamedTensor("weight_ih_l0", [5, 3], .int64([Int64](repeating: 0, count: 15))) }
        == "w: weight_ih_l0: found whole numbers (I64), expected F32 or F64")
    #expect(
      try message {
        var values = [Double](repeating: 0, count: 15)
        values[7] = .nan
        $0[0] = NamedTensor("weight_ih_l0", [5, 3], .float64(values))
      } == "w: weight_ih_l0: found nan at [2, 1], expected finite numbers")
    #expect(
      try message { $0.append(NamedTensor("weight_hh_l2", [1], .float64([0]))) }
        == "w: weight_hh_l2: found a weight that the network has not (layers: 2, hidden: 5), expected weight_ih_l0, "
        + "weight_hh_l0, bias_ih_l0, weight_ih_l1, weight_hh_l1, bias_ih_l1, readout.weight, readout.bias")
    #expect(try message { $0.append(NamedTensor("weight_hh_l0_reverse", [1], .float64([0]))) } != nil)
    // β of the units, where they are not trained: another network's.
    #expect(
      try message { $0.append(NamedTensor("beta_logit_l0", [5], .float64([Double](repeating: 0, count: 5)))) }?
        .hasPrefix("w: beta_logit_l0: found a weight that the network has not") == true)
    #expect(
      try message { $0.append(NamedTensor("rnn.weight_hh_l0", [1], .float64([0]))) }
        == "w: weight_hh_l0: found weight_hh_l0 and rnn.weight_hh_l0, expected one of them")
  }

  @Test func takesModulesPrefixesAndOtherTensors() throws {
    #expect(
      try message { tensors in
        for index in tensors.indices where !tensors[index].name.hasPrefix("readout") {
          tensors[index].name = "rnn." + tensors[index].name
        }
        tensors.append(NamedTensor("epoch", [], .int64([3])))
      } == nil)
    #expect(try message { $0.removeAll { $0.name.hasPrefix("bias_") } } == nil)
  }
}

@Suite struct SequenceFileTests {
  private func message(_ tensors: [NamedTensor], classes: Int? = nil) -> String? {
    do throws(InputError) {
      _ = try SequenceFile.batch(SafetensorsFile(Safetensors.encode(tensors), file: "d"), classes: classes)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func readsClassesAndValues() throws {
    let x = NamedTensor("x", [3, 1, 2], .float64([1, 0, 0, 1, 1, 0]))
    let classes = NamedTensor("target", [3, 1], .int64([-1, 1, 2]))
    let mask = NamedTensor("target_mask", [3, 1], .float64([0, 1, 1]))
    let batch = try SequenceFile.batch(SafetensorsFile(Safetensors.encode([x, classes, mask]), file: "d"))
    #expect(batch.steps == 3 && batch.batch == 1 && batch.inputs == 2 && batch.outputs == 3)
    #expect(batch.symbols == [0, 1, 0])
    #expect(batch.target == .classes([0, 1, 2]))
    #expect(batch.targetMask == [0, 1, 1])
    let values = NamedTensor("target", [3, 1, 1], .float32([.nan, 1, 2]))
    // Behind the end of a sequence stands no target; a label a sequence is asked for at its last step.
    let two = NamedTensor("x", [3, 2, 1], .float64([1, 2, 3, 4, 5, 6]))
    let lengths = NamedTensor("lengths", [2], .int64([3, 2])), labels = NamedTensor("target", [2], .int64([1, 0]))
    func masks(_ tensors: [NamedTensor]) throws -> [UInt8] {
      try SequenceFile.batch(SafetensorsFile(Safetensors.encode(tensors), file: "d")).targetMask
    }
    #expect(
      try masks([two, NamedTensor("target", [3, 2], .int64([0, 1, 0, 1, 0, 1])), lengths]) == [1, 1, 1, 1, 1, 0])
    #expect(try masks([two, labels]) == [0, 0, 0, 0, 1, 1])
    #expect(try masks([two, labels, lengths]) == [0, 0, 0, 1, 1, 0])
    #expect(
      message([two, labels, NamedTensor("lengths", [2], .int64([4, 2]))]) == "d: lengths: found 4, expected 1 to 3")
    let regression = try SequenceFile.batch(SafetensorsFile(Safetensors.encode([x, values, mask]), file: "d"))
    #expect(regression.target == .values([0, 1, 2]))
    #expect(regression.outputs == 1)
  }

  @Test func theWeightsSayHowManyClassesThereAre() throws {
    let folder = try TemporaryFolder()
    let layout = ParameterLayout(NetworkSpecification(), inputs: 1, outputs: 7)
    try WeightsFile.write([Double](repeating: 0, count: layout.count), layout: layout, to: folder.path("w"))
    let tensors = [NamedTensor("x", [2, 1, 1], .float64([0.5, 2])), NamedTensor("target", [2, 1], .int64([0, 1]))]
    try Safetensors.write(tensors, to: folder.path("d"))
    #expect(try SequenceFile.read(path: folder.path("d")).outputs == 2)
    #expect(try SequenceFile.read(path: folder.path("d"), weights: folder.path("w")).outputs == 7)
  }

  @Test func refusesWhatDoesNotFit() {
    let x = NamedTensor("x", [2, 1, 1], .float64([0.5, 2]))
    let target = NamedTensor("target", [2, 1], .int64([0, 1]))
    #expect(message([x, target]) == nil)
    #expect(message([target]) == "d: x: found no such tensor, expected x, target and, if need be, target_mask")
    #expect(message([x]) == "d: target: found no such tensor, expected x, target and, if need be, target_mask")
    #expect(
      message([NamedTensor("x", [2], .float64([0.5, 2])), target])
        == "d: x: found shape [2], expected [steps, batch, inputs]")
    #expect(
      message([NamedTensor("x", [2, 1, 1], .float64([0.5, .nan])), target])
        == "d: x: found nan at [1, 0, 0], expected finite numbers")
    #expect(message([x, target], classes: 1) == "d: target: found class 1 at [1, 0], expected 0 to 0")
    #expect(
      message([x, NamedTensor("target", [2, 1], .float64([0, 1]))])
        == "d: target: found F64 of shape [2, 1], expected I64 classes of shape [2, 1] or [1], or F64 values of shape [2, 1, outputs]"
    )
    #expect(
      message([x, target, NamedTensor("target_mask", [2, 1], .float64([0, 0]))])
        == "d: target_mask: found 0 everywhere, expected a step with a target")
    #expect(
      message([x, target, NamedTensor("target_mask", [2, 1], .float64([0, 2]))])
        == "d: target_mask: found 2.0, expected 0 or 1")
    #expect(
      message([x, target, NamedTensor("target_mask", [2], .float64([0, 2]))])
        == "d: target_mask: found shape [2], expected [2, 1] as x has it")
  }
}
