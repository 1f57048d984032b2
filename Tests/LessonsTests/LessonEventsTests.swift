import Canvas
import Dashboard
import Foundation
import Testing

@testable import Lessons

/// Whatever is pressed, clicked, pasted or resized in a lesson, it stands at one of its steps, and the screen is drawn.
///
/// `BPTTOP_LESSON_EVENTS=10000` makes so many events of each lesson; without it few.
@Suite struct LessonEventsTests {
  private static let count =
    ProcessInfo.processInfo.environment["BPTTOP_LESSON_EVENTS"].flatMap { Int($0) } ?? 40

  private static let keys: [Key] =
    "L12345.,nN{}[]ac+-<>fxzpdBTS?/:tvqermMogiuhjkl06789 ;".map(Key.character) + [
      .enter, .enter, .enter, .enter, .enter, .backspace, .escape, .up, .down, .left, .right, .tab, .backTab, .home,
      .end, .pageUp, .pageDown, .delete, .control("l"), .function(3),
    ]

  private static let sizes = [
    Size(width: 80, height: 24), Size(width: 60, height: 20), Size(width: 200, height: 60), Size(width: 30, height: 5),
    Size(width: 1, height: 1), Size(width: 120, height: 36),
  ]

  private func event(_ random: inout SplitMix, at time: Duration, size: Size) -> Action {
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }
    switch below(20) {
    case 0: return .resize(Self.sizes[below(Self.sizes.count)])
    case 1: return .paste(["12", "x\ny", "k2 5", ""][below(4)])
    case 2, 3:
      let kinds: [PointerEvent.Kind] = [.press, .drag, .release, .wheelUp, .wheelDown]
      return .pointer(PointerEvent(kinds[below(kinds.count)], x: below(size.width + 2), y: below(size.height + 2)))
    default: return .key(Self.keys[below(Self.keys.count)], at: time)
    }
  }

  @Test("Random events end a lesson nowhere but at one of its steps", arguments: ShippedLessons.names)
  func anything(name: String) throws {
    let lesson = try #require(try ShippedLessons.lesson(name, panels: Example.panels))
    var random = SplitMix(state: name.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
    var stage = try Example.stage(lesson)
    for number in 0..<Self.count {
      let size = stage.state.size
      _ = stage.handle(event(&random, at: .milliseconds(number * 90), size: size))
      for _ in 0..<1000 where stage.takeNews() != .idle {}
      let session = stage.session
      #expect(session.map { $0.lesson.steps.indices.contains($0.index) } ?? true, "event \(number)")
      let frame = render(stage.state)
      #expect(frame.width == stage.state.size.width && frame.height == stage.state.size.height)
      // Where the lesson was ended, or another experiment was made of it, it is begun again.
      if session == nil { stage.begin(LessonSession(lesson, at: number % lesson.steps.count)) }
    }
    // After all of it the lesson goes on from its step.
    guard let session = stage.session, session.phase != .over else { return }
    _ = stage.handle(.resize(Size(width: 100, height: 30)))
    stage.begin(LessonSession(lesson, at: session.index))
    #expect(stage.session?.index == session.index && stage.session?.fault == nil && stage.session?.phase == .shown)
  }
}
