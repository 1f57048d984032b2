extension Experiment {
  /// The experiment that the dashboard opens with when no file is named.
  ///
  /// Temporal order over 50 steps, 32 tanh units. weight_hh is 0.8·Q and the inputs are small, so the units stay where tanh
  /// is open and the spectral radius alone decides: at the start ‖∂h_T/∂h_0‖ is some 10⁻⁵ (0.8⁵⁰ = 10⁻⁴·⁸), and a
  /// millionth of the gradient reaches the first step. A spectral radius of 1.2 lifts the product to about 10, 1.5 to some
  /// hundreds, 2 to 10⁴; the clipping at norm 1 then holds the steps, and without it one step throws the units into saturation.
  /// The learning rate is so small that all of this is so for some 17,000 updates, three minutes at the pace that it opens
  /// with. Left alone, it then finds one of its two symbols.
  public static var opening: Experiment {
    var experiment = Experiment()
    experiment.network.initialization.scale = 0.8
    experiment.network.initialization.input = 0.3
    experiment.training.optimizer.learningRate = 0.005
    return experiment
  }
}
