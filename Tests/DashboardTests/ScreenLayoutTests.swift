import Canvas
import Testing

@testable import Dashboard
@testable import Panels

/// Places at every size.
@Suite struct LayoutTests {
  private func digits(_ width: Int, _ height: Int) throws -> [Int] {
    ScreenLayout(try Example.state(size: Size(width: width, height: height))).places.compactMap {
      Panels.catalogue.digit(of: $0.panel)
    }
  }

  @Test func whichPanelsStay() throws {
    #expect(try digits(120, 36) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try digits(80, 24) == [1, 2, 3, 7, 8])
    #expect(try digits(60, 20) == [1, 2, 3, 8])
    #expect(try digits(300, 100) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try digits(59, 20) == [] && digits(60, 19) == [])
  }

  @Test func thePlacesOf120By36() throws {
    let frames = ScreenLayout(try Example.state()).places.map(\.frame)
    #expect(frames[0] == Rect(x: 0, y: 1, width: 120, height: 9))
    #expect(frames[1] == Rect(x: 0, y: 10, width: 60, height: 9))
    #expect(frames[2] == Rect(x: 60, y: 10, width: 60, height: 9))
    #expect(frames[6] == Rect(x: 0, y: 29, width: 48, height: 5))
    // The timeline is a line without a frame.
    #expect(frames[8] == Rect(x: 0, y: 34, width: 120, height: 1))
  }

  @Test func whatIsHiddenIsTold() throws {
    let state = try Example.state(size: Size(width: 80, height: 24))
    #expect(ScreenLayout(state).hidden == ["4", "5", "6"])
    #expect(render(state).rows.last?.hasSuffix(" 4 5 6 show hidden ") == true)
  }

  /// Panels fill the room between header and footer without a gap and without an overlap, each at its least size at least.
  @Test func panelsTileTheRoom() throws {
    var random = SeededRandom(seed: 4)
    let state = try Example.state()
    for _ in 0..<200 {
      var state = state
      state.size = Size(width: .random(in: 60...300, using: &random), height: .random(in: 20...100, using: &random))
      state.panelsOn = Set(Panels.all.map(\.id).filter { _ in Int.random(in: 0..<4, using: &random) > 0 } + ["flow"])
      let layout = ScreenLayout(state)
      var covered = Array(repeating: 0, count: state.size.width * state.size.height)
      for place in layout.places {
        #expect(place.frame.width >= place.panel.size.minimum.width + 2)
        #expect(place.frame.height >= place.panel.size.minimum.height + place.panel.size.frameHeight)
        for y in place.frame.y..<place.frame.maxY {
          for x in place.frame.x..<place.frame.maxX { covered[y * state.size.width + x] += 1 }
        }
      }
      let room = state.size.width..<state.size.width * (state.size.height - 1)
      #expect(covered[room].allSatisfy { $0 == 1 }, "\(state.size) \(state.panelsOn)")
      #expect(covered[..<state.size.width].allSatisfy { $0 == 0 })
    }
  }

  @Test func sharesFollowTheWeightsBetweenLeastAndMost() {
    #expect(Extent.shares(of: 30, least: [1, 1], most: [nil, nil], weights: [1, 2]) == [10, 20])
    #expect(Extent.shares(of: 30, least: [20, 1], most: [nil, nil], weights: [1, 2]) == [20, 10])
    #expect(Extent.shares(of: 30, least: [1, 1], most: [nil, 5], weights: [1, 2]) == [25, 5])
    #expect(Extent.shares(of: 30, least: [1, 1], most: [4, 5], weights: [1, 2]) == [4, 26])
    #expect(Extent.shares(of: 0, least: [], most: [], weights: []) == [])
  }

  @Test func theAnalystComputesWhatIsOnTheScreen() throws {
    var state = try Example.state()
    #expect(state.instruments.isSuperset(of: ["flow", "spectrum", "jacobian-product"]))
    state.zoomed = "spectrum"
    #expect(state.instruments == Set(Panels.spectrum.reads.map { $0.id }))
  }
}
