import Experiments
import Foundation
import GradientFlow
import RecurrentNetworks
import Testing

/// Windows that `bpttop_watch.py` published of PyTorch's modules: the states are PyTorch's, and the gradient's norms are those that
/// autograd gives on a copy that is unrolled step by step.
@Suite struct WatchedWindowTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name + ".safetensors").path }

  private static func expected(_ name: String) throws -> [[Double?]] {
    let data = try Data(contentsOf: folder.appendingPathComponent("norms.json"))
    return try #require(JSONDecoder().decode([String: [[Double?]]].self, from: data)[name])
  }

  /// The norms of every layer at every step, relative to the larger of the two.
  private func expectNorms(_ window: WatchedWindow, _ expected: [[Double?]], within tolerance: Double) {
    let norms = GradientNorms.log10ByLayer(window.snapshot.tape())
    #expect(norms.count == expected.count)
    for (norms, expected) in zip(norms, expected) {
      #expect(norms.count == expected.count)
      for (norm, expected) in zip(norms, expected) {
        if let expected {
          #expect(abs(pow(10, norm - expected) - 1) < tolerance)
        } else {
          #expect(norm == -.infinity)
        }
      }
    }
  }

  @Test(arguments: ["rnn", "relu", "lstm", "gru"], [1, 2])
  func statesAndNormsArePyTorchs(cell: String, layers: Int) throws {
    for length in [1, 2, 5, 13, 40] {
      let name = "\(cell)_\(layers)_\(length)"
      let window = try WatchedWindow.read(path: Self.path(name))
      let isSingle = length == 13
      #expect(window.snapshot.experiment.precision == (isSingle ? .float32 : .float64))
      #expect(try #require(window.difference) <= (isSingle ? 1e-5 : 1e-12))
      #expect(window.agreement.hasPrefix("states agree ") && window.remarks.isEmpty && window.update == 0)
      let module = ["rnn": "nn.RNN tanh", "relu": "nn.RNN relu", "lstm": "nn.LSTM", "gru": "nn.GRU"][cell] ?? ""
      #expect(window.shape == "\(module) H=4\(layers > 1 ? "×2" : "") T=\(length) B=2, state carried in")
      expectNorms(window, try Self.expected(name), within: isSingle ? 1e-5 : 1e-9)
    }
  }

  /// Of a projected LSTM h has fewer numbers than c; its state is carried in.
  @Test(arguments: [1, 2]) func projectedLSTM(layers: Int) throws {
    let window = try WatchedWindow.read(path: Self.path("projected_\(layers)"))
    #expect(window.snapshot.experiment.network.outputUnits == 4 - layers)
    #expect(try #require(window.difference) <= 1e-13)
    #expect(window.shape == "nn.LSTM H=4\(layers > 1 ? "×2" : "") P=\(4 - layers) T=6 B=2, state carried in")
    #expect(GradientNorms.log10ByLayer(window.snapshot.tape()).allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  /// However a module is called, the window is that of the pass that it makes.
  @Test(arguments: [
    "odd_plain", "odd_batch_first", "odd_packed", "odd_last", "odd_cell", "odd_steps", "odd_reverse",
  ])
  func everyWayToCallAModuleGivesItsPass(name: String) throws {
    let window = try WatchedWindow.read(path: Self.path(name))
    #expect(try #require(window.difference) <= 1e-12)
    // As it stands in the fixture's script: the packed lengths are 4, 6 and 2.
    #expect(window.snapshot.data.targetMask.count { $0 != 0 } == (["odd_packed", "odd_last"].contains(name) ? 12 : 18))
    expectNorms(window, try Self.expected(name), within: 1e-9)
  }

  @Test func mixedPrecisionIsSaidAndAgreesAsFarAsItsNumbersGo() throws {
    let window = try WatchedWindow.read(path: Self.path("odd_bfloat16"))
    let difference = try #require(window.difference)
    #expect(difference > 1e-4 && difference < 0.02)
    #expect(window.agreement.hasSuffix(", computed there in bfloat16") && window.agreement.hasPrefix("states agree"))
  }

  // MARK: Bad files

  /// The window with changed metadata or tensors.
  private func read(_ change: (inout [NamedTensor], inout [String: String]) -> Void) throws -> WatchedWindow {
    let file = try SafetensorsFile.read(path: Self.path("lstm_1_5"))
    var tensors = file.entries.map { NamedTensor($0.name, $0.shape, .float64(file.doubles($0))) }
    var metadata = file.metadata
    change(&tensors, &metadata)
    return try WatchedWindow(SafetensorsFile(Safetensors.encode(tensors, metadata: metadata), file: "w"))
  }

  private func message(_ change: (inout [NamedTensor], inout [String: String]) -> Void) -> String? {
    do {
      _ = try read(change)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsNoWindowIsNamed() throws {
    #expect(message { _, _ in } == nil)
    #expect(
      message { $1["format"] = nil }
        == "w: found no window of a run, expected bpttop-window-1, which bpttop_watch.py writes")
    #expect(message { $1["cell"] = "mamba" } == "w: cell: found mamba, expected elman, lstm or gru")
    #expect(message { $1["layers"] = "0" } == "w: layers: found 0, expected a whole number from 1")
    #expect(
      message { tensors, _ in tensors.removeAll { $0.name == "grad_output" } }
        == "w: grad_output: found no such tensor, expected weights, x and grad_output; nearest is output")
    #expect(
      message { tensors, _ in
        tensors.removeAll { $0.name == "grad_output" }
        tensors.append(NamedTensor("grad_output", [5, 2, 3], .float64([Double](repeating: 0, count: 30))))
      } == "w: grad_output: found shape [5, 2, 3], expected [5, 2, 4]")
  }

  @Test func aGradientThatIsNotFiniteIsNamedWithItsStep() throws {
    let window = try read { tensors, _ in
      guard let place = tensors.firstIndex(where: { $0.name == "grad_output" }) else { return }
      // [5, 2, 4]: step 3, sequence 2.
      var values = [Double](repeating: 0.1, count: 40)
      values[2 * 8 + 5] = .nan
      tensors[place] = NamedTensor("grad_output", [5, 2, 4], .float64(values))
    }
    #expect(window.remarks == ["∂L/∂output is not finite at step 3"])
    // Its forward pass is as good as before.
    #expect(try #require(window.difference) <= 1e-12)
  }

  @Test func statesThatDifferAreSaidToDiffer() throws {
    let window = try read { tensors, metadata in
      guard let place = tensors.firstIndex(where: { $0.name == "output" }) else { return }
      tensors[place] = NamedTensor("output", [5, 2, 4], .float64([Double](repeating: 2, count: 40)))
      metadata["dropout"] = "0.5"
    }
    #expect(window.agreement.hasPrefix("states DIFFER by "))
    #expect(window.agreement.hasSuffix(": dropout 0.5 between the layers is not known here"))
  }
}
