import Dashboard
import Foundation
import Testing

@testable import Lessons

/// Whatever is pressed, clicked, pasted or resized in a lesson, it stands at one of its steps, and the screen is drawn.
///
/// Without optimization an event takes a quarter of a second: here are few. `bpttop lesson --check --events 10000` makes many.
@Suite struct LessonEventsTests {
  @Test("Random events leave a lesson at one of its steps, and it goes on from there", arguments: ShippedLessons.names)
  func anything(name: String) throws {
    let lesson = try #require(try ShippedLessons.lesson(name, panels: Example.panels))
    var stage = try Example.stage(lesson)
    let events = LessonEvents(40, seed: UInt64(name.count), turn: 15, on: &stage)
    #expect(events.faults == [])
    #expect(events.steps.count >= 2)
  }

  @Test("What is wrong after an event is told with its number")
  func told() throws {
    let text = """
      {title: T, minutes: 5, experiment: {task: {name: sine, length: 6}, network: {hidden: 1}, training: {batch: 1}},
       teacher: {aim: a, ahead: b, behind: c}, steps: [{say: Good.}, {say: "It is {ln(0)}."}]}
      """
    let lesson = try LessonFile.read(text, name: "t", file: "t.yaml", panels: Example.panels)
    var stage = try Example.stage(lesson)
    let events = LessonEvents(60, on: &stage)
    #expect(events.faults.first?.contains("t.yaml:2: ") == true && events.faults.first?.hasPrefix("event ") == true)
  }
}
