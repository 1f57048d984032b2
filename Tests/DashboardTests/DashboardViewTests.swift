import Canvas
import Foundation
import Sources
import Testing

@testable import Dashboard
@testable import Training

/// What of the screen a session keeps.
@Suite struct DashboardViewTests {
  @Test func itComesBack() throws {
    var state = try Example.pair(Example.experiment(), Example.experiment())
    _ = state.press(.character("4"), .tab, .character("<"), .character("<"))
    _ = state.type(":k1 4") + state.press(.enter)
    _ = state.press(.character("z"))
    state.cursor = Cursor(.backward, step: 9)
    state.productView = .time
    state.layer = 0
    state.knob = "training.k1"
    let view = try JSONDecoder().decode(DashboardView.self, from: JSONEncoder().encode(state.view))
    #expect(view == state.view)
    var other = try Example.pair(Example.experiment(), Example.experiment())
    other.restore(view)
    #expect(other.view.panels == view.panels && other.panelsOn == state.panelsOn && other.focus == state.focus)
    #expect(other.zoomed == state.zoomed && other.focusedLane == .b && other.layer == 0 && other.knob == "training.k1")
    #expect(other.speed == .limited(10) && other.promptHistory == ["k1 4"] && other.tip == [])
    // The cursor comes with the pass.
    other.show(try Example.snapshot(serial: 9))
    #expect(other.focusedLane == .a || other.cursor == Cursor(.backward, step: 9))
  }

  @Test func whatIsNotKnownIsLeftOut() throws {
    var state = try Example.state()
    var view = state.view
    (view.panels, view.askedFor, view.focus, view.zoomed) = (["flow", "what"], ["where"], "who", "when")
    (view.lane, view.phase, view.productView) = ("Z", "sideways", "how")
    state.restore(view)
    #expect(state.panelsOn == ["flow"] && state.askedFor == [] && state.focus == nil && state.zoomed == nil)
    #expect(state.focusedLane == .a && state.productView == nil)
    view.panels = ["what"]
    state.restore(view)
    #expect(state.panelsOn == ["flow"])
  }
}
