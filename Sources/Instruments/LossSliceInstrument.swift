import Architectures
import GradientFlow
import LinearAlgebra
import RecurrentNetworks
import Training

/// The loss and its gradient along the way that descent takes: at w - s g/‖g‖ by s, and where the next step lands on it.
public enum LossSliceInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "loss-slice"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .settings]
  /// It reads networks of every kind.
  public static let readsAnyNetwork = true

  /// The slice.
  public struct Reading: Equatable, Sendable {
    /// s, rising: how far the weights are moved against the gradient.
    public let distances: [Double]
    /// The objective of the window there, and ‖∂L/∂w‖; not finite where the pass blows up.
    public let losses: [Double], gradientNorms: [Double]
    /// The objective at the weights as they are, and ‖g‖ there.
    public let loss: Double, gradientNorm: Double
    /// Where the next step lands; empty where it is not known before it is made.
    public let places: [Place]

    /// The distance at which the loss along the slice is least.
    public var bestDistance: Double? {
      zip(distances, losses).filter { $1.isFinite }.min { $0.1 < $1.1 }.map { $0.0 }
    }
  }

  /// Where a step lands.
  public struct Place: Equatable, Sendable {
    /// With clipping, or without.
    public let isClipped: Bool
    /// How far it goes along -g/‖g‖, and the objective there; where clipping or the optimizer turns the step it lies beside the slice.
    public let distance: Double, loss: Double
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let gradient = pass.updateGradient(budget), norm = euclideanNorm(gradient), parameters = pass.parameters
    guard norm > 0, norm.isFinite, pass.objective.isFinite else {
      let reason = "the loss along the gradient: ‖g‖ is " + (norm == 0 ? "0" : "not finite")
      budget.leaveOut(pass.noGradientReason ?? reason)
      return nil
    }
    let count = budget.count(milliseconds: 12, cost: 3 * pass.evaluationCost, least: 0)
    guard count >= 12 else {
      budget.leaveOut("the loss along the gradient: \(pass.passSteps) steps of \(pass.batch) sequences at 12 places")
      return nil
    }
    let loss = pass.lossByWeights, direction = gradient.map { $0 / norm }
    let places = Landing.all(pass, gradient: gradient).map { landing in
      let along = zip(zip(parameters, landing.parameters), direction).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 }
      return Place(isClipped: landing.isClipped, distance: along, loss: loss.objective(at: landing.parameters))
    }
    let distances = Self.distances(places.map(\.distance), count: min(97, count))
    var losses: [Double] = [], norms: [Double] = []
    for distance in distances {
      if budget.isCancelled { return nil }
      let there = loss.gradientNorm(at: zip(parameters, direction).map { $0 - distance * $1 })
      losses.append(there.objective)
      norms.append(there.norm)
    }
    return Reading(
      distances: distances, losses: losses, gradientNorms: norms, loss: loss.objective(at: parameters),
      gradientNorm: norm, places: places)
  }

  /// Evenly spread in their logarithm, from a tenth of the shortest step to ten times the longest, on whole decades so that they
  /// stand still from update to update; at least from 10⁻³ to 10.
  private static func distances(_ steps: [Double], count: Int) -> [Double] {
    let logs = steps.filter { $0 > 0 && $0.isFinite }.map(Log10.of)
    let lower = min(-3, max(-12, ((logs.min() ?? -2) - 1).rounded(.down)))
    let upper = max(1, min(12, ((logs.max() ?? 0) + 1).rounded(.up)))
    return (0..<count).map { Log10.power(lower + (upper - lower) * Double($0) / Double(max(1, count - 1))) }
  }

  /// What is followed over training.
  public static let trendNames = ["clipped_loss", "unclipped_loss", "best_distance"]

  /// What is followed over training: the objective where the next step lands with and without clipping, and how far the least loss
  /// lies.
  public static func trend(_ reading: Reading) -> [String: Double] {
    let clipped = reading.places.first { $0.isClipped }
    return [
      "clipped_loss": clipped?.loss ?? .nan,
      "unclipped_loss": (reading.places.first { !$0.isClipped } ?? clipped)?.loss ?? .nan,
      "best_distance": reading.bestDistance ?? .nan,
    ]
  }

  /// The loss and the gradient's norm by distance.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    [
      ReadingArray("distance", reading.distances), ReadingArray("loss", reading.losses),
      ReadingArray("gradient_norm", reading.gradientNorms),
    ]
  }
}

/// An objective at weights of one's choice.
protocol LossByWeights {
  /// The objective at these weights, in the layout's order; not finite where the pass blows up.
  func objective(at parameters: [Double]) -> Double
  /// The objective, and ‖g‖₂ of its whole gradient.
  func gradientNorm(at parameters: [Double]) -> (objective: Double, norm: Double)
}

extension WindowLoss: LossByWeights {}
extension GraphLoss: LossByWeights {}

extension PassView {
  /// The objective of the next update at other weights.
  var lossByWeights: any LossByWeights {
    guard !isRecurrent else { return WindowLoss(window) }
    let experiment = snapshot.experiment
    return GraphLoss(
      experiment.architecture, experiment.network, layout: snapshot.layout, data: snapshot.data,
      reduction: experiment.training.reduction)
  }

  /// The objective, the weights, and the steps of the next update's pass.
  var objective: Double { recording?.objective ?? window.objective }
  var parameters: [Double] { isRecurrent ? window.parameters : snapshot.parameters }
  var passSteps: Int { recording?.steps ?? window.steps }

  /// What the pass' objective at other weights costs, in multiply-adds.
  var evaluationCost: Double {
    let (data, experiment) = (snapshot.data, snapshot.experiment)
    let cost = experiment.architecture.cost(
      experiment.network, inputs: data.inputs, outputs: data.outputs, steps: data.steps, batch: data.batch)
    // A third of an update's products, and about 20 for each function of a number.
    if let cost { return cost.multiplyAdds / 3 + 20 * cost.numbersHeld / 4 }
    let gates = Double(window.network.cell.gates * layers), hidden = Double(window.hidden)
    // A gate's function takes about as long as 20 products.
    return Double(window.steps * window.batch) * gates * hidden * (hidden + Double(window.inputs) + 20)
  }
}
