import Training

extension Experiment {
  static let builtIn = Experiment()
}
