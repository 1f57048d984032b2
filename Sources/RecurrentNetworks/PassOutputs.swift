import LinearAlgebra

extension Pass {
  /// The readout y_t = W_ho h_t + b_o of the steps `range`, which were run forward, [T, B, O], into `outputs`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func readOutputs(_ range: Range<Int>, into outputs: inout [Double]) {
    precondition(range.lowerBound >= 0 && range.upperBound <= steps, "the steps are loaded")
    packReadout()
    outputs.removeAll(keepingCapacity: true)
    outputs.reserveCapacity(range.count * batch * layout.outputs)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: plan.blockSteps) {
      let block = start..<min(start + plan.blockSteps, range.upperBound)
      readOut(block)
      for row in 0..<block.count * batch {
        let y = arena + plan.output + row * plan.outputStride
        for index in 0..<layout.outputs { outputs.append(Double(y[index])) }
      }
    }
  }
}
