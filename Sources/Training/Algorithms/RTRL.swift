import LinearAlgebra
import RecurrentNetworks

/// Real-time recurrent learning (Williams & Zipser 1989): the whole influence matrix goes forward with the state.
///
/// At fixed weights its gradient is that of backpropagation to the sequence's start; when weights change within a
/// sequence, M keeps what the older ones made of it.
final class RTRL<S: Scalar>: ForwardAlgorithm {
  static var description: AlgorithmDescription {
    AlgorithmDescription(
      title: "real-time recurrent learning",
      summary: "the influence of every weight on every unit, carried forward with the state (Williams & Zipser 1989)",
      equations: [
        "M{t} = J{t} M{t-1} + ∂⁺h{t}/∂w",
        "∂L/∂w = Σ (∂l{t}/∂h{t}) M{t}",
      ],
      isTape: false, isForward: true)
  }

  /// n²(m + n) numbers; n³(m + n) multiply-adds a step for J M.
  static func cost(_ sizes: AlgorithmSizes) -> AlgorithmCost {
    let influence = InfluenceMatrix<S>.count(sizes)
    let state = Double(sizes.stateComponents) * Double(sizes.units)
    // J M, and M of the layer below in a stack; the pass forward and the readout's gradients.
    let stack = sizes.layers > 1 ? Double(sizes.units) / state : 0
    let pass = (sizes.recurrentWeights + 3 * sizes.readoutWeights) * Double(sizes.batch)
    return AlgorithmCost(
      floats: influence, carried: influence, multiplyAdds: influence * state * (1 + stack) + pass)
  }

  static var rules: [ExperimentRule] { ExperimentRule.forward + [.unitsMeet, .peepholes] }

  let pass: Pass<S>
  var settings: ForwardSettings
  private let matrix: InfluenceMatrix<S>
  var memory: UnsafeMutableRawBufferPointer { matrix.memory }

  init(_ experiment: Experiment, pass: Pass<S>) {
    self.pass = pass
    settings = ForwardSettings(experiment)
    matrix = InfluenceMatrix(pass: pass)
  }

  func advance(sequence: Int, step t: Int, isFirst: Bool, position: TrainingPosition) {
    matrix.advance(sequence: sequence, step: t, isFirst: isFirst)
  }

  func addGradient(sequence: Int, lossGradient: UnsafePointer<S>) {
    matrix.addGradient(sequence: sequence, lossGradient: lossGradient)
  }

  func influence(sequence: Int) -> Influence { matrix.influence(sequence: sequence) }
}
