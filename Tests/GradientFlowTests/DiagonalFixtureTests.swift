import Foundation
import GradientFlow
import RecurrentNetworks
import Testing

/// Cells without recurrent weights, and LSTM's options, against JAX and PyTorch, whose numbers `Fixtures/make_diagonal.py` made.
@Suite("Diagonal cells against JAX and PyTorch")
struct DiagonalFixtureTests {
  struct Case: Decodable {
    var cell: String, loss: String, reduction: String
    var options: [String: String]
    var layers: Int, hidden: Int, inputs: Int, steps: Int, batch: Int
    var x: [Double], target: [Double], h: [Double], losses: [Double], gradientH: [Double]
    var mask: [UInt8]
    var state: [[Double]]
    var parameters: [String: [Double]], gradient: [String: [Double]]
    var objective: Double
    /// log10 ‖∂l_i/∂h_t‖ of sequence 0, t ≤ i.
    var flow: [[Double]]

    var name: Comment { "\(cell) \(options) \(loss) H = \(hidden) T = \(steps) layers = \(layers)" }

    func network() throws -> NetworkSpecification {
      var network = NetworkSpecification()
      network.cell = try #require(CellKind(rawValue: cell))
      (network.hidden, network.layers) = (hidden, layers)
      if let name = options["discretization"] { network.discretization = try #require(Discretization(rawValue: name)) }
      func numbers(_ name: String) -> [Int]? { options[name]?.split(separator: ",").compactMap { Int($0) } }
      network.projection = options["projection"].flatMap { Int($0) } ?? 0
      network.delays = numbers("delays") ?? [1]
      network.periods = numbers("periods") ?? []
      network.hasPeepholes = options["peephole"] == "true"
      network.readsInputDirectly = options["direct_input"] == "true"
      network.learnsInitialState = options["learned_initial_state"] == "true"
      return network
    }
  }

  private static let cases: [Case] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/diagonal.json")
    return (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: file))) ?? []
  }()

  private func tape(_ truth: Case, _ precision: Precision) throws -> Tape {
    let network = try truth.network()
    let layout = ParameterLayout(network, inputs: truth.inputs, outputs: 3)
    #expect(Set(layout.entries.map(\.name)) == Set(truth.parameters.keys), truth.name)
    let data = SequenceBatch(
      steps: truth.steps, batch: truth.batch, inputs: truth.inputs, outputs: 3, x: truth.x, symbols: nil,
      target: truth.loss == "squared" ? .values(truth.target) : .classes(truth.target.map { Int32($0) }),
      targetMask: truth.mask)
    return Tape.compute(
      network: network, layout: layout,
      parameters: try layout.entries.flatMap { try #require(truth.parameters[$0.name]) }, data: data,
      window: Window(steps: 0..<truth.steps, injected: 0..<truth.steps), carriedState: truth.state,
      reduction: try #require(Reduction(rawValue: truth.reduction)), precision: precision)
  }

  @Test func thereAreEnough() { #expect(Self.cases.count == 102) }

  @Test("States, losses and every gradient", arguments: Self.cases.indices)
  func passes(index: Int) throws {
    let truth = Self.cases[index]
    for (precision, tolerance) in [(Precision.float64, 1e-12), (.float32, 2e-4)] {
      let tape = try tape(truth, precision)
      #expect(abs(tape.objective - truth.objective) < tolerance * abs(truth.objective), truth.name)
      let top = try #require(tape.layers.last)
      let size = truth.batch * truth.hidden, seen = tape.network.outputUnits
      let components = top.stateComponents
      var (hidden, gradient): ([Double], [Double]) = ([], [])
      for t in 0..<truth.steps {
        let after = (t + 1) * components * size, at = t * components * size
        // Of a projected h the rest is 0.
        func split(_ values: ArraySlice<Double>, into kept: inout [Double]) {
          for (index, value) in values.enumerated() {
            if index % truth.hidden < seen { kept.append(value) } else { #expect(value == 0) }
          }
        }
        split(top.state[after..<after + size], into: &hidden)
        split(top.gradient[at..<at + size], into: &gradient)
      }
      #expect(relativeError(hidden, truth.h) < tolerance, truth.name)
      #expect(relativeError(gradient, truth.gradientH) < tolerance, truth.name)
      let masked = zip(truth.losses, truth.mask).map { $1 == 0 ? 0 : $0 }
      #expect(relativeError(tape.loss, masked) < tolerance, truth.name)
      for entry in tape.layout.entries {
        let expected = try #require(truth.gradient[entry.name])
        #expect(relativeError(try #require(tape.gradient(of: entry.name)), expected) < tolerance, truth.name)
      }
    }
  }

  @Test("Every term of the double sum", arguments: Self.cases.indices)
  func flow(index: Int) throws {
    let truth = Self.cases[index]
    let tape = try tape(truth, .float64)
    let flow = FlowMatrix(tape, sequence: 0)
    for (row, i) in flow.rows.enumerated() where truth.mask[i * truth.batch] != 0 {
      for t in 0...i { #expect(abs(flow[row, t] - truth.flow[i][t]) < 1e-9, truth.name) }
    }
  }

  @Test("The steps' contributions add up to the gradient", arguments: Self.cases.indices)
  func contributions(index: Int) throws {
    let tape = try tape(Self.cases[index], .float64)
    let sum = (0..<tape.steps).reduce([Double](repeating: 0, count: tape.layout.count)) {
      zip($0, tape.weightGradientContribution(step: $1)).map(+)
    }
    #expect(relativeError(sum, tape.gradient) < 1e-12)
    let terms = try #require(WeightContributions(tape))
    for (name, log10Norm) in zip(terms.tensors, terms.log10SumByTensor.map { $0[0] }) {
      let gradient = try #require(tape.gradient(of: name))
      #expect(abs(log10Norm - Log10.norm(gradient)) < 1e-10)
    }
  }
}

/// The largest difference, relative to the largest of the truth.
private func relativeError(_ ours: [Double], _ truth: [Double]) -> Double {
  guard ours.count == truth.count else { return .infinity }
  let scale = max(truth.map { abs($0) }.max() ?? 0, 1e-300)
  return zip(ours, truth).map { abs($0 - $1) / scale }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}
