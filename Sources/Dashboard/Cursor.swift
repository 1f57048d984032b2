import GradientFlow
import Instruments
import RecurrentNetworks

/// Where the reader stands in one window's pass: a cursor on the tape.
///
/// Its places, in order: forward at every step of the window, oldest first; backward at every step, newest first; then
/// the update. Moving it computes nothing.
public struct Cursor: Hashable, Sendable {
  /// The parts of a pass. The cursor rests at the last.
  public typealias Phase = PassPhase

  /// The part of the pass.
  public var phase: Phase
  /// The step in the sequence, counted from 0; in the update the window's first.
  public var step: Int

  /// A cursor in `phase` at `step`.
  public init(_ phase: Phase, step: Int) {
    self.phase = phase
    self.step = step
  }

  /// The first place of `window`: forward at its oldest step.
  public static func start(of window: Window) -> Cursor { Cursor(.forward, step: window.steps.lowerBound) }

  /// The last place of `window`: the update.
  public static func end(of window: Window) -> Cursor { Cursor(.update, step: window.steps.lowerBound) }

  /// The number of this place in `window`, from 0 to 2T.
  public func place(in window: Window) -> Int {
    let steps = window.steps
    return switch phase {
    case .forward: step - steps.lowerBound
    case .backward: steps.count + (steps.upperBound - 1 - step)
    case .update: 2 * steps.count
    }
  }

  /// The cursor at the place `place` of `window`, or nil outside of 0 … 2T.
  public init?(place: Int, in window: Window) {
    let steps = window.steps
    switch place {
    case 0..<steps.count: self.init(.forward, step: steps.lowerBound + place)
    case steps.count..<2 * steps.count:
      self.init(.backward, step: steps.upperBound - 1 - (place - steps.count))
    case 2 * steps.count: self = .end(of: window)
    default: return nil
    }
  }

  /// The same phase at the nearest step that `window` has: where the cursor stays when the window changes around it.
  public func clamped(to window: Window) -> Cursor {
    if phase == .update || window.steps.isEmpty { return .end(of: window) }
    return Cursor(phase, step: min(max(step, window.steps.lowerBound), window.steps.upperBound - 1))
  }

  /// Where a plot over the steps, counted from 1, marks it; nil in the update.
  var stepOfPlot: Double? { phase == .update ? nil : Double(step + 1) }

  /// What is made here: "h₃₇", "δ₃₇", "update".
  var name: String {
    switch phase {
    case .forward: "h" + sub(step + 1)
    case .backward: "δ" + sub(step + 1)
    case .update: "update"
    }
  }

  /// Whether the forward pass has reached `step` here.
  public func hasState(at step: Int) -> Bool { phase != .forward || step <= self.step }

  /// Whether the backward pass has reached `step` here.
  public func hasGradient(at step: Int) -> Bool {
    switch phase {
    case .forward: false
    case .backward: step >= self.step
    case .update: true
    }
  }
}
