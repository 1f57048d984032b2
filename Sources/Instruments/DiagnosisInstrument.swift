/// What is wrong with the run as it stands and what is sound, from the present pass and the losses so far. Remedies are named,
/// not tried.
public enum DiagnosisInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "diagnosis"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Learning algorithm, Clipping and Loss have the numbers of the run"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = [.pass, .sequence, .settings, .history]

  /// The findings.
  public typealias Reading = Diagnosis

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Diagnosis? {
    Diagnosis(Evidence(pass, budget: budget.another))
  }
}
