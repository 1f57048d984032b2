import RecurrentNetworks

/// What a network says of a table's rows to come, beside what they are, in the file's own units.
extension TrainingRun {
  /// A row of a table with what was predicted there.
  public struct Forecast: Equatable, Sendable {
    /// The row of the file at which the forecast is made, counted from 1 with its header.
    public var row: Int
    /// What came, NaN where the cell was missing, and what was predicted, of each output.
    public var truth: [Double], predicted: [Double]
  }

  /// How far an output's forecasts are from what came.
  public struct ForecastScore: Equatable, Sendable {
    /// The column, and how many rows ahead it is asked for.
    public let name: String, ahead: Int
    /// The root of the mean squared error, in the column's units.
    public let error: Double
    /// That of repeating the last row; nil where the output is asked for at its own row.
    public let errorOfLastRow: Double?
  }

  /// The columns that are predicted; nil where the task is no table of numbers.
  public var forecastNames: [String]? { forecastTask?.outputNames }

  /// Whether the task is a table whose target is a class.
  public var predictsClasses: Bool { (engine.task as? CSVTask)?.predictsClasses ?? false }

  private var forecastTask: CSVTask? {
    ((engine.task.heldOut ?? engine.task) as? CSVTask).flatMap { $0.predictsClasses ? nil : $0.scored }
  }

  /// Predicts the held-out rows, or all where none are held out, in their order.
  ///
  /// - Parameters:
  ///   - parameters: the weights; nil for the present ones.
  ///   - body: is given each row.
  /// - Returns: how good the forecasts are, an output each; nil where the task is no table of numbers.
  public func forecasts(
    parameters: [Double]? = nil, _ body: (Forecast) throws -> Void
  ) throws -> [ForecastScore]? {
    guard let task = forecastTask else { return nil }
    let steps = experiment.task.length
    var single = experiment
    single.training.batch = 1
    let pass = makeAnsweringPass(single, task.description)
    for (index, value) in (parameters ?? self.parameters).enumerated() { pass.parameters[index] = value }
    pass.resetState()
    var data = task.emptyBatch(steps: steps, batch: 1), outputs: [Double] = []
    var tally = ForecastTally(outputs: data.outputs), last = -1
    for sequence in 0..<(task.sequenceCount(steps: steps, batch: 1) ?? 0) {
      task.write(sequence: sequence, into: &data)
      pass.load(data)
      pass.forward(0..<steps)
      pass.readOutputs(0..<steps, into: &outputs)
      if task.description.isStream { pass.carryState() } else { pass.resetState() }
      guard case .values(let values) = data.target else { return nil }
      let start = task.place(of: sequence, steps: steps)
      // The last window overlaps the one before, or comes around the end.
      for step in 0..<steps where start + step > last && task.isPlace(start + step) {
        let range = step * data.outputs..<(step + 1) * data.outputs
        let truth = zip(range, task.restored(values[range])).map { data.outputMask?[$0] == 0 ? .nan : $1 }
        let forecast = Forecast(
          row: task.line(of: start + step), truth: truth, predicted: task.restored(outputs[range]))
        tally.add(forecast, present: task.outputs(at: start + step))
        try body(forecast)
        last = start + step
      }
    }
    return tally.scores(task)
  }
}

/// The sums of squared errors of forecasts.
private struct ForecastTally {
  private var counts: [Double], squares: [Double], squaresOfLastRow: [Double]

  init(outputs: Int) {
    squares = [Double](repeating: 0, count: outputs)
    (counts, squaresOfLastRow) = (squares, squares)
  }

  /// Adds a forecast, `present` being the outputs' columns in the row at which it is made.
  mutating func add(_ forecast: TrainingRun.Forecast, present: [Double]) {
    for index in squares.indices where !forecast.truth[index].isNaN {
      counts[index] += 1
      let (truth, predicted) = (forecast.truth[index], forecast.predicted[index])
      squares[index] += (truth - predicted) * (truth - predicted)
      squaresOfLastRow[index] += (truth - present[index]) * (truth - present[index])
    }
  }

  func scores(_ task: CSVTask) -> [TrainingRun.ForecastScore] {
    squares.indices.map { index in
      let ahead = task.rowsAhead[index]
      return TrainingRun.ForecastScore(
        name: task.outputNames[index], ahead: ahead, error: (squares[index] / counts[index]).squareRoot(),
        errorOfLastRow: ahead > 0 ? (squaresOfLastRow[index] / counts[index]).squareRoot() : nil)
    }
  }
}
