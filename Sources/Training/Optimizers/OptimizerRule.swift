import LinearAlgebra

/// An optimizer, as its equations say it: one file each, found by its name in `OptimizerKind`.
public protocol OptimizerRule: Sendable {
  /// The step, as the screen writes it: η the learning rate, g the gradient with L2 decay in it, λ the weight decay.
  static var equation: String { get }
  /// What it remembers of each parameter.
  static var memories: [OptimizerMemory] { get }
  /// The settings that it reads beside η, with the values that they take when it is chosen (PyTorch's defaults).
  static var options: [OptimizerOption: Double] { get }
  /// Its step number `t`, counted from 1 since the memory began, with the learning rate `rate`.
  static func step(_ settings: OptimizerSpecification, rate: Double, t: Int) -> MomentStep
}

/// What an optimizer may remember of each parameter.
public enum OptimizerMemory: String, CaseIterable, Sendable {
  /// Of the gradients.
  case first
  /// Of their squares.
  case second
}

/// The settings that only some optimizers read, by the names of their keys.
public enum OptimizerOption: String, CaseIterable, Sendable {
  case momentum, alpha, beta1, beta2, epsilon
  case weightDecay = "weight_decay"

  /// The dotted key.
  public var key: String { "training.optimizer.\(rawValue)" }

  /// Where it lies.
  var path: WritableKeyPath<OptimizerSpecification, Double> & Sendable {
    switch self {
    case .momentum: \.momentum
    case .alpha: \.alpha
    case .beta1: \.beta1
    case .beta2: \.beta2
    case .epsilon: \.epsilon
    case .weightDecay: \.weightDecay
    }
  }
}

extension OptimizerSpecification {
  /// The step, as the screen writes it, with the decay that enters the gradient where there is one.
  public var equation: String {
    let step = name.rule.step(self, rate: learningRate, t: 1)
    return (step.l2 > 0 ? "g ← g + λ w, " : "") + name.rule.equation
  }

  /// Whether the step is η along the gradient as it is, and nothing else.
  public var isPlainDescent: Bool {
    name.rule.step(self, rate: learningRate, t: 1) == MomentStep(rate: learningRate)
  }

  /// Gives the optimizer its own settings where `before` had them untouched.
  mutating func takeOptions(after before: OptimizerSpecification) {
    let neutral = OptimizerSpecification()
    for (option, own) in name.rule.options {
      let untouched = before.name.rule.options[option] ?? neutral[keyPath: option.path]
      if self[keyPath: option.path] == untouched { self[keyPath: option.path] = own }
    }
  }
}
