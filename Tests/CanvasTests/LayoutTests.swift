import Testing

@testable import Canvas

@Suite struct LayoutTests {
  let screen = Rect(x: 2, y: 1, width: 100, height: 20)

  @Test func fixedAndFlexibleRows() {
    let parts = screen.rows([.fixed(1), .flexible(weight: 2), .flexible(weight: 1), .fixed(1)])
    #expect(parts.map(\.height) == [1, 12, 6, 1])
    #expect(parts.map(\.y) == [1, 2, 14, 20])
    #expect(parts.allSatisfy { $0.x == 2 && $0.width == 100 })
  }

  @Test func columnsWithGaps() {
    let parts = screen.columns([.flexible(), .flexible(), .flexible()], gap: 1)
    #expect(parts.map(\.width) == [33, 33, 32])
    #expect(parts.map(\.x) == [2, 36, 70])
    #expect(parts.last?.maxX == screen.maxX)
  }

  @Test func minimumsComeBeforeShares() {
    let parts = Rect(x: 0, y: 0, width: 30, height: 1).columns([.flexible(weight: 9), .flexible(minimum: 20)])
    #expect(parts.map(\.width) == [9, 21])
  }

  @Test func whatDoesNotFitIsEmptyAndInside() {
    for height in 0...12 {
      let room = Rect(x: 3, y: 4, width: 5, height: height)
      let parts = room.rows([.fixed(3), .flexible(minimum: 2), .fixed(4), .flexible(minimum: 1)], gap: 1)
      var end = room.y
      for part in parts where part.height > 0 {
        #expect(part.y >= end)
        #expect(part.maxY <= room.maxY)
        end = part.maxY
      }
    }
    let tight = Rect(x: 0, y: 0, width: 5, height: 4).rows([.fixed(3), .fixed(4), .flexible(minimum: 1)])
    #expect(tight.map(\.height) == [3, 1, 0])
  }

  @Test func insetAndIntersectionNeverNegative() {
    let small = Rect(x: 5, y: 5, width: 1, height: 3)
    #expect(small.inset(1) == Rect(x: 6, y: 6, width: 0, height: 1))
    #expect(small.intersection(Rect(x: 0, y: 0, width: 4, height: 4)).isEmpty)
    #expect(screen.line(0) == Rect(x: 2, y: 1, width: 100, height: 1))
    #expect(screen.line(20).isEmpty)
  }
}
