/// The registry: every instrument by its name. A new one is its file and its line here.
public enum Instruments {
  /// All of them, in the order in which they are read.
  public static let all: [any Instrument.Type] = [
    TimeInstrument.self,
    StepInstrument.self,
    GradientNormInstrument.self,
    JacobianProductInstrument.self,
    FlowInstrument.self,
    AttentionInstrument.self,
    SiteInstrument.self,
    TreeInstrument.self,
    SpaceTimeInstrument.self,
    FederatedInstrument.self,
    BiasInstrument.self,
    SpectrumInstrument.self,
    SaturationInstrument.self,
    LearningInstrument.self,
    LossInstrument.self,
    FileInstrument.self,
    ContributionsInstrument.self,
    HorizonInstrument.self,
    LyapunovInstrument.self,
    ClippingInstrument.self,
    DecayInstrument.self,
    UnitsInstrument.self,
    TermInstrument.self,
    AttributionInstrument.self,
    BlackBoxInstrument.self,
    CostInstrument.self,
    BiasByWindowInstrument.self,
    EigenvaluesInstrument.self,
    PseudospectrumInstrument.self,
    FixedPointsInstrument.self,
    LossSliceInstrument.self,
    LossPlaneInstrument.self,
    DiagnosisInstrument.self,
  ]

  /// Every number that is worth following over training.
  public static let trends: [TrendKey] = all.flatMap { instrument in
    instrument.trendNames.map { TrendKey(instrument.id, $0) }
  }

  /// The names of all of them.
  public static let allIDs = Set(all.map { $0.id })
}
