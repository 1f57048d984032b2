import Instruments
import Training

/// What the instruments read of one pass or two, as numbers for tables and programs.
///
/// CSV has a row a number: the lane, the updates done, what it is (`instrument.name`), its place in the array counted from 1 (i, j
/// and k; none for a single number), the number. JSON has the same arrays as nested lists, and the settings.
public struct ReadingsFile: Sendable {
  /// One run's pass.
  public struct Lane: Sendable {
    /// The lane: a, b.
    public var name: String
    /// The settings; nil where they are not known.
    public var experiment: Experiment?
    /// The steps of the window in the sequence, counted from 1.
    public var steps: ClosedRange<Int>?
    /// What was read.
    public var readings: Readings

    /// The readings of a lane's pass.
    public init(_ name: String, _ readings: Readings, experiment: Experiment?, steps: ClosedRange<Int>?) {
      (self.name, self.readings, self.experiment, self.steps) = (name, readings, experiment, steps)
    }

    /// The single numbers, by name, in the order of the instruments.
    var numbers: [(name: String, value: Double)] {
      let trends = readings.trends
      return Instruments.trends.compactMap { key in trends[key].map { ("\(key.instrument).\(key.name)", $0) } }
    }
  }

  /// The lanes, the first one first.
  public var lanes: [Lane]

  /// The numbers of some lanes.
  public init(_ lanes: [Lane]) { self.lanes = lanes }

  /// As CSV (RFC 4180). What is not finite is `inf`, `-inf` or `nan`.
  public var csv: String {
    var text = "lane,update,reading,i,j,k,value\r\n"
    for lane in lanes {
      let begin = "\(lane.name),\(lane.readings.pass.update),"
      for (name, value) in lane.numbers { text += "\(begin)\(name),,,,\(value)\r\n" }
      for array in lane.readings.arrays {
        for (place, value) in array.elements.enumerated() {
          text += "\(begin)\(array.name),\(Self.index(place, in: array.shape)),\(value)\r\n"
        }
      }
    }
    return text
  }

  /// i,j,k of an element, counted from 1; empty where the array has fewer axes.
  private static func index(_ place: Int, in shape: [Int]) -> String {
    var rest = place
    let places = shape.reversed().map { size -> String in
      defer { rest /= max(1, size) }
      return "\(rest % max(1, size) + 1)"
    }
    return (places.reversed() + ["", "", ""]).prefix(3).joined(separator: ",")
  }

  /// As JSON. What is not finite is null.
  public var json: String { "{\"lanes\": [\n" + lanes.map(json).joined(separator: ",\n") + "\n]}\n" }

  private func json(_ lane: Lane) -> String {
    var members = ["\"lane\": \(JSON.quoted(lane.name))", "\"update\": \(lane.readings.pass.update)"]
    if let steps = lane.steps {
      members.append("\"first_step\": \(steps.lowerBound), \"last_step\": \(steps.upperBound)")
    }
    if let experiment = lane.experiment {
      members.append("\"experiment\": \(JSON.quoted(ExperimentFile.complete(experiment)))")
    }
    let leftOut = lane.readings.allLeftOut
    if !leftOut.isEmpty { members.append("\"left_out\": [\(leftOut.map(JSON.quoted).joined(separator: ", "))]") }
    let numbers = lane.numbers.map { "\(JSON.quoted($0.name)): \(Self.number($0.value))" }
    members.append("\"numbers\": {\(numbers.joined(separator: ", "))}")
    let arrays = lane.readings.arrays.map { "\(JSON.quoted($0.name)): \(Self.list($0.elements[...], $0.shape[...]))" }
    members.append("\"arrays\": {\n\(arrays.joined(separator: ",\n"))\n}")
    return "{" + members.joined(separator: ",\n") + "}"
  }

  private static func list(_ elements: ArraySlice<Double>, _ shape: ArraySlice<Int>) -> String {
    guard let count = shape.first, shape.count > 1, count > 0 else {
      return "[" + elements.map(number).joined(separator: ", ") + "]"
    }
    let size = elements.count / count
    let rows = (0..<count).map { row in
      list(elements[elements.startIndex + row * size..<elements.startIndex + (row + 1) * size], shape.dropFirst())
    }
    return "[" + rows.joined(separator: ", ") + "]"
  }

  private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}
