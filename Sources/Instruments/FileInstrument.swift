import Training

/// The user's file as a task reads it, and what the network writes of it.
public enum FileInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "file"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = .settings

  /// What is read and written.
  public struct Reading: Hashable, Sendable {
    /// Size, alphabet and place in it, in one line.
    public let summary: String
    /// What the network writes; empty where it writes nothing.
    public let sample: String
    /// What was read as what, what was left out and why; empty where nothing of the user's was read.
    public let reading: String
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let words = pass.snapshot.description
    guard let summary = words.fileSummary else { return nil }
    return Reading(
      summary: summary, sample: pass.snapshot.sample, reading: words.fileReading ?? "")
  }
}
