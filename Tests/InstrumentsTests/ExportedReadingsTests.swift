import Foundation
import Testing

@testable import Instruments
@testable import Training

@Suite("What instruments give to files") struct ExportedReadingsTests {
  @Test("every number that is followed is announced, of every kind of run", arguments: Fixture.kinds)
  func announced(kind: [String: String]) throws {
    let readings = Fixture.readings(try Fixture.snapshot(Fixture.experiment(kind), updates: 3))
    let announced = Set(Instruments.trends)
    for key in readings.trends.keys { #expect(announced.contains(key), "\(key)") }
    for key in announced {
      #expect(key.name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }, "\(key)")
    }
  }

  @Test("arrays have the elements that their shapes say, and names of their own", arguments: Fixture.kinds)
  func arrays(kind: [String: String]) throws {
    let arrays = Fixture.readings(try Fixture.snapshot(Fixture.experiment(kind), updates: 3)).arrays
    for array in arrays { #expect(array.elements.count == array.shape.reduce(1, *), "\(array.name)") }
    #expect(Set(arrays.map(\.name)).count == arrays.count)
    #expect(arrays.contains { $0.name == "units.gradient_share" })
  }
}
