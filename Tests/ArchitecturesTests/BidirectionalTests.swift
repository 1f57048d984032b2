import Foundation
import GradientFlow
import RecurrentNetworks
import Testing

@testable import Architectures

/// Bidirectional networks against JAX and PyTorch, whose numbers `Fixtures/make_bidirectional.py` and `make_edges.py` made.
@Suite struct BidirectionalTests {
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    let cell: String, loss: String
    let steps: Int, batch: Int, inputs: Int, width: Int, layers: Int
    let parameters: [String: [Double]], x: [Double], mask: [UInt8], target: [Double]
    let objective: Double, gradient: [String: [Double]], flow: [[Double]]
    var testDescription: String { "\(cell) \(loss) T = \(steps) layers = \(layers)" }

    var network: NetworkSpecification {
      var network = NetworkSpecification()
      (network.hidden, network.layers) = (width, layers)
      network.cell = CellKind(rawValue: cell) ?? .leaky
      return network
    }

    var architecture: ArchitectureSpecification {
      var architecture = ArchitectureSpecification()
      architecture.kind = .bidirectional
      return architecture
    }

    var layout: ParameterLayout { architecture.layout(network, inputs: inputs, outputs: 3, steps: steps) }

    var data: SequenceBatch {
      SequenceBatch(
        steps: steps, batch: batch, inputs: inputs, outputs: 3, x: x, symbols: nil,
        target: loss == "squared" ? .values(target) : .classes(target.map { Int32($0) }), targetMask: mask)
    }
  }

  static let cases: [Case] = ["bidirectional", "bidirectional_edges"].flatMap { name in
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name).json")
    return (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: file))) ?? []
  }

  /// The largest difference, relative to the largest number.
  private func error(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.reduce(0, max) / b.map { abs($0) }.reduce(1e-300, max)
  }

  private func recording(_ c: Case) throws -> GraphRecording {
    let parameters = try c.layout.entries.flatMap { try #require(c.parameters[$0.name], "\($0.name)") }
    return GraphRecording(
      c.architecture, c.network, layout: c.layout, parameters: parameters, data: c.data, reduction: .mean)
  }

  @Test func casesAreThere() { #expect(Self.cases.count == 36) }

  @Test(arguments: cases) func gradientsAreThoseOfJAXAndPyTorch(_ c: Case) throws {
    let recording = try recording(c)
    #expect(Set(c.layout.entries.map(\.name)) == Set(c.parameters.keys))
    #expect(abs(recording.objective - c.objective) <= 1e-12 * abs(c.objective))
    for entry in c.layout.entries {
      let found = Array(recording.gradient[entry.range])
      #expect(error(found, try #require(c.gradient[entry.name])) < 1e-11, "\(entry.name)")
    }
  }

  @Test(arguments: cases) func everyTermOfTheFlowIsThatOfJAX(_ c: Case) throws {
    let recording = try recording(c)
    #expect(recording.layers == 2 * c.layers)
    for layer in 0..<recording.layers {
      let flow = FlowMatrix(recording.graph(), layer: recording.graphLayer(layer))
      #expect(error(flow.log10.map { Log10.power($0) }, c.flow[layer]) < 1e-9, "layer \(layer)")
    }
  }

  @Test(arguments: cases) func normsOfOneSequenceAreThoseOfThePass(_ c: Case) throws {
    guard c.batch == 1 else { return }
    let recording = try recording(c)
    for layer in 0..<recording.layers {
      let byGraph = GradientNorms.log10(recording.graph(), layer: recording.graphLayer(layer))
      for (a, b) in zip(byGraph, recording.log10GradientNorms(layer: layer)) {
        #expect(abs(a - b) < 1e-9 || a == b, "layer \(layer)")
      }
    }
  }

  @Test(arguments: CellKind.allCases.filter { !$0.isFullyRecurrent }) func everyCellAgreesWithDifferences(
    cell: CellKind
  ) {
    var architecture = ArchitectureSpecification()
    architecture.kind = .bidirectional
    var network = NetworkSpecification()
    (network.cell, network.hidden, network.layers) = (cell, 4, 2)
    if cell == .elman { (network.delays, network.periods) = ([1, 2], [1, 2]) }
    if cell == .lstm { (network.projection, network.learnsInitialState) = (2, true) }
    let layout = architecture.layout(network, inputs: 2, outputs: 2, steps: 5)
    let data = SequenceBatch(
      steps: 5, batch: 2, inputs: 2, outputs: 2, x: (0..<20).map { sin(Double($0)) }, symbols: nil,
      target: .values((0..<20).map { cos(Double($0)) }), targetMask: Array(repeating: 1, count: 10))
    let check = GraphRecording.check(
      architecture, network, layout: layout, parameters: architecture.initialParameters(layout, network, seed: 3),
      data: data, reduction: .mean)
    for row in check.rows() { #expect(row.largestError < 1e-6, "\(row.name) \(row.largestError)") }
  }
}
