import Canvas
import Testing

@testable import Dashboard

/// The keymap says what is true.
@Suite struct KeymapTests {
  @Test func noKeyIsBoundTwice() {
    let keys = Keymap.bindings.flatMap { $0.keys.map(\.key) }
    #expect(Set(keys).count == keys.count)
  }
}
