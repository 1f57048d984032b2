import Testing

/// The program in real terminals. One test after the other: they measure times.
@Suite(.serialized, .enabled(if: Tmux.path != nil, "tmux is not installed"))
enum EndToEnd {}

/// The panels of the default experiment at 120×36, by their titles.
let panelTitles = [
  "Through time", "Gradient norm", "Jacobian product", "Flow", "Spectrum", "Loss", "Knobs", "This step",
]
