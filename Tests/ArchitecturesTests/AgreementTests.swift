import Foundation
import GradientFlow
import RecurrentNetworks
import Testing

@testable import Architectures

/// Every kind of network against JAX, and Transformers against PyTorch: the numbers of `Fixtures/make_transformers.py`,
/// `Fixtures/make_networks.py` and, at the edges of what sizes there are, `Fixtures/make_edges.py`.
@Suite struct AgreementTests {
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let name: String, loss: String, norm: String, positions: String, activation: String
    let steps: Int, batch: Int, inputs: Int, width: Int, outputs: Int, layers: Int, heads: Int, expansion: Int
    let residual: Bool
    let kind: String?, scoring: String?, tree: String?, composition: String?, tied: Bool?, kernel: Int?
    let parameters: [Double], x: [Double], mask: [UInt8], target: [Double]
    let objective: Double, gradient: [Double], flow: [[Double]]
    let torchObjective: Double?, torchGradient: [Double]?
    var testDescription: String { name }

    var network: NetworkSpecification {
      var network = NetworkSpecification()
      (network.hidden, network.layers) = (width, layers)
      network.activation = Activation(rawValue: activation) ?? .identity
      return network
    }

    var architecture: ArchitectureSpecification {
      var architecture = ArchitectureSpecification()
      architecture.kind = kind.flatMap(NetworkKind.init) ?? .transformer
      architecture.scoring = scoring.flatMap(AttentionScoring.init) ?? .dot
      architecture.tree = tree.flatMap(TreeShape.init) ?? .balanced
      architecture.composition = composition.flatMap(TreeComposition.init) ?? .plain
      architecture.isTied = tied ?? false
      architecture.kernel = kernel ?? 3
      (architecture.heads, architecture.expansion, architecture.isResidual) = (heads, expansion, residual)
      architecture.norm = NormPlacement(rawValue: norm) ?? .none
      architecture.positions = PositionCode(rawValue: positions) ?? .none
      return architecture
    }

    var layout: ParameterLayout {
      architecture.layout(network, inputs: inputs, outputs: outputs, steps: steps)
    }

    var data: SequenceBatch {
      SequenceBatch(
        steps: steps, batch: batch, inputs: inputs, outputs: outputs, x: x, symbols: nil,
        target: loss == "squared" ? .values(target) : .classes(target.map { Int32($0) }), targetMask: mask)
    }
  }

  static let cases: [Case] = ["transformers", "transformers_crossed", "networks", "edges"].flatMap { name -> [Case] in
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name).json")
    do { return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file)) } catch {
      Issue.record("\(error)")
      return []
    }
  }

  @Test func casesAreThere() { #expect(Self.cases.count == 211) }

  private func recording(_ c: Case) -> GraphRecording {
    GraphRecording(
      c.architecture, c.network, layout: c.layout, parameters: c.parameters, data: c.data, reduction: .mean)
  }

  /// The largest difference, relative to the largest number.
  private func error(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.reduce(0, max) / b.map { abs($0) }.reduce(1e-300, max)
  }

  @Test(arguments: cases) func gradientsAreThoseOfJAX(_ c: Case) {
    let recording = recording(c)
    #expect(c.parameters.count == c.layout.count)
    #expect(abs(recording.objective - c.objective) <= 1e-12 * abs(c.objective))
    #expect(error(recording.gradient, c.gradient) < 1e-11)
  }

  @Test(arguments: cases.filter { $0.torchGradient != nil }) func gradientsAreThoseOfPyTorch(_ c: Case) throws {
    let recording = recording(c)
    let objective = try #require(c.torchObjective), gradient = try #require(c.torchGradient)
    #expect(abs(recording.objective - objective) <= 1e-12 * abs(objective))
    #expect(error(recording.gradient, gradient) < 1e-12)
  }

  @Test(arguments: cases) func everyTermOfTheFlowIsThatOfJAX(_ c: Case) {
    let recording = recording(c)
    for layer in 0..<c.layers {
      let flow = FlowMatrix(recording.graph(), layer: recording.graphLayer(layer))
      #expect(flow.steps == c.steps)
      #expect(error(flow.log10.map { Log10.power($0) }, c.flow[layer]) < 1e-9, "layer \(layer)")
    }
  }

  /// A graph reads the numbers of its pass: it keeps them where the recording is gone and its memory would be another's.
  @Test(arguments: cases) func aGraphOutlivesItsRecording(_ c: Case) {
    let layer = recording(c).graphLayer(c.layers - 1)
    let expected = GradientNorms.log10(recording(c).graph(), layer: layer)
    let graph = { recording(c).graph() }()
    let others = (0..<8).map { _ in recording(c) }.map { $0.gradient.map { _ in Double.nan } }
    #expect(GradientNorms.log10(graph, layer: layer) == expected && !others.isEmpty)
  }

  @Test(arguments: cases) func normsOfOneSequenceAreThoseOfThePass(_ c: Case) {
    guard c.batch == 1 else { return }
    let recording = recording(c)
    for layer in 0..<c.layers {
      let byGraph = GradientNorms.log10(recording.graph(), layer: recording.graphLayer(layer))
      for (t, (a, b)) in zip(byGraph, recording.log10GradientNorms(layer: layer)).enumerated() {
        #expect(abs(a - b) < 1e-9 || a == b, "layer \(layer), t = \(t)")
      }
    }
  }

  @Test(arguments: cases) func singlePrecisionIsNear(_ c: Case) {
    let pass = GraphPass<Float>(
      c.architecture, c.network, layout: c.layout, steps: c.steps, batch: c.batch, loss: c.data.loss)
    for (index, value) in c.parameters.enumerated() { pass.parameters[index] = Float(value) }
    // Twice: nothing is left of the first pass.
    for _ in 0..<2 {
      pass.load(c.data)
      pass.forward()
      let result = pass.backward(.mean)
      #expect(abs(result.objective - c.objective) < 1e-5 * abs(c.objective))
      #expect(error(pass.gradient.map { Double($0) }, c.gradient) < 1e-4)
    }
  }
}
