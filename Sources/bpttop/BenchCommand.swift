import ArgumentParser
import Foundation

/// `bpttop bench`: the reference workloads.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times the reference workloads on one thread; median milliseconds.",
    discussion: """
      One instrumented update is a forward pass over T steps, full backpropagation through time, the norm of the gradient \
      arriving at every hidden state, global-norm clipping and one SGD step; softmax cross-entropy at every step. Beside \
      the time stands the share of the processor's peak that the matrix products alone come up to: the peak is a loop of \
      independent multiply-adds, timed between the runs. BPTTOP_INSTRUCTION_SET=plain, avx2 or avx512 in the environment \
      takes those instructions instead of the best that the processor has.

        W1  Elman tanh  float64  H=64   I=8   O=8   T=100  B=1    the classroom
        W2  Elman tanh  float32  H=128  I=32  O=32  T=200  B=32   hyper-parameters
        W3  Elman tanh  float32  H=256  I=64  O=64  T=100  B=32   the largest net on a laptop's screen
        W4  LSTM        float32  H=128  I=32  O=32  T=100  B=32   gated
        W5  GRU         float32  H=128  I=32  O=32  T=100  B=32   gated
        W6  the flow matrix, all TxT norms of dl_i/dh_t, of W1
        W7  all singular values of dh_T/dh_k for all k: H=64, T=200, float64
        lru, transformer, tree  an update of 128 complex units over 1,000 steps, of a block of width 64, of a tree of 256 leaves
        bidirectional, projected, clockwork  an update of LSTMs of two directions and with a projection, of units with clocks
        cost  how each learning algorithm's memory and time grow, as fitted powers beside the theory's; a pass against T, \
      truncated training against k2/k1, and short windows beside their pass
        instruments  what each instrument costs beside the bare update of W1, all at once, those of every update in the \
      update's own pass, and long sequences and wide networks on the screen
        live  what the dashboard takes from training: snapshot, analysis, frame

      EXAMPLES
        bpttop bench                W1 to W7
        bpttop bench W1 W6 --json
        bpttop bench cost live
      """)

  @Argument(
    help: """
      Which of W1 to W7, lru, transformer, tree, bidirectional, projected, clockwork, cost, instruments and live; \
      without any, the W's.
      """,
    completion: .list(Benchmarks.names))
  var workloads: [String] = []
  @Flag(help: "Prints {\"W1\": milliseconds, ...} and nothing else.") var json = false

  func validate() throws {
    for name in workloads where !Benchmarks.names.contains(name) {
      throw ValidationError("found \(name), expected one of \(Benchmarks.names.joined(separator: ", "))")
    }
  }

  func run() throws {
    let names = workloads.isEmpty ? Benchmarks.all.filter(\.isReference).map(\.name) : workloads
    var figures: [(name: String, milliseconds: Double)] = []
    for benchmark in names.compactMap({ name in Benchmarks.all.first { $0.name == name } }) {
      for row in try benchmark.measure() {
        figures.append((row.name, row.milliseconds))
        if !json { try StandardOutput.print(row.line) }
      }
    }
    if json {
      // In the order that they were measured in, which a dictionary would not keep.
      let members = figures.map { "\"\($0.name)\": \(String(format: "%.6g", $0.milliseconds))" }
      try StandardOutput.print("{\(members.joined(separator: ", "))}")
    }
  }
}
