/// The optimizers, by the names of the experiment file.
public enum OptimizerKind: String, CaseIterable, Sendable {
  case sgd, momentum, nesterov, rmsprop, adagrad, adam, adamw

  /// What each is: the one list of all optimizers.
  public var rule: any OptimizerRule.Type {
    switch self {
    case .sgd: SGD.self
    case .momentum: Momentum.self
    case .nesterov: Nesterov.self
    case .rmsprop: RMSProp.self
    case .adagrad: Adagrad.self
    case .adam: Adam.self
    case .adamw: AdamW.self
    }
  }
}
