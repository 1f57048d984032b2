import GradientFlow
import Instruments
import RecurrentNetworks

/// Where the reader stands in one window's pass: a cursor on the tape.
///
/// Its places, in order: forward at every step of the window, oldest first; backward at every step, newest first; then
/// the update; where states are no line, those of a `PassWalk`. Moving it computes nothing.
public struct Cursor: Hashable, Sendable {
  /// The parts of a pass. The cursor rests at the last.
  public typealias Phase = PassPhase

  /// The part of the pass.
  public var phase: Phase
  /// The step in the sequence, counted from 0; in the update the window's first.
  public var step: Int
  /// The site above the steps' own on which it stands, by its number in the graph: a node of a tree, an answer by attention.
  package var node: Int?
  /// Whether time runs from the sequence's end where it stands.
  var isReversed = false

  /// A cursor at a site.
  init(_ phase: Phase, _ site: PassWalk.Place) {
    (self.phase, step, node, isReversed) = (phase, site.step, site.node, site.isReversed)
  }

  /// A cursor in `phase` at `step`.
  public init(_ phase: Phase, step: Int) {
    self.phase = phase
    self.step = step
  }

  /// The first place of `window`: forward at its oldest step.
  public static func start(of window: Window) -> Cursor { Cursor(.forward, step: window.steps.lowerBound) }

  /// The last place of `window`: the update.
  public static func end(of window: Window) -> Cursor { Cursor(.update, step: window.steps.lowerBound) }

  /// The same phase at the nearest step that `window` has: where the cursor stays when the window changes around it.
  public func clamped(to window: Window) -> Cursor {
    if phase == .update || window.steps.isEmpty { return .end(of: window) }
    if window.steps.contains(step) { return self }
    return Cursor(phase, step: min(max(step, window.steps.lowerBound), window.steps.upperBound - 1))
  }

  /// Its step's own site.
  var onStep: Cursor { Cursor(phase, step: step) }

  /// Where a plot over the steps, counted from 1, marks it; nil in the update.
  package var stepOfPlot: Double? { phase == .update ? nil : Double(step + 1) }

  /// What is made here: "h₃₇", "δ₃₇", "update".
  var name: String {
    if let node, phase != .update { return (phase == .forward ? "node " : "δ of node ") + "\(node + 1)" }
    return switch phase {
    case .forward: "h" + sub(step + 1)
    case .backward: "δ" + sub(step + 1)
    case .update: "update"
    }
  }

  /// Whether the forward pass has reached `step` here.
  public func hasState(at step: Int) -> Bool {
    phase != .forward || node != nil || (isReversed ? step >= self.step : step <= self.step)
  }

  /// Whether the backward pass has reached `step` here.
  public func hasGradient(at step: Int) -> Bool {
    switch phase {
    case .forward: false
    case .backward: node == nil && (isReversed ? step <= self.step : step >= self.step)
    case .update: true
    }
  }

  /// Whether the backward pass has reached a site of the graph here, or is not under way; sites are numbered in their order, the
  /// steps' own first, then nodes.
  package func hasReached(site: Int) -> Bool { phase != .backward || site >= node ?? step }
}
