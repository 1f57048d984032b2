import ArgumentParser
import Experiments
import Foundation
import Instruments
import Training

/// `bpttop trace`: one window whole, for other tools.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Makes some updates, then writes the next window's pass whole (safetensors).",
    discussion: """
      The trace holds one window in doubles: T steps, B sequences, I inputs, O outputs, H units, L layers. A state has \
      one part (h), or two (h and c of an LSTM); a cell has G gates.

        x [T,B,I]            the inputs
        target               [T,B] classes (I64), or [T,B,O] values
        target_mask [T,B]    1 where the task has a target
        mask [T,B]           1 where its loss is injected too
        output_mask [T,B,O]  1 where an output has a target, if not every one has
        gradient_scale [T]   what multiplied the gradient on its way to the step before, if not 1
        state0_l0, ...       [parts,B,H], the state carried in, a layer each
        weight_ih_l0, ...    the weights under PyTorch's names
        grad.weight_ih_l0, ... their gradients before clipping
        h [T,B,H]            the states of the top layer
        loss [T,B]           the losses, 0 where there is no target
        grad_h [T,B,H]       dL/dh_t of the top layer by all paths
        state_l0, ...        [T,parts,B,H], a layer's states, where L or parts is above 1
        grad_state_l0, ...   dL/ds_t of these; dL/dc_t with h_t held fixed
        a_l0, ...            [T,B,G*H], the pre-activations, where G is above 1
        flow [T,T]           log10 of the norm of dl_i/dh_t, row i, column t, of sequence 0
        product              [T,L*parts*H], log10 of the singular values of ds_T/ds_k, row k, descending, of sequence \
      0; s is the state of all layers together

      --readings adds what instruments read of the pass, in the order of its steps or units, as in \
      lyapunov.exponents: \(Self.instruments.joined(separator: ", ")).

      Of a network.kind other than recurrent: state_l0, grad_state_l0 [T,B,H] and flow_l0 [T,T] of every layer L in place \
      of h, a, flow and product.

      flow and product are left out, and that is said, where one would take more than 2 GiB.

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
  @Option(
    help: ArgumentHelp("Instruments to read too, separated by commas.", valueName: "names"),
    completion: .list(Self.instruments))
  var readings: String?
  @Option(parsing: .unconditional, help: "Updates to make first.", transform: Reading.count) var updates = 0
  @OptionGroup var given: StartOptions

  /// The instruments that have arrays.
  private static let instruments = [
    "attention", "attribution", "bias", "bias-by-window", "clients", "clipping", "contributions", "cost", "decay",
    "eigenvalues", "fixed-points", "gradient-norm", "horizon", "jacobian-product", "learning", "loss", "loss-plane",
    "loss-slice",
    "lyapunov", "pseudospectrum", "saturation", "space-time", "spectrum", "term", "time", "units",
  ]

  /// The instruments that are asked for.
  private func chosenInstruments() throws -> Set<InstrumentID> {
    let names = readings.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } } ?? []
    for name in names where !Self.instruments.contains(name) {
      let error = InputError(
        file: "--readings", problem: "found \(name), expected \(Self.instruments.joined(separator: ", "))",
        nearest: nearestName(to: name, among: Self.instruments))
      throw Failure.input(error.description)
    }
    return Set(Instruments.all.map { $0.id }.filter { names.contains($0.name) })
  }

  func run() throws {
    let instruments = try chosenInstruments()
    var source = try options.read(given)
    let (start, readings) = try given.read(&source, options)
    let run = try options.run(source, start: start)
    try options.announce(readings + [run.reading], outputs: [output])
    try advance(run, updates: updates)
    let snapshot = run.snapshot()
    for line in try writeTrace(of: snapshot, readings: instruments, to: output) {
      FileHandle.standardError.write(Data("bpttop: \(line)\n".utf8))
    }
  }
}

/// Writes the trace of a snapshot's next window; what was left out of it, a line each.
/// - Parameters:
///   - snapshot: the state whose next window is computed.
///   - instruments: whose readings are written too.
///   - path: where it goes.
///   - progress: called again and again with the share that is done; false ends the writing, and nothing is written.
@discardableResult
func writeTrace(
  of snapshot: Snapshot, readings instruments: Set<InstrumentID> = [], to path: String,
  progress: (Double) -> Bool = { _ in true }
) throws -> [String] {
  guard progress(0) else { throw CancellationError() }
  if let recording = snapshot.recording() {
    guard recording.objective.isFinite, recording.gradient.allSatisfy(\.isFinite) else {
      throw Failure.run("the pass has numbers that are not finite: nothing was written")
    }
    let readings = Readings(PassView(snapshot), ReadingRequest(instruments), budget: Budget(.unlimited))
    let tensors = readings.arrays.map { NamedTensor($0.name, $0.shape, .float64($0.elements)) }
    try writing { try TraceFile.write(recording, of: snapshot, readings: tensors, to: path) }
    return readings.allLeftOut
  }
  let tape = snapshot.tape()
  guard tape.objective.isFinite, tape.gradient.allSatisfy(\.isFinite) else {
    throw Failure.run("the window has numbers that are not finite: nothing was written")
  }
  let readings = Readings(PassView(snapshot), ReadingRequest(instruments), budget: Budget(.unlimited))
  let tensors = readings.arrays.map { NamedTensor($0.name, $0.shape, .float64($0.elements)) }
  return try writing {
    try TraceFile.write(
      tape, experiment: snapshot.experiment, update: snapshot.update, readings: tensors, to: path,
      memory: min(TraceFile.tensorLimit, Memory.limit / 2), progress: progress
    ).map(\.description)
  }
}
