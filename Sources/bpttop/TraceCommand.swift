import ArgumentParser
import Experiments
import GradientFlow
import RecurrentNetworks
import Training

/// `bpttop trace`: one window whole, for other tools.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Makes some updates, then writes the next window's pass whole (safetensors).",
    discussion: """
      The trace holds the data, the weights, every hidden state, loss and gradient, the flow matrix and all singular \
      values of the products of Jacobians (in log10), in doubles. Of a stack and of cells with more than h it has every \
      layer's states, state_l0 [T, parts, B, H], and grad_state_l0 (∂L/∂c_t with h_t held fixed); of gated cells the \
      pre-activations of all gates, a_l0 [T, B, G·H].

      EXAMPLES
        bpttop trace mine.yaml -o window.safetensors
        bpttop trace mine.yaml --updates 1000 -o - | python3 plot.py
        bpttop trace mine.yaml --weights rnn.safetensors \\
          --data mine.safetensors -o window.safetensors
      """)

  @OptionGroup var options: ExperimentOptions
  @Option(
    name: .shortAndLong, help: "The trace (.safetensors), or - for standard output.",
    completion: .file(extensions: ["safetensors"]))
  var output: String
  @Option(parsing: .unconditional, help: "Updates to make before.", transform: Reading.count) var updates = 0
  @Option(help: "Weights to begin with (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var weights: String?
  @Option(
    help: "x [T,B,I], target and target_mask of sequences of yours, in place of the task's (.safetensors).",
    completion: .file(extensions: ["safetensors"]))
  var data: String?

  func run() throws {
    let source = try options.read()
    var start = TrainingRun.Start()
    do {
      start.data = try data.map { path in try SequenceFile.read(path: path, weights: weights) }
    } catch let error as InputError {
      throw Failure.input(error.description)
    }
    start.parameters = try options.weights(weights, for: source, start: start)
    let run = try options.run(source, start: start)
    try advance(run, updates: updates)
    let snapshot = run.snapshot()
    try writeTrace(of: snapshot, to: output)
  }
}

/// Writes the trace of a snapshot's next window.
func writeTrace(of snapshot: Snapshot, to path: String) throws {
  let tape = Tape(snapshot)
  guard tape.objective.isFinite, tape.gradient.allSatisfy(\.isFinite) else {
    throw Failure.run("the window has numbers that are not finite: nothing was written")
  }
  let product = tape.layers.count == 1 ? try ProductByLag(tape) : nil
  try writing {
    try TraceFile.write(
      tape, flow: FlowMatrix(tape), product: product, experiment: snapshot.experiment, update: snapshot.update, to: path
    )
  }
}
