import RecurrentNetworks
import Training

/// The user's file as a task reads it, and what the network writes of it.
public enum FileInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "file"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = .settings
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// What is read and written.
  public struct Reading: Hashable, Sendable {
    /// Size, alphabet and place in it, in one line.
    public let summary: String
    /// What the network writes; empty where it writes nothing.
    public let sample: String
    /// The first output of sequence 0 at the steps of the window, as it came and as it is predicted, in the file's units; nil where the
    /// outputs are no columns of a file.
    public let forecast: Forecast?
    /// What was read as what, what was left out and why; empty where nothing of the user's was read.
    public let reading: String
  }

  /// A column as it came, and as it is predicted.
  public struct Forecast: Hashable, Sendable {
    /// The column with how far ahead it is asked for: "load, next".
    public let name: String
    /// Its numbers at each step.
    public let truth: [Double], predicted: [Double]

    /// The forecast of a pass' first output; nil where it is no column of a file.
    ///
    /// - Parameters:
    ///   - output: the outputs, [T·B·O].
    ///   - target: the targets of the same steps.
    ///   - row: B·O, the numbers of a step.
    ///   - words: what the outputs are.
    init?(output: [Double], target: Targets, row: Int, _ words: TaskDescription) {
      guard let unit = words.outputUnits.first, let name = words.outputNames.first, case .values(let values) = target
      else { return nil }
      let places = stride(from: 0, to: min(output.count, values.count), by: row)
      self.name = name
      truth = places.map { unit.restored(values[$0]) }
      predicted = places.map { unit.restored(output[$0]) }
    }

    /// The forecast of the pass that is shown: a recurrent network's window, or the whole sequence of another kind.
    init?(_ pass: PassView, _ words: TaskDescription) {
      if let recording = pass.recording {
        let data = pass.snapshot.data
        self.init(output: recording.output, target: data.target, row: data.batch * pass.snapshot.layout.outputs, words)
      } else {
        let tape = pass.window
        self.init(output: tape.output, target: tape.target, row: tape.batch * tape.outputs, words)
      }
    }
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let words = pass.snapshot.description
    guard let summary = words.fileSummary else { return nil }
    return Reading(
      summary: summary, sample: pass.snapshot.sample,
      forecast: words.outputUnits.isEmpty ? nil : Forecast(pass, words), reading: words.fileReading ?? "")
  }
}
