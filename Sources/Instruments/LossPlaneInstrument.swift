import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// The loss over two of the weights with all others as they are: its cliffs, and where the next step lands.
public enum LossPlaneInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "loss-plane"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It reads networks of every kind.
  public static let readsAnyNetwork = true
  /// It does: the reader chooses the weights.
  public static let followsCursor = true

  /// The plane.
  public struct Reading: Equatable, Sendable {
    /// The two weights, the first to the right, the second upwards.
    public let weights: [Weight]
    /// How far each goes to both sides of where it is; values of it are written `weights[i].value + span · (-1 … 1)`.
    public let span: Double
    /// The objective at side × side points, a row for each value of the second weight, the lowest first; not finite where the pass
    /// blows up.
    public let losses: [Double], side: Int
    /// The objective where the weights are.
    public let loss: Double
    /// Where the next step lands.
    public let landings: [Place]
    /// The weights from which one may choose, those with the largest gradient first, as places in the parameters.
    public let choices: [Int]
  }

  /// A weight.
  public struct Weight: Equatable, Sendable {
    /// Its place in the parameters, and its name: weight_hh_l0[3,5].
    public let index: Int, name: String
    /// Its value.
    public let value: Double
  }

  /// Where a step lands.
  public struct Place: Equatable, Sendable {
    /// With clipping, or without.
    public let isClipped: Bool
    /// How far each of the two weights is moved.
    public let moved: [Double]
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let gradient = pass.updateGradient(budget), layout = pass.snapshot.layout
    var parameters = pass.parameters
    let weights = chosen(focus, layout, isRecurrent: pass.isRecurrent, layer: pass.layer(focus)).map { index in
      Weight(index: index, name: layout.name(of: index), value: parameters[index])
    }
    guard weights.count == 2, weights.allSatisfy({ $0.value.isFinite }) else {
      budget.leaveOut("the loss over two weights: a weight is not finite")
      return nil
    }
    let count = budget.count(milliseconds: 12, cost: 2 * pass.evaluationCost, least: 0)
    // An odd number, so that the weights as they are lie on it.
    let side = min(41, (Int(Double(count).squareRoot()) - 1) / 2 * 2 + 1)
    guard side >= 7 else {
      budget.leaveOut("the loss over two weights: \(pass.passSteps) steps of \(pass.batch) sequences at 49 places")
      return nil
    }
    let landings = Landing.all(pass, gradient: gradient).map { landing in
      Place(isClipped: landing.isClipped, moved: weights.map { landing.parameters[$0.index] - $0.value })
    }
    let span = Self.span(weights, landings), loss = pass.lossByWeights
    let unmoved = loss.objective(at: parameters)
    var losses: [Double] = []
    for row in 0..<side {
      if budget.isCancelled { return nil }
      for column in 0..<side {
        for (weight, place) in zip(weights, [column, row]) {
          parameters[weight.index] = weight.value + span * (2 * Double(place) / Double(side - 1) - 1)
        }
        losses.append(loss.objective(at: parameters))
      }
    }
    let order = gradient.indices.filter { gradient[$0].isFinite }.sorted {
      let (a, b) = (abs(gradient[$0]), abs(gradient[$1]))
      return a != b ? a > b : $0 < $1
    }
    return Reading(
      weights: weights, span: span, losses: losses, side: side, loss: unmoved,
      landings: landings, choices: Array(order.prefix(256)))
  }

  /// The reader's choice, or the weight of the layer's first unit to itself, or to its first input, and its bias.
  private static func chosen(
    _ focus: Focus, _ layout: ParameterLayout, isRecurrent: Bool, layer: Int
  ) -> [Int] {
    if let weights = focus.weights, weights.count == 2, Set(weights).count == 2,
      weights.allSatisfy({ (0..<layout.count).contains($0) })
    {
      return weights
    }
    guard isRecurrent else {
      // The first of the first matrix behind the inputs, and of the tensor after it.
      let inner = layout.entries.filter { entry in
        !["embedding", "positions", "input.", "weight_ih", "conv_ih", "readout"].contains { entry.name.hasPrefix($0) }
      }
      guard let matrix = inner.firstIndex(where: { $0.shape.count > 1 }) else { return [0, 1] }
      return [inner[matrix].offset, matrix + 1 < inner.count ? inner[matrix + 1].offset : inner[matrix].offset + 1]
    }
    let recurrent = layout.recurrentWeights(layer: layer), input = layout.inputWeights(layer: layer)
    let first = (recurrent.rows > 0 ? recurrent : input).index(0, 0)
    let second = layout.bias(layer: layer)?.offset ?? (recurrent.rows > 0 ? input.index(0, 0) : first + 1)
    return [first, second].filter { $0 < layout.count }
  }

  /// At least 1, and room for the clipped step, on 1, 2, 5, 10, … so that it stands still from update to update.
  private static func span(_ weights: [Weight], _ landings: [Place]) -> Double {
    let moved = landings.first { $0.isClipped }?.moved.map(abs).filter(\.isFinite).max() ?? 0
    return [1.0, 2, 5, 10, 20, 50].first { $0 > 1.2 * moved } ?? 100
  }

  /// The objective by the second and the first weight, and the values that they take there.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let shares = (0..<reading.side).map { 2 * Double($0) / Double(reading.side - 1) - 1 }
    return [ReadingArray("loss", reading.losses, shape: [reading.side, reading.side])]
      + zip(["first", "second"], reading.weights).map { name, weight in
        ReadingArray(name, shares.map { weight.value + reading.span * $0 })
      }
  }
}

extension ParameterLayout {
  /// What an element of the flat parameters is called: weight_hh_l0[3,5], counted from 1.
  func name(of index: Int) -> String {
    guard let entry = entries.first(where: { $0.range.contains(index) }) else { return "" }
    var rest = index - entry.offset
    let place = entry.shape.reversed().map { size in
      defer { rest /= max(1, size) }
      return rest % max(1, size) + 1
    }
    return "\(entry.name)[\(place.reversed().map(String.init).joined(separator: ","))]"
  }
}
