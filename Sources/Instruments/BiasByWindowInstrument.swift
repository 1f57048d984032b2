import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// How the truncation's bias falls with k2, the least k2 for a wanted bias, and the slope of the product of Jacobians beside it.
public enum BiasByWindowInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "bias-by-window"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .sequence, .settings]
  /// It does, and says that nothing is truncated in networks that are no recurrent ones.
  public static let readsAnyNetwork = true

  /// The bias under the present k1 and losses.
  public struct Reading: Equatable, Sendable {
    /// The error at windows from 1 step to the sequence's length.
    public let bias: BiasByWindow
    /// n, k1 and k2 as they are.
    public let length: Int, k1: Int, k2: Int
    /// log10 of the factor a step of the product of Jacobians, with whose slope the bias falls where the product is a straight line;
    /// nil where no line fits.
    public let log10ProductPerStep: Double?

    /// The share of the full gradient that may be missing, for which `leastWindow` is told.
    public static let wanted = 0.1
    /// The least k2 with a bias of at most `wanted`; nil where none does but the whole sequence.
    public var leastWindow: Int? { bias.leastWindow(for: Self.wanted) }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    guard pass.isCutByWindows(budget) else { return nil }
    if let reason = pass.noGradientReason {
      budget.leaveOut(reason)
      return nil
    }
    let k1 = pass.snapshot.schedule.k1
    func cost(_ lengths: [Int]) -> Int { lengths.reduce(0) { $0 + TruncationBias.stepsBack(pass.windows(k2: $1)) } }
    let steps = budget.count(
      milliseconds: 15,
      cost: 2 * Double(pass.batch) * pass.width * pass.width + 4000 * Double(pass.batch).squareRoot())
    let all = lengths(pass.length)
    // Fewer windows where all of them are too much.
    let chosen = [all, EvenSpread.choose(6, of: all), EvenSpread.choose(3, of: all)].first { cost($0) <= steps }
    guard let chosen, pass.length <= pass.longestSequence(budget) else {
      budget.leaveOut("the bias by window: too many steps to go back")
      return nil
    }
    guard let bias = try? pass.snapshot.read(Reader(lengths: chosen, windows: pass.windows(k2:))) else { return nil }
    return Reading(
      bias: bias, length: pass.length, k1: k1, k2: pass.snapshot.schedule.k2,
      log10ProductPerStep: ProductGrowth(pass.sequenceOrWindow(budget), maximumLags: 8).slope)
  }

  /// 1, 2, 3, 5, 7, 10, … up to n: about five to a tripling.
  static func lengths(_ n: Int) -> [Int] {
    var lengths: [Int] = []
    var next = 1.0
    while Int(next) < n {
      if lengths.last != Int(next) { lengths.append(Int(next)) }
      next = max(next + 1, next * 1.4)
    }
    return lengths + [n]
  }

  private struct Reader: PassReader {
    let lengths: [Int]
    let windows: (Int) -> [Window]

    func read<S: Scalar>(_ pass: Pass<S>) -> BiasByWindow {
      pass.forward(0..<pass.steps)
      return BiasByWindow(pass, lengths: lengths, windows: windows)
    }
  }

  /// What is followed over training.
  public static let trendNames = ["least_k2"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    ["least_k2": Double(reading.leastWindow ?? reading.length)]
  }

  /// The error by window.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("k2", reading.bias.k2.map(Double.init)), ReadingArray("relative_error", reading.bias.relativeError),
    ]
  }
}
