import Architectures
import RecurrentNetworks

/// A pass that is only run forward, for the answers of a network.
protocol AnsweringPass: AnyObject {
  var layout: ParameterLayout { get }
  var parameters: UnsafeMutableBufferPointer<Double> { get }
  func load(_ data: SequenceBatch)
  /// Runs the steps forward.
  func forward(_ steps: Range<Int>)
  /// y of some steps, [steps, B, O].
  func readOutputs(_ steps: Range<Int>, into outputs: inout [Double])
  /// The next sequence begins with the state after the last step, or anew.
  func carryState()
  func resetState()
}

extension Pass: AnsweringPass where S == Double {}

/// Every sequence of a network that is no recurrent one begins anew.
extension GraphPass: AnsweringPass where S == Double {
  func forward(_ steps: Range<Int>) { forward() }
  func readOutputs(_ steps: Range<Int>, into outputs: inout [Double]) { outputs = self.outputs(steps) }
  func carryState() {}
  func resetState() {}
}

/// The pass that gives the answers of the networks of `experiment`.
func makeAnsweringPass(_ experiment: Experiment, _ task: TaskDescription) -> any AnsweringPass {
  let (network, steps, batch) = (experiment.network, experiment.task.length, experiment.training.batch)
  guard experiment.isRecurrent else {
    let architecture = experiment.architecture
    return GraphPass<Double>(
      architecture, network,
      layout: architecture.layout(network, inputs: task.inputs, outputs: task.outputs, steps: steps), steps: steps,
      batch: batch, loss: task.loss)
  }
  return Pass<Double>(
    network: network,
    layout: ParameterLayout(network, inputs: task.inputs, outputs: task.outputs, copies: experiment.copies),
    steps: steps, batch: batch, loss: task.loss)
}
