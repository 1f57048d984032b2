import GradientFlow
import Training

/// Which inputs the loss under the cursor comes from: ∂l_i/∂x_t of the batch's first sequence, with the input itself.
public enum AttributionInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "attribution"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Flow has which steps a loss comes from"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .sequence]
  /// It does: another step may mean another loss.
  public static let followsCursor = true

  /// The gradient by every input, and what the inputs are.
  public struct Reading: Sendable {
    /// ∂l_i/∂x_t.
    public let attribution: InputAttribution
    /// A symbol a step, where the inputs are symbols; else nil, and the names of the inputs.
    public let symbols: [TimeInstrument.Symbol]?, inputNames: [String]
    /// l_i itself, and the sequences of the batch.
    public let loss: Double, batch: Int
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let data = pass.snapshot.data
    let cost = pass.width * pass.width + pass.width * Double(data.inputs)
    guard pass.length <= budget.count(milliseconds: 10, cost: cost, least: 200), let tape = pass.sequence(budget) else {
      budget.leaveOut("where on the input of \(pass.length) steps the loss comes from")
      return nil
    }
    guard let loss = pass.loss(focus), let attribution = InputAttribution(tape, loss: loss) else {
      budget.hasNothing(because: "This sequence has no target, so no loss.")
      return nil
    }
    let words = pass.snapshot.description
    return Reading(
      attribution: attribution, symbols: TimeInstrument.symbols(data, words),
      inputNames: (0..<data.inputs).map { TimeInstrument.inputName($0, words) }, loss: tape.loss[loss * pass.batch],
      batch: pass.batch, noGradientReason: pass.noGradientReason)
  }

  /// What is followed over training: how many of the last steps have half, and nine tenths, of Σ_t ‖∂l_i/∂x_t‖.
  public static let trendNames = ["half", "reach"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    ["half": 0.5, "reach": 0.9].compactMapValues { reading.attribution.reach($0).map(Double.init) }
  }

  /// ∂l_i/∂x, [T, I], and log10 of its norm by step.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let attribution = reading.attribution
    return [
      ReadingArray("gradient", attribution.gradient, shape: [attribution.steps, attribution.inputs]),
      ReadingArray("log10_norm", attribution.log10Norm),
    ]
  }
}

extension PassView {
  /// The loss of the first sequence that a focus means: the one that it names, else the first at or after its step, else the
  /// last; nil where the sequence has none.
  func loss(_ focus: Focus) -> Int? {
    let losses = (0..<length).filter { snapshot.data.targetMask[$0 * batch] != 0 }
    if let named = focus.term?.loss, losses.contains(named) { return named }
    return focus.step.flatMap { step in losses.first { $0 >= step } } ?? losses.last
  }
}
