/// Whether a terminal's own background is dark or light. The tiers of 8 and 16 colors draw on it.
public enum Ground: CaseIterable, Sendable {
  case dark, light
  /// The terminal has not said. Only what can be read on both is drawn.
  case unknown
}
